"""`aruna restore`: what `aruna backup` wrote (app/backup.py), into an empty installation, on whichever engine that has.

All that can be refused is refused before anything is changed. Then the graph is marked as a part, before it or the data
folder or the backend gets anything, and the last transaction takes the mark away: a part is never opened as if it were
whole (decision 0019).
"""

import asyncio
import hashlib
import json
import os
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, cast

from app.backup import BOOTSTRAP, EDGES, FORMAT, KEYRING, MANIFEST, NODES, copy_blob, write_private
from app.maintenance import OK, Emit, Installation, Options, Report
from domain.errors import DomainError, FailedPrecondition
from graphstore.bolt import Engine
from graphstore.cypher.installation import LABEL, marks
from graphstore.dumping import DumpedEdge, DumpedNode, count_graph, load_edges, load_nodes
from graphstore.installing import begin_restore, end_restore, take_over_version
from graphstore.migrations import MIGRATIONS, migrate
from identity.keyring import Keyring, load_keyring, parse_keyring, save_keyring
from proxy.blobs import Blobs
from proxy.blobs_directory import DirectoryBlobs
from proxy.disk import Disk
from proxy.threads import Threads, all_of

_PAGE: Final = 200
_AT_ONCE: Final = 4
_LINES: Final = 500


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
            raise BackupUnusable(f"the backup {folder} lacks {name}") from error
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
    keyring = saved if given is None else parse_keyring(given, os.urandom)
    _refuse_stranger(keyring, saved)
    return keyring


def _refuse_placed(data_dir: Path) -> None:
    for placed in (data_dir / KEYRING, data_dir / BOOTSTRAP):
        if placed.exists():
            raise FailedPrecondition(f"{placed} is there already: restore into a data folder that is new")


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
    if (await engine.read(marks())).is_restoring:
        raise FailedPrecondition(cut_off())
    found = await count_graph(engine)
    if found.nodes > 1:  # the version's node is of the start itself
        raise FailedPrecondition(f"the graph has {found.nodes} nodes already; restore into an empty installation")


def cut_off() -> str:
    """Say of a graph that is marked as a part what to do."""
    return (
        "a restore into this installation was cut off, or is still under way: it is a part, and can't be used; empty "
        "the data folder (and the Neo4j database, if ARUNA_GRAPH_URI names one), and run `aruna restore` again"
    )


# -- the restore


async def restore(installation: Installation, options: Options, emit: Emit) -> int:
    """Load the backup in the option `folder` into an empty installation, on whichever engine that has.

    Cut off in the middle it leaves a part, which is marked as one: empty the data folder (and the Neo4j database)
    before the next try. A refusal leaves nothing.
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
        saved = 0
        async for _ in source.stored():
            saved += 1
        if saved < manifest["blobs"]:
            raise BackupUnusable(f"{saved} of {manifest['blobs']} blobs are in the backup; use another copy of it")

        if not await begin_restore(engine):
            raise FailedPrecondition(cut_off())
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
    counts = await count_graph(engine)
    data = {"kind": "summary", "nodes": counts.nodes, "edges": counts.edges, "blobs": copied}
    await emit(Report(f"restored {counts.nodes} nodes, {counts.edges} edges and {copied} blobs", data))
    return OK


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
