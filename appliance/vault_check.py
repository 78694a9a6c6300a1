"""Vault check: whether everything that the ledger says was sealed still opens, without showing any of it."""

from contextlib import closing

import apsw

from appliance.finding import Finding, Level
from appliance.wording import counted
from storage.audit_vault import audit_vault
from storage.files import FirmDirectory
from storage.findings import Findings
from storage.readmodels.seals import Seals, all_seals
from storage.refold import stale_models
from storage.schema import open_for_reading
from storage.secret_files import Secrets


def check_vault(directory: FirmDirectory, secrets: Secrets) -> Finding:
    """By the read model of seals, which `evenhand verify` compares with the ledger's rows before it does the same."""
    found = Findings()
    try:
        with closing(open_for_reading(directory.path)) as connection, connection:
            if stale_models(connection, [Seals()]):
                return Finding("vault", Level.OK, "not looked into: the next start lists what must be in it")
            opened = audit_vault(directory.path, secrets.vault_master, all_seals(connection), found)
    except (apsw.Error, UnicodeDecodeError) as broken:
        told = f"the ledger cannot say what must be in the vault ({broken})"
        return Finding("vault", Level.PROBLEM, told, 'stop the firm, then run "evenhand verify"')
    if not found.told:
        return Finding("vault", Level.OK, "; ".join([f"{counted(opened, 'sealed value')} opened", *found.notes]))
    first, more = found.told[0], len(found.told) - 1 + found.untold
    what = first.what if not more else f"{first.what}; and {counted(more, 'value')} more: evenhand verify names them"
    return Finding("vault", Level.PROBLEM, what, first.next)
