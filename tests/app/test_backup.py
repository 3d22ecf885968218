import hashlib
import json
import os
import random
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.backup import BOOTSTRAP, EDGES, FORMAT, KEYRING, MANIFEST, NODES, copy_blob
from app.restoring import BackupUnusable, keyring_for_restore, place_keyring, read_manifest
from domain.errors import FailedPrecondition
from graphstore.migrations import MIGRATIONS
from identity.keyring import load_keyring, new_keyring, save_keyring
from proxy.blobs import BlobMissing
from proxy.blobs_directory import DirectoryBlobs, open_directory_blobs
from tests.proxy.bodies import NOW


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A backup of nothing."""
    found = tmp_path / "backup"
    found.mkdir()
    save_keyring(found / KEYRING, new_keyring(NOW, os.urandom), os.urandom)
    for name in (NODES, EDGES):
        (found / name).write_text("[]\n", encoding="utf-8")
    files = {
        name: {"sha256": hashlib.sha256((found / name).read_bytes()).hexdigest()} for name in (NODES, EDGES, KEYRING)
    }
    manifest = {"format": FORMAT, "nodes": 1, "edges": 1, "blobs": 0, "files": files}
    (found / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    return found


@pytest.fixture
def backends(tmp_path: Path) -> Iterator[tuple[DirectoryBlobs, DirectoryBlobs]]:
    pair = (open_directory_blobs(tmp_path / "one"), open_directory_blobs(tmp_path / "other"))
    yield pair
    for blobs in pair:
        blobs.close()


@pytest.mark.parametrize("name", [NODES, EDGES, KEYRING])
def test_a_file_that_was_altered_or_is_missing_is_named(folder: Path, name: str) -> None:
    assert read_manifest(folder)["format"] == FORMAT

    (folder / name).write_bytes((folder / name).read_bytes() + b" ")
    with pytest.raises(BackupUnusable, match=f"{name} .* was altered or cut"):
        read_manifest(folder)
    (folder / name).unlink()
    with pytest.raises(BackupUnusable, match=f"lacks {name}"):
        read_manifest(folder)


@pytest.mark.parametrize("text", [None, "", "[]", "{}", '{"format": "aruna backup 1"}'])
def test_a_folder_without_a_whole_manifest_is_no_backup(folder: Path, text: str | None) -> None:
    if text is None:
        (folder / MANIFEST).unlink()
    else:
        (folder / MANIFEST).write_text(text, encoding="utf-8")

    with pytest.raises(BackupUnusable, match="is no whole backup"):
        read_manifest(folder)


def test_a_backup_of_another_format_is_told_as_such(folder: Path) -> None:
    (folder / MANIFEST).write_text('{"format": "aruna backup 2"}', encoding="utf-8")

    with pytest.raises(BackupUnusable, match="another format"):
        read_manifest(folder)


def rewrite(folder: Path, **changes: object) -> None:
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    (folder / MANIFEST).write_text(json.dumps(manifest | changes), encoding="utf-8")


def test_a_backup_of_a_newer_program_is_refused(folder: Path) -> None:
    rewrite(folder, graphVersion=len(MIGRATIONS))
    assert read_manifest(folder)["graphVersion"] == len(MIGRATIONS)

    rewrite(folder, graphVersion=len(MIGRATIONS) + 1)

    with pytest.raises(BackupUnusable, match="a newer program; restore it with that one"):
        read_manifest(folder)


def test_a_backup_is_restored_under_its_own_keyring_or_one_that_covers_it(folder: Path, tmp_path: Path) -> None:
    saved, data_dir = load_keyring(folder / KEYRING, os.urandom), tmp_path / "data"

    assert keyring_for_restore(folder, data_dir, None).to_text() == saved.to_text()
    rotated = saved.rotated(NOW)
    assert keyring_for_restore(folder, data_dir, rotated.to_text()).to_text() == rotated.to_text()
    for other in (new_keyring(NOW, os.urandom), rotated.current_alone()):
        with pytest.raises(FailedPrecondition, match="isn't the backup's keyring"):
            keyring_for_restore(folder, data_dir, other.to_text())
    assert not data_dir.exists()


def test_a_backup_with_the_keyring_of_another_installation_is_refused(folder: Path, tmp_path: Path) -> None:
    rewrite(folder, keyringFingerprint=load_keyring(folder / KEYRING, os.urandom).fingerprint)
    assert keyring_for_restore(folder, tmp_path / "data", None)

    rewrite(folder, keyringFingerprint=new_keyring(NOW, os.urandom).fingerprint)

    with pytest.raises(BackupUnusable, match="is another installation's"):
        keyring_for_restore(folder, tmp_path / "data", None)


@pytest.mark.parametrize("name", [KEYRING, BOOTSTRAP])
def test_a_data_folder_that_has_secrets_is_refused_and_left_as_it_is(folder: Path, tmp_path: Path, name: str) -> None:
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    (data_dir / name).write_text("mine", encoding="utf-8")

    with pytest.raises(FailedPrecondition, match=f"{name} is there already"):
        keyring_for_restore(folder, data_dir, None)

    assert [(path.name, path.read_text(encoding="utf-8")) for path in data_dir.iterdir()] == [(name, "mine")]


def test_keyring_and_first_secrets_are_placed_for_their_owner_alone(folder: Path, tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    (folder / BOOTSTRAP).write_text("first secrets", encoding="utf-8")

    place_keyring(folder, data_dir)

    placed = data_dir / KEYRING
    assert load_keyring(placed, os.urandom).to_text() == load_keyring(folder / KEYRING, os.urandom).to_text()
    assert (data_dir / BOOTSTRAP).read_text(encoding="utf-8") == "first secrets"
    assert {stat.S_IMODE(path.stat().st_mode) for path in data_dir.iterdir()} == {0o600}


@pytest.mark.parametrize("length", [0, 1, 128 * 1024, 128 * 1024 + 1, 9_000_000])
async def test_a_blob_is_copied_as_it_is(backends: tuple[DirectoryBlobs, DirectoryBlobs], length: int) -> None:
    blob_id, body = "ab" * 16, random.Random(length).randbytes(length)
    source, target = backends
    await source.write(blob_id, body)

    await copy_blob(source, target, blob_id)

    assert await target.read_range(blob_id, 0, length + 1) == body


async def test_a_blob_that_is_missing_leaves_nothing(backends: tuple[DirectoryBlobs, DirectoryBlobs]) -> None:
    source, target = backends

    with pytest.raises(BlobMissing):
        await copy_blob(source, target, "ab" * 16)

    assert [blob async for blob in target.stored()] == []
