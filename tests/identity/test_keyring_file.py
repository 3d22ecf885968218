import logging
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from identity.keyring import Keyring, KeyUnknown, load_or_create_keyring, new_keyring, save_keyring
from identity.keyring_file import FileKeyring

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DATA_KEY = bytes(range(32))
BLOB_ID = "ab" * 16


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keyring.json"


def opened(file: Path) -> FileKeyring:
    """Another process's view of the file."""
    keyring, _ = load_or_create_keyring(file, NOW, os.urandom)
    return FileKeyring(file, keyring, os.urandom)


def rotate(file: Path, keyring: Keyring) -> str:
    fresh = keyring.rotated(NOW + timedelta(days=1))
    save_keyring(file, fresh, os.urandom)
    return fresh.current_id


def test_a_key_made_by_another_process_wraps_from_then_on(file: Path) -> None:
    one, other = opened(file), opened(file)
    before = other.wrap(DATA_KEY, BLOB_ID)

    newest = rotate(file, one)

    after = other.wrap(DATA_KEY, BLOB_ID)
    assert (before.key_id == newest, after.key_id) == (False, newest)
    assert other.unwrap(*before, BLOB_ID) == other.unwrap(*after, BLOB_ID) == DATA_KEY
    assert other.current_since == NOW + timedelta(days=1)


def test_a_reader_learns_an_unknown_key_from_the_file(file: Path) -> None:
    writer, reader = opened(file), opened(file)
    rotate(file, writer)
    wrapped = writer.wrap(DATA_KEY, BLOB_ID)

    assert reader.unwrap(*wrapped, BLOB_ID) == DATA_KEY
    assert reader.derive("a", "b") == writer.derive("a", "b")


def test_a_dropped_key_still_opens_what_was_read_before_and_a_new_process_lacks_it(file: Path) -> None:
    server = opened(file)
    former = server.wrap(DATA_KEY, BLOB_ID)
    rotate(file, server)
    server.refresh()
    save_keyring(file, server.current_alone(), os.urandom)

    assert server.wrap(DATA_KEY, BLOB_ID).key_id == server.current_id
    assert server.unwrap(*former, BLOB_ID) == DATA_KEY
    with pytest.raises(KeyUnknown, match=BLOB_ID):
        opened(file).unwrap(*former, BLOB_ID)


def test_a_file_of_another_installation_is_not_adopted(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    keyring = opened(file)
    current = keyring.current_id
    save_keyring(file, new_keyring(NOW, os.urandom), os.urandom)

    with caplog.at_level(logging.ERROR):
        wrapped = keyring.wrap(DATA_KEY, BLOB_ID)

    assert wrapped.key_id == current
    assert "another installation" in caplog.text


@pytest.mark.parametrize("text", ["", "{}", "no keyring"])
def test_a_damaged_file_leaves_what_was_known_and_is_told_once(
    file: Path, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    keyring = opened(file)
    secret = keyring.to_text()
    keyring.refresh()
    file.write_text(text, encoding="utf-8")

    with caplog.at_level(logging.ERROR):
        wrapped = [keyring.wrap(DATA_KEY, BLOB_ID) for _ in range(3)]

    assert [keyring.unwrap(*each, BLOB_ID) for each in wrapped] == [DATA_KEY] * 3
    assert len(caplog.records) == 1
    assert not any(line.strip(' ",') in caplog.text for line in secret.splitlines() if "secret" in line)


def test_a_file_that_is_gone_leaves_what_was_known(file: Path) -> None:
    keyring = opened(file)
    file.unlink()

    assert keyring.unwrap(*keyring.wrap(DATA_KEY, BLOB_ID), BLOB_ID) == DATA_KEY


def test_it_shows_no_key_in_its_text(file: Path) -> None:
    keyring = opened(file)

    assert repr(keyring) == f"Keyring(current_id={keyring.current_id!r}, keys=1)"


def test_the_file_is_read_again_only_when_it_changed(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keyring = opened(file)
    keyring.refresh()
    reads: list[Path] = []

    def load(path: Path, random_bytes: Callable[[int], bytes]) -> Keyring:
        reads.append(path)
        return new_keyring(NOW, random_bytes)

    monkeypatch.setattr("identity.keyring_file.load_keyring", load)

    for _ in range(5):
        keyring.wrap(DATA_KEY, BLOB_ID)

    assert reads == []


def test_a_copy_that_others_could_read_is_used_as_soon_as_its_mode_is_corrected(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = opened(file)
    newest = rotate(file, server)
    file.chmod(0o644)
    with caplog.at_level(logging.ERROR):
        before = server.wrap(DATA_KEY, BLOB_ID)
    assert "chmod 600" in caplog.text

    file.chmod(0o600)

    assert (before.key_id == newest, server.wrap(DATA_KEY, BLOB_ID).key_id) == (False, newest)


def test_a_dropped_key_is_written_no_more(file: Path) -> None:
    server = opened(file)
    newest = rotate(file, server)
    server.refresh()
    save_keyring(file, server.current_alone(), os.urandom)
    server.refresh()

    fresh = server.rotated(NOW)
    assert server.key_ids == (newest,)
    assert fresh.key_ids == (newest, fresh.current_id)


def test_a_file_that_servers_share_by_a_link_stays_shared_after_a_rotation(tmp_path: Path) -> None:
    shared = tmp_path / "shared.json"
    server = opened(shared)
    links = [tmp_path / "one.json", tmp_path / "other.json"]
    for link in links:
        link.symlink_to(shared)

    newest = rotate(links[0], server)

    assert links[0].is_symlink()
    assert opened(links[1]).current_id == newest
