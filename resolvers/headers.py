"""What a caller says of the bytes to come, checked so that S3 can answer it as headers. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from domain.contents import DEFAULT_CONTENT_TYPE, ObjectHeaders
from domain.errors import BadInput
from domain.limits import USER_METADATA_BYTES_MAX

_CONTENT_TYPE_LENGTH_MAX: Final = 255
_is_name: Final = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]{1,128}").fullmatch
_is_value: Final = re.compile(r"[!-~](?:[ -~]*[!-~])?").fullmatch


def object_headers(
    content_type: str | None, metadata: Sequence[tuple[str, str]], *, field: tuple[str, ...] = ("input",)
) -> ObjectHeaders:
    """Headers of an upload; names of user metadata are made lower case, as S3 does.

    Raises: BadInput.
    """
    if content_type is not None and (len(content_type) > _CONTENT_TYPE_LENGTH_MAX or not _is_value(content_type)):
        message = f"a content type is printable ASCII, at most {_CONTENT_TYPE_LENGTH_MAX} characters"
        raise BadInput(message, field=(*field, "contentType"))
    return ObjectHeaders(
        content_type=content_type or DEFAULT_CONTENT_TYPE, user_metadata=_user_metadata(metadata, (*field, "metadata"))
    )


def _user_metadata(metadata: Sequence[tuple[str, str]], field: tuple[str, ...]) -> Mapping[str, str]:
    names: dict[str, str] = {}
    for index, (key, value) in enumerate(metadata):
        name = key.lower()
        place = (*field, str(index))
        if not _is_name(name):
            raise BadInput(f"{key[:80]!r} can't name a header: it takes letters, digits and '-', '_', '.'", field=place)
        if name in names:
            raise BadInput(f"the key {name!r} is given twice", field=place)
        if not _is_value(value):
            message = f"the value of {name!r} can't stand in a header: it takes printable ASCII, no spaces at its ends"
            raise BadInput(message, field=place)
        names[name] = value
    size = sum(len(name) + len(value) for name, value in names.items())
    if size > USER_METADATA_BYTES_MAX:
        raise BadInput(f"metadata has {size} bytes and may have {USER_METADATA_BYTES_MAX}", field=field)
    return names
