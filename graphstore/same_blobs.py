"""Equal bytes are one blob: inside the transaction that makes bytes reachable, a new blob gives way to an equal one.

The standing one is locked first, so that nobody takes it away meanwhile. Two that store the same bytes for the first
time at once meet in the constraint on Blob.sameness: one of them runs again and finds the other's (decision 0018).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from domain.contents import BlobFacts, NewContent, PartFacts
from domain.limits import PART_BYTES_MIN
from graphstore.bolt import Transaction
from graphstore.cypher.blobs import Kept, claimed, lock_same, revive
from graphstore.cypher.whole_sums import take_turns, wake
from graphstore.errors import BytesRemoved


@dataclass(slots=True)
class SameBlobs:
    """Which blob holds which bytes, as the transaction sees it and adds to it.

    `fresh` are those that the transaction itself makes, `revived` ids of blobs that gain a reference again, `added`
    what is stored for the first time and may be the whole of a content in several parts, all but the last of which
    have 5 MiB.
    """

    kept: dict[str, Kept]
    fresh: dict[str, BlobFacts] = field(default_factory=dict[str, BlobFacts])
    revived: set[str] = field(default_factory=set[str])
    added: set[str] = field(default_factory=set[str])

    def part(self, part: PartFacts) -> PartFacts:
        """Return the part on the blob that is kept for its bytes, which may be its own.

        Of one that stands already only the id is named, since nothing else of it is written. Of one that this
        transaction makes all is: statements run by kind, so a later one's row may be the first to write it.
        """
        fresh = self.fresh.get(part.blob.sameness)
        if fresh is not None:
            return replace(part, blob=fresh)
        kept = self.kept.get(part.blob.sameness)
        return part if kept is None else replace(part, blob=replace(part.blob, id=kept.id))

    def content(self, content: NewContent) -> NewContent:
        """Return the content on the blobs that are kept for its bytes."""
        return replace(content, parts=tuple(self.part(part) for part in content.parts))

    def refer_to(self, blob: BlobFacts) -> None:
        """Remember that a blob has gained a reference, so that equal ones to come give way to it."""
        kept = self.kept.get(blob.sameness)
        if kept is None:
            self.kept[blob.sameness] = Kept(blob.id, is_orphaned=False)
            self.fresh[blob.sameness] = blob
            if blob.length_bytes > PART_BYTES_MIN:
                self.added.add(blob.sameness)
        elif kept.is_orphaned:
            self.revived.add(kept.id)

    async def write(self, transaction: Transaction) -> None:
        """Keep the sweeper from what is referred to again; contents in parts that hold new bytes may share them.

        Raises: BytesRemoved - what was written refers to bytes that the collector took for stray meanwhile.
        """
        if self.fresh:
            # Asked after the nodes are written: of two that write one, the second sees the first's (decision 0018).
            lost = await transaction.run(claimed([blob.id for blob in self.fresh.values()]))
            if lost:
                raise BytesRemoved(f"the bytes of blob {lost[0]} waited too long and were removed; send them again")
        if self.revived:
            await transaction.run(revive(self.revived))
        if self.added:
            if not transaction.is_alone:
                # Else a content that is told its sums, and looks for its like, between here and the commit misses it.
                await transaction.run(take_turns())
            await transaction.run(wake(self.added))


async def same_blobs(transaction: Transaction, blobs: Iterable[BlobFacts]) -> SameBlobs:
    """Find and lock the blobs that hold the same bytes as these."""
    wanted = {blob.sameness for blob in blobs}
    return SameBlobs(await transaction.run(lock_same(wanted)) if wanted else {})
