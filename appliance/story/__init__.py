"""Stories: plain text about a few days of trading, played through the real engine and held against what it decides.

A story is read (`grammar.py`), played (`playing.py`) on a market place of its own (`venue.py`) and told (`telling.py`). Only the outside
world is made up here: prices, traders and the platform. Every verdict comes from the desks. docs/stories.md tells the language.
"""
