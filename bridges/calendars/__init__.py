"""Calendars: files of economic news and of market days, in the formats that others write, become the firm's values or a clear refusal.

Bytes in, a value out: nothing is fetched here. A refusal names the line or item of the file, and one bad item refuses the whole: a
calendar with a hole in it would let through what the firm sold as forbidden.
"""
