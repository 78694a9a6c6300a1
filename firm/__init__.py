"""What the firm is: its words (money, time, ids, inputs, facts, commands, bounds) and, in `rules`, its judgement.

Belongs here: values, and pure functions from values to values. Does not belong here: anything that waits,
reads a clock, draws chance, logs, or knows SQL, frames or pages. Imports msgspec and itself.
"""
