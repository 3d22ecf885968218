"""What comes with a resource that is made: authors, licences, labels, relations, and a class of its own."""

from dataclasses import replace

import pytest

from domain.access import Level
from domain.authors import Author
from domain.changes import ClassKept, ContainerAdded, Event, EventKind, LabelAdded, ObjectAdded, RelationAdded
from domain.contents import Declared, ObjectHeaders
from domain.creation import (
    BucketFacts,
    ChildPlaceFacts,
    Mentioned,
    NewResource,
    create_container,
    create_object,
    create_project,
)
from domain.describing import Known
from domain.errors import BadInput, DomainError, Forbidden, NotFound
from domain.labels import NewLabel
from domain.linking import Link
from domain.relations import RelationKind
from domain.resources import ContainerFacts, DataClass, Kind
from tests.domain.making import COLLECTION, DATASET, NOW, PROJECT, USER, collection, dataset, new_id, stamp

FREE = BucketFacts(owner_level=None, may_create=True)
ABOUT = Link(RelationKind.CUSTOM, DATASET, "about")
MENTIONED = Mentioned(Known(frozenset({"LicenseRef-Ours"}), frozenset({USER})), {DATASET: dataset(Level.READ)})
FULL = NewResource(
    "new",
    authors=(Author("Ada", user_id=USER),),
    data_license="licenseref-ours",
    labels=(NewLabel("k", "v"),),
    links=(ABOUT,),
)


def place(parent: ContainerFacts) -> ChildPlaceFacts:
    return ChildPlaceFacts(parent, PROJECT, "proj", "coll/", is_name_taken=False)


def test_a_container_bears_from_the_start_what_comes_with_it() -> None:
    decision = create_container(place(collection()), Kind.DATASET, COLLECTION, FULL, stamp(), MENTIONED)

    added, label, relation, _, event = decision.changes
    assert isinstance(added, ContainerAdded)
    assert (added.metadata_license, added.data_license) == ("CC0-1.0", "LicenseRef-Ours")
    assert added.authors == f'[{{"name":"Ada","userId":"{USER}"}}]'
    assert label == LabelAdded(new_id(1), new_id(0), "k", "v", False, 0, NOW, USER)
    assert relation == RelationAdded(
        new_id(2), RelationKind.CUSTOM, new_id(0), DATASET, None, None, "about", None, NOW, USER
    )
    assert event == Event(new_id(3), EventKind.CREATED, new_id(0), USER, NOW, None, 0)


def test_projects_and_objects_bear_it_too() -> None:
    a_project = create_project(FREE, FULL, stamp(), MENTIONED)
    made = create_object(
        place(collection()),
        COLLECTION,
        FULL,
        ObjectHeaders(),
        Declared(),
        stamp=stamp(),
        is_multipart=False,
        mentioned=MENTIONED,
    )

    for changes, kind in ((a_project.changes, ContainerAdded), (made.changes, ObjectAdded)):
        added = changes[0]
        assert isinstance(added, kind)
        assert (added.data_license, added.authors is not None) == ("LicenseRef-Ours", True)
        assert [type(change) for change in changes[1:3]] == [LabelAdded, RelationAdded]


@pytest.mark.parametrize("wanted", [None, DataClass.PUBLIC, DataClass.PRIVATE, DataClass.CONFIDENTIAL])
def test_an_object_notes_a_class_that_is_less_open_than_its_homes(wanted: DataClass | None) -> None:
    """Its home may be on its way to relax all that is in it."""
    decision = create_object(
        place(collection()),
        COLLECTION,
        NewResource("o", data_class=wanted),
        ObjectHeaders(),
        Declared(),
        stamp=stamp(),
        is_multipart=False,
    )

    kept = [change for change in decision.changes if isinstance(change, ClassKept)]
    assert kept == ([ClassKept(new_id(0), NOW)] if wanted is DataClass.CONFIDENTIAL else [])


@pytest.mark.parametrize(
    ("new", "level", "error", "field"),
    [
        (FULL, Level.APPEND, Forbidden, ("input", "parent")),
        (replace(FULL, data_license="LicenseRef-Theirs"), Level.ADMIN, NotFound, ("input", "dataLicense")),
        (replace(FULL, metadata_license="no licence"), Level.ADMIN, BadInput, ("input", "metadataLicense")),
        (
            replace(FULL, authors=(Author("A", user_id=DATASET),)),
            Level.ADMIN,
            NotFound,
            ("input", "authors", "0", "user"),
        ),
        (replace(FULL, authors=(Author(""),)), Level.ADMIN, BadInput, ("input", "authors", "0", "name")),
        (replace(FULL, labels=(NewLabel("app.x", ""),)), Level.ADMIN, BadInput, ("input", "labels", "0", "key")),
        (
            replace(FULL, links=(replace(ABOUT, target_id=PROJECT),)),
            Level.ADMIN,
            NotFound,
            ("input", "relations", "0", "target"),
        ),
    ],
)
def test_nothing_is_made_where_what_comes_with_it_cannot_be(
    new: NewResource, level: Level, error: type[DomainError], field: tuple[str, ...]
) -> None:
    with pytest.raises(error) as refused:
        create_container(place(collection(level)), Kind.DATASET, COLLECTION, new, stamp(), MENTIONED)

    assert type(refused.value) is error
    assert refused.value.field == field
