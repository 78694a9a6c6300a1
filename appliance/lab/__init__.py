"""The rule lab: what a draft ruleset would have decided on accounts that have been.

The engine itself goes through the ledger's inputs again with other rules in place of those that chosen accounts were sold. What belongs
here: whose rules are exchanged, what every desk but the account's own is taken to have said, and what is told of the outcome. What a
rule means does not: that is `firm/rules`. Nothing here writes the firm's book.
"""
