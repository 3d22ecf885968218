"""Places on a walk below a container, as cursors name them: a letter and a path.

After a container, after an Object, or at whatever comes first from a path on. The container `a/` and an Object named
`a/` have the same path; the Object comes first.
"""

from typing import Final

from domain.errors import BadInput
from graphstore.walking import Walk, WalkedName

_CONTAINER: Final = "c"
_OBJECT: Final = "o"
_PATH: Final = "p"


def place_at(path: str, *, is_container: bool) -> str:
    """Place after a container or an Object."""
    return (_CONTAINER if is_container else _OBJECT) + path


def place_of(name: WalkedName) -> str:
    """Place after a name that was met."""
    return place_at(name.path, is_container=name.is_container)


def place_from(path: str) -> str:
    """Place from a path on."""
    return _PATH + path


def order_of(place: str) -> tuple[str, bool]:
    """Path of a place and whether it is a container's: in this order a walk meets what has these."""
    return place[1:], place[0] == _CONTAINER


async def seek_place(walk: Walk, place: str) -> str | None:
    """Go to what follows the place ('': to the start); answers the path up to which Objects are still to be passed by.

    Raises: BadInput, Unavailable.
    """
    if not place:
        return None
    path = place[1:]
    if place[0] == _PATH and path:
        await walk.seek(path, is_included=True)
        return None
    if not path or place[0] not in {_CONTAINER, _OBJECT} or (place[0] == _CONTAINER and not path.endswith("/")):
        raise BadInput("after is no cursor of this list; take one from its pageInfo", field=("after",))
    if place[0] == _CONTAINER:
        await walk.seek_into(path)
        return None
    if not path.endswith("/"):
        await walk.seek(path, is_included=False)
        return None
    await seek_before(walk, path)
    return path


async def seek_before(walk: Walk, path: str) -> None:
    """Go to the first name with the path, or a little before it: a walk to a container's path would go into it.

    Raises: Unavailable.
    """
    if path.endswith("/"):
        await walk.seek(path[:-1] + ".\U0010ffff", is_included=False)
    else:
        await walk.seek(path, is_included=True)
