"""Bridge check: whether what the firm decides reaches its platforms, as the doctor sees it: a bridge that only observes sends nothing."""

from appliance.finding import Finding, Level
from appliance.wording import counted
from firm.commands import BridgeMode
from storage.errors import DiskRefused, LedgerDamaged, LedgerRefused
from storage.files import FirmDirectory
from storage.reader import LedgerReader
from storage.readmodels.bridges import all_bridges, are_kept

CHECK = "bridges"


def check_bridges(directory: FirmDirectory) -> Finding:
    """Those that were revoked are left out. Whether one is connected is the alarms' to say."""
    try:
        with LedgerReader(directory.path) as reader, reader.connection() as book:
            bridges = [one for one in all_bridges(book) if not one.revoked] if are_kept(book) else []
    except (DiskRefused, LedgerRefused, LedgerDamaged) as refused:
        return Finding(CHECK, Level.WARNING, f"bridges cannot be read ({refused})", "see the line ledger")
    silent = [one.bridge for one in bridges if one.mode == BridgeMode.OBSERVE.value]
    if silent:
        only = f"only observe{'s' if len(silent) == 1 else ''}"
        found = f"{', '.join(silent)} {only}: no account is opened there, and none that breaks a rule is closed"
        remedy = "leave it while another system acts there; else run " + ", ".join(
            f'"evenhand bridge mode {bridge} enforce --why WHY"' for bridge in silent
        )
        return Finding(CHECK, Level.WARNING, found, remedy)
    if not bridges:
        return Finding(CHECK, Level.OK, "no bridge is enrolled")
    return Finding(CHECK, Level.OK, f"{counted(len(bridges), 'bridge')}, and commands go to each")
