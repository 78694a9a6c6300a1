"""Starting: what a firm's files must show before it is started on them, asked without becoming the ledger's writer."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import apsw

from appliance.settings import Settings
from appliance.settings_file import SettingsRefused
from storage.checkpoint import Signer
from storage.continuation import Continuation
from storage.errors import LedgerDamaged, LedgerRefused
from storage.files import FirmDirectory
from storage.findings import RESTORE
from storage.identity import read_identity, require_secret
from storage.migrate import check_header, migrations
from storage.schema import open_for_reading
from storage.secret_files import Secrets


def require_own_name(directory: FirmDirectory, settings: Settings) -> None:
    """The settings call the firm what its ledger was founded as: SettingsRefused where they do not."""
    with _reading(directory) as connection:
        founded = read_identity(connection).firm_slug
    if settings.firm.slug != founded:
        raise SettingsRefused(
            f'{directory.settings}: "firm.slug" is "{settings.firm.slug}", but this firm was founded as "{founded}" '
            f'and signs by that name; set slug = "{founded}" again'
        )


def require_continuable(directory: FirmDirectory, secrets: Secrets) -> None:
    """The ledger is under these secrets and ends as it was left. Raises LedgerRefused or LedgerDamaged, as a start would."""
    signer = Signer(secrets.signing_seed)
    with _reading(directory) as connection:
        if check_header(connection) < len(migrations()):
            return  # a start brings the schema up to date first
        require_secret(connection, secrets.ledger_secret)
        if read_identity(connection).public_key != signer.public_key:
            raise LedgerRefused(
                f"{directory.ledger_db} was created with another signing key: "
                "put back the secrets that were backed up with this ledger"
            )
        Continuation(connection, secrets.ledger_secret, signer)


@contextmanager
def _reading(directory: FirmDirectory) -> Iterator[apsw.Connection]:
    """One view of the ledger; what cannot be read in it is told as damage."""
    try:
        with closing(open_for_reading(directory.path)) as connection, connection:
            check_header(connection)
            yield connection
    except (apsw.Error, UnicodeDecodeError) as broken:
        raise LedgerDamaged(f"{directory.ledger_db} cannot be read ({broken}): {RESTORE}") from broken
