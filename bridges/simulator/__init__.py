"""The bundled simulated platform: a program of its own that replays real ticks and speaks to the gateway like any bridge.

Belongs here: a platform's own books, its symbols and sessions, and traders of different temper. Does not belong here:
anything the firm decides (rules, standings, verdicts), and any shortcut around the wire.
"""
