"""Snapshots and archives as GraphQL shows them: everything that reads a living container reads a frozen one."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest

from domain.access import Level
from domain.creation import NewResource
from domain.describing import Description
from domain.labels import NewLabel
from domain.linking import ExternalLink, Link
from domain.relations import ExternalType, RelationKind
from domain.resources import DataClass
from tests.schema.face import Face, Person, Tree
from tests.schema.test_walking import all_children, all_children_backwards, all_descendants, mixed


@dataclass(frozen=True)
class Frozen:
    """A tree, its snapshot 1.2.0, and what was there; everything has changed since."""

    tree: Tree
    snapshot: str
    collection: str
    dataset: str
    first: str


NODE = "query ($id: ID!) { node(id: $id) { id ... on Resource { kind name } } }"
REF = "query ($ref: String!) { resource(ref: $ref) { id } }"


async def node(face: Face, who: Person | None, node_id: str, fields: str) -> Any:
    document = f"query ($id: ID!) {{ node(id: $id) {{ {fields} }} }}"
    return (await face.ask(who, document, id=node_id))["node"]


def path_of(url: str) -> str:
    return urlsplit(url).path


async def resource(face: Face, who: Person | None, ref: str) -> str | None:
    found = (await face.ask(who, REF, ref=ref))["resource"]
    return None if found is None else found["id"]


@pytest.fixture
async def frozen(face: Face, ada: Person, tree: Tree) -> Frozen:
    world = face.world
    await world.describe(ada.id, tree.first, Description(title="before"))
    await world.describe(ada.id, tree.collection, Description(title="before"))
    await world.set_labels(ada.id, tree.first, NewLabel("stage", "raw"))
    await world.set_labels(ada.id, tree.collection, NewLabel("stage", "raw"))
    uses = Link(RelationKind.CUSTOM, tree.second, "uses")
    await world.link(ada.id, tree.first, uses, ExternalLink(ExternalType.DOI, "10.1234/then"))
    snapshot = await world.snapshot(ada.id, tree.project, "1.2.0")
    await world.put(ada.id, tree.name, "coll/data/a.txt", 7)
    await world.describe(ada.id, tree.first, Description(title="after"))
    await world.describe(ada.id, tree.collection, Description(title="after"))
    await world.set_labels(ada.id, tree.first, NewLabel("stage", "done"))
    await world.remove_labels(ada.id, tree.collection, "stage")
    await world.unlink(ada.id, tree.first, uses)
    await world.link(ada.id, tree.first, ExternalLink(ExternalType.DOI, "10.1234/now"))
    await world.delete_object(ada.id, tree.second)
    await world.rename(ada.id, tree.dataset, "renamed")
    collection = await resource(face, ada, f"{tree.name}@1.2.0/coll/")
    dataset = await resource(face, ada, f"{tree.name}@1.2.0/coll/data/")
    assert collection is not None
    assert dataset is not None
    return Frozen(tree, snapshot, collection, dataset, f"{dataset}:{tree.first}")


async def test_a_frozen_tree_is_listed_and_walked_as_it_was(face: Face, ada: Person, frozen: Frozen) -> None:
    assert await all_children(face, ada, frozen.snapshot, 1) == ["coll"]
    assert await all_children(face, ada, frozen.dataset, 1) == ["a.txt", "b/c.txt"]
    assert await all_children_backwards(face, ada, frozen.dataset, 1) == ["a.txt", "b/c.txt"]
    assert await all_children(face, ada, frozen.collection, 5, kinds=["DATASET"]) == ["data"]
    for size in (1, 2, 100):
        paths = await all_descendants(face, ada, frozen.snapshot, size)
        assert paths == ["coll/", "coll/data/", "coll/data/a.txt", "coll/data/b/c.txt"]
    assert await all_descendants(face, ada, frozen.tree.project, 3) == ["coll/", "coll/renamed/", "coll/renamed/a.txt"]


@pytest.mark.parametrize("size", [1, 3, 100])
async def test_a_frozen_container_lists_in_the_order_of_a_living_one(face: Face, ada: Person, size: int) -> None:
    project = await mixed(face, ada)
    children, descendants = await all_children(face, ada, project, 100), await all_descendants(face, ada, project, 100)
    snapshot = await face.world.snapshot(ada.id, project)

    assert await all_children(face, ada, snapshot, size) == children
    assert await all_children_backwards(face, ada, snapshot, size) == children
    assert await all_descendants(face, ada, snapshot, size) == descendants
    found = await node(face, ada, snapshot, "... on Container { children(first: 1) { totalCount } }")
    assert found["children"]["totalCount"] == len(children)


async def test_stats_of_a_snapshot_are_those_of_then(face: Face, ada: Person, frozen: Frozen) -> None:
    fields = "... on Container { stats { own { objects bytes } subtree { objects bytes } } }"

    of_project = (await node(face, ada, frozen.snapshot, fields))["stats"]
    of_dataset = (await node(face, ada, frozen.dataset, fields))["stats"]

    assert of_project == {"own": {"objects": 0, "bytes": 0}, "subtree": {"objects": 2, "bytes": 7}}
    assert of_dataset == {"own": {"objects": 2, "bytes": 7}, "subtree": {"objects": 2, "bytes": 7}}


async def test_a_frozen_object_shows_its_fields_labels_and_relations_of_then(
    face: Face, ada: Person, frozen: Frozen
) -> None:
    fields = """... on Object {
        id kind name title state viewerLevel contentLength revisionNumber labels { key value }
        externalRelations { reference { value } } snapshotOf { id title }
        relations(first: 5) { nodes { name isOutgoing other { id } } }
    } """

    shown = await node(face, ada, frozen.first, fields)

    assert shown == {
        "id": frozen.first,
        "kind": "OBJECT",
        "name": "a.txt",
        "title": "before",
        "state": "AVAILABLE",
        "viewerLevel": "READ",
        "contentLength": 3,
        "revisionNumber": 0,
        "labels": [{"key": "stage", "value": "raw"}],
        "externalRelations": [{"reference": {"value": "10.1234/then"}}],
        "snapshotOf": {"id": frozen.tree.first, "title": "after"},
        "relations": {"nodes": [{"name": "uses", "isOutgoing": True, "other": {"id": frozen.tree.second}}]},
    }


async def test_a_frozen_container_shows_its_fields_and_labels_of_then(face: Face, ada: Person, frozen: Frozen) -> None:
    fields = "... on Container { title labels { value } snapshotOf { id title labels { value } } }"

    shown = await node(face, ada, frozen.collection, fields)

    original: Any = {"id": frozen.tree.collection, "title": "after", "labels": []}
    assert shown == {"title": "before", "labels": [{"value": "raw"}], "snapshotOf": original}


async def test_what_is_above_and_where_it_is(face: Face, ada: Person, frozen: Frozen) -> None:
    name = frozen.tree.name
    fields = "... on Resource { paths parents { name isHome passes container { id } } ancestors { id } }"

    of_object = await node(face, ada, frozen.first, fields)
    of_dataset = await node(face, ada, frozen.dataset, fields)
    of_root = await node(face, ada, frozen.snapshot, fields)

    parent = {"name": "a.txt", "isHome": True, "passes": "READ", "container": {"id": frozen.dataset}}
    above = [{"id": frozen.dataset}, {"id": frozen.collection}, {"id": frozen.snapshot}]
    assert of_object == {"paths": [f"{name}@1.2.0/coll/data/a.txt"], "parents": [parent], "ancestors": above}
    parent = {"name": "data", "isHome": True, "passes": "READ", "container": {"id": frozen.collection}}
    assert of_dataset == {"paths": [f"{name}@1.2.0/coll/data"], "parents": [parent], "ancestors": above[1:]}
    assert of_root == {"paths": [f"{name}@1.2.0"], "parents": [], "ancestors": []}


async def test_downloads_of_a_frozen_object_are_read_through_the_snapshot(
    face: Face, ada: Person, frozen: Frozen
) -> None:
    document = """... on Object { downloadUrl versionId
        revisions(first: 5) { nodes { versionId downloadUrl } } }"""

    shown = await node(face, ada, frozen.first, document)
    living = await node(face, ada, frozen.tree.first, document)

    path = f"/{frozen.tree.name}/%401.2.0/coll/data/a.txt"
    assert path_of(shown["downloadUrl"]) == path
    assert "versionId" not in shown["downloadUrl"]
    assert [one["versionId"] for one in shown["revisions"]["nodes"]] == [shown["versionId"]]
    assert path_of(shown["revisions"]["nodes"][0]["downloadUrl"]) == path
    assert len(living["revisions"]["nodes"]) == 2
    assert living["revisions"]["nodes"][-1]["versionId"] == shown["versionId"]


async def test_revisions_of_a_frozen_object_end_with_the_one_that_is_held(
    face: Face, ada: Person, bob: Person, tree: Tree
) -> None:
    world = face.world
    for length in (10, 11, 12):
        await world.put(ada.id, tree.name, "coll/data/a.txt", length)
    snapshot = await world.snapshot(ada.id, tree.dataset, "0.1.0")
    last = await world.put(ada.id, tree.name, "coll/data/a.txt", 13)
    await world.grant(ada.id, snapshot, bob.id, Level.READ)
    frozen_id = f"{snapshot}:{tree.first}"
    document = """query ($id: ID!, $n: Int!, $a: String, $v: ID!) { node(id: $id) { ... on Object {
        versionId revisionAt(versionId: $v) { versionId }
        revisions(first: $n, after: $a) { nodes { revisionNumber versionId } pageInfo { endCursor hasNextPage } }
    } } }"""

    first = (await face.ask(ada, document, id=frozen_id, n=2, v=last.version_id))["node"]
    cursor = first["revisions"]["pageInfo"]["endCursor"]
    second = (await face.ask(ada, document, id=frozen_id, n=2, a=cursor, v=first["versionId"]))["node"]
    by_bob = (await face.ask(bob, document, id=frozen_id, n=9, v=first["versionId"]))["node"]

    assert [one["revisionNumber"] for one in first["revisions"]["nodes"]] == [3, 2]
    assert [one["revisionNumber"] for one in second["revisions"]["nodes"]] == [1, 0]
    assert [page["revisions"]["pageInfo"]["hasNextPage"] for page in (first, second)] == [True, False]
    assert first["revisionAt"] is None
    assert second["revisionAt"] == {"versionId": first["versionId"]}
    # Through the snapshot alone he reads what it holds.
    assert [one["revisionNumber"] for one in by_bob["revisions"]["nodes"]] == [3]
    assert by_bob["revisionAt"] == {"versionId": first["versionId"]}
    assert (await face.ask(bob, NODE, id=tree.first))["node"] is None
    older = second["revisions"]["nodes"][0]["versionId"]
    assert (await face.ask(bob, document, id=frozen_id, n=9, v=older))["node"]["revisionAt"] is None


async def test_who_may_not_read_a_snapshot_finds_nothing_of_it(face: Face, bob: Person, frozen: Frozen) -> None:
    for who in (bob, None):
        for wanted in (frozen.snapshot, frozen.collection, frozen.first):
            assert (await face.ask(who, NODE, id=wanted))["node"] is None
        assert await resource(face, who, f"{frozen.tree.name}@1.2.0/coll/data/a.txt") is None
        assert await resource(face, who, frozen.first) is None


async def test_a_public_snapshot_shows_strangers_what_was_public_in_it(face: Face, ada: Person, bob: Person) -> None:
    world, name = face.world, face.fresh_name()
    project = await world.project(ada.id, NewResource(name, data_class=DataClass.PUBLIC))
    opened = await world.put(ada.id, name, "open")
    shut = await world.put(ada.id, name, "shut")
    await world.set_class(ada.id, shut.object_id, DataClass.CONFIDENTIAL)
    snapshot = await world.snapshot(ada.id, project)
    await world.set_class(ada.id, opened.object_id, DataClass.CONFIDENTIAL)

    for stranger in (None, bob):
        assert await all_children(face, stranger, snapshot, 1) == ["open"]
        assert await all_descendants(face, stranger, snapshot, 1) == ["open"]
        assert (await face.ask(stranger, NODE, id=f"{snapshot}:{opened.object_id}"))["node"]["name"] == "open"
        assert (await face.ask(stranger, NODE, id=f"{snapshot}:{shut.object_id}"))["node"] is None
        assert (await face.ask(stranger, NODE, id=opened.object_id))["node"] is None
        found = await node(face, stranger, snapshot, "... on Container { stats { own { objects } } }")
        assert found == {"stats": None}
    assert await all_children(face, ada, snapshot, 1) == ["open", "shut"]
    found = await node(face, ada, snapshot, "... on Container { stats { own { objects } } }")
    assert found == {"stats": {"own": {"objects": 2}}}


@pytest.mark.parametrize(
    "malformed", ["{d}:{o}x", "{d}:", ":{o}", "{d}:{o}:{o}", "{d} {o}", "{o}:{d}", "{d}:{d}", "{p}:{o}", "{o}:{o}"]
)
async def test_an_id_that_names_nothing_frozen_is_nothing(
    face: Face, ada: Person, frozen: Frozen, malformed: str
) -> None:
    wanted = malformed.format(d=frozen.dataset, o=frozen.tree.first, p=frozen.tree.project)

    assert (await face.ask(ada, NODE, id=wanted))["node"] is None
    assert await resource(face, ada, wanted) is None


async def test_nodes_take_frozen_and_living_ids_together(face: Face, ada: Person, frozen: Frozen) -> None:
    ids = [frozen.first, frozen.tree.first, frozen.snapshot, f"{frozen.snapshot}:{frozen.tree.first}", ada.id]

    found = await face.ask(ada, "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids)

    assert [one and one["id"] for one in found["nodes"]] == [*ids[:3], None, ada.id]


async def test_references_name_snapshots_and_what_is_in_them(face: Face, ada: Person, tree: Tree) -> None:
    world, name = face.world, tree.name
    await world.put(ada.id, name, "coll/direct")
    of_project = await world.snapshot(ada.id, tree.project, "1.0.0+build.7")
    of_collection = await world.snapshot(ada.id, tree.collection, "2.0.0")
    of_dataset = await world.snapshot(ada.id, tree.dataset, "3.0.0")
    newer = await world.snapshot(ada.id, tree.dataset, "3.1.0")
    await world.snapshot(ada.id, tree.dataset, "4.0.0-rc.1")

    async def same(expected: str | None, *refs: str) -> None:
        for ref in refs:
            assert await resource(face, ada, ref) == expected, ref

    await same(of_project, f"{name}@1.0.0", f"{name}@1.0.0/", f"{name}@latest", f"{name}/@1.0.0/", of_project)
    await same(of_collection, f"{name}/coll@2.0.0", f"{name}/coll@2.0.0/", f"{name}/coll@latest/")
    await same(of_dataset, f"{name}/coll/data@3.0.0", f"{name}/coll/data@3.0.0/")
    await same(newer, f"{name}/coll/data@latest", f"{name}/coll/data@latest/", f"{name}/coll/data@3.1.0+other/")
    await same(
        f"{newer}:{tree.first}",
        f"{name}/coll/data@latest/a.txt",
        f"s3://{name}/coll/data@latest/a.txt",
        f"{name}/coll/data@3.1.0/a.txt",
    )
    await same(f"{newer}:{tree.second}", f"{name}/coll/data@3.1.0/b/c.txt", f"s3://{name}/coll/data@3.1.0/b/c.txt")
    inner = await resource(face, ada, f"{name}/coll@2.0.0/data/")
    await same(inner, f"{name}/coll@2.0.0/data")
    await same(f"{inner}:{tree.second}", f"{name}/coll@2.0.0/data/b/c.txt", f"s3://{name}/coll@2.0.0/data/b/c.txt")
    deepest = await resource(face, ada, f"{name}@1.0.0/coll/data/")
    await same(f"{deepest}:{tree.first}", f"{name}@1.0.0/coll/data/a.txt", f"s3://{name}/@1.0.0/coll/data/a.txt")
    await same(
        None,
        f"{name}@1.0.1",
        f"{name}@1.0.0/nothing",
        f"{name}@1.0.0/coll/data/a.txt/",
        f"{name}@1.0.0/coll/nothing/",
        f"{name}/coll@2.0.1/",
        f"{name}/nothing@2.0.0/",
        f"{name}/coll/data@3.0.0/nothing",
        f"{name}/coll/data@3.0.0/b/",
        f"{name}@v1.0.0/",
        f"{name}@/",
        "@1.0.0/",
        f"s3://{name}/@1.0.0/coll/",
        f"s3://{name}/coll@2.0.0/data",
    )


async def test_a_snapshot_comes_before_an_object_named_like_it_and_an_object_before_its_bare_name(
    face: Face, ada: Person
) -> None:
    world, name = face.world, face.fresh_name()
    await world.project(ada.id, name)
    await world.put(ada.id, name, "c/x")
    bare = await world.put(ada.id, name, "c@1.0.0")
    collection = (await face.ask(ada, REF, ref=f"{name}/c/"))["resource"]["id"]
    snapshot = await world.snapshot(ada.id, collection, "1.0.0")
    other = await world.put(ada.id, name, "d@1.0.0/x")

    assert await resource(face, ada, f"{name}/c@1.0.0") == bare.object_id
    assert await resource(face, ada, f"{name}/c@1.0.0/") == snapshot
    assert await resource(face, ada, f"{name}/d@1.0.0/x") == other.object_id


MUTATIONS = {
    "resourceUpdate": 'resourceUpdate(id: $id, input: {title: "t"}) { userErrors { code field } }',
    "resourceDelete": "resourceDelete(id: $id) { userErrors { code field } }",
    "resourceRename": 'resourceRename(id: $id, name: "n") { userErrors { code field } }',
    "labelsSet": 'labelsSet(id: $id, labels: [{key: "k", value: "v"}]) { userErrors { code field } }',
    "labelsRemove": 'labelsRemove(id: $id, keys: ["k"]) { userErrors { code field } }',
    "objectUploadBegin": "objectUploadBegin(id: $id) { userErrors { code field } }",
    "relationsAdd": 'relationsAdd(id: $id, external: [{type: DOI, value: "10.1234/a"}]) { userErrors { code field } }',
}


@pytest.mark.parametrize("name", MUTATIONS)
async def test_nothing_is_written_to_what_is_frozen(
    face: Face, ada: Person, bob: Person, frozen: Frozen, name: str
) -> None:
    document = f"mutation ($id: ID!) {{ {MUTATIONS[name]} }}"
    before = await face.events()

    for frozen_id in (frozen.first, frozen.dataset):
        if name == "objectUploadBegin" and frozen_id == frozen.dataset:
            continue
        assert [code for code, _ in await face.refusals(ada, document, id=frozen_id)] == ["IMMUTABLE"], frozen_id
        assert [code for code, _ in await face.refusals(bob, document, id=frozen_id)] == ["NOT_FOUND"], frozen_id

    assert await face.events() == before


async def test_an_archive_reads_as_it_was_made(face: Face, ada: Person, tree: Tree) -> None:
    world, elsewhere = face.world, face.fresh_name()
    await world.project(ada.id, elsewhere)
    outer = await world.put(ada.id, elsewhere, "outer", 9)
    await world.share(ada.id, outer.object_id, tree.dataset, "shared")
    await world.archive(ada.id, tree.project)
    await world.put(ada.id, elsewhere, "outer", 90)
    await world.describe(ada.id, outer.object_id, Description(title="after"))
    fields = """... on Container { archivedAt stats { subtree { objects bytes } }
        children(first: 9) { totalCount nodes { id ... on Object { title contentLength paths downloadUrl
            parents { name container { id } } } } } }"""

    dataset = await node(face, ada, tree.dataset, fields)
    project = await node(face, ada, tree.project, "... on Container { archivedAt stats { subtree { objects bytes } } }")

    assert project["archivedAt"] is not None
    assert dataset["stats"] == project["stats"] == {"subtree": {"objects": 3, "bytes": 16}}
    children = dataset["children"]["nodes"]
    assert [child["id"] for child in children] == [
        f"{tree.dataset}:{one}" for one in (tree.first, tree.second, outer.object_id)
    ]
    shared = children[-1]
    assert (shared["title"], shared["contentLength"]) == (None, 9)
    assert shared["paths"] == [f"{tree.name}/coll/data/shared"]
    assert shared["parents"] == [{"name": "shared", "container": {"id": tree.dataset}}]
    assert path_of(shared["downloadUrl"]) == f"/{tree.name}/coll/data/shared"
    assert (await node(face, ada, outer.object_id, "... on Object { contentLength }")) == {"contentLength": 90}
    assert await all_descendants(face, ada, tree.project, 2) == [
        "coll/",
        "coll/data/",
        "coll/data/a.txt",
        "coll/data/b/c.txt",
        "coll/data/shared",
    ]


async def test_a_deleted_container_and_a_deleted_snapshot_show_nothing(face: Face, ada: Person, frozen: Frozen) -> None:
    fields = """... on Container { state
        children(first: 5) { totalCount nodes { id } } descendants(first: 5) { nodes { id } } }"""
    empty: Any = {"state": "DELETED", "children": {"totalCount": 0, "nodes": []}, "descendants": {"nodes": []}}

    await face.world.delete_container(ada.id, frozen.tree.collection, is_recursive=True)

    assert await node(face, ada, frozen.tree.collection, fields) == empty
    # The snapshot goes on to show it.
    assert await all_descendants(face, ada, frozen.collection, 9) == ["data/", "data/a.txt", "data/b/c.txt"]

    await face.world.delete_snapshot(ada.id, frozen.snapshot)

    assert await node(face, ada, frozen.snapshot, fields) == empty
    assert (await face.ask(ada, NODE, id=frozen.first))["node"] is None
    assert await resource(face, ada, f"{frozen.tree.name}@1.2.0/") is None


async def test_lineage_from_a_frozen_object_begins_with_its_relations_of_then(
    face: Face, ada: Person, frozen: Frozen
) -> None:
    fields = "... on Resource { lineage { node { id } path { kind sourceId targetId } } }"

    then = await node(face, ada, frozen.first, fields)
    now = await node(face, ada, frozen.tree.first, fields)

    step = {"kind": "CUSTOM", "sourceId": frozen.tree.first, "targetId": frozen.tree.second}
    assert then == {"lineage": [{"node": {"id": frozen.tree.second}, "path": [step]}]}
    assert now == {"lineage": []}


async def test_statements_of_a_frozen_page_do_not_grow_with_its_objects(face: Face, ada: Person) -> None:
    document = """query ($id: ID!) { node(id: $id) { ... on Container { children(first: 100) { nodes {
        ... on Object { paths title parents { name } labels { key } downloadUrl ancestors { id }
            revisions(first: 2) { nodes { versionId } } relations(first: 2) { nodes { kind } } }
    } } } } }"""
    taken: list[int] = []
    for number in (1, 12):
        name = face.fresh_name()
        project = await face.world.project(ada.id, name)
        for index in range(number):
            await face.world.put(ada.id, name, f"o{index}")
        snapshot = await face.world.snapshot(ada.id, project)
        before = face.world.engine.statement_count
        found = await face.ask(ada, document, id=snapshot)
        assert len(found["node"]["children"]["nodes"]) == number
        taken.append(face.world.engine.statement_count - before)

    assert taken[0] == taken[1] <= 20
