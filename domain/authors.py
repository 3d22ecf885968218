"""Who made a resource: an ordered list of people, each with a name and, where known, an ORCID, an e-mail, a user.

An ORCID is kept bare, as `0000-0002-1825-0097`; its last character is a check digit after ISO 7064 MOD 11-2
(https://support.orcid.org, "Structure of the ORCID Identifier").
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from domain.errors import BadInput
from domain.identifiers import is_ulid
from domain.limits import AUTHOR_NAME_LENGTH_MAX, AUTHORS_MAX
from domain.metadata import check_email, check_line

_ORCID: Final = re.compile(
    r"(?:https?://orcid\.org/)?([0-9]{4})-([0-9]{4})-([0-9]{4})-([0-9]{3}[0-9X])", re.ASCII | re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Author:
    """One author; `user_id` is his account here, if he has one."""

    name: str
    orcid: str | None = None
    email: str | None = None
    user_id: str | None = None


def check_authors(authors: Sequence[Author], *, field: tuple[str, ...] = ("input", "authors")) -> tuple[Author, ...]:
    """Return the authors in their order, their ORCIDs bare. At most AUTHORS_MAX; whether users exist is not looked at.

    Raises: BadInput.
    """
    if len(authors) > AUTHORS_MAX:
        raise BadInput(f"a resource has at most {AUTHORS_MAX} authors; these are {len(authors)}", field=field)
    return tuple(_checked(author, (*field, str(index))) for index, author in enumerate(authors))


def _checked(author: Author, field: tuple[str, ...]) -> Author:
    check_line(author.name, AUTHOR_NAME_LENGTH_MAX, "name", (*field, "name"))
    if not author.name.strip():
        raise BadInput("an author's name has at least one character", field=(*field, "name"))
    _check_address(author.email, (*field, "email"))
    if author.user_id is not None and not is_ulid(author.user_id):
        raise BadInput(f"{author.user_id[:80]!r} is no id of a user", field=(*field, "user"))
    if author.orcid is None:
        return author
    return replace(author, orcid=normalise_orcid(author.orcid, field=(*field, "orcid")))


def _check_address(email: str | None, field: tuple[str, ...]) -> None:
    check_email(email, field=field)
    if email is None:
        return
    check_line(email, len(email), "e-mail address", field)
    if email.count("@") != 1:
        raise BadInput(f"{email[:80]!r} is no e-mail address: it has one '@'", field=field)


def normalise_orcid(text: str, *, field: tuple[str, ...] = ()) -> str:
    """Return the bare ORCID of a bare one or an https://orcid.org/ URL.

    Raises: BadInput.
    """
    found = _ORCID.fullmatch(text.strip())
    if found is None:
        message = (
            f"{text[:80]!r} is no ORCID: it looks like 0000-0002-1825-0097 or https://orcid.org/0000-0002-1825-0097"
        )
        raise BadInput(message, field=field)
    orcid = "-".join(found.groups()).upper()
    digits = orcid.replace("-", "")
    if _check_digit(digits[:-1]) != digits[-1]:
        raise BadInput(f"the check digit of {orcid} is wrong; look for a mistyped digit", field=field)
    return orcid


def _check_digit(digits: str) -> str:
    """Check digit after ISO 7064 MOD 11-2: X stands for 10."""
    total = 0
    for digit in digits:
        total = (total + int(digit)) * 2
    return "0123456789X"[(12 - total % 11) % 11]


def authors_to_text(authors: Sequence[Author]) -> str:
    """Write authors as one property of a node: a JSON array of objects, without what isn't known."""
    rows = [
        {
            name: value
            for name, value in (
                ("name", author.name),
                ("orcid", author.orcid),
                ("email", author.email),
                ("userId", author.user_id),
            )
            if value is not None
        }
        for author in authors
    ]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def authors_from_text(text: str | None) -> tuple[Author, ...]:
    """Read what `authors_to_text` wrote; a node without the property has no authors."""
    rows: list[dict[str, str]] = json.loads(text) if text else []
    return tuple(Author(row["name"], row.get("orcid"), row.get("email"), row.get("userId")) for row in rows)
