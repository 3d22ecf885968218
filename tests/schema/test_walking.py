"""Lists and walks: children, descendants and lineage, their order, pages and rights."""

from typing import Any

import pytest

from domain.access import Level
from domain.creation import NewResource
from domain.linking import Link
from domain.relations import RelationKind
from domain.resources import DataClass, Kind
from tests.schema.face import Face, Person, Tree

CHILDREN = """query ($id: ID!, $kinds: [Kind!], $first: Int, $after: String, $last: Int, $before: String) {
    node(id: $id) { ... on Container {
        children(kinds: $kinds, first: $first, after: $after, last: $last, before: $before) {
            totalCount nodes { id } edges { cursor name node { id kind name } }
            pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        }
    } }
}"""

DESCENDANTS = """query ($id: ID!, $first: Int!, $after: String) {
    node(id: $id) { ... on Container {
        descendants(first: $first, after: $after) {
            nodes { id } edges { cursor path node { id kind } } pageInfo { hasNextPage endCursor }
        }
    } }
}"""


async def children(face: Face, who: Person | None, container: str, **arguments: Any) -> Any:
    return (await face.ask(who, CHILDREN, id=container, **arguments))["node"]["children"]


async def all_children(face: Face, who: Person | None, container: str, size: int, **arguments: Any) -> list[str]:
    names: list[str] = []
    after = None
    while True:
        page = await children(face, who, container, first=size, after=after, **arguments)
        assert [edge["node"]["id"] for edge in page["edges"]] == [node["id"] for node in page["nodes"]]
        names += [edge["name"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return names


async def all_children_backwards(face: Face, who: Person, container: str, size: int, **arguments: Any) -> list[str]:
    names: list[str] = []
    before = None
    while True:
        page = await children(face, who, container, last=size, before=before, **arguments)
        names = [edge["name"] for edge in page["edges"]] + names
        before = page["pageInfo"]["startCursor"]
        if not page["pageInfo"]["hasPreviousPage"]:
            return names


async def all_descendants(face: Face, who: Person | None, container: str, size: int) -> list[str]:
    paths: list[str] = []
    after = None
    while True:
        page = (await face.ask(who, DESCENDANTS, id=container, first=size, after=after))["node"]["descendants"]
        assert len(page["edges"]) <= size
        paths += [edge["path"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return paths


async def mixed(face: Face, owner: Person) -> str:
    """A project whose names are every kind of neighbours: returns its id."""
    name = face.fresh_name()
    project = await face.world.project(owner.id, name)
    for key in ("a", "a!", "a/", "a/b/c", "a/b/c/d", "a/b/", "a0", "a.txt", "é", "z/deep", "sp ace/x", "\U0001f600"):
        await face.world.put(owner.id, name, key)
    return project


@pytest.mark.parametrize("size", [1, 2, 3, 100])
async def test_children_come_in_the_byte_order_of_keys_in_pages_of_any_size(face: Face, ada: Person, size: int) -> None:
    project = await mixed(face, ada)

    forward = await all_children(face, ada, project, size)
    backward = await all_children_backwards(face, ada, project, size)

    assert forward == ["a", "a!", "a.txt", "a/", "a", "a0", "sp ace/x", "z", "é", "\U0001f600"]
    assert backward == forward


async def test_children_tell_how_many_they_are_and_where_the_page_stands(face: Face, ada: Person) -> None:
    project = await mixed(face, ada)

    page = await children(face, ada, project, first=2)
    rest = await children(face, ada, project, first=100, after=page["pageInfo"]["endCursor"])
    containers = await children(face, ada, project, first=100, kinds=["COLLECTION", "DATASET"])

    assert page["totalCount"] == rest["totalCount"] == 10
    assert (page["pageInfo"]["hasNextPage"], page["pageInfo"]["hasPreviousPage"]) == (True, False)
    assert (rest["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasPreviousPage"]) == (False, True)
    assert page["pageInfo"]["startCursor"] == page["edges"][0]["cursor"]
    assert page["pageInfo"]["endCursor"] == page["edges"][-1]["cursor"]
    assert containers["totalCount"] is None
    assert [edge["name"] for edge in containers["edges"]] == ["a", "z"]


@pytest.mark.parametrize("size", [1, 3])
async def test_children_of_one_kind_are_found_among_the_others(face: Face, ada: Person, size: int) -> None:
    project = await mixed(face, ada)

    objects = await all_children(face, ada, project, size, kinds=["OBJECT"])

    assert objects == ["a", "a!", "a.txt", "a/", "a0", "sp ace/x", "é", "\U0001f600"]
    assert await all_children_backwards(face, ada, project, size, kinds=["OBJECT"]) == objects
    assert await all_children(face, ada, project, size, kinds=["COLLECTION"]) == ["a", "z"]
    assert await all_children(face, ada, project, size, kinds=["DATASET"]) == []


async def test_a_page_of_rare_children_may_be_short_and_still_goes_on(face: Face, ada: Person) -> None:
    name = face.fresh_name()
    project = await face.world.project(ada.id, name)
    for number in range(30):
        await face.world.put(ada.id, name, f"o{number:02}")
    await face.world.put(ada.id, name, "zz/last")

    page = await children(face, ada, project, first=1, kinds=["COLLECTION", "OBJECT"])
    rare = await face.ask(ada, CHILDREN, id=project, first=1, kinds=["DATASET", "OBJECT"])

    assert page["edges"][0]["name"] == "o00"
    assert rare["node"]["children"]["edges"][0]["name"] == "o00"
    # Ten reads of two names each aren't enough to pass over thirty Objects backwards from the collection.
    assert await all_children(face, ada, project, 1, kinds=["COLLECTION"]) == ["zz"]


async def test_no_container_holds_projects(face: Face, ada: Person, tree: Tree) -> None:
    answer = await face.answer(ada, CHILDREN, id=tree.project, first=1, kinds=["PROJECT"])

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]


async def test_a_public_container_shows_strangers_what_is_public_in_it_and_counts_nothing(
    face: Face, ada: Person, bob: Person
) -> None:
    name = face.fresh_name()
    created = await face.ask(
        ada,
        "mutation ($n: String!) { projectCreate(input: {name: $n, dataClass: PUBLIC}) { project { id } } }",
        n=name,
    )
    project = created["projectCreate"]["project"]["id"]
    await face.world.container(ada.id, Kind.DATASET, project, "open")
    await face.world.container(ada.id, Kind.DATASET, project, NewResource("shut", data_class=DataClass.CONFIDENTIAL))
    await face.world.put(ada.id, name, "open/o.txt")
    await face.world.put(ada.id, name, "shut/s.txt")
    document = "query ($id: ID!) { node(id: $id) { ... on Container { stats { own { objects } } viewerLevel } } }"

    for stranger in (None, bob):
        page = await children(face, stranger, project, first=10)
        assert [edge["name"] for edge in page["edges"]] == ["open"]
        assert page["totalCount"] is None
        assert await all_descendants(face, stranger, project, 2) == ["open/", "open/o.txt"]
        assert (await face.ask(stranger, document, id=project))["node"] == {"stats": None, "viewerLevel": "READ"}
    assert await all_children(face, ada, project, 10) == ["open", "shut"]
    assert (await face.ask(ada, document, id=project))["node"]["stats"] == {"own": {"objects": 0}}


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
async def test_descendants_are_the_whole_tree_in_the_order_of_paths(face: Face, ada: Person, size: int) -> None:
    project = await mixed(face, ada)

    paths = await all_descendants(face, ada, project, size)

    assert paths == [
        "a",
        "a!",
        "a.txt",
        "a/",
        "a/",
        "a/b/",
        "a/b/",
        "a/b/c",
        "a/b/c/d",
        "a0",
        "sp ace/x",
        "z/",
        "z/deep",
        "é",
        "\U0001f600",
    ]


async def test_descendants_of_a_container_begin_at_it(face: Face, ada: Person, tree: Tree) -> None:
    assert await all_descendants(face, ada, tree.collection, 1) == ["data/", "data/a.txt", "data/b/c.txt"]
    assert await all_descendants(face, ada, tree.dataset, 1) == ["a.txt", "b/c.txt"]


async def test_a_forged_cursor_is_refused(face: Face, ada: Person, tree: Tree) -> None:
    # base64 of "descendants\nx"
    answer = await face.answer(ada, DESCENDANTS, id=tree.project, first=1, after="ZGVzY2VuZGFudHMKeA")

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]


async def test_one_request_walks_from_a_bounded_number_of_resources(face: Face, ada: Person, tree: Tree) -> None:
    """Walks share no statements with those of other nodes."""
    for number in range(26):
        await face.world.put(ada.id, tree.name, f"coll/data/many{number:02}")
    document = """query ($id: ID!) { node(id: $id) { ... on Container {
        children(first: 100) { nodes { lineage { depth } } }
    } } }"""

    answer = await face.answer(ada, document, id=tree.dataset)

    assert {error["extensions"]["code"] for error in answer["errors"]} == {"COST_EXCEEDED"}


LINEAGE = """query ($id: ID!, $direction: Direction!, $kinds: [RelationKind!], $depth: Int!) {
    node(id: $id) { ... on Resource { lineage(direction: $direction, kinds: $kinds, maxDepth: $depth) {
        depth node { id } path { kind name sourceId targetId }
    } } }
}"""


async def chain(face: Face, owner: Person, length: int) -> list[str]:
    """Objects in a circle: each is followed by the next, and the last by the first."""
    name = face.fresh_name()
    await face.world.project(owner.id, name)
    ids = [(await face.world.put(owner.id, name, f"o{number}")).object_id for number in range(length)]
    for source, target in zip(ids, [*ids[1:], ids[0]], strict=True):
        await face.world.link(owner.id, source, Link(RelationKind.CUSTOM, target, "next"))
    return ids


async def test_lineage_meets_each_resource_once_with_a_shortest_way_even_in_a_circle(face: Face, ada: Person) -> None:
    ids = await chain(face, ada, 5)

    out = (await face.ask(ada, LINEAGE, id=ids[0], direction="OUT", depth=10))["node"]["lineage"]
    against = (await face.ask(ada, LINEAGE, id=ids[0], direction="IN", depth=10))["node"]["lineage"]
    both = (await face.ask(ada, LINEAGE, id=ids[0], direction="BOTH", depth=10))["node"]["lineage"]
    near = (await face.ask(ada, LINEAGE, id=ids[0], direction="OUT", depth=2))["node"]["lineage"]

    assert [(node["node"]["id"], node["depth"]) for node in out] == [(ids[depth], depth) for depth in range(1, 5)]
    assert out[1]["path"] == [
        {"kind": "CUSTOM", "name": "next", "sourceId": ids[0], "targetId": ids[1]},
        {"kind": "CUSTOM", "name": "next", "sourceId": ids[1], "targetId": ids[2]},
    ]
    assert [(node["node"]["id"], node["depth"]) for node in against] == [(ids[-depth], depth) for depth in range(1, 5)]
    assert against[0]["path"] == [{"kind": "CUSTOM", "name": "next", "sourceId": ids[4], "targetId": ids[0]}]
    assert sorted((node["depth"], node["node"]["id"]) for node in both) == sorted(
        [(1, ids[1]), (1, ids[4]), (2, ids[2]), (2, ids[3])]
    )
    assert near == out[:2]


async def test_lineage_follows_the_kinds_that_are_asked_for(face: Face, ada: Person, tree: Tree) -> None:
    await face.world.link(ada.id, tree.first, Link(RelationKind.METADATA, tree.second))

    default = (await face.ask(ada, LINEAGE, id=tree.first, direction="OUT", depth=10))["node"]["lineage"]
    custom = (await face.ask(ada, LINEAGE, id=tree.first, direction="OUT", kinds=["CUSTOM"], depth=10))["node"]
    up = (await face.ask(ada, LINEAGE, id=tree.first, direction="OUT", kinds=["BELONGS_TO"], depth=10))["node"]

    assert [node["node"]["id"] for node in default] == [tree.second]
    assert custom["lineage"] == []
    assert [node["node"]["id"] for node in up["lineage"]] == [tree.dataset, tree.collection, tree.project]


async def test_lineage_does_not_walk_through_what_the_caller_may_not_see(face: Face, ada: Person, bob: Person) -> None:
    ids = await chain(face, ada, 4)
    for seen in (ids[0], ids[2]):
        await face.share(ada, seen, bob, Level.READ)

    found = (await face.ask(bob, LINEAGE, id=ids[0], direction="BOTH", depth=10))["node"]["lineage"]

    assert found == []


@pytest.mark.parametrize("depth", [0, 11, -1])
async def test_lineage_goes_one_to_ten_edges_far(face: Face, ada: Person, tree: Tree, depth: int) -> None:
    answer = await face.answer(ada, LINEAGE, id=tree.first, direction="OUT", depth=depth)

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]


async def test_nested_lists_that_multiply_are_refused_before_they_are_read(face: Face, ada: Person, tree: Tree) -> None:
    """Three levels of a hundred would be a million: `relations` can be nested as deep as documents go."""
    for number in range(8):
        await face.world.put(ada.id, tree.name, f"coll/data/more/{number}")
        await face.world.link(ada.id, tree.first, *[Link(RelationKind.CUSTOM, tree.second, f"n{number}")])
    inner = "relations(first: 100) { nodes { other { relations(first: 100) { nodes { other { id } } } } } }"
    document = f"query ($id: ID!) {{ node(id: $id) {{ ... on Resource {{ {inner} }} }} }}"

    assert (await face.ask(ada, document, id=tree.first))["node"]["relations"]["nodes"]

    for number in range(20):
        await face.world.container(ada.id, Kind.COLLECTION, tree.project, f"c{number}")
        for child in range(10):
            await face.world.put(ada.id, tree.name, f"c{number}/o{child}")
    related = "... on Object { relations(first: 100) { nodes { id } } }"
    level = "children(first: 100) { nodes { id ... on Container { %s } " + related + " } }"
    whole = level % (level % "id")
    answer = await face.answer(
        ada, f"query ($id: ID!) {{ node(id: $id) {{ ... on Container {{ {whole} }} }} }}", id=tree.project
    )

    assert {error["extensions"]["code"] for error in answer["errors"]} == {"COST_EXCEEDED"}


async def test_a_container_that_left_with_its_last_key_is_in_no_walk(face: Face, ada: Person) -> None:
    name = face.fresh_name()
    project = await face.world.project(ada.id, name)
    last = (await face.world.put(ada.id, name, "gone/o")).object_id
    document = """query ($project: ID!, $object: ID!) {
        project: node(id: $project) { ... on Resource { lineage(direction: IN, kinds: [BELONGS_TO]) { depth } } }
        object: node(id: $object) { ... on Resource { parents { name } ancestors { id } paths } }
    }"""
    before = await face.ask(ada, document, project=project, object=last)

    await face.world.delete_object(ada.id, last)

    after = await face.ask(ada, document, project=project, object=last)
    assert ([step["depth"] for step in before["project"]["lineage"]], len(before["object"]["ancestors"])) == ([1, 2], 2)
    assert after["project"]["lineage"] == []
    assert after["object"] == {"parents": [], "ancestors": [], "paths": [f"{name}/gone/o"]}
