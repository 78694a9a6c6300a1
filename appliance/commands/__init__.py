"""The command line's verbs, a file each: `add_to` declares arguments and help, `run` does it and returns the exit status."""
