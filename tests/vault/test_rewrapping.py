"""Rewrapping: the step to the other master is taken only where every key is prepared."""

from contextlib import closing

from storage.files import FirmDirectory
from storage.keys import KeyRing
from storage.rotation import rotate
from storage.secret_files import Secrets
from storage.vault import Vault

BECOMES = bytes(range(32))


def test_a_key_drawn_after_all_were_prepared_holds_the_step_up_and_is_not_lost(
    firm: FirmDirectory, secrets: Secrets, vault: Vault
) -> None:
    vault.seal("trader:1", "address", b"prepared")
    with closing(KeyRing.open(firm.keys_db, secrets.vault_master)) as keys:
        rewrapping = keys.rewrapping(BECOMES)
        rewrapping.begin()
        while rewrapping.prepare_some():
            pass
        late = vault.seal("trader:2", "address", b"drawn afterwards")
        assert rewrapping.check() == 0
        assert rewrapping.switch() is None
        assert vault.open_value(late) == b"drawn afterwards"
    vault.close()
    assert rotate(firm.path, secrets.vault_master, BECOMES).keys == 2
    with closing(Vault.open(firm.path, BECOMES)) as after:
        assert after.open_value(late) == b"drawn afterwards"
