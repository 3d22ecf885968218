import hashlib
import json
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.backup import (
    BOOTSTRAP,
    EDGES,
    FORMAT,
    KEYRING,
    MANIFEST,
    NODES,
    BackupUnusable,
    copy_blob,
    place_keyring,
    read_manifest,
)
from domain.errors import FailedPrecondition
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


def test_the_keyring_is_placed_for_its_owner_alone_and_never_over_another(folder: Path, tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    data_dir.mkdir()

    place_keyring(folder, data_dir)

    placed = data_dir / KEYRING
    assert load_keyring(placed, os.urandom).to_text() == load_keyring(folder / KEYRING, os.urandom).to_text()
    with pytest.raises(FailedPrecondition, match="is there already"):
        place_keyring(folder, data_dir)


def test_first_secrets_that_are_there_already_are_kept_and_nothing_is_placed(folder: Path, tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    for place in (folder, data_dir):
        (place / BOOTSTRAP).write_text(str(place), encoding="utf-8")

    with pytest.raises(FailedPrecondition, match=r"bootstrap\.json is there already"):
        place_keyring(folder, data_dir)

    assert (data_dir / BOOTSTRAP).read_text(encoding="utf-8") == str(data_dir)
    assert not (data_dir / KEYRING).exists()


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
