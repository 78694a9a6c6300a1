"""Copies that leave the machine, and the way back. Empty until the backup work begins; see README, "Not yet"."""
