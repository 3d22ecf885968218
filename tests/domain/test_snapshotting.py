from dataclasses import replace
from typing import Any

import pytest

from domain.access import Level
from domain.changes import (
    EpochRaised,
    Event,
    EventCounts,
    EventKind,
    FrozenAdded,
    FrozenLinked,
    LatestVersionSet,
    SnapshotRemoved,
    TaskAdded,
    TaskKind,
)
from domain.errors import AlreadyExists, BadInput, DomainError, FailedPrecondition, Forbidden, NotFound
from domain.identifiers import encode_ulid
from domain.resources import ContainerFacts, Kind, ParentEdge, ResourceFacts, State
from domain.snapshotting import (
    SnapshotDeletionFacts,
    VersionFacts,
    create_snapshot,
    delete_snapshot,
    hiding_places,
)
from domain.trees import Counts, Place, TreeContainer, TreeFacts
from tests.domain.making import (
    COLLECTION,
    DATASET,
    NOW,
    OBJECT,
    PROJECT,
    USER,
    an_object,
    collection,
    dataset,
    new_id,
    project,
    stamp,
)

FREE = VersionFacts(is_taken=False, hidden_key=None, latest_version=None)
OUTSIDE = encode_ulid(20)
SNAPSHOT = encode_ulid(21)


def in_tree(facts: ContainerFacts, *places: Place, objects: int, epoch: int = 0, is_frozen: bool = False) -> Any:
    return TreeContainer(
        facts.id, facts.kind, facts.name, epoch, is_frozen, places, objects, Counts(objects, objects * 10, NOW)
    )


def tree(root: ResourceFacts | None, *containers: TreeContainer) -> TreeFacts:
    return TreeFacts(root, {container.id: container for container in containers})


def small_tree(level: Level = Level.ADMIN) -> TreeFacts:
    """A collection with a dataset that has its home in another project."""
    below = in_tree(
        dataset(), Place(OUTSIDE, "d", is_home=True), Place(COLLECTION, "shared", is_home=False), objects=2, epoch=7
    )
    return tree(
        collection(level), in_tree(collection(), Place(PROJECT, "coll", is_home=True), objects=1, epoch=3), below
    )


def frozen(facts: ContainerFacts, original: str) -> ContainerFacts:
    return replace(facts, id=SNAPSHOT, level=Level.READ, parents=(), is_frozen=True, snapshot_of=original, revision=4)


def test_a_snapshot_freezes_each_container_and_raises_its_epoch() -> None:
    decision = create_snapshot(small_tree(), FREE, COLLECTION, "1.2.0+build.7", stamp())

    root, below = new_id(0), new_id(1)
    assert decision.result == root
    assert decision.changes == (
        FrozenAdded(
            id=root,
            original_id=COLLECTION,
            kind=Kind.COLLECTION,
            root_id=root,
            epoch=3,
            entries=1,
            objects=1,
            length_bytes=10,
            changed_at=NOW,
            tree_objects=3,
            tree_bytes=30,
            tree_changed_at=NOW,
            at=NOW,
            by=USER,
            version="1.2.0+build.7",
            version_identity="1.2.0",
        ),
        EpochRaised(COLLECTION),
        FrozenAdded(
            id=below,
            original_id=DATASET,
            kind=Kind.DATASET,
            root_id=root,
            epoch=7,
            entries=2,
            objects=2,
            length_bytes=20,
            changed_at=NOW,
            tree_objects=2,
            tree_bytes=20,
            tree_changed_at=NOW,
            at=NOW,
            by=USER,
        ),
        EpochRaised(DATASET),
        # It came by a share alone: that is its home in the snapshot.
        FrozenLinked(below, root, "shared", is_home=True, at=NOW, by=USER),
        LatestVersionSet(COLLECTION, "1.2.0"),
        Event(
            new_id(2),
            EventKind.SNAPSHOT_CREATED,
            COLLECTION,
            USER,
            NOW,
            None,
            None,
            EventCounts(collections=0, datasets=1, objects=3),
        ),
    )


def test_a_container_keeps_its_home_where_that_is_in_the_snapshot() -> None:
    places = (Place(PROJECT, "share", is_home=False), Place(COLLECTION, "data", is_home=True))
    whole = tree(
        project(),
        in_tree(project(), objects=0),
        in_tree(collection(), Place(PROJECT, "coll", is_home=True), objects=0),
        in_tree(dataset(), *places, objects=1),
    )

    decision = create_snapshot(whole, FREE, PROJECT, "1.0.0", stamp())

    links = [change for change in decision.changes if isinstance(change, FrozenLinked) and change.child_id == new_id(2)]
    assert [(link.parent_id, link.name, link.is_home) for link in links] == [
        (new_id(0), "share", False),
        (new_id(1), "data", True),
    ]
    sums = [change.tree_objects for change in decision.changes if isinstance(change, FrozenAdded)]
    assert sums == [2, 1, 1], "the dataset's Object has two keys below the project"


def test_what_an_archive_shows_is_seen_once_more() -> None:
    archived = replace(collection(), is_frozen=True)
    whole = tree(archived, in_tree(archived, Place(PROJECT, "coll", is_home=True), objects=1, epoch=5, is_frozen=True))

    decision = create_snapshot(whole, FREE, COLLECTION, "1.0.0", stamp())

    assert [change.epoch for change in decision.changes if isinstance(change, FrozenAdded)] == [5]
    assert not [change for change in decision.changes if isinstance(change, EpochRaised)]


@pytest.mark.parametrize(
    ("before", "version", "after"),
    [
        (None, "1.0.0-rc.1", None),
        (None, "1.0.0", "1.0.0"),
        ("1.2.0", "1.10.0", "1.10.0"),
        ("1.2.0", "1.1.9", "1.2.0"),
        ("1.2.0", "2.0.0-rc.1", "1.2.0"),
    ],
)
def test_the_highest_release_is_the_latest(before: str | None, version: str, after: str | None) -> None:
    standing = replace(FREE, latest_version=before)

    decision = create_snapshot(small_tree(), standing, COLLECTION, version, stamp())

    assert [change for change in decision.changes if isinstance(change, LatestVersionSet)] == [
        LatestVersionSet(COLLECTION, after)
    ]


@pytest.mark.parametrize(
    ("facts", "error", "words"),
    [
        (tree(None), NotFound, "no resource"),
        (small_tree(Level.NONE), NotFound, "no resource"),
        (small_tree(Level.WRITE), Forbidden, "takes ADMIN"),
        (tree(an_object()), FailedPrecondition, "each of its revisions"),
        (tree(frozen(collection(), COLLECTION)), FailedPrecondition, f"original {COLLECTION}"),
        (tree(replace(collection(), state=State.DELETED)), FailedPrecondition, "DELETED"),
    ],
)
def test_only_admins_take_snapshots_of_what_lives(facts: TreeFacts, error: type[DomainError], words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        create_snapshot(facts, FREE, COLLECTION, "1.0.0", stamp())

    assert caught.value.field == ("id",)


@pytest.mark.parametrize("version", ["", "1.0", "v1.0.0", "1.0.0 ", "01.0.0", "latest", "1.0.0-", "9" * 200 + ".0.0"])
def test_a_version_is_a_semantic_one(version: str) -> None:
    with pytest.raises(BadInput) as caught:
        create_snapshot(small_tree(), FREE, COLLECTION, version, stamp())

    assert caught.value.field == ("version",)


def test_a_version_is_used_once() -> None:
    with pytest.raises(AlreadyExists, match="used once") as caught:
        create_snapshot(small_tree(), replace(FREE, is_taken=True), COLLECTION, "1.0.0", stamp())

    assert caught.value.field == ("version",)


def test_a_snapshot_never_hides_a_key() -> None:
    with pytest.raises(FailedPrecondition, match=r"'coll@1\.0\.0/x'"):
        create_snapshot(small_tree(), replace(FREE, hidden_key="coll@1.0.0/x"), COLLECTION, "1.0.0", stamp())


def test_a_snapshot_stands_beside_its_original_in_every_parent() -> None:
    shared = ParentEdge(OUTSIDE, "other", is_home=False, passes=Level.READ)

    assert hiding_places(project()) == (Place(PROJECT, "", is_home=True),)
    assert hiding_places(replace(dataset(), parents=(*dataset().parents, shared))) == (
        Place(COLLECTION, "data", is_home=True),
        Place(OUTSIDE, "other", is_home=False),
    )


def deletion(level: Level = Level.ADMIN, *, is_root: bool = True, state: State = State.AVAILABLE) -> Any:
    snapshot = replace(frozen(collection(), COLLECTION), state=state)
    return SnapshotDeletionFacts(snapshot, collection(level), is_root, (COLLECTION, DATASET))


def test_a_deleted_snapshot_leaves_what_only_it_saw_to_be_dropped() -> None:
    decision = delete_snapshot(deletion(), ("0.9.0", "2.0.0-rc.1", "0.10.0"), SNAPSHOT, stamp())

    assert decision.changes == (
        SnapshotRemoved(SNAPSHOT, NOW),
        LatestVersionSet(COLLECTION, "0.10.0"),
        TaskAdded(new_id(0), TaskKind.DROP_PASTS, COLLECTION, {"containers": f"{COLLECTION} {DATASET}"}, NOW, USER),
        Event(new_id(1), EventKind.DELETED, SNAPSHOT, USER, NOW, 4, 5),
    )
    assert LatestVersionSet(COLLECTION, None) in delete_snapshot(deletion(), (), SNAPSHOT, stamp()).changes


@pytest.mark.parametrize(
    ("facts", "error", "words"),
    [
        (SnapshotDeletionFacts(None, None, is_root=False, originals=()), NotFound, "no resource"),
        (deletion(Level.WRITE), Forbidden, f"ADMIN on its original {COLLECTION}"),
        (deletion(is_root=False), FailedPrecondition, "no snapshot itself"),
        (deletion(state=State.DELETED), FailedPrecondition, "DELETED already"),
        (SnapshotDeletionFacts(collection(), None, is_root=False, originals=()), FailedPrecondition, "no snapshot"),
        (SnapshotDeletionFacts(an_object(), None, is_root=False, originals=()), FailedPrecondition, "no snapshot"),
    ],
)
def test_only_admins_of_the_original_delete_snapshots(
    facts: SnapshotDeletionFacts, error: type[DomainError], words: str
) -> None:
    with pytest.raises(error, match=words) as caught:
        delete_snapshot(facts, (), OBJECT, stamp())

    assert caught.value.field == ("id",)
