"""Copies that leave the machine, and the way back: snapshots, the shipped tail, retention, restore and rehearsal.

Belongs here: what a copy is, where it lies, how it is sealed, how a firm comes back from it. Does not belong here: SQL, which
is `storage/copies.py`'s, and when a copy is made, which is a timer's.
"""
