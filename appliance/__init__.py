"""The machine: settings, assembly, the command line, supervision, health. Wires the rooms; decides nothing."""
