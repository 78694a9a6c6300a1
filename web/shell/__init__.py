"""The shell: what is around and between the pages: its words in six languages, the ways to each page, and what was done a moment ago.

What a page is about belongs into `web/pages/`; sentences of rules into `firm/sentences/`.
"""
