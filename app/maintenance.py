"""What can be done with a whole installation: each job works on an open one, and tells its course.

A job runs inside the server where one serves the data folder, and in the command's own process where none does
(decision 0019). It reports in records, so that a person and a script read the same.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from domain.errors import FailedPrecondition
from graphstore.dialects import EngineKind
from graphstore.store import GraphStore
from identity.keyring import Keyring, KeyUnknown, save_keyring
from identity.keyring_file import FileKeyring
from identity.rewrapping import rewrap_all, wrapped_by_other_keys
from identity.sealed_secrets import unopened_secrets
from proxy.blobs import Blobs, KeepsUploads
from proxy.collecting import UPLOAD_AGE_MIN, Collector
from proxy.streaming import ByteStreams
from proxy.verifying import Fault, Verifier, is_sound

OK: Final = 0
FOUND: Final = 1
"""Exit code of a job that did its work and found something wrong."""

DROP_AFTER: Final = timedelta(hours=1)
"""How old the current master key must be before older ones are dropped while clients write.

An upload wraps its data key before it commits; the longest transaction, with all its attempts, ends long before.
"""

_WALKS_MAX: Final = 3


@dataclass(frozen=True, slots=True)
class Installation:
    """An open installation; `is_serving` says that clients may be using it at this moment."""

    store: GraphStore
    keyring: Keyring
    data_dir: Path
    keyring_file: Path
    blobs: Blobs
    streams: ByteStreams
    clock: Callable[[], datetime]
    random_bytes: Callable[[int], bytes]
    is_serving: bool


@dataclass(frozen=True, slots=True)
class Report:
    """One line of a job's course: a sentence for people, and the same as data. No secret is in either."""

    say: str
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])


Options = Mapping[str, Any]
"""What a command was given, as JSON knows it: texts, numbers, booleans."""

Emit = Callable[[Report], Awaitable[None]]

Job = Callable[[Installation, Options, Emit], Awaitable[int]]
"""Does the work and answers the exit code.

Raises: DomainError - the work ended early; the message says why.
"""


async def verify(installation: Installation, options: Options, emit: Emit) -> int:
    """Walk over all blobs and S3 key pairs.

    Options: `quick`, and `grace_s`, the age from which unknown bytes are reported.
    """
    verifier = Verifier(
        installation.store,
        installation.blobs,
        installation.keyring,
        installation.streams,
        orphaned_before=installation.clock() - timedelta(seconds=float(options["grace_s"])),
        is_quick=bool(options["quick"]),
    )
    async for finding in verifier.findings():
        shown = "".join(f"\n    shown by {name}" for name in finding.shown_by)
        data = {
            "kind": "finding",
            "fault": finding.fault.value,
            "blobId": finding.blob_id,
            "detail": finding.detail,
            "shownBy": list(finding.shown_by),
        }
        detail = finding.detail.removeprefix(f"blob {finding.blob_id}").removeprefix(":").strip()
        await emit(Report(f"{finding.fault.value}: blob {finding.blob_id}: {detail}{shown}", data))
    counts = verifier.counts
    async for access_key_id, error in unopened_secrets(installation.store, installation.keyring):
        fault = Fault.KEY_UNKNOWN if isinstance(error, KeyUnknown) else Fault.SECRET_DAMAGED
        counts.add(fault)
        data = {"kind": "finding", "fault": fault.value, "accessKeyId": access_key_id, "detail": error.message}
        await emit(Report(f"{fault.value}: access key {access_key_id}: {error.message}", data))
    found = ", ".join(f"{number} {fault.value}" for fault, number in counts.findings.items()) or "nothing wrong"
    uploads = 0
    if isinstance(installation.blobs, KeepsUploads):
        uploads = await installation.blobs.stale_uploads(installation.clock() - UPLOAD_AGE_MIN)
    left = f"; the blob store holds {uploads} unfinished uploads, which `aruna gc` aborts" if uploads else ""
    data = {
        "kind": "summary",
        "blobs": counts.blobs,
        "openedBytes": counts.opened_bytes,
        "stored": counts.stored,
        "uploads": uploads,
        "findings": {fault.value: number for fault, number in counts.findings.items()},
    }
    await emit(
        Report(f"{counts.blobs} blobs, {counts.opened_bytes} bytes opened, {counts.stored} files: {found}{left}", data)
    )
    return OK if is_sound(counts) else FOUND


async def rotate(installation: Installation, options: Options, emit: Emit) -> int:
    """Add a master key, durably, and wrap all by it that others wrapped; run again it finishes what was cut off.

    Option `resume`: add no key, only finish an earlier rotation.
    """
    keyring = _keyring_of_file(installation)
    if not options["resume"]:
        key_id = await keyring.rotate(installation.clock())
        await emit(Report(f"master key {key_id} wraps from now on", {"kind": "key", "id": key_id}))
    refused: dict[str, str] = {}
    for _ in range(_WALKS_MAX):
        done = await rewrap_all(installation.store, keyring)
        refused = done.refused
        data = {"kind": "rewrapped", "keys": done.keys, "secrets": done.secrets}
        await emit(Report(f"wrapped {done.keys} data keys and {done.secrets} secrets anew", data))
        if not done.keys + done.secrets:
            break
    for name, reason in refused.items():
        await emit(Report(f"{name} stays as it is: {reason}", {"kind": "refused", "id": name, "reason": reason}))
    return FOUND if refused else OK


async def drop_old_keys(installation: Installation, options: Options, emit: Emit) -> int:
    """Take all master keys but the current one out of the file.

    Raises: FailedPrecondition - something is wrapped by them, or may be in a moment; KeyringUnusable.
    """
    del options
    keyring = _keyring_of_file(installation)
    current_id = keyring.current_id
    others = await wrapped_by_other_keys(installation.store, current_id)
    async with keyring.being_changed():
        if keyring.current_id != current_id:
            raise FailedPrecondition("the master key was rotated meanwhile; run `aruna keyring rotate --resume` first")
        if others:
            named = ", ".join(f"{key_id} ({number})" for key_id, number in sorted(others.items()))
            raise FailedPrecondition(
                f"something is still wrapped by older master keys: {named}; run `aruna keyring rotate --resume` first"
            )
        _refuse_early(installation, keyring.current_since)
        dropped = [key_id for key_id in keyring.key_ids if key_id != keyring.current_id]
        save_keyring(installation.keyring_file, keyring.current_alone(), installation.random_bytes)
    await emit(
        Report(
            f"dropped {len(dropped)} master keys; {keyring.current_id} is the only one",
            {"kind": "dropped", "ids": dropped, "current": keyring.current_id},
        )
    )
    return OK


def _refuse_early(installation: Installation, since: datetime) -> None:
    """Raises: FailedPrecondition - the current key is so young that older ones may still be about to wrap."""
    may_write = installation.is_serving or installation.store.engine.kind is EngineKind.NEO4J
    if may_write and installation.clock() - since < DROP_AFTER:
        raise FailedPrecondition(
            f"the current master key is from {since:%H:%M:%S} UTC, and an upload that began before may still be "
            f"wrapped by an older one; wait until {since + DROP_AFTER:%H:%M:%S} UTC, or stop the server first"
        )


def _keyring_of_file(installation: Installation) -> FileKeyring:
    """The keyring as its file is now: another server that shares the file, or a copied one, may have added keys.

    Raises: FailedPrecondition - it is in no file; KeyringUnusable.
    """
    keyring = installation.keyring
    if not isinstance(keyring, FileKeyring):
        raise FailedPrecondition(
            "the keyring is in the environment (ARUNA_KEYRING), where nothing can be changed; keep it in a file for "
            "that (unset ARUNA_KEYRING)"
        )
    keyring.reread()
    return keyring


async def show_keys(installation: Installation, options: Options, emit: Emit) -> int:
    """Name the master keys, and how much each of the older ones still wraps; shows no key."""
    del options
    keyring = installation.keyring
    if isinstance(keyring, FileKeyring):
        keyring.reread()
    others = await wrapped_by_other_keys(installation.store, keyring.current_id)
    for key_id in keyring.key_ids:
        is_current = key_id == keyring.current_id
        wraps = "wraps what is new" if is_current else f"still wraps {others[key_id]}"
        data = {"kind": "key", "id": key_id, "isCurrent": is_current, "wraps": None if is_current else others[key_id]}
        await emit(Report(f"{key_id}  {wraps}", data))
    for key_id in sorted(set(others).difference(keyring.key_ids)):
        data = {"kind": "unknown key", "id": key_id, "wraps": others[key_id]}
        await emit(Report(f"{key_id}  wraps {others[key_id]} and is NOT in this keyring", data))
    return FOUND if set(others).difference(keyring.key_ids) else OK


async def collect(installation: Installation, options: Options, emit: Emit) -> int:
    """Remove what nobody needs; options: `grace_s` for blobs, `stray_age_s` for files that no node names."""
    collector = Collector(installation.store, installation.blobs, installation.clock)
    done = await collector.collect(
        timedelta(seconds=float(options["grace_s"])), timedelta(seconds=float(options["stray_age_s"]))
    )
    data = {
        "kind": "summary",
        "blobs": done.blobs,
        "strays": done.strays,
        "strayBytes": done.stray_bytes,
        "uploads": done.uploads,
    }
    said = f"removed {done.blobs} blobs, and {done.strays} files of {done.stray_bytes} bytes that no node names"
    aborted = f"; aborted {done.uploads} uploads to the blob store" if done.uploads else ""
    await emit(Report(said + aborted, data))
    return OK
