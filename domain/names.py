"""What a resource may be called, by its kind and by the kind of its parent."""

import re
from typing import Final

from domain.errors import BadInput
from domain.limits import CONTAINER_NAME_LENGTH_MAX, KEY_BYTES_MAX
from domain.resources import Kind

_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_IP_FORM: Final = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_CONTAINER: Final = re.compile(rf"[A-Za-z0-9!_.*'()-]{{1,{CONTAINER_NAME_LENGTH_MAX}}}")


def is_project_name(name: str) -> bool:
    """Whether S3 allows the name for a bucket: 3-63 of a-z 0-9 . -, alphanumeric at both ends, no `..`, no IP form."""
    return _BUCKET.fullmatch(name) is not None and ".." not in name and _IP_FORM.fullmatch(name) is None


def is_container_name(name: str) -> bool:
    """Whether a Collection or Dataset may bear the name; it decides which segments of a key are containers."""
    return _CONTAINER.fullmatch(name) is not None and name not in {".", ".."}


def check_project_name(name: str, *, field: tuple[str, ...] = ()) -> None:
    """Refuse what S3 doesn't allow for a bucket.

    Raises: BadInput.
    """
    if not is_project_name(name):
        message = (
            f"{name[:80]!r} can't name a project: it takes 3 to 63 characters of a-z, 0-9, '.' and '-', a letter or"
            " digit at both ends, no '..' and no IP address"
        )
        raise BadInput(message, field=field)


def check_container_name(name: str, *, field: tuple[str, ...] = ()) -> None:
    """Refuse what can't name a Collection or Dataset.

    Raises: BadInput.
    """
    if not is_container_name(name):
        message = (
            f"{name[:80]!r} can't name a collection or dataset: it takes 1 to {CONTAINER_NAME_LENGTH_MAX} characters"
            " of A-Z, a-z, 0-9 and !_.*'()- and is neither '.' nor '..'"
        )
        raise BadInput(message, field=field)


def check_object_name(name: str, parent_kind: Kind, *, field: tuple[str, ...] = ()) -> None:
    """Refuse what can't name an Object below a parent of this kind.

    A key has exactly one place: in a Project or Collection `a/b` would be `b` in a container `a`, so a name holds `/`
    there only where its first segment can't be a container's name, or as the bare folder marker `a/`.

    Raises: BadInput.
    """
    if not name or "\0" in name:
        raise BadInput("an object's name is at least one character and holds no NUL", field=field)
    size = _utf8_size(name, field)
    if size > KEY_BYTES_MAX:
        raise BadInput(f"an object's name has {size} bytes and may have {KEY_BYTES_MAX}", field=field)
    first, slash, rest = name.partition("/")
    if slash and rest and parent_kind is not Kind.DATASET and is_container_name(first):
        message = (
            f"{name[:80]!r} can't name an object in a {parent_kind.lower()}: {first!r} before the '/' would be a"
            f" container; create {first!r} and put {rest[:80]!r} into it"
        )
        raise BadInput(message, field=field)


def _utf8_size(text: str, field: tuple[str, ...]) -> int:
    try:
        return len(text.encode())
    except UnicodeEncodeError as error:
        raise BadInput("names and keys are UTF-8: they hold no lone surrogates", field=field) from error


def check_key_length(key: str, *, field: tuple[str, ...] = ()) -> None:
    """Refuse a whole key (the path below the project) of more than 1024 bytes of UTF-8.

    Raises: BadInput.
    """
    size = _utf8_size(key, field)
    if size > KEY_BYTES_MAX:
        raise BadInput(f"the key would have {size} bytes and may have {KEY_BYTES_MAX}", field=field)
