"""The book: the ledger with its tree and checkpoints, quote frames and segments, read models, the sealed vault.

The only SQL on the firm's book. Belongs here: files, formats, transactions, proofs. Does not belong here: judgement about
traders or money; storage keeps what it is given and proves that it did.
"""
