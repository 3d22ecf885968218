import base64
import json
import os
import random
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.keyring import (
    Keyring,
    KeyringUnusable,
    KeyUnknown,
    MasterKey,
    Wrapped,
    WrappedDamaged,
    load_keyring,
    load_or_create_keyring,
    new_keyring,
    parse_keyring,
    save_keyring,
)

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "keyring.json").read_text(encoding="utf-8"))
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DATA_KEY = bytes(range(32))
BLOB_ID = "ab" * 16


def randomness(seed: int = 1) -> Callable[[int], bytes]:
    return random.Random(seed).randbytes


def published_keyring() -> Keyring:
    key = MasterKey(VECTORS["master_key_id"], NOW, bytes.fromhex(VECTORS["master_key"]))
    return Keyring([key], key.id, bytes.fromhex(VECTORS["root"]), lambda _: bytes.fromhex(VECTORS["nonce"]))


def test_wrapping_gives_the_bytes_that_the_documented_format_gives() -> None:
    keyring, data_key = published_keyring(), bytes.fromhex(VECTORS["data_key"])

    wrapped = keyring.wrap(data_key, VECTORS["blob_id"])

    assert wrapped == Wrapped(VECTORS["master_key_id"], bytes.fromhex(VECTORS["wrapped_data_key"]))
    assert keyring.unwrap(*wrapped, VECTORS["blob_id"]) == data_key


def test_sealing_a_secret_gives_the_bytes_that_the_documented_format_gives() -> None:
    keyring, secret = published_keyring(), VECTORS["secret"].encode("utf-8")

    sealed = keyring.seal_secret(secret, VECTORS["secret_context"])

    assert sealed == Wrapped(VECTORS["master_key_id"], bytes.fromhex(VECTORS["sealed_secret"]))
    assert keyring.open_secret(*sealed, VECTORS["secret_context"]) == secret


@pytest.mark.parametrize("known", VECTORS["derived"], ids=lambda known: f"{known['purpose']}-{known['context']}")
def test_deriving_gives_the_secret_that_the_documented_format_gives(known: dict[str, str]) -> None:
    derived = published_keyring().derive(known["purpose"], known["context"], int(known["length"]))

    assert derived.hex() == known["secret"]


@given(
    first=st.tuples(st.text(max_size=5), st.text(max_size=5)),
    second=st.tuples(st.text(max_size=5), st.text(max_size=5)),
)
def test_derived_secrets_are_equal_only_for_the_same_purpose_and_context(
    first: tuple[str, str], second: tuple[str, str]
) -> None:
    """So `ab`, `c` and `a`, `bc` are two."""
    keyring = published_keyring()

    assert (keyring.derive(*first) == keyring.derive(*second)) is (first == second)


def test_a_fingerprint_is_of_the_installation_and_stays_through_rotation() -> None:
    keyring = new_keyring(NOW, randomness(1))

    rotated = keyring.rotated(NOW).current_alone()

    assert rotated.fingerprint == keyring.fingerprint == keyring.derive("fingerprint", "", 16).hex()
    assert new_keyring(NOW, randomness(2)).fingerprint != keyring.fingerprint


def test_equal_keys_wrap_to_different_bytes() -> None:
    keyring = new_keyring(NOW, randomness())

    assert keyring.wrap(DATA_KEY, BLOB_ID) != keyring.wrap(DATA_KEY, BLOB_ID)


def test_what_is_altered_or_cut_does_not_open() -> None:
    keyring = new_keyring(NOW, randomness())
    key_id, wrapped = keyring.wrap(DATA_KEY, BLOB_ID)

    for place in range(len(wrapped)):
        altered = bytearray(wrapped)
        altered[place] ^= 1
        with pytest.raises(WrappedDamaged, match=BLOB_ID):
            keyring.unwrap(key_id, bytes(altered), BLOB_ID)
        with pytest.raises(WrappedDamaged, match=BLOB_ID):
            keyring.unwrap(key_id, wrapped[:place], BLOB_ID)


def test_a_key_opens_only_for_its_own_blob_and_purpose() -> None:
    keyring = new_keyring(NOW, randomness())
    data_key, secret = keyring.wrap(DATA_KEY, BLOB_ID), keyring.seal_secret(DATA_KEY, BLOB_ID)

    with pytest.raises(WrappedDamaged):
        keyring.unwrap(*data_key, "cd" * 16)
    with pytest.raises(WrappedDamaged):
        keyring.unwrap(*secret, BLOB_ID)
    with pytest.raises(WrappedDamaged):
        keyring.open_secret(*data_key, BLOB_ID)
    with pytest.raises(WrappedDamaged):
        keyring.open_secret(*secret, "another context")


def test_a_key_opens_only_under_the_master_key_it_names() -> None:
    old = new_keyring(NOW, randomness())
    both = old.rotated(NOW)
    wrapped = old.wrap(DATA_KEY, BLOB_ID).ciphertext

    with pytest.raises(WrappedDamaged):
        both.unwrap(both.current_id, wrapped, BLOB_ID)


def test_an_unknown_master_key_is_named_with_the_way_out() -> None:
    keyring, other = new_keyring(NOW, randomness(1)), new_keyring(NOW, randomness(2))
    wrapped = other.wrap(DATA_KEY, BLOB_ID)

    with pytest.raises(KeyUnknown, match=f"no master key '{other.current_id}', only {keyring.current_id}; restore"):
        keyring.unwrap(*wrapped, BLOB_ID)


def test_rotation_wraps_with_a_new_key_and_still_opens_what_the_old_one_wrapped() -> None:
    old = new_keyring(NOW, randomness())
    before, secret = old.wrap(DATA_KEY, BLOB_ID), old.seal_secret(b"secret", "x")

    new = old.rotated(NOW + timedelta(days=90))
    after = new.wrap(DATA_KEY, BLOB_ID)

    assert new.key_ids == (old.current_id, new.current_id)
    assert (before.key_id, after.key_id) == (old.current_id, new.current_id)
    assert new.unwrap(*before, BLOB_ID) == new.unwrap(*after, BLOB_ID) == DATA_KEY
    assert new.open_secret(*secret, "x") == b"secret"
    assert new.derive("p", "c") == old.derive("p", "c"), "signed URLs stay good"


def test_no_text_shows_a_key() -> None:
    key = MasterKey("the-id", NOW, b"MASTER-KEY-SECRET-MASTER-KEY-SEC")
    keyring = Keyring([key], key.id, b"ROOT-SECRET-ROOT-SECRET-ROOT-SEC", randomness())

    shown = repr(keyring) + str(keyring) + repr(key) + f"{keyring} {key}" + repr([keyring])

    assert repr(keyring) == "Keyring(current_id='the-id', keys=1)"
    assert "SECRET" not in shown


def test_a_keyring_survives_its_text() -> None:
    keyring = new_keyring(NOW, randomness()).rotated(NOW)
    wrapped = keyring.wrap(DATA_KEY, BLOB_ID)

    again = parse_keyring(keyring.to_text(), randomness())

    assert again.to_text() == keyring.to_text()
    assert again.unwrap(*wrapped, BLOB_ID) == DATA_KEY
    assert again.derive("p", "c") == keyring.derive("p", "c")


def altered(**changes: object) -> str:
    return json.dumps(json.loads(new_keyring(NOW, randomness()).to_text()) | changes)


SHORT = base64.b64encode(bytes(31)).decode()
GOOD = base64.b64encode(bytes(32)).decode()
ROW = {"id": "a", "created_at": NOW.isoformat(), "secret": GOOD}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        new_keyring(NOW, randomness()).to_text()[:-5],
        altered(format="another"),
        altered(current="nobody"),
        altered(root=SHORT),
        altered(root=None),
        altered(root="*" * 44),
        altered(keys=[]),
        altered(keys=None),
        altered(keys=[ROW, ROW], current="a"),
        altered(keys=[ROW | {"secret": SHORT}], current="a"),
        altered(keys=[ROW | {"created_at": "2026-11-21T12:00:00"}], current="a"),
        altered(keys=[ROW | {"created_at": "yesterday"}], current="a"),
        altered(keys=[{"id": "a"}], current="a"),
    ],
)
def test_a_text_that_is_no_keyring_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(KeyringUnusable) as refusal:
        parse_keyring(text, randomness())

    told = "".join(traceback.format_exception(refusal.value))
    assert GOOD not in told
    assert json.loads(new_keyring(NOW, randomness()).to_text())["root"] not in told


def test_first_use_makes_a_file_for_the_owner_alone_and_later_uses_read_it(tmp_path: Path) -> None:
    path = tmp_path / "keyring.json"

    first, is_new = load_or_create_keyring(path, NOW, randomness(1))
    again, is_new_again = load_or_create_keyring(path, NOW, randomness(2))

    assert (is_new, is_new_again) == (True, False)
    assert again.to_text() == first.to_text() == path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path], "nothing else is left"


def test_of_many_first_uses_at_once_one_wins_and_all_have_the_same_keyring(tmp_path: Path) -> None:
    path = tmp_path / "keyring.json"

    with ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(load_or_create_keyring, path, NOW, os.urandom) for _ in range(16)]
        outcomes = [job.result() for job in jobs]

    assert sum(is_new for _, is_new in outcomes) == 1
    assert {keyring.to_text() for keyring, _ in outcomes} == {path.read_text()}
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601, 0o644, 0o777])
def test_a_file_that_others_can_reach_is_refused_with_the_way_out(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "keyring.json"
    load_or_create_keyring(path, NOW, randomness())
    path.chmod(mode)

    with pytest.raises(KeyringUnusable, match=f"mode {mode:04o}.*chmod 600"):
        load_keyring(path, randomness())
    with pytest.raises(KeyringUnusable, match="chmod 600"):
        load_or_create_keyring(path, NOW, randomness())


def test_a_missing_file_is_told_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(KeyringUnusable, match=r"there is no keyring .*keyring\.json; put back a whole copy"):
        load_keyring(tmp_path / "keyring.json", randomness())


def test_a_file_that_is_cut_is_named(tmp_path: Path) -> None:
    path = tmp_path / "keyring.json"
    load_or_create_keyring(path, NOW, randomness())
    path.write_text(path.read_text()[:-9])

    with pytest.raises(KeyringUnusable, match=f"the keyring {path} can't be read: .*; put back a whole copy"):
        load_keyring(path, randomness())


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyringUnusable):
        load_keyring(tmp_path, randomness())


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(KeyringUnusable, match="can't make the keyring"):
        load_or_create_keyring(tmp_path / "missing" / "keyring.json", NOW, randomness())


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "keyring.json"
    path.write_bytes(b"\xff\xfe\x00")
    path.chmod(0o600)

    with pytest.raises(KeyringUnusable):
        load_keyring(path, randomness())


def test_a_rotation_replaces_the_file(tmp_path: Path) -> None:
    path = tmp_path / "keyring.json"
    keyring, _ = load_or_create_keyring(path, NOW, randomness())

    rotated = keyring.rotated(NOW)
    save_keyring(path, rotated, randomness(3))

    assert load_keyring(path, randomness()).to_text() == rotated.to_text()
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("is_first", [True, False])
def test_the_file_is_synced_before_it_has_its_name_and_the_folder_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_first: bool
) -> None:
    """Otherwise a power cut could leave an empty keyring, and all data would be lost."""
    path, calls = tmp_path / "keyring.json", list[str]()
    keyring, _ = load_or_create_keyring(tmp_path / "other.json", NOW, randomness())
    sync, link, replace = os.fsync, Path.hardlink_to, Path.replace

    def recorded_sync(descriptor: int) -> None:
        is_folder = os.path.samestat(os.fstat(descriptor), tmp_path.stat())
        calls.append("sync folder" if is_folder else "sync file")
        sync(descriptor)

    def recorded_link(self: Path, target: Path) -> None:
        calls.append("name")
        link(self, target)

    def recorded_replace(self: Path, target: Path) -> Path:
        calls.append("name")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", recorded_sync)
    monkeypatch.setattr(Path, "hardlink_to", recorded_link)
    monkeypatch.setattr(Path, "replace", recorded_replace)
    if is_first:
        load_or_create_keyring(path, NOW, randomness())
    else:
        save_keyring(path, keyring, randomness())

    assert calls == ["sync file", "name", "sync folder"]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_rotation_that_the_disk_refuses_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    path = tmp_path / "keyring.json"
    keyring, _ = load_or_create_keyring(path, NOW, randomness())

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os if call == "fsync" else Path, call, refuse)
    with pytest.raises(KeyringUnusable, match="No space left"):
        save_keyring(path, keyring.rotated(NOW), randomness(3))
    monkeypatch.undo()

    assert path.read_text() == keyring.to_text()
    assert list(tmp_path.iterdir()) == [path]
