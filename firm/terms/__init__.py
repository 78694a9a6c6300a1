"""The language of rulesets: typed terms as data, one family a file. What a term means is in `firm/rules`."""
