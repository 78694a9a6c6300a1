"""The border to browsers: portal for traders, backoffice for staff. A handler is: who asks, one question, one page.

Reads come from read-only connections and the live board, writes are commands to the engine. No rule arithmetic here.
"""
