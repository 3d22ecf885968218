"""What the rules of publishing, uploads and creation refuse for snapshots and archives."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.access import Level
from domain.changes import Event, EventKind, ObjectStateChanged, UploadFailed
from domain.contents import Declared, ObjectHeaders, PartFacts
from domain.creation import ChildPlaceFacts, NewResource, create_container, create_object
from domain.errors import Forbidden, Immutable
from domain.keys import cut_key
from domain.publishing import NO_CONDITIONS, KeyFacts, Publication, UploadFacts, publish, versioned_place
from domain.resources import ContainerFacts, Kind, ObjectFacts, State
from domain.snapshots import versioned_beginning
from domain.uploads import add_part, begin_key_upload, begin_upload, fail_upload
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
    stamp,
)

SEGMENTS = st.sampled_from(["a", "b@1.0.0", "@1.0.0", "c@latest", "d@x", "e@1.0.0+b", "@latest", "f g@1.0.0"])
CHECKSUM = (None, None)


def archived(container: ContainerFacts) -> ContainerFacts:
    return replace(container, is_frozen=True)


def in_archive(state: State = State.AVAILABLE, level: Level = Level.ADMIN) -> ObjectFacts:
    return an_object(level, state, parents=(replace(home(DATASET, "o"), is_parent_frozen=True),))


def publication(key: str, object_id: str | None = None) -> Publication:
    return Publication("proj", key, cut_key(key), object_id, None, content(), ObjectHeaders(), NO_CONDITIONS, stamp())


def upload(*, is_frozen: bool = False, object_id: str | None = None) -> UploadFacts:
    return UploadFacts(
        id="U",
        project_id=PROJECT,
        bucket="proj",
        key="coll/o",
        object_id=object_id,
        is_open=True,
        is_multipart=True,
        headers=ObjectHeaders(),
        declared=Declared(),
        checksum_algorithm=None,
        checksum_type=None,
        created_by=USER,
        finished=None,
        is_frozen=is_frozen,
    )


@given(st.lists(SEGMENTS, min_size=1, max_size=4), st.sampled_from(["none", "collection", "both", "dataset"]))
def test_a_key_may_be_hidden_where_its_name_in_an_existing_container_says_so(segments: list[str], way: str) -> None:
    containers = {
        "none": (),
        "collection": (collection(),),
        "both": (collection(), dataset()),
        "dataset": (dataset(parent=PROJECT),),
    }[way]
    cut = cut_key("/".join(segments))
    existing = containers[: len(cut.containers)]

    found = versioned_place(KeyFacts(project(), existing, (), None), cut)

    is_whole = len(cut.containers) == len(existing) or way == "dataset"
    lowest = existing[-1] if existing else project()
    beginning = versioned_beginning(cut.rests[len(existing)], lowest.kind) if is_whole else None
    assert found == (None if beginning is None else (lowest.id, beginning))
    assert versioned_place(KeyFacts(project(), existing, (), an_object()), cut) is None
    assert versioned_place(KeyFacts(None, (), (), None), cut) is None


def test_a_key_behind_a_snapshot_takes_no_writes() -> None:
    behind = KeyFacts(project(), (), (), None, is_behind_snapshot=True)

    with pytest.raises(Immutable, match="leads into a snapshot"):
        publish(behind, publication("c@1.0.0/o"))
    with pytest.raises(Immutable, match="leads into a snapshot"):
        begin_key_upload(behind, "proj", "c@1.0.0/o", ObjectHeaders(), CHECKSUM, stamp())
    place = ChildPlaceFacts(project(), PROJECT, "proj", "", is_name_taken=False, is_behind_snapshot=True)
    with pytest.raises(Immutable) as caught:
        create_object(
            place,
            PROJECT,
            NewResource("c@1.0.0/o"),
            ObjectHeaders(),
            Declared(),
            stamp=stamp(),
            is_multipart=False,
        )
    assert caught.value.field == ("input", "name")


def test_who_may_not_write_is_not_told_of_snapshots() -> None:
    with pytest.raises(Forbidden):
        publish(KeyFacts(project(Level.READ), (), (), None, is_behind_snapshot=True), publication("c@1.0.0/o"))


def test_an_archive_takes_no_keys_and_no_children() -> None:
    facts = KeyFacts(archived(project()), (archived(collection()),), (), None)

    with pytest.raises(Immutable):
        publish(facts, publication("coll/o"))
    with pytest.raises(Immutable):
        begin_key_upload(facts, "proj", "coll/o", ObjectHeaders(), CHECKSUM, stamp())
    place = ChildPlaceFacts(archived(collection()), PROJECT, "proj", "coll/", is_name_taken=False)
    with pytest.raises(Immutable):
        create_container(place, Kind.DATASET, COLLECTION, NewResource("d"), stamp())


def test_what_lives_elsewhere_is_written_by_its_home_and_not_by_the_archives_key() -> None:
    living = an_object(parents=(home(DATASET, "o"), replace(home(COLLECTION, "o"), is_home=False)))
    by_key = KeyFacts(archived(project()), (archived(collection()),), (), living)

    with pytest.raises(Immutable):
        publish(by_key, publication("coll/o"))
    with pytest.raises(Immutable):
        begin_key_upload(by_key, "proj", "coll/o", ObjectHeaders(), CHECKSUM, stamp())
    assert publish(by_key, publication("coll/o", OBJECT)).result.revision_number == 1


def test_what_has_its_home_in_an_archive_is_written_by_no_key() -> None:
    by_share = KeyFacts(project(), (collection(),), (), in_archive())

    with pytest.raises(Immutable):
        publish(by_share, publication("coll/o"))
    with pytest.raises(Immutable):
        publish(by_share, publication("coll/o", OBJECT))
    with pytest.raises(Immutable):
        begin_upload(
            in_archive(),
            OBJECT,
            (PROJECT, "proj", "coll/o"),
            ObjectHeaders(),
            Declared(),
            stamp=stamp(),
            is_multipart=True,
        )


def test_an_upload_to_an_archive_takes_no_parts_and_can_be_ended() -> None:
    part = PartFacts(1, content().parts[0].blob)
    with pytest.raises(Immutable, match="archived now"):
        add_part(upload(is_frozen=True), "U", part, stamp())

    ended = fail_upload(upload(object_id=OBJECT), in_archive(State.INITIALIZING), "U", "aborted", stamp())
    assert ended.changes == (UploadFailed("U", "aborted", NOW),), "what is in the archive stays as it is"
    living = fail_upload(upload(object_id=OBJECT), an_object(state=State.INITIALIZING), "U", "aborted", stamp())
    assert living.changes == (
        UploadFailed("U", "aborted", NOW),
        ObjectStateChanged(OBJECT, State.ERROR, "aborted", NOW),
        Event(new_id(0), EventKind.UPLOAD_FAILED, OBJECT, USER, NOW, 3, 4),
    )
