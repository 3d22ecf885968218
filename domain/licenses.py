"""Licences that resources name by SPDX id: a predefined table, and what administrators add to it.

Ids follow the SPDX specification (https://spdx.github.io/spdx-spec/, annex "SPDX license expressions"): an id is one
idstring, `LicenseRef-` ids for licences that SPDX doesn't list; upper and lower case name the same licence. Names and
URLs are those of the SPDX licence list (https://spdx.org/licenses/), which doesn't know AllRightsReserved.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from domain.changes import Decision, LicenseAdded
from domain.errors import AlreadyExists, BadInput, FailedPrecondition, Forbidden, NotFound, Unauthenticated
from domain.limits import (
    IDENTIFIER_LENGTH_MAX,
    LICENSE_ID_LENGTH_MAX,
    LICENSE_NAME_LENGTH_MAX,
    LICENSE_TEXT_BYTES_MAX,
    LICENSES_ADDED_MAX,
)
from domain.metadata import check_line, check_text
from domain.stamps import Stamp

_ID: Final = re.compile(rf"[A-Za-z0-9.-]{{1,{LICENSE_ID_LENGTH_MAX}}}")
_REFERENCE_KEY: Final = "licenseref-"


@dataclass(frozen=True, slots=True)
class License:
    """A licence. Only one that was added says when and by whom, and may hold its text; a predefined one is linked."""

    id: str
    name: str
    url: str | None
    text: str | None = None
    created_at: datetime | None = None
    created_by: str | None = None

    @property
    def is_predefined(self) -> bool:
        """Whether it came with the program."""
        return self.created_by is None


_GPL_2_URL: Final = "https://www.gnu.org/licenses/old-licenses/gpl-2.0.html"
_GPL_3_URL: Final = "https://www.gnu.org/licenses/gpl-3.0.html"

PREDEFINED_LICENSES: Final[Mapping[str, License]] = MappingProxyType(
    {
        license_id: License(license_id, name, url)
        for license_id, name, url in (
            ("AllRightsReserved", "All rights reserved", None),
            ("Apache-2.0", "Apache License 2.0", "https://www.apache.org/licenses/LICENSE-2.0"),
            (
                "CC-BY-4.0",
                "Creative Commons Attribution 4.0 International",
                "https://creativecommons.org/licenses/by/4.0/",
            ),
            (
                "CC-BY-NC-4.0",
                "Creative Commons Attribution Non Commercial 4.0 International",
                "https://creativecommons.org/licenses/by-nc/4.0/",
            ),
            (
                "CC-BY-SA-4.0",
                "Creative Commons Attribution Share Alike 4.0 International",
                "https://creativecommons.org/licenses/by-sa/4.0/",
            ),
            (
                "CC0-1.0",
                "Creative Commons Zero v1.0 Universal",
                "https://creativecommons.org/publicdomain/zero/1.0/",
            ),
            # SPDX calls GPL-2.0 and GPL-3.0 deprecated: they don't say whether later versions are meant. The contract
            # names them.
            ("GPL-2.0", "GNU General Public License v2.0", _GPL_2_URL),
            ("GPL-2.0-only", "GNU General Public License v2.0 only", _GPL_2_URL),
            ("GPL-2.0-or-later", "GNU General Public License v2.0 or later", _GPL_2_URL),
            ("GPL-3.0", "GNU General Public License v3.0", _GPL_3_URL),
            ("GPL-3.0-only", "GNU General Public License v3.0 only", _GPL_3_URL),
            ("GPL-3.0-or-later", "GNU General Public License v3.0 or later", _GPL_3_URL),
            ("MIT", "MIT License", "https://opensource.org/license/mit"),
        )
    }
)
"""Licences that every installation has, by id."""


@dataclass(frozen=True, slots=True)
class NewLicense:
    """A licence as an administrator names it."""

    id: str
    name: str
    url: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class LicenseFacts:
    """Whether a licence of that id, in whatever case, was added already, and how many were added in all."""

    is_taken: bool
    added: int


def license_key(license_id: str) -> str:
    """Return what is the same for all spellings of one id."""
    return license_id.lower()


_PREDEFINED_BY_KEY: Final = {license_key(known.id): known for known in PREDEFINED_LICENSES.values()}


def predefined_license(license_id: str) -> License | None:
    """Return the predefined licence of this id, in whatever case."""
    return _PREDEFINED_BY_KEY.get(license_key(license_id))


def is_license_id(text: str) -> bool:
    """Whether the text can be an SPDX id: 1 to 64 of A-Z, a-z, 0-9, `.` and `-`, and more than a bare `LicenseRef-`."""
    return _ID.fullmatch(text) is not None and license_key(text) != _REFERENCE_KEY


def check_license_id(text: str, *, field: tuple[str, ...] = ()) -> None:
    """Refuse what can't be an SPDX id.

    Raises: BadInput.
    """
    if not is_license_id(text):
        message = (
            f"{text[:80]!r} is no SPDX id: it takes 1 to {LICENSE_ID_LENGTH_MAX} of A-Z, a-z, 0-9, '.' and '-', such as"
            " CC-BY-4.0, or LicenseRef-Name for a licence that SPDX doesn't list"
        )
        raise BadInput(message, field=field)


def known_license_id(text: str, added: Iterable[str], *, field: tuple[str, ...] = ()) -> str:
    """Return a licence's id as it is spelled here; `added` are the ids of the added licences that it may be.

    Raises: BadInput (no SPDX id), NotFound (no such licence).
    """
    check_license_id(text, field=field)
    known = predefined_license(text)
    if known is not None:
        return known.id
    for license_id in added:
        if license_key(license_id) == license_key(text):
            return license_id
    raise NotFound(f"there is no licence {text} here; take one of `licenses`, or ask an administrator", field=field)


def all_licenses(added: Iterable[License]) -> tuple[License, ...]:
    """Return the predefined licences, then those that were added, each by id."""
    return tuple(
        known for group in (PREDEFINED_LICENSES.values(), added) for known in sorted(group, key=lambda one: one.id)
    )


def create_license(facts: LicenseFacts, new: NewLicense, stamp: Stamp) -> Decision[str]:
    """Add a licence; answers its id.

    Raises: Unauthenticated, Forbidden, BadInput, AlreadyExists, FailedPrecondition (too many were added).
    """
    if stamp.caller.is_anonymous:
        raise Unauthenticated("sign in as an administrator")
    if not stamp.caller.is_administrator:
        raise Forbidden("only administrators add licences")
    check_license_id(new.id, field=("input", "spdxId"))
    check_line(new.name, LICENSE_NAME_LENGTH_MAX, "licence's name", ("input", "name"))
    if not new.name.strip():
        raise BadInput("a licence's name has at least one character", field=("input", "name"))
    _check_url(new.url)
    _check_license_text(new.text)
    if facts.is_taken or predefined_license(new.id) is not None:
        raise AlreadyExists(f"there is a licence {new.id} already; take another id", field=("input", "spdxId"))
    if facts.added >= LICENSES_ADDED_MAX:
        raise FailedPrecondition(f"{facts.added} licences were added, as many as there may be; take one of those")
    change = LicenseAdded(new.id, new.name, new.url, new.text, stamp.now, stamp.caller.user_id)
    return Decision((change,), new.id)


def _check_url(url: str | None) -> None:
    if url is None:
        return
    field = ("input", "url")
    check_line(url, IDENTIFIER_LENGTH_MAX, "URL", field)
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
        _ = parts.port  # reading it checks it
    except ValueError:
        is_usable = False
    if not is_usable or any(character.isspace() for character in url):
        raise BadInput(f"{url[:80]!r} is no URL: it begins with http:// or https:// and names a host", field=field)


def _check_license_text(text: str | None) -> None:
    if text is None:
        return
    field = ("input", "text")
    check_text(text, LICENSE_TEXT_BYTES_MAX, "licence's text", field)
    size = len(text.encode())
    if size > LICENSE_TEXT_BYTES_MAX:
        message = f"a licence's text has at most {LICENSE_TEXT_BYTES_MAX} bytes of UTF-8; this one has {size}"
        raise BadInput(message, field=field)
