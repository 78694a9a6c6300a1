"""Fold: by which way of folding rows a state came about.

Raised whenever the same rows give another state than before, or a state that knows more: a start then passes over the
snapshots of releases that folded otherwise. What a state holds would else stay as they left it until some fact replaces it.
"""

FOLD = 8  # 0: of a release that did not say
