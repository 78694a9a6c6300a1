"""Alarms: what the machine looks at every few seconds, when it calls for a person, and how that person hears of it.

Limits are settings, looking is pure, and what goes out names no person and no secret. Nothing here decides for the firm.
"""
