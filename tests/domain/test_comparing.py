"""What differs between two views of a container, as pure functions."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.access import Level
from domain.authors import Author
from domain.comparing import DifferenceKind, compare, has_same_bytes, may_differ, pair_paths
from domain.contents import ObjectHeaders
from domain.resources import DataClass, Kind, State, Versioning
from domain.views import ContainerView, LabelView, ObjectView, RevisionView

NOW = datetime(2026, 11, 21, tzinfo=UTC)
PATHS = st.sets(st.sampled_from(["a", "b", "c/d", "c/e", "f"]))

REVISION = RevisionView(
    object_id="o",
    version_id="v1",
    revision_number=0,
    state=State.AVAILABLE,
    length_bytes=3,
    etag="e1",
    md5="e1",
    sha256="s1",
    checksums={},
    checksum_type="FULL_OBJECT",
    part_count=0,
    headers=ObjectHeaders(),
    data_class=DataClass.PRIVATE,
    shown=Versioning.OFF,
    published_at=NOW,
    published_by="u",
)
OBJECT = ObjectView(
    id="o",
    name="n",
    title=None,
    description=None,
    state=State.AVAILABLE,
    state_reason=None,
    data_class=DataClass.PRIVATE,
    metadata_license="MIT",
    data_license="MIT",
    revision=1,
    level=Level.READ,
    created_at=NOW,
    created_by="u",
    updated_at=NOW,
    published=REVISION,
)
CONTAINER = ContainerView(
    id="c",
    kind=Kind.DATASET,
    name="n",
    title=None,
    description=None,
    state=State.AVAILABLE,
    data_class=DataClass.PRIVATE,
    metadata_license="MIT",
    data_license="MIT",
    revision=1,
    level=Level.READ,
    created_at=NOW,
    created_by="u",
    updated_at=NOW,
    changed_at=NOW,
    entry_count=0,
    object_count=0,
    byte_count=0,
    versioning=Versioning.OFF,
    location_constraint=None,
)
LABEL = LabelView("k", "v", is_static=False, created_at=NOW, created_by="u")
RENEWED = replace(OBJECT, published=replace(REVISION, version_id="v2", revision_number=1))


@given(before=PATHS, after=PATHS)
def test_each_path_on_one_side_is_told_once_and_what_is_on_both_never(before: set[str], after: set[str]) -> None:
    moves = pair_paths(before, after)

    assert sorted([*(one for one, _ in moves.moved), *moves.removed]) == sorted(before - after)
    assert sorted([*(one for _, one in moves.moved), *moves.added]) == sorted(after - before)
    assert not (moves.removed and moves.added)


def test_one_revision_never_differs_and_another_may() -> None:
    assert not may_differ(OBJECT, replace(OBJECT, title="as it is loaded later"))
    assert may_differ(OBJECT, RENEWED)
    assert may_differ(CONTAINER, CONTAINER)


def test_other_bytes_are_a_change_whatever_else_differs() -> None:
    other = replace(RENEWED, title="t", published=replace(REVISION, version_id="v2", sha256="s2", etag="e2"))

    assert compare(OBJECT, other, [], [LABEL]) is DifferenceKind.CHANGED


def test_a_revision_that_says_and_holds_the_same_differs_in_nothing() -> None:
    assert compare(OBJECT, RENEWED, [LABEL], [replace(LABEL, created_by="somebody else")]) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"title": "t"},
        {"description": "d"},
        {"authors": (Author("Ada"),)},
        {"metadata_license": "CC0-1.0"},
        {"data_license": "CC0-1.0"},
        {"data_class": DataClass.CONFIDENTIAL},
    ],
)
def test_the_same_bytes_with_another_field_differ_in_fields(changed: dict[str, object]) -> None:
    assert compare(OBJECT, replace(RENEWED, **changed), [], []) is DifferenceKind.FIELDS  # pyright: ignore[reportArgumentType]  one field a case
    assert compare(CONTAINER, replace(CONTAINER, **changed), [], []) is DifferenceKind.FIELDS  # pyright: ignore[reportArgumentType]  as above


def test_labels_and_headers_are_fields() -> None:
    typed = replace(REVISION, version_id="v2", headers=ObjectHeaders(content_type="text/plain"))

    assert compare(OBJECT, RENEWED, [LABEL], []) is DifferenceKind.FIELDS
    assert compare(CONTAINER, CONTAINER, [LABEL], [replace(LABEL, value="w")]) is DifferenceKind.FIELDS
    assert compare(OBJECT, replace(OBJECT, published=typed), [], []) is DifferenceKind.FIELDS
    assert compare(CONTAINER, CONTAINER, [LABEL], [LABEL]) is None


def test_bytes_are_compared_by_sha256_and_where_that_is_missing_by_length_and_etag() -> None:
    unknown = replace(REVISION, sha256=None)

    assert has_same_bytes(REVISION, replace(REVISION, etag="in parts"))
    assert not has_same_bytes(REVISION, replace(REVISION, sha256="s2"))
    assert has_same_bytes(unknown, REVISION)
    assert not has_same_bytes(unknown, replace(REVISION, etag="e2"))
    assert not has_same_bytes(unknown, replace(REVISION, length_bytes=4))
    assert has_same_bytes(None, None)
    assert not has_same_bytes(REVISION, None)
