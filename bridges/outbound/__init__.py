"""Outbound: the one way by which the firm calls anything outside over HTTP: what may be called, for how long, how often, how much.

A provider is a file beside it that says what is asked and reads the answer; it never opens a connection. Does not belong here:
what any answer means, and what only comes in.
"""
