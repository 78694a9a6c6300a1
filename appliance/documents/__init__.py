"""Documents: whether what traders hand in is what it claims to be, found out in a child process that may do nothing else.

Belongs here: the child, what it does with pictures and PDFs, the program's side of it, and the virus scanner's. Does not belong here:
where documents are kept (`storage/documents.py`), and who may hand in or see them (`web/pages/`).
"""
