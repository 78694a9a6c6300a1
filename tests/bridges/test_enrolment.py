"""A key file is whole, or it is refused with the field that is wrong."""

import pytest

from bridges.enrolment import KeyFile, KeyFileUnusable, key_file_text, new_keypair, public_of, read_key_file


@pytest.fixture
def key() -> KeyFile:
    bridge, server = new_keypair(), new_keypair()
    return KeyFile(
        name="sim",
        endpoint="tcp://127.0.0.1:7421",
        bridge_public=bridge.public,
        bridge_secret=bridge.secret,
        server_public=server.public,
        ledger_key="ab" * 32,
    )


def test_what_is_written_is_read_back(key, tmp_path):
    path = tmp_path / "sim.toml"
    path.write_text(key_file_text(key))
    assert read_key_file(path) == key
    assert public_of(key.bridge_secret) == key.bridge_public


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        pytest.param("name", "nom", "unknown field `nom`", id="a field that is not ours"),
        pytest.param('"sim"', '"Sim and Sons"', "name is not", id="a name with blanks"),
        pytest.param("tcp://127.0.0.1:7421", "http://127.0.0.1", "endpoint is not tcp://HOST:PORT", id="an endpoint"),
        pytest.param("ab" * 32, "xy" * 32, "ledger_key is not 64 hexadecimal digits", id="a ledger key"),
        pytest.param("\n", "\n[", "is damaged", id="no TOML"),
    ],
)
def test_a_spoiled_key_file_is_refused_in_words(key, tmp_path, old, new, words):
    path = tmp_path / "sim.toml"
    path.write_text(key_file_text(key).replace(old, new))
    with pytest.raises(KeyFileUnusable) as refusal:
        read_key_file(path)
    assert words in str(refusal.value)
    assert "evenhand bridge add" in str(refusal.value)


def test_a_missing_key_file_is_refused_in_words(tmp_path):
    with pytest.raises(KeyFileUnusable, match="cannot be read"):
        read_key_file(tmp_path / "absent.toml")


def test_keys_that_are_no_pair_are_refused(key, tmp_path):
    path = tmp_path / "sim.toml"
    path.write_text(key_file_text(key).replace(key.bridge_public, new_keypair().public))
    with pytest.raises(KeyFileUnusable, match="are not a pair"):
        read_key_file(path)
