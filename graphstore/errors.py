"""What the graph can say beside answers; translated once, in graphstore/bolt.py."""

from domain.errors import Unavailable


class GraphUnavailable(Unavailable):
    """The graph doesn't answer, or too many writers crossed; the same request may succeed later."""


class UnknownMigration(Exception):
    """The graph was written by a newer version of this program."""
