"""Sentences: each term of a ruleset as a trader reads it, in every language of the house, from one definition.

What is said, and in which order, is code, one file for each family of terms; how it is said is data, one catalog for each language. Nothing
here judges: figures come from the term and from what the rules found.
"""
