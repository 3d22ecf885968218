"""What the graph can say beside answers; translated once, in graphstore/bolt.py."""

from domain.errors import Unavailable


class GraphUnavailable(Unavailable):
    """The graph doesn't answer, or too many writers crossed; the same request may succeed later."""


class CommitUnknown(GraphUnavailable):
    """The graph was lost while it committed: what was written may stand all the same, so nothing may be undone."""


class WritersCrossed(GraphUnavailable):
    """Other writers came first at each attempt: nothing was written, and a smaller write may well come through."""


class BytesRemoved(Unavailable):
    """The collector claimed bytes that were about to be published: nothing was written; they are to be sent again."""


class TornRead(Exception):
    """A statement crossed a commit and saw half of it; read again."""


class UnknownMigration(Exception):
    """The graph was written by a newer version of this program."""
