"""What the graph says of the installation that it belongs to: whose keyring wraps in it, and whether it is whole.

Both stand in the node of the graph's version, of which there is one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from graphstore.cypher.locking import lock
from graphstore.statements import Query, Row, Statement, nothing

LABEL: Final = "GraphVersion"
"""Label of the node."""


@dataclass(frozen=True, slots=True)
class Marks:
    """`fingerprint` is that of the keyring's root (`Keyring.fingerprint`), None where no keyring has claimed the graph.

    `is_restoring` says that a restore has begun and not ended: the graph is a part of one. `installation_id` is random,
    and another one after a restore; None before the first start.
    """

    fingerprint: str | None = None
    is_restoring: bool = False
    installation_id: str | None = None


def _marks(rows: Sequence[Row]) -> Marks:
    if not rows:
        return Marks()
    row = rows[0]
    return Marks(row["keyring"], row["restoring"] is not None, row["installation"])


_MARKS: Final = Statement(
    "marks of the installation",
    "MATCH (v:GraphVersion {key: 'graph'}) "
    "RETURN v.keyring AS keyring, v.restoring AS restoring, v.installation AS installation",
    _marks,
)


def marks() -> Query[Marks]:
    """The marks; those of an empty graph where there is no node yet."""
    return _MARKS.bind()


_LOCK: Final = Statement("lock the installation", "MATCH (v:GraphVersion {key: 'graph'}) " + lock("v"), nothing)


def lock_installation() -> Query[None]:
    """Lock the node."""
    return _LOCK.bind()


_SET_FINGERPRINT: Final = Statement(
    "set the keyring's fingerprint", "MATCH (v:GraphVersion {key: 'graph'}) SET v.keyring = $fingerprint", nothing
)


def set_fingerprint(fingerprint: str) -> Query[None]:
    """Say whose keyring wraps here."""
    return _SET_FINGERPRINT.bind(fingerprint=fingerprint)


_SET_ID: Final = Statement(
    "set the installation's id", "MATCH (v:GraphVersion {key: 'graph'}) SET v.installation = $id", nothing
)


def set_id(installation_id: str) -> Query[None]:
    """Tell this installation from all others, those restored from the same backup too."""
    return _SET_ID.bind(id=installation_id)


_SET_RESTORING: Final = Statement(
    "begin a restore", "MATCH (v:GraphVersion {key: 'graph'}) SET v.restoring = true, v.keyring = null", nothing
)


def set_restoring() -> Query[None]:
    """Say that the graph is a part of a restore, and nobody's: a first start that was cut off may have marked it."""
    return _SET_RESTORING.bind()


_TAKE_OVER: Final = Statement(
    "take over the dump's version", "MATCH (v:GraphVersion {key: 'graph'}) SET v += $properties", nothing
)


def take_over(properties: Mapping[str, Any]) -> Query[None]:
    """Give the node what that of a dump has, beside what it has itself; the installation's id stays its own."""
    return _TAKE_OVER.bind(properties={name: value for name, value in properties.items() if name != "installation"})


_REMOVE_RESTORING: Final = Statement(
    "end a restore", "MATCH (v:GraphVersion {key: 'graph'}) SET v.restoring = null", nothing
)


def remove_restoring() -> Query[None]:
    """Say that the graph is whole."""
    return _REMOVE_RESTORING.bind()
