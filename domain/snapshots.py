"""How snapshots are named in keys: `<container>@<version>/…`, and which names of Objects they would hide.

A container's snapshot stands beside it, in each of its parents, under the container's name there, `@` and the version;
a project's stands in the project itself, as `@<version>`. `latest` is the highest release (decision 0012).
"""

from typing import Final

from domain.names import is_container_name
from domain.resources import Kind
from domain.semver import SemanticVersion, is_version, parse_version

VERSION_MARK: Final = "@"
LATEST: Final = "latest"


def versioned_beginning(name: str, parent_kind: Kind) -> str | None:
    """Return how an Object's name begins where a snapshot might hide it, without build metadata; else None.

    In a Project or Collection that is a first segment `<container's name>@<version>` (in a Project `@<version>` too),
    followed by `/`; a Dataset holds no containers.
    """
    segment, slash, _ = name.partition("/")
    container, mark, version = segment.partition(VERSION_MARK)
    if not slash or not mark or parent_kind not in {Kind.PROJECT, Kind.COLLECTION}:
        return None
    if not (is_container_name(container) or (not container and parent_kind is Kind.PROJECT)):
        return None
    identity = version_identity(version)
    return None if identity is None else container + VERSION_MARK + identity


def version_identity(version: str) -> str | None:
    """Return what a version in a path stands for: itself without build metadata, or `latest`; None if it is neither."""
    if version == LATEST:
        return LATEST
    return parse_version(version).identity if is_version(version) else None


def hiding_beginnings(name: str, version: SemanticVersion) -> tuple[str, ...]:
    """Return the beginnings of names that a snapshot of a container of this name would hide ('': of the project)."""
    identities = (version.identity, LATEST) if version.is_release else (version.identity,)
    return tuple(name + VERSION_MARK + identity for identity in identities)
