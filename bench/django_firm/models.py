"""Models: one table with the columns that our own list of accounts is read from."""

from django.db import models


class Account(models.Model):
    """One account in one row: its program's words and its trader's name beside it, so that no list has to join anything."""

    account = models.BigIntegerField(primary_key=True)
    trader = models.BigIntegerField(db_index=True)
    trader_name = models.CharField(max_length=80)
    program = models.CharField(max_length=80)
    title = models.CharField(max_length=80)
    phase_name = models.CharField(max_length=80)
    bridge = models.CharField(max_length=80)
    login = models.CharField(max_length=80, db_index=True)
    standing = models.CharField(max_length=20)
    currency = models.CharField(max_length=3)
    exponent = models.IntegerField()
    initial = models.BigIntegerField()
    balance = models.BigIntegerField()
    equity = models.BigIntegerField()
    headroom = models.BigIntegerField(null=True)
    allowed = models.BigIntegerField(null=True)
    to_win = models.BigIntegerField(null=True)
    opened_us = models.BigIntegerField()
    traded_us = models.BigIntegerField(null=True)
