from dataclasses import replace

import pytest

from domain.access import ANONYMOUS, Level
from domain.changes import ContainerAdded, CountersChanged, Event, EventKind, GrantSet, ObjectAdded, UploadAdded
from domain.contents import Declared, ObjectHeaders
from domain.creation import (
    BegunUpload,
    BucketFacts,
    ChildPlaceFacts,
    NewResource,
    create_container,
    create_object,
    create_project,
)
from domain.errors import (
    AlreadyExists,
    BadInput,
    DomainError,
    FailedPrecondition,
    Forbidden,
    Hierarchy,
    NotFound,
    Unauthenticated,
)
from domain.resources import ContainerFacts, DataClass, Kind, State
from tests.domain.making import (
    COLLECTION,
    NOW,
    PROJECT,
    USER,
    collection,
    dataset,
    new_id,
    project,
    stamp,
)

FREE = BucketFacts(owner_level=None, may_create=True)


def place(parent: ContainerFacts | None, *, path: str = "coll/", is_name_taken: bool = False) -> ChildPlaceFacts:
    return ChildPlaceFacts(parent, PROJECT, "proj", path, is_name_taken=is_name_taken)


def test_whoever_makes_a_project_has_admin_on_it() -> None:
    decision = create_project(FREE, NewResource("proj", "T", "D"), stamp(), location_constraint="eu")

    assert decision.changes == (
        ContainerAdded(
            id=new_id(0),
            kind=Kind.PROJECT,
            name="proj",
            parent_id=None,
            title="T",
            description="D",
            data_class=DataClass.PRIVATE,
            metadata_license="AllRightsReserved",
            data_license="AllRightsReserved",
            at=NOW,
            by=USER,
            location_constraint="eu",
        ),
        GrantSet(USER, new_id(0), Level.ADMIN, None, NOW, USER),
        Event(new_id(1), EventKind.CREATED, new_id(0), USER, NOW, None, 0),
        Event(new_id(2), EventKind.GRANT_SET, new_id(0), USER, NOW, None, None),
    )


def test_a_project_that_may_not_be_made_is_refused() -> None:
    with pytest.raises(Unauthenticated):
        create_project(FREE, NewResource("proj"), stamp(ANONYMOUS))
    with pytest.raises(Forbidden):
        create_project(replace(FREE, may_create=False), NewResource("proj"), stamp())
    with pytest.raises(BadInput):
        create_project(FREE, NewResource("Proj"), stamp())
    for owner_level in Level:
        with pytest.raises(AlreadyExists, match="a project proj exists already"):
            create_project(BucketFacts(owner_level, may_create=True), NewResource("proj"), stamp())


def test_a_container_takes_licences_and_class_of_its_home() -> None:
    decision = create_container(place(collection()), Kind.DATASET, COLLECTION, NewResource("d"), stamp())

    assert decision.changes == (
        ContainerAdded(
            id=new_id(0),
            kind=Kind.DATASET,
            name="d",
            parent_id=COLLECTION,
            title=None,
            description=None,
            data_class=DataClass.PRIVATE,
            metadata_license="CC0-1.0",
            data_license="CC-BY-4.0",
            at=NOW,
            by=USER,
        ),
        CountersChanged(COLLECTION, entries=1),
        Event(new_id(1), EventKind.CREATED, new_id(0), USER, NOW, None, 0),
    )


@pytest.mark.parametrize(
    ("facts", "kind", "name", "error"),
    [
        (place(None), Kind.DATASET, "d", NotFound),
        (place(collection(Level.NONE)), Kind.DATASET, "d", NotFound),
        (place(replace(collection(), is_hidden=True)), Kind.DATASET, "d", NotFound),
        (place(collection(Level.READ)), Kind.DATASET, "d", Forbidden),
        (place(dataset()), Kind.DATASET, "d", Hierarchy),
        (place(collection()), Kind.COLLECTION, "d", Hierarchy),
        (place(replace(collection(), state=State.DELETED)), Kind.DATASET, "d", FailedPrecondition),
        (place(collection(), is_name_taken=True), Kind.DATASET, "d", AlreadyExists),
        (place(collection()), Kind.DATASET, "a b", BadInput),
        (place(collection(), path="x" * 900 + "/"), Kind.DATASET, "d" * 200, BadInput),
    ],
)
def test_a_container_that_may_not_be_made_is_refused(
    facts: ChildPlaceFacts, kind: Kind, name: str, error: type[DomainError]
) -> None:
    with pytest.raises(error):
        create_container(facts, kind, COLLECTION, NewResource(name), stamp())


@pytest.mark.parametrize(
    ("home", "level", "wanted", "answer"),
    [
        (DataClass.PRIVATE, Level.APPEND, None, DataClass.PRIVATE),
        (DataClass.PRIVATE, Level.APPEND, DataClass.CONFIDENTIAL, DataClass.CONFIDENTIAL),
        (DataClass.PRIVATE, Level.ADMIN, DataClass.PUBLIC, DataClass.PUBLIC),
        (DataClass.PRIVATE, Level.WRITE, DataClass.PUBLIC, Forbidden),
        (DataClass.CONFIDENTIAL, Level.WRITE, DataClass.PRIVATE, Forbidden),
        (DataClass.PUBLIC, Level.APPEND, DataClass.PRIVATE, DataClass.PRIVATE),
        (DataClass.PRIVATE, Level.ADMIN, DataClass.WORKSPACE, BadInput),
    ],
)
def test_anyone_who_adds_may_be_tighter_than_the_home_and_admins_more_open(
    home: DataClass, level: Level, wanted: DataClass | None, answer: DataClass | type[DomainError]
) -> None:
    parent = replace(collection(level), data_class=home)
    new = NewResource("d", data_class=wanted)

    if isinstance(answer, DataClass):
        added = create_container(place(parent), Kind.DATASET, COLLECTION, new, stamp()).changes[0]
        assert isinstance(added, ContainerAdded)
        assert added.data_class is answer
    else:
        with pytest.raises(answer):
            create_container(place(parent), Kind.DATASET, COLLECTION, new, stamp())


def test_an_object_is_made_together_with_the_upload_that_will_bring_its_bytes() -> None:
    headers, declared = ObjectHeaders("text/csv"), Declared(5, None, None)

    decision = create_object(
        place(collection(Level.APPEND)),
        COLLECTION,
        NewResource("o"),
        headers,
        declared,
        stamp=stamp(),
        is_multipart=True,
    )

    assert decision.result == BegunUpload(new_id(1), new_id(0), "proj", "coll/o")
    assert decision.changes == (
        ObjectAdded(
            id=new_id(0),
            name="o",
            parent_id=COLLECTION,
            parent_kind=Kind.COLLECTION,
            state=State.INITIALIZING,
            title=None,
            description=None,
            data_class=DataClass.PRIVATE,
            metadata_license="CC0-1.0",
            data_license="CC-BY-4.0",
            at=NOW,
            by=USER,
        ),
        CountersChanged(COLLECTION, entries=1),
        UploadAdded(
            new_id(1),
            PROJECT,
            "coll/o",
            new_id(0),
            True,
            headers,
            declared,
            None,
            None,
            NOW,
            USER,
        ),
        Event(new_id(2), EventKind.CREATED, new_id(0), USER, NOW, None, 0),
        Event(new_id(3), EventKind.UPLOAD_BEGUN, new_id(0), USER, NOW, None, None),
    )


@pytest.mark.parametrize(
    ("facts", "name", "declared", "error"),
    [
        (place(project(Level.READ)), "o", Declared(), Forbidden),
        (place(project(), is_name_taken=True), "o", Declared(), AlreadyExists),
        (place(project()), "a/b", Declared(), BadInput),
        (place(project(), path="x" * 1024), "o", Declared(), BadInput),
        (place(project()), "o", Declared(md5="no digest"), BadInput),
    ],
)
def test_an_object_that_may_not_be_made_is_refused(
    facts: ChildPlaceFacts, name: str, declared: Declared, error: type[DomainError]
) -> None:
    with pytest.raises(error):
        create_object(facts, PROJECT, NewResource(name), ObjectHeaders(), declared, stamp=stamp(), is_multipart=False)
