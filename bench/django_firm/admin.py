"""Admin: the same columns, filters, search and order as the staff's list of accounts, fifty on a page."""

from typing import Any

from django.contrib import admin
from django.db.models import F

from bench.django_firm.models import Account


@admin.register(Account)
class AccountAdmin(admin.ModelAdmin):
    """Closest to a limit first."""

    list_display = ("account", "trader_name", "standing", "worth", "held", "left", "reached", "traded_us", "opened_us")
    list_filter = ("standing", "title", "bridge")
    search_fields = ("login", "account", "trader")
    ordering = ((F("headroom") * 10_000 / F("allowed")).asc(nulls_last=True), "account")
    list_per_page = 50

    @admin.display(description="Equity")
    def worth(self, account: Any) -> str:
        return f"{account.equity / 10**account.exponent:,.2f} {account.currency}"

    @admin.display(description="Balance")
    def held(self, account: Any) -> str:
        return f"{account.balance / 10**account.exponent:,.2f} {account.currency}"

    @admin.display(description="Allowed loss left")
    def left(self, account: Any) -> str:
        return "–" if not account.allowed else f"{account.headroom / account.allowed:.1%}"

    @admin.display(description="Target reached")
    def reached(self, account: Any) -> str:
        return "–" if not account.to_win else f"{(account.balance - account.initial) / account.to_win:.1%}"
