"""Django's list: a process of its own that shows a firm's accounts in Django's admin, and says how many times a second it can.

The rows are copied from the firm's book. Django's own test client asks for the page, inside the process and without a connection:
what a server would add is spared it. For each line on its standard input it reads the page for a while and prints what it found.
"""

import argparse
import sys
import time
from pathlib import Path

import apsw

from bench.beside import say
from bench.peers import add_peers

ROWS_AT_ONCE = 1_000
COLUMNS = (
    "account", "trader", "program", "title", "phase_name", "bridge", "login", "standing", "currency", "exponent", "initial",
    "balance", "equity", "headroom", "allowed", "to_win", "opened_us", "traded_us",
)  # fmt: skip


def configure(database: Path) -> None:
    """A minimal project with one app."""
    add_peers()
    import django
    from django.conf import settings

    context = "django.contrib.auth.context_processors.auth", "django.contrib.messages.context_processors.messages"
    settings.configure(
        SECRET_KEY="of a benchmark",
        ALLOWED_HOSTS=["testserver"],
        ROOT_URLCONF="bench.django_firm.urls",
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(database)}},
        INSTALLED_APPS=[
            *(f"django.contrib.{name}" for name in ("admin", "auth", "contenttypes", "sessions", "messages")),
            "bench.django_firm",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {"context_processors": ["django.template.context_processors.request", *context]},
            }
        ],
        STATIC_URL="/static/",
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    )
    django.setup()


def copy_accounts(ledger: Path) -> int:
    """The firm's accounts, as its own list has them; how many."""
    from django.core.management import call_command

    from bench.django_firm.models import Account

    call_command("migrate", run_syncdb=True, verbosity=0)
    book = apsw.Connection(str(ledger), flags=apsw.SQLITE_OPEN_READONLY)
    sql = f"SELECT {', '.join(COLUMNS)} FROM rm_account JOIN rm_challenge USING (challenge)"
    rows = [
        Account(**dict(zip(COLUMNS, row, strict=True)), trader_name=f"Trader {place}")
        for place, row in enumerate(book.execute(sql))
    ]
    Account.objects.bulk_create(rows, batch_size=ROWS_AT_ONCE)
    return len(rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--ledger", type=Path, required=True)
    parser.add_argument("--database", type=Path, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    options = parser.parse_args()
    configure(options.database)
    from django.contrib.auth import get_user_model
    from django.test import Client

    count = copy_accounts(options.ledger)
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("ruth"))
    first = client.get("/admin/django_firm/account/")
    assert first.status_code == 200, first.content
    say({"accounts": count, "bytes": len(first.content), "rows": first.content.count(b"action-checkbox") - 1})
    while sys.stdin.readline():
        began, pages = time.perf_counter(), 0
        while (took := time.perf_counter() - began) < options.seconds:
            client.get("/admin/django_firm/account/")
            pages += 1
        say({"per_s": pages / took})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
