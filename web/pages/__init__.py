"""Pages: one file for each, beside its template of the same name. A handler is: who asks, one question, one page.

Belongs here: routes with their policy. Does not belong here: SQL, rule arithmetic, formatting (that is `web/words.py`).
"""
