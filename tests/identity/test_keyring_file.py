import asyncio
import logging
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from identity import keyring_file
from identity.keyring import (
    Keyring,
    KeyringUnusable,
    KeyUnknown,
    load_or_create_keyring,
    new_keyring,
    save_keyring,
)
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
    assert keyring.is_foreign


def test_a_file_is_foreign_until_the_right_one_is_back(file: Path) -> None:
    keyring = opened(file)
    text = keyring.to_text()
    keyring.refresh()
    assert not keyring.is_foreign
    save_keyring(file, new_keyring(NOW, os.urandom), os.urandom)
    keyring.refresh()
    assert keyring.is_foreign
    file.write_text("damaged", encoding="utf-8")
    keyring.refresh()
    assert keyring.is_foreign

    file.write_text(text, encoding="utf-8")
    keyring.refresh()

    assert not keyring.is_foreign


def test_keys_that_processes_add_at_the_same_instant_are_all_kept(file: Path) -> None:
    """Each process is a thread with a keyring of its own: locks of flock are of an open file, not of a process."""
    rounds, count = 5, 4
    first = opened(file).current_id
    gate = threading.Barrier(count)

    def add() -> list[str]:
        keyring, added = opened(file), list[str]()
        for _ in range(rounds):
            gate.wait(timeout=30)
            added.append(asyncio.run(keyring.rotate(NOW)))
        return added

    with ThreadPoolExecutor(count) as threads:
        added = [key_id for done in [threads.submit(add) for _ in range(count)] for key_id in done.result()]

    assert set(opened(file).key_ids) == {first, *added}
    assert len(added) == rounds * count


async def test_a_file_that_another_process_holds_for_long_is_told_and_left_as_it_is(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring_file, "_LOCK_WAIT_S", 0.1)
    one, other = opened(file), opened(file)
    before = other.current_id

    async with one.being_changed():
        with pytest.raises(KeyringUnusable, match=r"another process holds .*keyring\.json\.lock; try again"):
            await other.rotate(NOW)

    assert opened(file).key_ids == (before,)
    assert await other.rotate(NOW) == opened(file).current_id


async def test_servers_that_share_a_file_by_links_share_its_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring_file, "_LOCK_WAIT_S", 0.1)
    shared = opened(tmp_path / "shared.json")
    (tmp_path / "linked.json").symlink_to(tmp_path / "shared.json")
    linked = opened(tmp_path / "linked.json")

    async with shared.being_changed():
        with pytest.raises(KeyringUnusable, match="another process holds"):
            await linked.rotate(NOW)


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
