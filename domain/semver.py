"""Versions of snapshots: Semantic Versioning 2.0.0 (https://semver.org/spec/v2.0.0.html).

`MAJOR.MINOR.PATCH`, then `-` and a pre-release, then `+` and build metadata. Build metadata is checked and kept, but
two versions that differ in nothing else are the same version.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import total_ordering
from typing import Final

from domain.errors import BadInput
from domain.limits import VERSION_LENGTH_MAX

_NUMBER: Final = "(?:0|[1-9][0-9]*)"
_PRERELEASE_PART: Final = f"(?:{_NUMBER}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_BUILD_PART: Final = "[0-9A-Za-z-]+"
_VERSION: Final = re.compile(
    rf"(?P<major>{_NUMBER})\.(?P<minor>{_NUMBER})\.(?P<patch>{_NUMBER})"
    rf"(?:-(?P<prerelease>{_PRERELEASE_PART}(?:\.{_PRERELEASE_PART})*))?"
    rf"(?:\+(?P<build>{_BUILD_PART}(?:\.{_BUILD_PART})*))?"
)


@total_ordering
@dataclass(frozen=True, slots=True)
class SemanticVersion:
    """A version; versions are equal and ordered by precedence (section 11). `build` is None where none was given."""

    major: int
    minor: int
    patch: int
    prerelease: tuple[str, ...] = ()
    build: str | None = field(default=None, compare=False)

    @property
    def is_release(self) -> bool:
        """Whether it has no pre-release part."""
        return not self.prerelease

    @property
    def identity(self) -> str:
        """The version as text, without build metadata: the same for all versions that are equal."""
        core = f"{self.major}.{self.minor}.{self.patch}"
        return f"{core}-{'.'.join(self.prerelease)}" if self.prerelease else core

    def __lt__(self, other: "SemanticVersion") -> bool:
        return _precedence(self) < _precedence(other)


def _precedence(version: SemanticVersion) -> tuple[int, int, int, bool, tuple[tuple[bool, int, str], ...]]:
    """Order numbers by size and below words; a release stands above all its pre-releases."""
    parts = tuple((False, int(part), "") if part.isdigit() else (True, 0, part) for part in version.prerelease)
    return version.major, version.minor, version.patch, version.is_release, parts


def _match(text: str) -> re.Match[str] | None:
    return _VERSION.fullmatch(text) if len(text) <= VERSION_LENGTH_MAX else None


def is_version(text: str) -> bool:
    """Whether `parse_version` reads the text."""
    return _match(text) is not None


def parse_version(text: str, field: tuple[str, ...] = ()) -> SemanticVersion:
    """Read a version of at most VERSION_LENGTH_MAX characters, build metadata included.

    Raises: BadInput.
    """
    found = _match(text)
    if found is None:
        message = (
            f"{text[:80]!r} is no semantic version: write MAJOR.MINOR.PATCH, such as 1.2.0 or 2.0.0-rc.1, in at most"
            f" {VERSION_LENGTH_MAX} characters, without a 'v' and without leading zeros"
        )
        raise BadInput(message, field=field)
    prerelease = found["prerelease"]
    return SemanticVersion(
        major=int(found["major"]),
        minor=int(found["minor"]),
        patch=int(found["patch"]),
        prerelease=tuple(prerelease.split(".")) if prerelease else (),
        build=found["build"],
    )


def highest_release(versions: Iterable[SemanticVersion]) -> SemanticVersion | None:
    """Return what `latest` means: the highest version that is no pre-release; None where there is none."""
    return max((version for version in versions if version.is_release), default=None)
