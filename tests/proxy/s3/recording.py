"""One list of what matters for durability on the whole write path: the disk's calls, the graph's commits, the answers.

A commit and the first statement before it are recorded once for each blob that the transaction names, so that "synced
before published before answered" can be told of every blob by itself, whoever shared its syncs and its transaction.
"""

import asyncio
import errno
import os
import re
import time
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import neo4j
import pytest

from graphstore.bolt import Transaction
from graphstore.statements import Query
from proxy.upstream import UpstreamClient
from tests.proxy.disks import RecordingDisk

Event = tuple[str, str]

NAMES: Final = "names"
COMMIT: Final = "commit"
ANSWER: Final = "answer"

_SLOW_S: Final = 0.02
"""How much longer syncs and stores take: who doesn't wait for them goes on too early, on a quick machine too."""
_CHANGING: Final = frozenset({"put_object", "upload_part", "complete_multipart_upload", "delete_object"})
_BLOB_ID: Final = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")


@dataclass(frozen=True)
class Sync:
    """A sync that ended: events before `began` are on the disk for all events from `ended` on."""

    call: str
    name: str
    began: int
    ended: int

    def covers_bytes_of(self, blob_id: str) -> bool:
        """Whether it is about a blob's bytes."""
        return (self.call, self.name) == ("sync", blob_id) or self.call == "sync all"

    def covers_name_of(self, blob_id: str) -> bool:
        """Whether it is about a blob's name in its folder."""
        return (self.call, self.name) == ("sync folder", blob_id[:2]) or self.call == "sync all"


@dataclass
class Recording:
    """Events in their order, from all threads."""

    events: list[Event] = field(default_factory=list[Event])
    syncs: list[Sync] = field(default_factory=list[Sync])

    def record(self, call: str, name: str) -> None:
        """Add an event."""
        self.events.append((call, name))

    def clear(self) -> None:
        """Forget what was."""
        self.events.clear()
        self.syncs.clear()

    def named(self, call: str) -> list[str]:
        """Names of all events of a kind."""
        return [name for made, name in self.events if made == call]

    @contextmanager
    def syncing(self, call: str, name: str) -> Generator[None]:
        """Record a sync, if it succeeds."""
        began = len(self.events)
        yield
        time.sleep(_SLOW_S)
        self.syncs.append(Sync(call, name, began, len(self.events)))


def durable_from(recording: Recording, blob_id: str) -> int:
    """Place from which on a blob's bytes and its name were on the disk; fails where the disk was used out of order."""
    events, syncs = recording.events, recording.syncs
    written = max(place for place, event in enumerate(events) if event == ("write", blob_id))
    named = events.index(("rename", blob_id))
    bytes_synced = [sync.ended for sync in syncs if sync.covers_bytes_of(blob_id) and sync.began > written]
    assert bytes_synced, f"the last bytes of {blob_id} were never synced"
    assert min(bytes_synced) <= named, f"{blob_id} got its name before its bytes were synced"
    name_synced = [sync.ended for sync in syncs if sync.covers_name_of(blob_id) and sync.began > named]
    assert name_synced, f"the name of {blob_id} was never synced"
    return min(name_synced)


def check_order(events: Sequence[Event], durable: int, blob_id: str, path: str) -> None:
    """Durable, then named in a transaction, then committed, then answered."""
    named = events.index((NAMES, blob_id))
    committed = events.index((COMMIT, blob_id))
    answered = events.index((f"{ANSWER} 200", path))
    assert durable <= named < committed < answered, (durable, named, committed, answered)


class WholePathDisk(RecordingDisk):
    """Records into a list that others write to as well, shares syncs, and fails the calls named in `fails`."""

    def __init__(self, recording: Recording) -> None:
        super().__init__()
        self.recording = recording
        self.fails: frozenset[str] = frozenset()

    def record(self, call: str, name: str) -> None:
        self.recording.record(call, name)

    def shares_syncs(self, folder: Path) -> bool:
        assert folder.is_dir()
        return True

    def sync(self, descriptor: int) -> None:
        with self.recording.syncing("sync", self._names[descriptor]):
            self._meet("sync")
            super().sync(descriptor)

    def sync_folder(self, folder: Path) -> None:
        with self.recording.syncing("sync folder", folder.name):
            self._meet("sync folder")
            super().sync_folder(folder)

    @contextmanager
    def whole_file_system(self, folder: Path) -> Generator[Callable[[], None]]:
        with super().whole_file_system(folder) as sync:

            def met() -> None:
                with self.recording.syncing("sync all", ""):
                    self._meet("sync all")
                    sync()

            yield met

    @contextmanager
    def failing(self, *calls: str) -> Generator[None]:
        """Let these calls fail inside."""
        self.fails = frozenset(calls)
        try:
            yield
        finally:
            self.fails = frozenset()

    def _meet(self, call: str) -> None:
        if call in self.fails:
            raise OSError(errno.EIO, os.strerror(errno.EIO))


class RecordingClient:
    """A client of an S3 store that records each call that makes or removes a blob, when the store has answered it."""

    def __init__(self, client: UpstreamClient, recording: Recording) -> None:
        self._client = client
        self._recording = recording

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)
        if name not in _CHANGING:
            return call

        async def call_and_record(**arguments: Any) -> Any:
            answer = await call(**arguments)
            await asyncio.sleep(_SLOW_S)
            self._recording.record(name, arguments["Key"].rpartition("/")[2])
            return answer

        return call_and_record


def record_commits(recording: Recording, patching: pytest.MonkeyPatch) -> None:
    """Record the blobs that each transaction names, and again when its commit has been answered."""
    run, commit = Transaction.run, neo4j.AsyncTransaction.commit
    named: dict[int, set[str]] = {}

    async def run_and_record(self: Transaction, query: Query[Any]) -> Any:
        driver_transaction: Any = self._transaction  # pyright: ignore[reportPrivateUsage]  to know it at the commit
        known = named.setdefault(id(driver_transaction), set())
        for blob_id in sorted(set(_BLOB_ID.findall(repr(query.parameters))) - known):
            known.add(blob_id)
            recording.record(NAMES, blob_id)
        return await run(self, query)

    async def commit_and_record(self: neo4j.AsyncTransaction) -> None:
        await commit(self)
        recording.record(COMMIT, "")
        for blob_id in sorted(named.pop(id(self), ())):
            recording.record(COMMIT, blob_id)

    patching.setattr(Transaction, "run", run_and_record)
    patching.setattr(neo4j.AsyncTransaction, "commit", commit_and_record)


def record_answers(recording: Recording, app: Any) -> Any:
    """Record the status of each answer before its first byte goes out, by the request's path."""

    async def serve(scope: Any, receive: Any, send: Callable[[Any], Awaitable[None]]) -> None:
        async def send_recorded(message: Any) -> None:
            if message["type"] == "http.response.start":
                recording.record(f"{ANSWER} {message['status']}", scope["path"])
            await send(message)

        await app(scope, receive, send_recorded)

    return serve
