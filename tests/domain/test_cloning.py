from dataclasses import replace

import pytest

from domain.access import Level
from domain.changes import (
    CountersChanged,
    Event,
    EventKind,
    LabelAdded,
    ObjectAdded,
    RelationAdded,
    RevisionPublished,
)
from domain.cloning import CloneFacts, NewClone, clone_locks, clone_object
from domain.contents import ExistingContent, ObjectHeaders
from domain.errors import (
    AlreadyExists,
    BadInput,
    DomainError,
    FailedPrecondition,
    Forbidden,
    Hierarchy,
    Immutable,
    NotFound,
)
from domain.identifiers import encode_ulid
from domain.placing import PlaceFacts
from domain.relations import RelationKind
from domain.resources import DataClass, Kind, ObjectFacts, ResourceFacts, State, Versioning
from domain.views import LabelView, RevisionView
from tests.domain.making import NOW, OBJECT, PROJECT, USER, an_object, dataset, new_id, project, published, stamp

SHOWN = published()
HEADERS = ObjectHeaders("text/plain", user_metadata={"a": "b"})
REVISION = RevisionView(
    object_id=OBJECT,
    version_id=SHOWN.version_id,
    revision_number=0,
    state=State.AVAILABLE,
    length_bytes=5,
    etag=SHOWN.etag,
    md5=None,
    sha256=None,
    checksums={},
    checksum_type="FULL_OBJECT",
    part_count=0,
    headers=HEADERS,
    data_class=DataClass.PRIVATE,
    shown=Versioning.OFF,
    published_at=NOW,
    published_by=USER,
    title="T",
    description="D",
    metadata_license="CC0-1.0",
    data_license="MIT",
)
LABEL = LabelView("k", "v", is_static=True, created_at=NOW, created_by=USER)


def facts(source: ResourceFacts | None = None, target: ResourceFacts | None = None, **changed: object) -> CloneFacts:
    place = PlaceFacts(
        an_object(Level.READ) if source is None else source, None, project() if target is None else target
    )
    standard = CloneFacts(place, REVISION, SHOWN.content_id, Level.READ, Versioning.ENABLED)
    return replace(standard, **changed)


def public(source: ObjectFacts) -> ObjectFacts:
    return replace(source, data_class=DataClass.PUBLIC)


def test_a_clone_has_its_sources_bytes_words_and_headers_and_its_new_homes_class() -> None:
    home = replace(project(Level.APPEND), data_class=DataClass.CONFIDENTIAL)

    decision = clone_object(facts(target=home, labels=(LABEL,)), OBJECT, NewClone(PROJECT, "clone"), stamp())

    clone, version = new_id(0), new_id(1)
    assert decision.result == clone
    assert decision.changes == (
        ObjectAdded(
            id=clone,
            name="clone",
            parent_id=PROJECT,
            parent_kind=Kind.PROJECT,
            state=State.INITIALIZING,
            title="T",
            description="D",
            data_class=DataClass.CONFIDENTIAL,
            metadata_license="CC0-1.0",
            data_license="MIT",
            at=NOW,
            by=USER,
        ),
        RevisionPublished(
            object_id=clone,
            version_id=version,
            revision_number=0,
            content=ExistingContent(SHOWN.content_id, 5, SHOWN.etag),
            headers=HEADERS,
            state=State.AVAILABLE,
            versioning=Versioning.ENABLED,
            at=NOW,
            by=USER,
        ),
        CountersChanged(PROJECT, entries=1, objects=1, length_bytes=5),
        RelationAdded(
            id=new_id(2),
            kind=RelationKind.ORIGIN,
            source_id=clone,
            target_id=OBJECT,
            source_version_id=version,
            target_version_id=SHOWN.version_id,
            name=None,
            note=None,
            at=NOW,
            by=USER,
        ),
        LabelAdded(new_id(3), clone, "k", "v", is_static=True, since=0, at=NOW, by=USER),
        Event(new_id(4), EventKind.CLONED, clone, USER, NOW, None, 1),
    )
    assert clone_locks(facts()) == {OBJECT, PROJECT}


def test_a_clone_takes_its_sources_name_if_none_is_given() -> None:
    added = clone_object(facts(), OBJECT, NewClone(PROJECT), stamp()).changes[0]

    assert isinstance(added, ObjectAdded)
    assert added.name == "o"


OPEN_PROJECT = replace(project(), data_class=DataClass.PUBLIC)
TIGHTER = replace(REVISION, data_class=DataClass.CONFIDENTIAL)


@pytest.mark.parametrize(
    ("found", "new", "error", "field"),
    [
        (CloneFacts(PlaceFacts(None, None, None), None, None, Level.NONE, Versioning.OFF), None, NotFound, ("id",)),
        (facts(an_object(Level.NONE)), None, NotFound, ("id",)),
        (facts(dataset()), None, Hierarchy, ("id",)),
        (facts(an_object(state=State.DELETED, shown=SHOWN)), None, FailedPrecondition, ("id",)),
        (facts(an_object(state=State.INITIALIZING)), None, FailedPrecondition, ("id",)),
        (facts(an_object(state=State.ERROR, shown=SHOWN)), None, FailedPrecondition, ("id",)),
        (facts(revision=None), NewClone(PROJECT, None, "v"), NotFound, ("input", "versionId")),
        (facts(content_id=None), NewClone(PROJECT, None, "v"), FailedPrecondition, ("input", "versionId")),
        (facts(granted=Level.NONE), NewClone(PROJECT, None, "v"), NotFound, ("input", "versionId")),
        (facts(target=project(Level.NONE)), None, NotFound, ("input", "parent")),
        (facts(target=project(Level.READ)), None, Forbidden, ("input", "parent")),
        (facts(target=replace(project(), state=State.DELETED)), None, FailedPrecondition, ("input", "parent")),
        (facts(target=replace(project(), is_frozen=True)), None, Immutable, ("input", "parent")),
        (facts(target=an_object()), None, Hierarchy, ("input", "parent")),
        (facts(target=OPEN_PROJECT), None, Forbidden, ("input", "parent")),
        (facts(public(an_object(Level.WRITE)), OPEN_PROJECT, revision=TIGHTER), None, Forbidden, ("input", "parent")),
        (facts(), NewClone(PROJECT, "a/b"), BadInput, ("input", "name")),
    ],
)
def test_what_may_not_be_cloned_is_refused(
    found: CloneFacts, new: NewClone | None, error: type[DomainError], field: tuple[str, ...]
) -> None:
    with pytest.raises(error) as caught:
        clone_object(found, OBJECT, new or NewClone(PROJECT), stamp())

    assert type(caught.value) is error
    assert caught.value.field == field


def test_a_taken_name_is_refused() -> None:
    taken = facts()
    taken = replace(taken, place=replace(taken.place, taken_by=OBJECT))

    with pytest.raises(AlreadyExists):
        clone_object(taken, OBJECT, NewClone(PROJECT), stamp())


def test_opening_bytes_up_takes_admin_where_they_are() -> None:
    for source in (an_object(Level.ADMIN), public(an_object(Level.READ))):
        revision = replace(REVISION, data_class=source.data_class)
        assert clone_object(facts(source, OPEN_PROJECT, revision=revision), OBJECT, NewClone(PROJECT), stamp()).changes


def test_what_is_public_is_cloned_by_who_has_no_grant_on_it() -> None:
    revision = replace(REVISION, data_class=DataClass.PUBLIC)
    found = facts(public(an_object(Level.READ)), granted=Level.NONE, revision=revision)

    assert clone_object(found, OBJECT, NewClone(PROJECT), stamp()).changes


def test_a_clone_is_younger_than_its_source_whatever_the_clocks_say() -> None:
    found = facts(replace(an_object(), id=encode_ulid(10**6)))

    decision = clone_object(found, encode_ulid(10**6), NewClone(PROJECT), stamp())

    assert decision.result > encode_ulid(10**6)
    assert all(change.resource_id == decision.result for change in decision.changes if isinstance(change, Event))
