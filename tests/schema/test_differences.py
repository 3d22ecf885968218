"""What differs between snapshots, told page by page and compared with what copies of both sides say."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

import pytest

from domain.access import Level
from domain.comparing import pair_paths
from domain.creation import NewResource
from domain.describing import Description
from domain.labels import NewLabel
from domain.resources import DataClass
from tests.frozen_copies import Copy, copy_present
from tests.schema.face import Face, Person, Tree
from tests.writers import Writer

DIFF = """query ($from: ID!, $to: ID!, $first: Int!, $after: String) {
    snapshotDiff(from: $from, to: $to, first: $first, after: $after) {
        edges { cursor node { kind } }
        nodes { kind pathBefore pathAfter before { id name } after { id name } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
}"""


async def differences(face: Face, who: Person | None, before: str, after: str, size: int = 100) -> list[Any]:
    """All differences, following pages to the end."""
    found: list[Any] = []
    cursor = None
    while True:
        page = (await face.ask(who, DIFF, **{"from": before, "to": after}, first=size, after=cursor))["snapshotDiff"]
        assert len(page["nodes"]) <= size
        found += page["nodes"]
        cursor = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return found


def told(found: list[Any]) -> list[tuple[str, str | None, str | None]]:
    return [(one["kind"], one["pathBefore"], one["pathAfter"]) for one in found]


async def test_each_kind_of_difference_is_told_at_its_path(face: Face, ada: Person) -> None:
    world, name = face.world, face.fresh_name()
    project = await world.project(ada.id, name)
    puts = {key: await world.put(ada.id, name, key) for key in ("c/bytes", "c/gone", "c/moved", "c/same", "c/words")}
    first = await world.snapshot(ada.id, project, "1.0.0")
    await world.put(ada.id, name, "c/bytes", 9)
    await world.delete_object(ada.id, puts["c/gone"].object_id)
    await world.rename(ada.id, puts["c/moved"].object_id, "to")
    await world.set_labels(ada.id, puts["c/words"].object_id, NewLabel("k", "v"))
    await world.put(ada.id, name, "a/new")
    collection = (await face.ask(ada, "query ($r: String!) { resource(ref: $r) { id } }", r=f"{name}/c/"))["resource"]
    await world.describe(ada.id, collection["id"], Description(title="t"))
    second = await world.snapshot(ada.id, project, "2.0.0")
    expected = [
        ("ADDED", None, "a/"),
        ("ADDED", None, "a/new"),
        ("FIELDS", "c/", "c/"),
        ("CHANGED", "c/bytes", "c/bytes"),
        ("REMOVED", "c/gone", None),
        ("MOVED", "c/moved", "c/to"),
        ("FIELDS", "c/words", "c/words"),
    ]

    for after in (second, project):
        for size in (1, 2, 100):
            assert told(await differences(face, ada, first, after, size)) == expected

    found = await differences(face, ada, first, second)
    before, after = found[5]["before"], found[5]["after"]
    assert (before["name"], after["name"]) == ("moved", "to")
    assert [one["id"][27:] for one in (before, after)] == [puts["c/moved"].object_id] * 2
    living = await differences(face, ada, first, project)
    assert (living[5]["before"], living[5]["after"]["id"]) == (before, puts["c/moved"].object_id)
    backward = told(await differences(face, ada, project, first))
    assert sorted(kind for kind, _, _ in backward) == sorted(
        {"ADDED": "REMOVED", "REMOVED": "ADDED"}.get(kind, kind) for kind, _, _ in expected
    )
    assert await differences(face, ada, second, project) == await differences(face, ada, first, first) == []


async def test_a_swap_tells_both_moves_and_one_path_may_tell_two_things(face: Face, ada: Person) -> None:
    world, name = face.world, face.fresh_name()
    project = await world.project(ada.id, name)
    one, two, three = [(await world.put(ada.id, name, key)).object_id for key in ("one", "two", "three")]
    snapshot = await world.snapshot(ada.id, project)
    await world.rename(ada.id, one, "between")
    await world.rename(ada.id, two, "one")
    await world.rename(ada.id, one, "two")
    await world.delete_object(ada.id, three)
    swapped = [("MOVED", "two", "one"), ("REMOVED", "three", None), ("MOVED", "one", "two")]

    for size in (1, 2, 9):
        assert told(await differences(face, ada, snapshot, project, size)) == swapped

    await world.rename(ada.id, two, "three")
    both = [("REMOVED", "three", None), ("MOVED", "two", "three"), ("MOVED", "one", "two")]
    for size in (1, 2, 9):
        assert told(await differences(face, ada, snapshot, project, size)) == both


async def test_another_object_under_the_same_name_is_compared_by_what_it_holds(face: Face, ada: Person) -> None:
    world, name = face.world, face.fresh_name()
    project = await world.project(ada.id, name)
    put = await world.put(ada.id, name, "o")
    snapshot = await world.snapshot(ada.id, project)
    await world.delete_object(ada.id, put.object_id)
    await world.put(ada.id, name, "o")

    found = await differences(face, ada, snapshot, project)

    assert told(found) == [("CHANGED", "o", "o")]
    assert found[0]["before"]["id"] != found[0]["after"]["id"]


async def test_a_renamed_container_moves_with_all_below_it(face: Face, ada: Person, tree: Tree) -> None:
    snapshot = await face.world.snapshot(ada.id, tree.project)
    await face.world.rename(ada.id, tree.collection, "other")

    found = told(await differences(face, ada, snapshot, tree.project, 2))

    paths = ["", "data/", "data/a.txt", "data/b/c.txt"]
    assert found == [("MOVED", f"coll/{path}", f"other/{path}") for path in paths]


async def test_only_views_of_one_original_are_compared(face: Face, ada: Person, bob: Person, tree: Tree) -> None:
    world = face.world
    snapshot = await world.snapshot(ada.id, tree.project)
    other = await world.snapshot(ada.id, tree.collection)
    inner = await face.ask(ada, "query ($r: String!) { resource(ref: $r) { id } }", r=f"{tree.name}@1.0.0/coll/")
    within = inner["resource"]["id"]

    for before, after in ((snapshot, other), (snapshot, tree.collection), (tree.project, tree.collection)):
        answer = await face.answer(ada, DIFF, **{"from": before, "to": after}, first=1)
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]
    for wanted in (tree.first, f"{snapshot}:{tree.first}"):
        answer = await face.answer(ada, DIFF, **{"from": wanted, "to": tree.project}, first=1)
        code = [error["extensions"]["code"] for error in answer.get("errors", ())]
        assert code == ["BAD_USER_INPUT"] or answer["data"] == {"snapshotDiff": None}
    # A part of a snapshot and a snapshot of that part are views of one collection.
    assert await differences(face, ada, within, other) == []
    assert await differences(face, ada, within, tree.collection) == []
    for who in (bob, None):
        answer = await face.ask(who, DIFF, **{"from": snapshot, "to": tree.project}, first=1)
        assert answer == {"snapshotDiff": None}
    await world.grant(ada.id, snapshot, bob.id, Level.READ)
    assert (await face.ask(bob, DIFF, **{"from": snapshot, "to": tree.project}, first=1)) == {"snapshotDiff": None}


@pytest.mark.parametrize(
    "cursor", ["eA", "ZGlmZmVyZW5jZXMK", "ZGlmZmVyZW5jZXMKMA", "ZGlmZmVyZW5jZXMKMng", "ZGlmZmVyZW5jZXMKMHB4"]
)
async def test_a_forged_cursor_is_refused(face: Face, ada: Person, tree: Tree, cursor: str) -> None:
    snapshot = await face.world.snapshot(ada.id, tree.project)

    answer = await face.answer(ada, DIFF, **{"from": snapshot, "to": tree.project}, first=1, after=cursor)

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]


async def test_strangers_are_told_of_what_they_may_see(face: Face, ada: Person, bob: Person) -> None:
    world, name = face.world, face.fresh_name()
    project = await world.project(ada.id, NewResource(name, data_class=DataClass.PUBLIC))
    opened, shut = [(await world.put(ada.id, name, key)).object_id for key in ("open", "shut")]
    await world.set_class(ada.id, shut, DataClass.CONFIDENTIAL)
    snapshot = await world.snapshot(ada.id, project)
    await world.rename(ada.id, opened, "open-moved")
    await world.rename(ada.id, shut, "shut-moved")

    for who in (bob, None):
        assert told(await differences(face, who, snapshot, project)) == [("MOVED", "open", "open-moved")]
    assert told(await differences(face, ada, snapshot, project)) == [
        ("MOVED", "open", "open-moved"),
        ("MOVED", "shut", "shut-moved"),
    ]


async def test_a_deleted_original_has_lost_all(face: Face, ada: Person, tree: Tree) -> None:
    snapshot = await face.world.snapshot(ada.id, tree.collection)
    await face.world.delete_container(ada.id, tree.collection, is_recursive=True)

    found = told(await differences(face, ada, snapshot, tree.collection, 2))

    assert found == [("REMOVED", path, None) for path in ("data/", "data/a.txt", "data/b/c.txt")]


async def test_much_that_is_the_same_is_compared_in_short_pages(
    face: Face, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, name = face.world, face.fresh_name()
    project = await world.project(ada.id, name)
    for number in range(30):
        await world.put(ada.id, name, f"c/o{number:02}")
    snapshot = await world.snapshot(ada.id, project)
    await world.put(ada.id, name, "c/o15", 9)
    await world.put(ada.id, name, "z")
    monkeypatch.setattr("resolvers.differences._NAMES_MAX", 8)

    page = (await face.ask(ada, DIFF, **{"from": snapshot, "to": project}, first=5))["snapshotDiff"]

    assert page["nodes"] == []
    assert page["pageInfo"]["hasNextPage"]
    assert told(await differences(face, ada, snapshot, project)) == [
        ("CHANGED", "c/o15", "c/o15"),
        ("ADDED", None, "z"),
    ]
    monkeypatch.setattr("resolvers.differences._PAGES_MAX", 3)
    monkeypatch.setattr("resolvers.differences._PAGE_SIZE", 4)
    monkeypatch.setattr("resolvers.differences._NAMES_MAX", 2000)
    assert told(await differences(face, ada, snapshot, project)) == [
        ("CHANGED", "c/o15", "c/o15"),
        ("ADDED", None, "z"),
    ]


# -- against copies


def flat(copy: Copy, above: str = "") -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Paths of a copy with (id, whether a container, ETag, what describes it)."""
    for name, found in copy.items():
        is_container = name.endswith("\x01")
        path = above + name.rstrip("\x01")
        fields, standing = (found[1], found[2]) if is_container else (found[3], found[4])
        labels = tuple(one for one in standing if one[1])
        yield path, (found[0], is_container, None if is_container else found[2], (fields, labels))
        if is_container:
            yield from flat(found[3], path)


def expected_differences(before: Copy, after: Copy) -> set[tuple[str, str | None, str | None]]:
    """Differences by the words of the schema, from whole copies."""
    sides = [{(path, one[1]): one for path, one in flat(copy)} for copy in (before, after)]
    paths: list[defaultdict[str, list[str]]] = [defaultdict(list), defaultdict(list)]
    for side, found in zip(sides, paths, strict=True):
        for (path, _), one in side.items():
            found[one[0]].append(path)
    answers: set[tuple[str, str | None, str | None]] = set()
    removed: dict[tuple[str, bool], tuple[Any, ...]] = {}
    added: dict[tuple[str, bool], tuple[Any, ...]] = {}
    kinds: Mapping[str, bool] = {one[0]: one[1] for side in sides for one in side.values()}
    for identity, is_container in kinds.items():
        moves = pair_paths(paths[0][identity], paths[1][identity])
        answers |= {("MOVED", *pair) for pair in moves.moved}
        removed |= {(path, is_container): sides[0][path, is_container] for path in moves.removed}
        added |= {(path, is_container): sides[1][path, is_container] for path in moves.added}
    for key, one in sides[0].items():
        other = sides[1].get(key)
        is_replaced = key in removed and key in added
        if other is not None and (one[0] == other[0] or is_replaced):
            if one[2] != other[2]:
                answers.add(("CHANGED", key[0], key[0]))
            elif one[3] != other[3]:
                answers.add(("FIELDS", key[0], key[0]))
    replaced = removed.keys() & added.keys()
    answers |= {("REMOVED", path, None) for path, _ in removed.keys() - replaced}
    return answers | {("ADDED", None, path) for path, _ in added.keys() - replaced}


@pytest.mark.parametrize("seed", range(4))
async def test_differences_are_those_of_whole_copies(face: Face, ada: Person, seed: int) -> None:
    random = Random(seed)
    buckets = [face.fresh_name() for _ in range(2)]
    projects = [await face.world.project(ada.id, bucket) for bucket in buckets]
    writer = Writer(face.world, random, ada.id, buckets, projects)
    writer.sets_classes = False
    views: list[tuple[str, Copy]] = []
    for _ in range(3):
        for _ in range(18):
            await writer.write()
        await writer.snapshot(projects[0])
        views.append(list(writer.copies.items())[-1])
    for _ in range(8):
        await writer.write()
    await face.world.finish_tasks()
    views.append((projects[0], await copy_present(face.world, projects[0])))

    for before_id, before in views:
        for after_id, after in views:
            if before_id != after_id:
                found = told(await differences(face, ada, before_id, after_id, random.choice([1, 2, 3, 7, 100])))
                assert len(set(found)) == len(found), f"seed {seed}: twice the same in {found}"
                assert set(found) == expected_differences(before, after), f"seed {seed}"
                places = [after or before or "" for _, before, after in found]
                assert places == sorted(places), f"seed {seed}: {places}"
