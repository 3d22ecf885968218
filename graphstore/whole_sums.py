"""Writes the checksums of a whole content where they are shown, in bounded batches, and lets equal contents share.

No revision is made and no ETag changes: the bytes are what they were. An Object is told under its own lock, since its
next revision pushes what it shows back into the chain.
"""

from datetime import datetime
from typing import Any, Final

from domain.contents import sameness
from graphstore.bolt import Transaction
from graphstore.cypher import whole_sums as cypher
from graphstore.cypher.blobs import lock_blobs_of, lock_same, revive
from graphstore.cypher.contents import lock_contents
from graphstore.cypher.facts import lock
from graphstore.cypher.whole_sums import Claim
from graphstore.instants import to_ms
from graphstore.store import GraphStore

_BATCH: Final = 200
_WAITING_MAX: Final = 20
_BASE_MS: Final = 10 * 60 * 1000
_BYTES_A_MS: Final = 20_000
"""What a slow store gives in a millisecond: a claim must not end before its work."""


async def claim_unhashed(store: GraphStore, now: datetime) -> Claim | None:
    """Take on a content that nobody has hashed; None if there is none that others don't work on.

    Whoever dies with a claim leaves it to others ten minutes and more later.

    Raises: Unavailable.
    """
    at = to_ms(now)
    for content_id in sorted(await store.read(cypher.unhashed(at, _WAITING_MAX))):
        query = cypher.claim(content_id, at, _BASE_MS, _BYTES_A_MS)
        claimed = await store.engine.write("claim an unhashed content", lambda tx, query=query: tx.run(query))
        if claimed is not None:
            return claimed
    return None


async def give_up(store: GraphStore, content_id: str) -> None:
    """End the work on a content whose bytes were erased.

    Raises: Unavailable.
    """
    await store.engine.write("give up a content", lambda tx: _end(tx, content_id))


async def tell_sums(store: GraphStore, content_id: str, md5: str, sha256: str) -> None:
    """Write the checksums of a whole content, as hex, on it and on all that shows it.

    Raises: Unavailable.
    """

    async def work(transaction: Transaction) -> bool:
        bare = await transaction.run(cypher.bare_objects(content_id, _BATCH))
        if bare:
            await transaction.run(lock(bare))
        # Who gives it one more reference meanwhile has locked it too, and copies what stands on it.
        if not await transaction.run(lock_contents([content_id])):
            await _end(transaction, content_id)
            return True
        await transaction.run(cypher.tell_content(content_id, md5, sha256))
        if bare:
            await transaction.run(cypher.tell_objects(content_id, bare, md5, sha256))
        told = await transaction.run(cypher.tell_revisions(content_id, _BATCH, md5, sha256))
        return not (len(bare) == _BATCH or told == _BATCH or await transaction.run(cypher.bare_objects(content_id, 1)))

    while not await store.engine.write("tell whole checksums", work):
        pass


async def share_equal(store: GraphStore, content_id: str, sha256: str, length_bytes: int, now: datetime) -> None:
    """Let a hashed content be read from the blobs of the same bytes that stand already; then nothing waits any more.

    From the one blob of them, if there is one, else from those of the earliest other content. Its own blobs are
    orphaned where nobody else needs them; its ETag and its table of parts stay.

    Raises: Unavailable.
    """
    same = sameness(sha256, length_bytes)

    async def work(transaction: Transaction) -> None:
        await transaction.run(cypher.take_turns())
        others = [other for other in await transaction.run(cypher.equal_contents(same)) if other != content_id]
        standing = await transaction.run(lock_contents([content_id, *others[:1]]))
        leads = await transaction.run(cypher.end(content_id))
        await transaction.run(lock_blobs_of(standing))
        whole = (await transaction.run(lock_same([same]))).get(same)
        if whole is not None and leads is not None:
            await _wake_next(transaction, same, whole.id, content_id)
        if content_id not in standing:
            return
        if whole is not None:
            if whole.is_orphaned:
                await transaction.run(revive([whole.id]))
            taken = [_in_one_piece(whole.id, length_bytes)]
        elif others and others[0] in standing:
            taken = await transaction.run(cypher.blobs_of(others[0]))
        else:
            return
        former = await transaction.run(cypher.blobs_of(content_id))
        if [row["blobId"] for row in former] == [row["blobId"] for row in taken]:
            return
        for query in cypher.take_blobs(content_id, former, taken, to_ms(now)):
            await transaction.run(query)

    await store.engine.write("share equal contents", work)


async def _end(transaction: Transaction, content_id: str) -> None:
    """End the work on a content that is gone; what it was to wake, another one wakes."""
    leads = await transaction.run(cypher.end(content_id))
    if leads is not None:
        await transaction.run(cypher.wake([leads]))


async def _wake_next(transaction: Transaction, same: str, blob_id: str, content_id: str) -> None:
    """Let some of the other equal contents be looked at, which aren't read from the one blob of their bytes yet."""
    apart = await transaction.run(cypher.contents_apart(same, blob_id, _WAITING_MAX + 1))
    others = [other for other in apart if other != content_id][:_WAITING_MAX]
    if others:
        await transaction.run(cypher.wake_next(others, same if len(others) == _WAITING_MAX else None))


def _in_one_piece(blob_id: str, length_bytes: int) -> dict[str, Any]:
    return {"index": 0, "start": 0, "length": length_bytes, "checksums": "{}", "blobId": blob_id}
