"""The API for machines, under /api/v1: JSON, read-only, by a key. It reads the read models that pages read, as far as the key reaches.

A key counts here and a cookie does not; on pages it is the other way round. So no browser can be made to ask here in somebody's name.
"""
