"""`aruna backup`: graph, keyring and sealed bytes as one folder that fits together (app/restoring.py reads it).

folder = manifest.json, nodes.jsonl, edges.jsonl, keyring.json (0600), bootstrap.json if there is one (0600), blobs/ as
the directory backend keeps them. A line of nodes.jsonl is [key, labels, properties], of edges.jsonl [key of the source,
type, properties, key of the target]. The manifest is written last: a folder without one is no backup.

Blobs never change, so they are copied first, while clients go on; then writers are held back while the graph is dumped
and the few blobs copied that came meanwhile. Nothing is removed while writers are held, since whatever removes bytes
claims them in the graph first. Blobs that nothing needs at that instant are left out. Decision 0019.
"""

import asyncio
import hashlib
import json
import os
from collections.abc import AsyncIterator, Collection, Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from app.maintenance import FOUND, OK, Emit, Installation, Options, Report
from domain.errors import FailedPrecondition
from graphstore.bolt import Engine
from graphstore.cypher.catalogue import CataloguedBlob, page_of_blobs, upper_blob
from graphstore.dumping import DumpedEdge, DumpedNode, GraphCounts, count_graph, dump_edges, dump_nodes
from graphstore.migrations import MIGRATIONS
from identity.keyring import Keyring
from identity.keyring_file import FileKeyring
from identity.rewrapping import keys_lacking
from proxy.blobs import BlobMissing, Blobs
from proxy.blobs_directory import open_directory_blobs
from proxy.threads import all_of

FORMAT: Final = "aruna backup 1"
MANIFEST: Final = "manifest.json"
NODES: Final = "nodes.jsonl"
EDGES: Final = "edges.jsonl"
KEYRING: Final = "keyring.json"
BOOTSTRAP: Final = "bootstrap.json"

_PAGE: Final = 200
_AT_ONCE: Final = 4
_LINES: Final = 500
_COPIED_BYTES: Final = 4 * 1024 * 1024
_WHOLE_BYTES_MAX: Final = 128 * 1024


class _LineFile:
    """A file of JSON lines being written, with its hash. Blocks."""

    def __init__(self, path: Path) -> None:
        self.lines = 0
        self._hasher = hashlib.sha256()
        self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")

    def add(self, rows: Iterable[Any]) -> None:
        for row in rows:
            line = json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode("utf-8") + b"\n"
            self._file.write(line)
            self._hasher.update(line)
            self.lines += 1

    def close(self) -> dict[str, Any]:
        """Sync it; answers what the manifest says of it."""
        self._file.flush()
        os.fsync(self._file.fileno())
        length = self._file.tell()
        self._file.close()
        return {"lines": self.lines, "bytes": length, "sha256": self._hasher.hexdigest()}


async def backup(installation: Installation, options: Options, emit: Emit) -> int:
    """Write a backup into the folder of the option `folder`, which is new or empty.

    Raises: FailedPrecondition (the folder isn't empty), Unavailable, DumpRefused.
    """
    folder = Path(str(options["folder"]))
    await asyncio.to_thread(_prepare, folder)
    target = await asyncio.to_thread(open_directory_blobs, folder / "blobs")
    try:
        copied = dict[str, int]()
        missing = await _copy_needed(installation, target, copied)
        await emit(
            Report(f"{len(copied)} blobs copied; writers wait from here", {"kind": "blobs", "blobs": len(copied)})
        )
        async with installation.store.engine.writers_held():
            needed = dict[str, int]()
            missing = await _copy_needed(installation, target, copied, needed)
            counts, files = await _dump(installation.store.engine, folder, needed.keys() | missing)
            # Later on all may be wrapped anew and the keys dropped by which it is wrapped in the dump.
            text = _newest_text(installation.keyring)
        for blob_id in copied.keys() - needed.keys():
            await target.delete(blob_id)
    finally:
        await asyncio.to_thread(target.close)
    lacking = await keys_lacking(installation.store, installation.keyring)
    await asyncio.to_thread(write_private, folder / KEYRING, text)
    files[KEYRING] = {"sha256": hashlib.sha256(text.encode("utf-8")).hexdigest()}
    manifest = {
        "format": FORMAT,
        "program": version("aruna-graph"),
        "createdAt": installation.clock().isoformat(),
        "graphVersion": len(MIGRATIONS),
        "keyringFingerprint": installation.keyring.fingerprint,
        "nodes": counts.nodes,
        "edges": counts.edges,
        "blobs": len(needed),
        "files": files,
    }
    await asyncio.to_thread(_finish, installation, folder, manifest)
    for blob_id in sorted(missing):
        await emit(
            Report(f"blob {blob_id} is missing in the installation, too", {"kind": "missing", "blobId": blob_id})
        )
    damaged = {blob_id for blob_id, written in needed.items() if copied[blob_id] != written}
    for blob_id in sorted(damaged):
        detail = f"{copied[blob_id]} bytes are stored, {needed[blob_id]} were written"
        said = f"wrong length: blob {blob_id}: {detail}; the backup has it so, `aruna verify` names what shows it"
        await emit(Report(said, {"kind": "wrong length", "blobId": blob_id, "detail": detail}))
    for key_id, number in sorted(lacking.items()):
        said = f"master key {key_id} wraps {number} and isn't in the keyring: without it they can't be read"
        await emit(Report(said, {"kind": "unknown key", "id": key_id, "wraps": number}))
    await emit(
        Report(
            f"backed up {counts.nodes} nodes, {counts.edges} edges and {len(needed)} blobs to {folder}; it holds the "
            "keyring: who reads it reads all data",
            {"kind": "summary", "nodes": counts.nodes, "edges": counts.edges, "blobs": len(needed)},
        )
    )
    return FOUND if missing or damaged or lacking else OK


def _newest_text(keyring: Keyring) -> str:
    """All keys of the keyring, as its file has them now."""
    if isinstance(keyring, FileKeyring):
        keyring.refresh()
    return keyring.to_text()


def _prepare(folder: Path) -> None:
    """Make the folder. Raises: FailedPrecondition."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise FailedPrecondition(f"the folder {folder} isn't empty; name one that is new")
    except OSError as error:
        raise FailedPrecondition(f"the folder {folder} can't be used: {error.strerror}") from error


async def _dump(engine: Engine, folder: Path, needed: Collection[str]) -> tuple[GraphCounts, dict[str, Any]]:
    """Write nodes and edges; answers how many, and what the manifest says of the files.

    Blobs that nothing needs stay behind: their bytes do, and equal bytes that come later must not find them.
    Raises: DumpRefused, FailedPrecondition - it isn't all that the graph holds.
    """
    counts = await count_graph(engine)
    left = 0

    async def kept() -> AsyncIterator[DumpedNode]:
        nonlocal left
        async for node in dump_nodes(engine):
            if "Blob" in node.labels and node.properties["id"] not in needed:
                left += 1
            else:
                yield node

    nodes = await _write_lines(folder / NODES, kept())
    edges = await _write_lines(folder / EDGES, dump_edges(engine))
    if (nodes["lines"] + left, edges["lines"]) != (counts.nodes, counts.edges):
        raise FailedPrecondition(
            f"{nodes['lines'] + left} of {counts.nodes} nodes and {edges['lines']} of {counts.edges} edges could be "
            "read; this program doesn't know all that the graph holds"
        )
    return GraphCounts(nodes["lines"], edges["lines"]), {NODES: nodes, EDGES: edges}


async def _write_lines(path: Path, rows: AsyncIterator[DumpedNode] | AsyncIterator[DumpedEdge]) -> dict[str, Any]:
    file = await asyncio.to_thread(_LineFile, path)
    batch: list[Any] = []
    async for row in rows:
        batch.append(row)
        if len(batch) == _LINES:
            await asyncio.to_thread(file.add, batch)
            batch = []
    await asyncio.to_thread(file.add, batch)
    return await asyncio.to_thread(file.close)


async def _copy_needed(
    installation: Installation, target: Blobs, copied: dict[str, int], needed: dict[str, int] | None = None
) -> set[str]:
    """Copy the blobs that something needs and that aren't copied yet; answers those that the backend hasn't.

    `copied` gains what was copied, with its length; `needed` all that something needs and the backend has, with the
    length that was written.
    """
    missing = set[str]()

    async def copy(blob: CataloguedBlob) -> None:
        async with limit:
            try:
                if blob.id not in copied:
                    copied[blob.id] = await copy_blob(installation.blobs, target, blob.id)
                if needed is not None:
                    needed[blob.id] = blob.sealed_bytes
            except BlobMissing:
                missing.add(blob.id)

    limit = asyncio.Semaphore(_AT_ONCE)
    after = ""
    while (upper := await installation.store.read(upper_blob(after, _PAGE))) is not None:
        page = await installation.store.read(page_of_blobs(after, upper))
        await all_of(copy(blob) for blob in page if blob.is_needed)
        after = upper
    return missing


async def copy_blob(source: Blobs, target: Blobs, blob_id: str) -> int:
    """Copy sealed bytes as they are, durably, in bounded memory; answers how many.

    Raises: BlobMissing, Unavailable; nothing is left then.
    """
    reader = await source.open(blob_id, _WHOLE_BYTES_MAX)
    try:
        if reader.sealed_bytes == len(reader.head):
            await target.write(blob_id, reader.head)
            return reader.sealed_bytes
        writer = await target.create(blob_id)
        try:
            await writer.append(reader.head)
            position, buffer = len(reader.head), memoryview(bytearray(_COPIED_BYTES))
            while taken := await reader.read_into(position, buffer[: reader.sealed_bytes - position]):
                await writer.append(buffer[:taken])
                position += taken
            await writer.commit()
        except BaseException:
            await writer.abort()
            raise
        return reader.sealed_bytes
    finally:
        await reader.close()


def _finish(installation: Installation, folder: Path, manifest: dict[str, Any]) -> None:
    """Copy the first secrets, if they are still there, and write the manifest, which makes it a backup."""
    bootstrap = installation.data_dir / BOOTSTRAP
    if bootstrap.exists():
        write_private(folder / BOOTSTRAP, bootstrap.read_text(encoding="utf-8"))
    write_private(folder / MANIFEST, json.dumps(manifest, indent=2) + "\n")
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_private(path: Path, text: str) -> None:
    """Write a file that isn't there yet, durably, readable by its owner alone. Blocks."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
