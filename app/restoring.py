"""`aruna restore`: what `aruna backup` wrote (app/backup.py), into an empty installation, on whichever engine that has.

All that can be refused is refused before anything is changed. Then the graph is marked as a part, before it or the data
folder or the backend gets anything, and the last transaction takes the mark away: a part is never opened as if it were
whole (decision 0019).
"""

import asyncio
import hashlib
import json
import os
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, cast

from app.backup import BOOTSTRAP, EDGES, FORMAT, KEYRING, MANIFEST, NODES, copy_blob, write_private
from app.maintenance import FOUND, OK, Emit, Installation, Options, Report
from domain.errors import DomainError, FailedPrecondition
from graphstore.bolt import Engine
from graphstore.cypher.installation import LABEL, marks
from graphstore.dumping import DumpedEdge, DumpedNode, count_graph, load_edges, load_nodes
from graphstore.installing import begin_restore, end_restore, refuse_part, take_over_version
from graphstore.migrations import MIGRATIONS, migrate
from identity.keyring import IN_ENVIRONMENT, Keyring, load_keyring, parse_keyring, save_keyring
from proxy.blobs import Blobs
from proxy.blobs_directory import DirectoryBlobs
from proxy.disk import Disk
from proxy.threads import Threads, all_of

_PAGE: Final = 200
_AT_ONCE: Final = 4
_LINES: Final = 500
_NAMED_MAX: Final = 3


class BackupUnusable(DomainError):
    """The folder is no whole backup of a kind that this program reads."""


class _SavedDisk(Disk):
    """Files that are only read; whoever copied the backup may have left empty folders out."""

    def scan(self, folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
        return super().scan(folder) if folder.is_dir() else iter(())


# -- what is looked at before anything is changed


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read what a backup says of itself. Blocks.

    Raises: BackupUnusable.
    """
    try:
        manifest = cast("dict[str, Any]", json.loads((folder / MANIFEST).read_text(encoding="utf-8")))
        if manifest["format"] != FORMAT:
            raise BackupUnusable(f"{folder} is of another format than {FORMAT!r}; use the program that wrote it")
        expected = {name: manifest["files"][name]["sha256"] for name in (NODES, EDGES, KEYRING)}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupUnusable(f"{folder} is no whole backup: its {MANIFEST} is missing or altered") from error
    for name, digest in expected.items():
        try:
            with (folder / name).open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise BackupUnusable(f"the backup {folder} lacks {name}; use another copy of it") from error
        if found != digest:
            raise BackupUnusable(f"{name} of the backup {folder} was altered or cut; use another copy of it")
    if manifest.get("graphVersion", 0) > len(MIGRATIONS):
        raise BackupUnusable(f"the backup {folder} was written by a newer program; restore it with that one")
    return manifest


def saved_keyring(folder: Path, manifest: dict[str, Any]) -> Keyring:
    """The keyring of a backup. Blocks.

    Raises: BackupUnusable - it isn't the one that the backup's graph is of; KeyringUnusable.
    """
    saved = load_keyring(folder / KEYRING, os.urandom)
    if manifest.get("keyringFingerprint", saved.fingerprint) != saved.fingerprint:
        raise BackupUnusable(f"{KEYRING} in {folder} is another installation's; use another copy of the backup")
    return saved


def keyring_for_restore(folder: Path, data_dir: Path, given: str | None) -> Keyring:
    """Look at a backup and at the data folder it shall go to; answers the keyring to restore it under. Blocks.

    That is the one `given` as text (ARUNA_KEYRING), else the backup's own. Nothing is written.
    Raises: BackupUnusable, FailedPrecondition, KeyringUnusable.
    """
    saved = saved_keyring(folder, read_manifest(folder))
    _refuse_placed(data_dir)
    keyring = saved if given is None else parse_keyring(given, os.urandom, IN_ENVIRONMENT)
    _refuse_stranger(keyring, saved)
    return keyring


def _refuse_placed(data_dir: Path) -> None:
    for placed in (data_dir / KEYRING, data_dir / BOOTSTRAP):
        if placed.exists():
            raise FailedPrecondition(
                f"{placed} is there already: restore into a data folder that is new; where a restore was cut off, "
                "empty it first"
            )


def _refuse_stranger(keyring: Keyring, saved: Keyring) -> None:
    if not keyring.covers(saved):
        raise FailedPrecondition(
            "ARUNA_KEYRING isn't the backup's keyring and would open nothing of it; unset it, or set it to the "
            f"backup's {KEYRING}"
        )


async def refuse_unless_empty(engine: Engine) -> None:
    """Look whether a graph has nothing but the node that each start makes.

    Raises: FailedPrecondition, Unavailable.
    """
    refuse_part(await engine.read(marks()))
    found = await count_graph(engine)
    if found.nodes > 1:  # the version's node is of the start itself
        raise FailedPrecondition(f"the graph has {found.nodes} nodes already; restore into an empty installation")


# -- the restore


async def restore(installation: Installation, options: Options, emit: Emit) -> int:
    """Load the backup in the option `folder` into an empty installation, on whichever engine that has.

    Cut off in the middle it leaves a part, which is marked as one: empty the data folder (and the Neo4j database)
    before the next try. A refusal leaves nothing. Blobs of another length than was written are restored as they are and
    named: a backup takes them so from an installation where they are damaged, and the rest is worth having.
    Raises: BackupUnusable, FailedPrecondition - there is something already, or a server runs; KeyringUnusable.
    """
    if installation.is_serving:
        raise FailedPrecondition("a server uses this data folder; stop it, and restore into a new one")
    folder = Path(str(options["folder"]))
    manifest = await asyncio.to_thread(read_manifest, folder)
    engine = installation.store.engine
    await refuse_unless_empty(engine)
    _refuse_placed(installation.data_dir)
    _refuse_stranger(installation.keyring, await asyncio.to_thread(saved_keyring, folder, manifest))
    async with _saved_blobs(folder / "blobs") as source:
        written = await asyncio.to_thread(_written_lengths, folder)
        damaged = await _refuse_lacking(source, written, manifest["blobs"])
        await begin_restore(engine)
        await asyncio.to_thread(place_keyring, folder, installation.data_dir)
        copied = await _copy_all(source, installation.blobs)
    await emit(Report(f"{copied} blobs copied", {"kind": "blobs", "blobs": copied}))

    nodes, edges = await _load(engine, folder)
    if (nodes, edges) != (manifest["nodes"], manifest["edges"]):
        raise BackupUnusable(
            f"{nodes} of {manifest['nodes']} nodes and {edges} of {manifest['edges']} edges were in the backup; use "
            "another copy of it"
        )
    await migrate(engine)
    if await end_restore(engine, installation.keyring.fingerprint) != installation.keyring.fingerprint:
        raise BackupUnusable(f"the graph in {folder} is of another keyring than {KEYRING} there; use another copy")
    for blob_id, length in sorted(damaged.items()):
        detail = f"{length} bytes are in the backup, {written[blob_id]} were written"
        found = {"kind": "wrong length", "blobId": blob_id, "detail": detail}
        await emit(Report(f"wrong length: blob {blob_id}: {detail}; `aruna verify` names what shows it", found))
    counts = await count_graph(engine)
    data = {"kind": "summary", "nodes": counts.nodes, "edges": counts.edges, "blobs": copied}
    await emit(Report(f"restored {counts.nodes} nodes, {counts.edges} edges and {copied} blobs", data))
    return FOUND if damaged else OK


async def _refuse_lacking(source: Blobs, written: Mapping[str, int], expected: int) -> dict[str, int]:
    """Count the blobs of a backup; answers the lengths of those that have another one than was `written`.

    Raises: BackupUnusable - there are fewer than `expected`; Unavailable.
    """
    lacking, damaged, saved = set(written), dict[str, int](), 0
    async for stored in source.stored():
        saved += stored.blob_id in lacking
        lacking.discard(stored.blob_id)
        if stored.sealed_bytes != written.get(stored.blob_id, stored.sealed_bytes):
            damaged[stored.blob_id] = stored.sealed_bytes
    if saved < expected:
        named = ", ".join(sorted(lacking)[:_NAMED_MAX]) + (", …" if len(lacking) > _NAMED_MAX else "")
        raise BackupUnusable(
            f"{saved} of {expected} blobs are in the backup, which lacks {named}; use another copy of it, or put the "
            "missing files from one into its blobs/"
        )
    return damaged


def place_keyring(folder: Path, data_dir: Path) -> None:
    """Put the backup's keyring, and its first secrets, into an empty data folder. Blocks.

    Raises: KeyringUnusable; OSError.
    """
    save_keyring(data_dir / KEYRING, load_keyring(folder / KEYRING, os.urandom), os.urandom)
    if (folder / BOOTSTRAP).exists():
        write_private(data_dir / BOOTSTRAP, (folder / BOOTSTRAP).read_text(encoding="utf-8"))


async def _load(engine: Engine, folder: Path) -> tuple[int, int]:
    """Fill the graph; answers how many nodes and edges the backup has.

    The dump's node of the version is taken over by the one that is there: that has the mark.
    Raises: Unavailable, DumpRefused.
    """
    keys: dict[str, str] = {}
    versions: list[DumpedNode] = []
    for rows in _batches(folder / NODES):
        nodes = [DumpedNode(key, tuple(labels), kept) for key, labels, kept in rows]
        versions += [node for node in nodes if LABEL in node.labels]
        keys |= await load_nodes(engine, [node for node in nodes if LABEL not in node.labels])
    edges = 0
    for rows in _batches(folder / EDGES):
        await load_edges(engine, [DumpedEdge(*row) for row in rows], keys)
        edges += len(rows)
    for node in versions:
        await take_over_version(engine, node.properties)
    return len(keys) + len(versions), edges


def _written_lengths(folder: Path) -> dict[str, int]:
    """How long each blob of a backup is, sealed, by what its graph says. Blocks."""
    return {
        kept["id"]: kept["sealed"] for rows in _batches(folder / NODES) for _, labels, kept in rows if "Blob" in labels
    }


@asynccontextmanager
async def _saved_blobs(folder: Path) -> AsyncGenerator[DirectoryBlobs]:
    """The blobs of a backup, which may lie where nothing can be written."""
    threads = Threads("saved blobs", _AT_ONCE)
    blobs = DirectoryBlobs(folder, threads, _SavedDisk(), shares_syncs=False)
    try:
        yield blobs
    finally:
        await asyncio.to_thread(blobs.close)


async def _copy_all(source: Blobs, target: Blobs) -> int:
    """Copy all blobs of a backup; answers how many. Raises: Unavailable."""
    limit = asyncio.Semaphore(_AT_ONCE)
    copied = 0

    async def copy(blob_id: str) -> None:
        async with limit:
            await copy_blob(source, target, blob_id)

    batch: list[str] = []
    async for stored in source.stored():
        batch.append(stored.blob_id)
        copied += 1
        if len(batch) == _PAGE:
            await all_of(map(copy, batch))
            batch = []
    await all_of(map(copy, batch))
    return copied


def _batches(path: Path) -> Iterable[list[Any]]:
    """Lines of a file, some hundred at a time. Blocks, as a restore serves nobody."""
    with path.open(encoding="utf-8") as file:
        batch: list[Any] = []
        for line in file:
            batch.append(json.loads(line))
            if len(batch) == _LINES:
                yield batch
                batch = []
        if batch:
            yield batch
