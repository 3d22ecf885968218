"""Adds parts to uploads: a part whose bytes are stored already refers to the blob that holds them."""

from dataclasses import dataclass

from domain.contents import PartFacts
from domain.errors import Unavailable
from domain.stamps import Stamp
from domain.uploads import add_part as decide_part
from graphstore.bolt import Transaction
from graphstore.cypher import facts
from graphstore.instants import to_ms
from graphstore.same_blobs import same_blobs
from graphstore.store import GraphStore
from graphstore.writing import apply_changes


@dataclass(frozen=True, slots=True)
class AddedPart:
    """A part that was added; `spare_blob_id` is the blob that nothing refers to, as its bytes were stored before."""

    md5: str
    spare_blob_id: str | None


async def add_part(
    store: GraphStore, upload_id: str, part: PartFacts, stamp: Stamp, *, is_stored: bool = True
) -> AddedPart:
    """Add a part to the caller's open upload, in place of an earlier one of its number.

    Its blob is durable and new, or (`is_stored` False) one that the graph knows: a copy of it.

    Raises: NotFound, BadInput, Immutable, FailedPrecondition, Unavailable.
    """
    # Loading an upload locks it.
    load = facts.upload(upload_id, stamp.caller.user_id, to_ms(stamp.now))

    async def work(transaction: Transaction) -> AddedPart:
        upload, _ = await transaction.run(load)
        same = await same_blobs(transaction, [part.blob])
        added = same.part(part)
        decision = decide_part(upload, upload_id, added, stamp)
        if not is_stored and part.blob.sameness not in same.kept:
            raise Unavailable("the bytes to copy were erased just now; try again")
        same.refer_to(added.blob)
        await apply_changes(transaction, decision.changes)
        await same.write(transaction)
        is_spare = is_stored and added.blob.id != part.blob.id
        return AddedPart(decision.result, part.blob.id if is_spare else None)

    return await store.engine.write("add part", work)
