from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.access import Caller, Level
from domain.changes import (
    Change,
    ContainerAdded,
    ContainerRevived,
    CountersChanged,
    Event,
    EventKind,
    ObjectAdded,
    RelationAdded,
    RevisionPublished,
    RevisionPushedBack,
    UploadFinished,
)
from domain.contents import Declared, ExistingContent, ObjectHeaders
from domain.errors import BadInput, ConditionFailed, DomainError, FailedPrecondition, Forbidden, NotFound
from domain.keys import cut_key
from domain.publishing import (
    NO_CONDITIONS,
    Conditions,
    KeyFacts,
    Origin,
    Publication,
    Published,
    UploadFacts,
    check_conditions,
    publish,
)
from domain.relations import RelationKind
from domain.resources import ContainerFacts, Kind, ObjectFacts, ParentEdge, State, Versioning
from tests.domain.making import (
    COLLECTION,
    DATASET,
    NOW,
    OBJECT,
    PROJECT,
    USER,
    an_object,
    collection,
    content,
    dataset,
    home,
    new_id,
    project,
    published,
    stamp,
)

UPLOAD = "01UPLOAD"
HEADERS = ObjectHeaders(content_type="text/plain", user_metadata={"a": "b"})


def publication(
    key: str = "coll/data/o",
    *,
    object_id: str | None = None,
    upload_id: str | None = None,
    conditions: Conditions = NO_CONDITIONS,
    origin: Origin | None = None,
    user: str = USER,
) -> Publication:
    return Publication(
        bucket="proj",
        key=key,
        cut=cut_key(key),
        object_id=object_id,
        upload_id=upload_id,
        content=content(),
        headers=HEADERS,
        conditions=conditions,
        stamp=stamp(Caller(user)),
        origin=origin,
    )


def upload(key: str = "coll/data/o", object_id: str | None = None, *, is_open: bool = True) -> UploadFacts:
    return UploadFacts(
        id=UPLOAD,
        project_id=PROJECT,
        bucket="proj",
        key=key,
        object_id=object_id,
        is_open=is_open,
        is_multipart=True,
        headers=HEADERS,
        declared=Declared(),
        checksum_algorithm=None,
        checksum_type=None,
        created_by=USER,
        finished=None,
    )


def facts(
    *way: ContainerFacts,
    existing: ObjectFacts | None = None,
    hidden: tuple[ContainerFacts, ...] = (),
    level: Level = Level.ADMIN,
    waiting: UploadFacts | None = None,
) -> KeyFacts:
    return KeyFacts(project(level), way, hidden, existing, waiting)


def of_kind(changes: tuple[Change, ...], *kinds: type[Change]) -> list[Change]:
    return [change for change in changes if isinstance(change, kinds)]


def event(number: int, kind: EventKind, resource_id: str, before: int | None, after: int | None) -> Event:
    return Event(new_id(number), kind, resource_id, USER, NOW, before, after)


def test_a_new_key_in_an_existing_dataset_is_an_object_with_its_first_revision() -> None:
    decision = publish(facts(collection(), dataset()), publication())

    result = Published(new_id(0), new_id(1), 0, content().etag, Versioning.OFF)
    assert decision.result == result
    assert decision.changes == (
        ObjectAdded(
            id=new_id(0),
            name="o",
            parent_id=DATASET,
            parent_kind=Kind.DATASET,
            state=State.INITIALIZING,
            title=None,
            description=None,
            data_class=dataset().data_class,
            metadata_license="CC0-1.0",
            data_license="CC-BY-4.0",
            at=NOW,
            by=USER,
        ),
        RevisionPublished(new_id(0), new_id(1), 0, content(), HEADERS, State.AVAILABLE, Versioning.OFF, NOW, USER),
        CountersChanged(DATASET, entries=1, objects=1, length_bytes=7),
        event(2, EventKind.PUBLISHED, new_id(0), None, 1),
    )


def test_missing_containers_are_made_from_the_top_and_each_parent_counts_its_child() -> None:
    decision = publish(facts(), publication("x/y/z/w"))

    made = [change for change in decision.changes if isinstance(change, ContainerAdded)]
    assert [(change.id, change.kind, change.name, change.parent_id, change.is_made_by_put) for change in made] == [
        (new_id(0), Kind.COLLECTION, "x", PROJECT, True),
        (new_id(2), Kind.DATASET, "y", new_id(0), True),
    ]
    assert of_kind(decision.changes, CountersChanged) == [
        CountersChanged(PROJECT, entries=1),
        CountersChanged(new_id(0), entries=1),
        CountersChanged(new_id(2), entries=1, objects=1, length_bytes=7),
    ]
    assert of_kind(decision.changes, Event) == [
        event(1, EventKind.CREATED, new_id(0), None, 0),
        event(3, EventKind.CREATED, new_id(2), None, 0),
        event(6, EventKind.PUBLISHED, new_id(4), None, 1),
    ]
    added = of_kind(decision.changes, ObjectAdded)
    assert isinstance(added[0], ObjectAdded)
    assert (added[0].parent_id, added[0].name) == (new_id(2), "z/w")


def test_below_a_dataset_all_the_rest_is_the_objects_name() -> None:
    decision = publish(facts(dataset(parent=PROJECT)), publication("data/y/z"))

    (added,) = of_kind(decision.changes, ObjectAdded)
    assert isinstance(added, ObjectAdded)
    assert (added.parent_id, added.name) == (DATASET, "y/z")
    assert not of_kind(decision.changes, ContainerAdded)


def test_hidden_containers_on_the_way_are_revived_instead_of_made() -> None:
    hidden = (replace(collection(), is_hidden=True), replace(dataset(), is_hidden=True))

    decision = publish(facts(hidden=hidden), publication())

    assert decision.changes[:6] == (
        ContainerRevived(COLLECTION, PROJECT, "coll"),
        event(0, EventKind.REVIVED, COLLECTION, None, None),
        CountersChanged(PROJECT, entries=1),
        ContainerRevived(DATASET, COLLECTION, "data"),
        event(1, EventKind.REVIVED, DATASET, None, None),
        CountersChanged(COLLECTION, entries=1),
    )
    assert not of_kind(decision.changes, ContainerAdded)


def test_what_hid_below_a_container_of_another_kind_stays_hidden() -> None:
    wrong = replace(dataset(parent=PROJECT), is_hidden=True)

    decision = publish(facts(hidden=(wrong,)), publication())

    kinds = [change.kind for change in decision.changes if isinstance(change, ContainerAdded)]
    assert kinds == [Kind.COLLECTION, Kind.DATASET]
    assert not of_kind(decision.changes, ContainerRevived)


def test_a_hidden_collection_without_its_dataset_gets_a_new_one() -> None:
    decision = publish(facts(hidden=(replace(collection(), is_hidden=True),)), publication())

    (added,) = of_kind(decision.changes, ContainerAdded)
    assert isinstance(added, ContainerAdded)
    assert (added.kind, added.parent_id) == (Kind.DATASET, COLLECTION)


def test_an_overwrite_pushes_the_revision_back_and_changes_every_parents_bytes() -> None:
    share = ParentEdge(PROJECT, "shared", is_home=False, passes=Level.READ)
    existing = an_object(shown=published(4, length=5), parents=(home(DATASET, "o"), share))

    decision = publish(facts(collection(), dataset(), existing=existing), publication())

    assert decision.changes == (
        RevisionPushedBack(OBJECT),
        RevisionPublished(OBJECT, new_id(0), 5, content(), HEADERS, State.AVAILABLE, Versioning.OFF, NOW, USER),
        CountersChanged(DATASET, length_bytes=2),
        CountersChanged(PROJECT, length_bytes=2),
        event(1, EventKind.PUBLISHED, OBJECT, 3, 4),
    )
    assert decision.result == Published(OBJECT, new_id(0), 5, content().etag, Versioning.OFF)


@pytest.mark.parametrize("state", [State.INITIALIZING, State.ERROR])
def test_the_first_bytes_of_an_object_that_waits_make_it_count(state: State) -> None:
    waiting = upload(object_id=OBJECT)

    decision = publish(
        facts(collection(), dataset(), existing=an_object(state=state), waiting=waiting),
        publication(object_id=OBJECT, upload_id=UPLOAD),
    )

    assert not of_kind(decision.changes, RevisionPushedBack)
    assert of_kind(decision.changes, CountersChanged) == [CountersChanged(DATASET, objects=1, length_bytes=7)]
    assert of_kind(decision.changes, UploadFinished) == [
        UploadFinished(UPLOAD, OBJECT, new_id(0), 0, content().etag, Versioning.OFF, NOW)
    ]


def test_a_revision_bears_the_buckets_versioning_of_this_moment() -> None:
    enabled = replace(facts(collection(), dataset()), project=replace(project(), versioning=Versioning.ENABLED))

    decision = publish(enabled, publication())

    assert decision.result.versioning is Versioning.ENABLED


def test_a_copy_to_a_new_key_says_what_it_was_made_from() -> None:
    copied = replace(publication(origin=Origin("SOURCE", "V")), content=ExistingContent("C", 9, "e"))

    decision = publish(facts(collection(), dataset()), copied)

    assert of_kind(decision.changes, RelationAdded) == [
        RelationAdded(new_id(2), RelationKind.ORIGIN, new_id(0), "SOURCE", new_id(1), "V", None, None, NOW, USER)
    ]
    assert of_kind(decision.changes, CountersChanged) == [
        CountersChanged(DATASET, entries=1, objects=1, length_bytes=9)
    ]


def test_a_copy_onto_a_key_that_exists_adds_no_origin() -> None:
    decision = publish(facts(collection(), dataset(), existing=an_object()), publication(origin=Origin("SOURCE", "V")))

    assert not of_kind(decision.changes, RelationAdded)


@pytest.mark.parametrize(
    ("given_facts", "asked", "error", "message"),
    [
        (replace(facts(), project=None), publication(), NotFound, "no project proj"),
        (facts(level=Level.NONE), publication(), NotFound, "no resource proj"),
        (facts(level=Level.READ), publication(), Forbidden, "takes APPEND"),
        (facts(collection(Level.READ), level=Level.ADMIN), publication(), Forbidden, "takes APPEND"),
        (facts(existing=an_object(Level.NONE)), publication(), NotFound, "no resource"),
        (facts(existing=an_object(Level.APPEND)), publication(), Forbidden, "takes WRITE"),
        (
            facts(existing=an_object(Level.APPEND, State.INITIALIZING, created_by="OTHER")),
            publication(),
            Forbidden,
            "takes WRITE",
        ),
        (
            facts(existing=an_object(state=State.DELETED, shown=published())),
            publication(),
            FailedPrecondition,
            "DELETED",
        ),
        (facts(existing=an_object(state=State.VALIDATING)), publication(), FailedPrecondition, "VALIDATING"),
        (facts(), publication("a" * 1025), BadInput, "1025 bytes"),
        (facts(), publication("a\0"), BadInput, "no NUL"),
        (facts(), publication("\ud800"), BadInput, "UTF-8"),
        (facts(), publication(upload_id=UPLOAD), NotFound, "no open upload"),
        (facts(waiting=upload(is_open=False)), publication(upload_id=UPLOAD), NotFound, "no open upload"),
        (facts(waiting=upload("other")), publication(upload_id=UPLOAD), NotFound, "no open upload"),
        (facts(waiting=upload()), publication(upload_id=UPLOAD, user="OTHER"), NotFound, "no open upload"),
        (facts(waiting=upload(object_id=OBJECT)), publication(upload_id=UPLOAD), NotFound, "no open upload"),
        (
            facts(waiting=upload(object_id=OBJECT)),
            publication(upload_id=UPLOAD, object_id=OBJECT),
            NotFound,
            f"no object {OBJECT}",
        ),
    ],
)
def test_what_may_not_be_published_is_refused(
    given_facts: KeyFacts, asked: Publication, error: type[DomainError], message: str
) -> None:
    with pytest.raises(error, match=message):
        publish(given_facts, asked)


def test_append_is_enough_for_the_first_bytes_of_an_object_of_ones_own() -> None:
    decision = publish(facts(existing=an_object(Level.APPEND, State.INITIALIZING)), publication())

    assert decision.result.revision_number == 0


def test_conditions_are_decided_on_what_the_key_shows() -> None:
    shown, other = "a" * 32, "b" * 32
    check_conditions(Conditions(if_match=(shown,)), shown, "k")
    check_conditions(Conditions(if_match=("*",)), shown, "k")
    check_conditions(Conditions(if_none_match=(other,)), shown, "k")
    check_conditions(Conditions(if_none_match=("*",)), None, "k")
    check_conditions(Conditions(if_none_match=(other, shown)), None, "k")

    with pytest.raises(NotFound):
        check_conditions(Conditions(if_match=("*",)), None, "k")
    for refused in (
        Conditions(if_match=(other,)),
        Conditions(if_none_match=("*",)),
        Conditions(if_none_match=(other, shown)),
        Conditions(if_match=(shown,), if_none_match=(shown,)),
    ):
        with pytest.raises(ConditionFailed):
            check_conditions(refused, shown, "k")


def test_an_object_that_shows_nothing_yet_counts_as_none_for_conditions() -> None:
    waiting = facts(existing=an_object(state=State.INITIALIZING))

    publish(waiting, publication(conditions=Conditions(if_none_match=("*",))))

    with pytest.raises(NotFound):
        publish(waiting, publication(conditions=Conditions(if_match=("*",))))


@given(st.integers(0, 2**40), st.integers(0, 9), st.integers(1, 4))
def test_an_overwrite_moves_counters_by_the_difference_in_every_parent(length: int, number: int, parents: int) -> None:
    edges = tuple(ParentEdge(f"P{n}", "o", is_home=n == 0, passes=Level.ADMIN) for n in range(parents))
    existing = an_object(shown=published(number, length), parents=edges)

    decision = publish(facts(existing=existing), publication())

    assert of_kind(decision.changes, CountersChanged) == [
        CountersChanged(edge.parent_id, length_bytes=7 - length) for edge in edges
    ]
    assert decision.result.revision_number == number + 1
