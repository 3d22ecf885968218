"""Damage planted anywhere on disk or in the graph: a read is an error that names the blob, and `verify` finds it.

Each kind of damage is planted in one of two blobs of the same length; the other one stays readable.
"""

import asyncio
import base64
import errno
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.contents import BlobFacts, single_content
from domain.errors import DomainError, Unavailable
from graphstore.cypher.catalogue import blobs_by_id
from identity.keyring import new_keyring
from proxy.blob_format import HEADER_BYTES, SEGMENT_BYTES, TAG_BYTES
from proxy.blobs_directory import open_directory_blobs
from proxy.disk import Disk
from proxy.locating import extent_of
from proxy.streaming import ByteStreams
from proxy.threads import Threads
from proxy.verifying import Counts, Fault, Finding, Verifier, is_sound
from tests.proxy.bodies import NOW, Storage, cut, read_all, source_of, storage_in
from tests.proxy.disks import RefusingDisk
from tests.world import World

LENGTH = 3 * SEGMENT_BYTES + 1000
SEALED_SEGMENT = SEGMENT_BYTES + TAG_BYTES
LATER = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    with storage_in(tmp_path / "blobs") as storage:
        yield storage


@pytest.fixture
async def bucket(world: World) -> AsyncIterator[tuple[str, str]]:
    """A user and a bucket of his; afterwards no blob is left that another test's backend wouldn't have."""
    user = await world.user()
    name = f"verified-{world.new_id().lower()}"
    await world.project(user, name)
    yield user, name
    await world.do("MATCH (b:Blob) DETACH DELETE b")


@dataclass(frozen=True)
class Planted:
    """Two published blobs of the same length, with their bodies."""

    world: World
    storage: Storage
    victim: BlobFacts
    other: BlobFacts
    bodies: dict[str, bytes]

    @property
    def file(self) -> Path:
        return self.storage.path(self.victim.id)

    @property
    def other_file(self) -> Path:
        return self.storage.path(self.other.id)


async def publish(world: World, storage: Storage, user: str, bucket: str, key: str, body: bytes) -> BlobFacts:
    blob = (await storage.streams.ingest(source_of(cut(body, 65_536)))).blob
    await world.publisher.publish(world.publication(user, bucket, key, single_content(world.new_id(), blob, {})))
    return blob


@pytest.fixture
async def planted(world: World, storage: Storage, bucket: tuple[str, str]) -> Planted:
    user, name = bucket
    bodies = [os.urandom(LENGTH), os.urandom(LENGTH)]
    blobs = [await publish(world, storage, user, name, f"k{number}", body) for number, body in enumerate(bodies)]
    return Planted(
        world, storage, blobs[0], blobs[1], {blob.id: body for blob, body in zip(blobs, bodies, strict=True)}
    )


async def read(planted: Planted, blob: BlobFacts) -> bytes:
    """Read a blob by what the graph says of it now, as a GET does."""
    found = (await planted.world.store.read(blobs_by_id([blob.id])))[blob.id].facts()
    assert found is not None, "a read needs a key"
    return await read_all(planted.storage.streams, [extent_of(0, found)], 0, found.length_bytes)


async def verify(planted: Planted, *, is_quick: bool = False, before: datetime = LATER) -> tuple[list[Finding], Counts]:
    storage = planted.storage
    verifier = Verifier(
        planted.world.store, storage.blobs, storage.keyring, storage.streams, orphaned_before=before, is_quick=is_quick
    )
    findings = [finding async for finding in verifier.findings()]
    return findings, verifier.counts


# -- damage

Damage = Callable[[Planted], Awaitable[None]]


def flip(place: int) -> Damage:
    async def damage(planted: Planted) -> None:
        sealed = bytearray(planted.file.read_bytes())
        sealed[place] ^= 1
        planted.file.write_bytes(sealed)

    return damage


async def cut_within_a_segment(planted: Planted) -> None:
    planted.file.write_bytes(planted.file.read_bytes()[:-5])


async def cut_between_segments(planted: Planted) -> None:
    planted.file.write_bytes(planted.file.read_bytes()[: HEADER_BYTES + SEALED_SEGMENT])


async def lengthen(planted: Planted) -> None:
    planted.file.write_bytes(planted.file.read_bytes() + b"\0")


async def remove(planted: Planted) -> None:
    planted.file.unlink()


async def replace_by_the_other(planted: Planted) -> None:
    planted.file.write_bytes(planted.other_file.read_bytes())


async def splice_a_segment_of_the_other(planted: Planted) -> None:
    first, second = HEADER_BYTES + SEALED_SEGMENT, HEADER_BYTES + 2 * SEALED_SEGMENT
    mine, theirs = planted.file.read_bytes(), planted.other_file.read_bytes()
    planted.file.write_bytes(mine[:first] + theirs[first:second] + mine[second:])


async def splice_all_but_the_header(planted: Planted) -> None:
    mine, theirs = planted.file.read_bytes(), planted.other_file.read_bytes()
    planted.file.write_bytes(mine[:HEADER_BYTES] + theirs[HEADER_BYTES:])


async def swap_two_segments(planted: Planted) -> None:
    sealed = planted.file.read_bytes()
    places = [HEADER_BYTES + number * SEALED_SEGMENT for number in range(3)]
    planted.file.write_bytes(
        sealed[: places[0]] + sealed[places[1] : places[2]] + sealed[places[0] : places[1]] + sealed[places[2] :]
    )


async def replay_the_same_plaintext_sealed_before(planted: Planted) -> None:
    """The same bytes sent earlier have another id, key and prefix: their file is another blob's."""
    body = planted.bodies[planted.victim.id]
    earlier = (await planted.storage.streams.ingest(source_of(cut(body, 65_536)))).blob
    sealed = bytearray(planted.storage.path(earlier.id).read_bytes())
    planted.storage.path(earlier.id).unlink()
    sealed[14:30] = bytes.fromhex(planted.victim.id)  # even with the right name in its header
    planted.file.write_bytes(sealed)


async def swap_keys_in_the_graph(planted: Planted) -> None:
    text = base64.b64encode(planted.other.wrapped_key).decode("ascii")
    await planted.world.do("MATCH (b:Blob {id: $id}) SET b.wrappedKey = $wrapped", id=planted.victim.id, wrapped=text)


async def cut_the_key_in_the_graph(planted: Planted) -> None:
    text = base64.b64encode(planted.victim.wrapped_key[:20]).decode("ascii")
    await planted.world.do("MATCH (b:Blob {id: $id}) SET b.wrappedKey = $wrapped", id=planted.victim.id, wrapped=text)


async def garble_the_key_in_the_graph(planted: Planted) -> None:
    await planted.world.do("MATCH (b:Blob {id: $id}) SET b.wrappedKey = 'no base64'", id=planted.victim.id)


async def wrap_by_a_strange_key(planted: Planted) -> None:
    stranger = new_keyring(NOW, os.urandom).wrap(bytes(32), planted.victim.id)
    text = base64.b64encode(stranger.ciphertext).decode("ascii")
    await planted.world.do(
        "MATCH (b:Blob {id: $id}) SET b.wrappedKey = $wrapped, b.keyId = $key",
        id=planted.victim.id,
        wrapped=text,
        key=stranger.key_id,
    )


DAMAGES: list[tuple[str, Damage, Fault]] = [
    ("flip in the magic", flip(0), Fault.CORRUPT),
    ("flip in the version", flip(8), Fault.CORRUPT),
    ("flip in the flags", flip(9), Fault.CORRUPT),
    ("flip in the segment size", flip(13), Fault.CORRUPT),
    ("flip in the blob id", flip(20), Fault.CORRUPT),
    ("flip in the nonce prefix", flip(HEADER_BYTES - 1), Fault.CORRUPT),
    ("flip in the first segment", flip(HEADER_BYTES), Fault.CORRUPT),
    ("flip in a tag", flip(HEADER_BYTES + SEGMENT_BYTES), Fault.CORRUPT),
    ("flip in the last byte", flip(-1), Fault.CORRUPT),
    ("cut within a segment", cut_within_a_segment, Fault.WRONG_LENGTH),
    ("cut between segments", cut_between_segments, Fault.WRONG_LENGTH),
    ("grown", lengthen, Fault.WRONG_LENGTH),
    ("removed", remove, Fault.MISSING),
    ("replaced by another blob", replace_by_the_other, Fault.CORRUPT),
    ("a segment of another blob", splice_a_segment_of_the_other, Fault.CORRUPT),
    ("all segments of another blob", splice_all_but_the_header, Fault.CORRUPT),
    ("two segments swapped", swap_two_segments, Fault.CORRUPT),
    ("replayed", replay_the_same_plaintext_sealed_before, Fault.CORRUPT),
    ("another blob's key", swap_keys_in_the_graph, Fault.KEY_DAMAGED),
    ("a cut key", cut_the_key_in_the_graph, Fault.KEY_DAMAGED),
    ("a garbled key", garble_the_key_in_the_graph, Fault.KEY_DAMAGED),
    ("a stranger's key", wrap_by_a_strange_key, Fault.KEY_UNKNOWN),
]


@pytest.mark.parametrize(
    ("damage", "fault"), [pytest.param(damage, fault, id=name.replace(" ", "-")) for name, damage, fault in DAMAGES]
)
async def test_damage_is_an_error_for_readers_and_found_by_verify(
    planted: Planted, damage: Damage, fault: Fault
) -> None:
    assert await read(planted, planted.victim) == planted.bodies[planted.victim.id]

    await damage(planted)

    with pytest.raises(DomainError) as refusal:
        await read(planted, planted.victim)
    if fault is not Fault.KEY_UNKNOWN:
        assert planted.victim.id in refusal.value.message
    findings, counts = await verify(planted)
    assert [(finding.fault, finding.blob_id) for finding in findings] == [(fault, planted.victim.id)]
    assert not is_sound(counts)
    assert await read(planted, planted.other) == planted.bodies[planted.other.id]


async def test_two_files_that_were_swapped_are_both_found(planted: Planted) -> None:
    mine, theirs = planted.file.read_bytes(), planted.other_file.read_bytes()
    planted.file.write_bytes(theirs)
    planted.other_file.write_bytes(mine)

    for blob in (planted.victim, planted.other):
        with pytest.raises(DomainError, match=blob.id):
            await read(planted, blob)
    findings, _ = await verify(planted)
    assert {(finding.fault, finding.blob_id) for finding in findings} == {
        (Fault.CORRUPT, planted.victim.id),
        (Fault.CORRUPT, planted.other.id),
    }


async def test_a_wrong_sum_in_the_graph_is_found_though_every_tag_holds(planted: Planted) -> None:
    await planted.world.do(
        "MATCH (b:Blob {id: $id}) SET b.sha256 = $sum", id=planted.victim.id, sum=planted.other.sha256
    )

    findings, _ = await verify(planted)

    assert [(finding.fault, finding.blob_id) for finding in findings] == [(Fault.CORRUPT, planted.victim.id)]


async def test_nothing_is_found_where_nothing_is_wrong(planted: Planted) -> None:
    findings, counts = await verify(planted)

    assert findings == []
    assert (counts.blobs, counts.opened_bytes, counts.stored) == (2, 2 * LENGTH, 2)
    assert is_sound(counts)


async def test_a_quick_look_opens_nothing_and_sees_existence_and_length(planted: Planted) -> None:
    await flip(HEADER_BYTES)(planted)
    findings, counts = await verify(planted, is_quick=True)
    assert (findings, counts.opened_bytes) == ([], 0)

    await lengthen(planted)
    findings, _ = await verify(planted, is_quick=True)
    assert [finding.fault for finding in findings] == [Fault.WRONG_LENGTH]


async def test_a_finding_names_what_shows_the_blob(planted: Planted, bucket: tuple[str, str]) -> None:
    rows = await planted.world.ask(
        "MATCH (o:Object)-[:CONTENT]->(:Content)-[:PART]->(:Blob {id: $id}) RETURN o.id AS id, o.versionId AS version",
        id=planted.victim.id,
    )
    await planted.world.put(
        *bucket, "k0"
    )  # what showed it is now an older revision, where versions are kept, or nothing
    await remove(planted)

    findings, _ = await verify(planted)

    shown = [finding for finding in findings if finding.blob_id == planted.victim.id]
    names = {name for finding in shown for name in finding.shown_by}
    assert names == ({f"object {rows[0]['id']} version {rows[0]['version']}"} if shown else set())


async def test_bytes_that_no_node_names_are_reported_after_a_grace_time_and_are_no_fault(planted: Planted) -> None:
    stray = (await planted.storage.streams.ingest(source_of([b"stray"]))).blob

    findings, counts = await verify(planted)
    young, _ = await verify(planted, before=datetime.now(UTC) - timedelta(hours=1))

    assert [(finding.fault, finding.blob_id) for finding in findings] == [(Fault.ORPHANED, stray.id)]
    assert is_sound(counts)
    assert young == []


async def test_blobs_that_go_while_verify_walks_are_no_finding(planted: Planted) -> None:
    """Its page was read before the blob went: looked at again, the graph doesn't know it any more."""
    planted.file.unlink()
    forget = planted.world.do("MATCH (b:Blob {id: $id}) DETACH DELETE b", id=planted.victim.id)
    verifier = Verifier(
        planted.world.store,
        planted.storage.blobs,
        planted.storage.keyring,
        planted.storage.streams,
        orphaned_before=LATER,
    )
    sizes = planted.storage.blobs.size

    async def size_as_it_goes(blob_id: str) -> int:
        nonlocal forget
        if blob_id == planted.victim.id:
            await forget
        return await sizes(blob_id)

    planted.storage.blobs.size = size_as_it_goes

    assert [finding async for finding in verifier.findings()] == []


async def test_many_blobs_are_walked_page_by_page(world: World, storage: Storage, bucket: tuple[str, str]) -> None:
    user, name = bucket
    blobs = await asyncio.gather(
        *(publish(world, storage, user, name, f"m{number}", str(number).encode()) for number in range(450))
    )
    gone = {blob.id for blob in blobs[::150]}
    for blob_id in gone:
        storage.path(blob_id).unlink()

    verifier = Verifier(world.store, storage.blobs, storage.keyring, storage.streams, orphaned_before=LATER)
    findings = [finding async for finding in verifier.findings()]

    assert {finding.blob_id for finding in findings} == gone
    assert {finding.fault for finding in findings} == {Fault.MISSING}
    assert verifier.counts.blobs == 450


async def verify_from(planted: Planted, disk: Disk) -> tuple[list[Finding], Counts]:
    """Verify with the same bytes behind another disk."""
    storage = planted.storage
    blobs, threads = open_directory_blobs(storage.root, disk=disk), Threads("hashing", 2)
    try:
        streams = ByteStreams(blobs, storage.keyring, threads, os.urandom)
        verifier = Verifier(planted.world.store, blobs, storage.keyring, streams, orphaned_before=LATER)
        return [finding async for finding in verifier.findings()], verifier.counts
    finally:
        blobs.close()
        threads.close()


async def test_a_bad_place_on_the_disk_is_a_finding_and_the_walk_goes_on(planted: Planted) -> None:
    planted.other_file.unlink()
    stray = (await planted.storage.streams.ingest(source_of([b"stray"]))).blob

    findings, counts = await verify_from(planted, RefusingDisk("open", errno.EIO, planted.victim.id))

    assert {(finding.fault, finding.blob_id) for finding in findings} == {
        (Fault.UNREADABLE, planted.victim.id),
        (Fault.MISSING, planted.other.id),
        (Fault.ORPHANED, stray.id),
    }
    assert not is_sound(counts)
    (unreadable,) = [finding for finding in findings if finding.fault is Fault.UNREADABLE]
    assert "(EIO)" in unreadable.detail
    assert len(unreadable.shown_by) == 1


async def test_stray_bytes_in_a_bad_place_end_no_walk(planted: Planted) -> None:
    stray = (await planted.storage.streams.ingest(source_of([b"stray"]))).blob

    findings, _ = await verify_from(planted, RefusingDisk("open", errno.EIO, stray.id))

    assert [(finding.fault, finding.blob_id) for finding in findings] == [(Fault.ORPHANED, stray.id)]


async def test_a_backend_that_is_not_there_ends_the_walk_at_once(planted: Planted) -> None:
    async def gone() -> None:
        raise Unavailable("the store is gone")

    tries: list[str] = []

    async def no_size(blob_id: str) -> int:
        tries.append(blob_id)
        raise Unavailable("the store is gone")

    planted.storage.blobs.check, planted.storage.blobs.size = gone, no_size

    with pytest.raises(Unavailable, match="the store is gone"):
        await verify(planted)
    assert len(tries) <= 8, "four at once, each looked at twice"


async def test_a_backend_that_reads_nothing_ends_the_walk_after_some_tries(
    world: World, storage: Storage, bucket: tuple[str, str]
) -> None:
    user, name = bucket
    await asyncio.gather(
        *(publish(world, storage, user, name, f"u{number}", str(number).encode()) for number in range(30))
    )
    verifier = Verifier(world.store, storage.blobs, storage.keyring, storage.streams, orphaned_before=LATER)

    async def no_size(blob_id: str) -> int:
        raise Unavailable(f"the blob store can't look at {blob_id}: Input/output error (EIO)")

    storage.blobs.size = no_size

    with pytest.raises(Unavailable, match=r"none of the last 20 blobs could be read \(.*EIO"):
        _ = [finding async for finding in verifier.findings()]
    assert verifier.counts.blobs < 30
