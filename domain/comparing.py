"""What differs between two views of one container: names, bytes and what describes them. Pure.

A resource is the same on both sides by its id, whatever it is called; of what is at several paths, those on one side
alone are paired in their order, as moves.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from domain.views import ContainerView, LabelView, ObjectView, ResourceView, RevisionView


class DifferenceKind(StrEnum):
    """What happened to a resource on the way from one view to the other."""

    ADDED = "ADDED"
    REMOVED = "REMOVED"
    CHANGED = "CHANGED"
    MOVED = "MOVED"
    FIELDS = "FIELDS"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference; of what was added there is nothing before, of what was removed nothing after.

    Paths are those from the compared container down; a container's ends with `/`.
    """

    kind: DifferenceKind
    path_before: str | None
    path_after: str | None
    before: ResourceView | None
    after: ResourceView | None


@dataclass(frozen=True, slots=True)
class Moves:
    """How the paths of one resource on both sides belong together; what is on both sides isn't named."""

    moved: tuple[tuple[str, str], ...]
    removed: tuple[str, ...]
    added: tuple[str, ...]


def pair_paths(before: Collection[str], after: Collection[str]) -> Moves:
    """Pair the paths that a resource has on one side alone, in their order."""
    gone, come = sorted(set(before) - set(after)), sorted(set(after) - set(before))
    count = min(len(gone), len(come))
    return Moves(tuple(zip(gone, come, strict=False)), tuple(gone[count:]), tuple(come[count:]))


def has_same_bytes(before: RevisionView | None, after: RevisionView | None) -> bool:
    """Whether two revisions have the same bytes: by SHA-256, by length and ETag where that isn't known of both."""
    if before is None or after is None:
        return before is after
    if before.sha256 is not None and after.sha256 is not None:
        return before.sha256 == after.sha256
    return (before.length_bytes, before.etag) == (after.length_bytes, after.etag)


def may_differ(before: ResourceView, after: ResourceView) -> bool:
    """Whether anything of two resources at one path can differ; one revision never does."""
    if isinstance(before, ObjectView) and isinstance(after, ObjectView):
        return before.version_id != after.version_id
    return True


def compare(
    before: ResourceView, after: ResourceView, labels_before: Sequence[LabelView], labels_after: Sequence[LabelView]
) -> DifferenceKind | None:
    """Say what differs between two resources at one path: the bytes, what describes them, or nothing."""
    if isinstance(before, ObjectView) and isinstance(after, ObjectView):
        if before.version_id == after.version_id:
            return None
        if not has_same_bytes(before.published, after.published):
            return DifferenceKind.CHANGED
    is_same = _words(before) == _words(after) and _labels(labels_before) == _labels(labels_after)
    return None if is_same else DifferenceKind.FIELDS


def _words(resource: ResourceView) -> tuple[Any, ...]:
    """What describes a resource, as values."""
    words = (
        resource.title,
        resource.description,
        resource.authors,
        resource.metadata_license,
        resource.data_license,
        resource.data_class,
    )
    if isinstance(resource, ContainerView) or resource.published is None:
        return words
    return (*words, resource.published.headers)


def _labels(labels: Sequence[LabelView]) -> Mapping[str, str]:
    return {label.key: label.value for label in labels}
