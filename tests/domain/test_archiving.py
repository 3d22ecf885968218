from dataclasses import replace

import pytest

from domain.access import ANONYMOUS, Caller, Level
from domain.archiving import archive_project, at_home, unarchive_project
from domain.changes import (
    ContainerFrozen,
    ContainerThawed,
    Event,
    EventCounts,
    EventKind,
    ProjectArchived,
    ProjectUnarchived,
    TaskAdded,
    TaskKind,
)
from domain.errors import DomainError, FailedPrecondition, Forbidden, NotFound, Unauthenticated
from domain.identifiers import encode_ulid
from domain.resources import ContainerFacts, ResourceFacts, State
from domain.stamps import Stamp
from domain.trees import Counts, Place, TreeContainer, TreeFacts
from tests.domain.making import (
    COLLECTION,
    DATASET,
    NOW,
    PROJECT,
    USER,
    an_object,
    collection,
    dataset,
    new_id,
    new_ids,
    project,
    stamp,
)

ELSEWHERE = encode_ulid(20)
FOREIGN = encode_ulid(21)


def one(facts: ContainerFacts, *places: Place, epoch: int, container_id: str | None = None) -> TreeContainer:
    found = container_id or facts.id
    return TreeContainer(found, facts.kind, facts.name, epoch, False, places, 1, Counts(1, 5, NOW))


OWN = (
    one(project(), epoch=2),
    one(collection(), Place(PROJECT, "coll", is_home=True), epoch=0),
    one(dataset(), Place(COLLECTION, "data", is_home=True), Place(ELSEWHERE, "there", is_home=False), epoch=4),
)
SHARED = one(
    dataset(), Place(ELSEWHERE, "d", is_home=True), Place(COLLECTION, "d", is_home=False), epoch=0, container_id=FOREIGN
)


def tree(root: ResourceFacts | None, *containers: TreeContainer) -> TreeFacts:
    return TreeFacts(root, {container.id: container for container in containers})


def root_stamp() -> Stamp:
    return Stamp(Caller(USER, is_administrator=True), NOW, new_ids())


def test_an_archive_is_all_that_has_its_home_in_it() -> None:
    decision = archive_project(tree(replace(project(), revision=3), *OWN), PROJECT, stamp())

    assert decision.changes == (
        ContainerFrozen(PROJECT, 2, tree_objects=3, tree_bytes=15, tree_changed_at=NOW),
        ContainerFrozen(COLLECTION, 0, tree_objects=2, tree_bytes=10, tree_changed_at=NOW),
        ContainerFrozen(DATASET, 4, tree_objects=1, tree_bytes=5, tree_changed_at=NOW),
        ProjectArchived(PROJECT, NOW, USER),
        Event(new_id(0), EventKind.ARCHIVED, PROJECT, USER, NOW, 3, 4, EventCounts(1, 1, 3)),
    )


def test_what_is_shared_into_a_project_keeps_it_from_being_archived() -> None:
    with pytest.raises(FailedPrecondition, match=f"dataset data \\({FOREIGN}\\)") as caught:
        archive_project(tree(project(), *OWN, SHARED), PROJECT, stamp())

    assert caught.value.field == ("id",)


def test_of_many_shared_containers_some_are_named() -> None:
    shared = [replace(SHARED, id=encode_ulid(30 + number)) for number in range(8)]

    with pytest.raises(FailedPrecondition, match="and 3 more"):
        archive_project(tree(project(), *OWN, *shared), PROJECT, stamp())


def test_what_is_below_a_shared_collection_is_not_at_home_either() -> None:
    shared = one(
        collection(),
        Place(ELSEWHERE, "c", is_home=True),
        Place(PROJECT, "c", is_home=False),
        epoch=0,
        container_id=FOREIGN,
    )
    below = one(dataset(), Place(FOREIGN, "d", is_home=True), epoch=0, container_id=encode_ulid(22))

    own, foreign = at_home(tree(project(), *OWN, shared, below), PROJECT)

    assert set(own) == {PROJECT, COLLECTION, DATASET}
    assert foreign == [shared]


@pytest.mark.parametrize(
    ("root", "error", "words"),
    [
        (None, NotFound, "no resource"),
        (project(Level.WRITE), Forbidden, "takes ADMIN"),
        (replace(project(), is_frozen=True), FailedPrecondition, "archived already"),
        (replace(project(), state=State.DELETED), FailedPrecondition, "DELETED"),
        (collection(), FailedPrecondition, "only whole projects"),
        (an_object(), FailedPrecondition, "only whole projects"),
        (replace(project(), snapshot_of=PROJECT, is_frozen=True), FailedPrecondition, "only whole projects"),
    ],
)
def test_only_living_projects_are_archived_by_their_admins(
    root: ResourceFacts | None, error: type[DomainError], words: str
) -> None:
    with pytest.raises(error, match=words) as caught:
        archive_project(tree(root, *OWN), PROJECT, stamp())

    assert caught.value.field == ("id",)


def test_an_administrator_takes_an_archive_back_whatever_level_he_has() -> None:
    archived = replace(project(Level.NONE), is_frozen=True, revision=4)

    decision = unarchive_project(tree(archived, *OWN), PROJECT, root_stamp())

    assert decision.changes == (
        ContainerThawed(PROJECT),
        ContainerThawed(COLLECTION),
        ContainerThawed(DATASET),
        ProjectUnarchived(PROJECT, NOW),
        TaskAdded(
            new_id(0),
            TaskKind.DROP_PASTS,
            PROJECT,
            {"containers": f"{PROJECT} {COLLECTION} {DATASET}"},
            NOW,
            USER,
        ),
        Event(new_id(1), EventKind.UNARCHIVED, PROJECT, USER, NOW, 4, 5, EventCounts(1, 1, 3)),
    )


@pytest.mark.parametrize(
    ("root", "by", "error"),
    [
        (replace(project(), is_frozen=True), stamp(ANONYMOUS), Unauthenticated),
        (replace(project(), is_frozen=True), stamp(), Forbidden),
        (replace(project(Level.NONE), is_frozen=True), stamp(), NotFound),
        (None, root_stamp(), NotFound),
        (project(), root_stamp(), FailedPrecondition),
        (collection(), root_stamp(), FailedPrecondition),
    ],
)
def test_nobody_else_takes_an_archive_back(root: ResourceFacts | None, by: Stamp, error: type[DomainError]) -> None:
    with pytest.raises(error):
        unarchive_project(tree(root, *OWN), PROJECT, by)
