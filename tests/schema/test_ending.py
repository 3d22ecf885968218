"""Deleting trees, restoring, erasing, removing revisions and telling what would be touched, over GraphQL."""

from typing import Any

import pytest

from domain.access import Level
from tests.schema.face import Face, Person, Tree
from tests.schema.test_mutations import ERRORS, NOWHERE, refused

DELETE = f"""mutation ($id: ID!, $recursive: Boolean! = false) {{
    resourceDelete(id: $id, recursive: $recursive) {{ resource {{ id state }} {ERRORS} }} }}"""
RESTORE = f"""mutation ($id: ID!, $parent: ID, $name: String) {{
    resourceRestore(id: $id, parent: $parent, name: $name) {{ resource {{ id state paths }} {ERRORS} }} }}"""
ERASE = f"""mutation ($id: ID!, $confirmation: String!, $version: ID, $blank: Boolean! = false) {{
    objectErase(id: $id, confirmation: $confirmation, versionId: $version, blank: $blank) {{
        object {{ id name state title revisions(first: 9) {{ nodes {{ versionId erasedAt downloadUrl }} }} }}
        {ERRORS} }} }}"""
REMOVE = f"""mutation ($id: ID!, $version: ID!) {{
    revisionRemove(id: $id, versionId: $version) {{
        object {{ revisions(first: 9) {{ nodes {{ versionId }} }} }} {ERRORS} }} }}"""
NODES = "nodes { id } hasOthers"
IMPACT = f"""query ($id: ID!, $action: ImpactAction!) {{ impact(id: $id, action: $action) {{
    action collections datasets objects bytes
    unlinked {{ {NODES} }} shares {{ {NODES} }} holders {{ {NODES} }} relations {{ {NODES} }} }} }}"""
SHOWN = """query ($id: ID!, $ref: String!) {
    node(id: $id) { ... on Resource { state paths ancestors { id } } }
    resource(ref: $ref) { id } }"""


async def test_a_container_is_deleted_with_all_in_it_and_restored(face: Face, ada: Person, tree: Tree) -> None:
    assert await refused(face, ada, DELETE, id=tree.collection) == [("FAILED_PRECONDITION", ["id"])]

    deleted = (await face.ask(ada, DELETE, id=tree.collection, recursive=True))["resourceDelete"]["resource"]

    assert deleted == {"id": tree.collection, "state": "DELETED"}
    shown = await face.ask(ada, SHOWN, id=tree.first, ref=f"{tree.name}/coll/data/a.txt")
    assert shown["resource"] is None
    assert shown["node"]["state"] == "DELETED"
    assert await refused(face, ada, DELETE, id=tree.first) == [("FAILED_PRECONDITION", ["id"])]
    restored = (await face.ask(ada, RESTORE, id=tree.collection))["resourceRestore"]["resource"]
    assert restored == {"id": tree.collection, "state": "AVAILABLE", "paths": [f"{tree.name}/coll"]}
    await face.world.finish_tasks()
    shown = await face.ask(ada, SHOWN, id=tree.first, ref=f"{tree.name}/coll/data/a.txt")
    assert shown["resource"] == {"id": tree.first}
    assert shown["node"]["state"] == "AVAILABLE"


async def test_an_object_is_not_listed_where_it_is_shared_once_its_home_is_gone(
    face: Face, ada: Person, tree: Tree
) -> None:
    """Before the tasks have come to it, too."""
    other = await face.tree(ada)
    await face.world.share(ada.id, tree.first, other.collection, "seen")
    listed = """query ($id: ID!, $ref: String!) { resource(ref: $ref) { id } node(id: $id) {
        ... on Container { children(first: 9) { edges { name } } descendants(first: 9) { edges { path } } } } }"""

    await face.ask(ada, DELETE, id=tree.project, recursive=True)

    for _ in range(2):
        found = await face.ask(ada, listed, id=other.collection, ref=f"s3://{other.name}/coll/seen")
        assert found["node"]["children"]["edges"] == [{"name": "data"}]
        assert {"path": "seen"} not in found["node"]["descendants"]["edges"]
        assert found["resource"] is None
        await face.world.finish_tasks()


async def test_a_guest_leaves_a_deleted_tree_out_of_its_parents(face: Face, ada: Person, tree: Tree) -> None:
    other = await face.tree(ada)
    await face.world.share(ada.id, tree.first, other.dataset, "guest")
    above = """query ($id: ID!) { node(id: $id) { ... on Resource { paths parents { container { id } } ancestors { id }
    } } }"""

    await face.ask(ada, DELETE, id=other.project, recursive=True)

    for _ in range(2):
        found = (await face.ask(ada, above, id=tree.first))["node"]
        assert found["paths"] == [f"{tree.name}/coll/data/a.txt"]
        assert found["parents"] == [{"container": {"id": tree.dataset}}]
        assert [one["id"] for one in found["ancestors"]] == [tree.dataset, tree.collection, tree.project]
        await face.world.finish_tasks()


async def test_what_may_not_be_restored_is_refused(face: Face, ada: Person, bob: Person, tree: Tree) -> None:
    assert await refused(face, ada, RESTORE, id=tree.first) == [("FAILED_PRECONDITION", ["id"])]
    assert await refused(face, ada, RESTORE, id=NOWHERE) == [("NOT_FOUND", ["id"])]
    assert await refused(face, bob, RESTORE, id=tree.first) == [("NOT_FOUND", ["id"])]
    await face.ask(ada, DELETE, id=tree.first)
    await face.world.put(ada.id, tree.name, "coll/data/a.txt")

    assert await refused(face, ada, RESTORE, id=tree.first) == [("ALREADY_EXISTS", ["name"])]
    assert await refused(face, ada, RESTORE, id=tree.first, parent=NOWHERE) == [("NOT_FOUND", ["parent"])]
    assert await refused(face, ada, RESTORE, id=tree.first, parent=tree.second) == [("HIERARCHY", ["parent"])]
    assert await refused(face, ada, RESTORE, id=tree.first, name="x" * 2000) == [("BAD_USER_INPUT", ["name"])]
    assert await refused(face, ada, RESTORE, id=tree.first, name="") == [("BAD_USER_INPUT", ["name"])]
    restored = (await face.ask(ada, RESTORE, id=tree.first, name="b.txt"))["resourceRestore"]["resource"]
    assert restored["paths"] == [f"{tree.name}/coll/data/b.txt"]


async def test_an_object_is_erased_for_good(face: Face, ada: Person, bob: Person, tree: Tree) -> None:
    await face.share(ada, tree.project, bob, Level.WRITE)
    await face.world.put(ada.id, tree.name, "coll/data/a.txt")

    assert await refused(face, ada, ERASE, id=tree.first, confirmation="A.txt") == [
        ("BAD_USER_INPUT", ["confirmation"])
    ]
    assert await refused(face, bob, ERASE, id=tree.first, confirmation="a.txt") == [("FORBIDDEN", ["id"])]
    assert await refused(face, ada, ERASE, id=tree.dataset, confirmation="data") == [("HIERARCHY", ["id"])]
    erased = (await face.ask(ada, ERASE, id=tree.first, confirmation="a.txt", blank=True))["objectErase"]["object"]

    assert (erased["name"], erased["state"], erased["title"]) == (tree.first, "DELETED", None)
    revisions = erased["revisions"]["nodes"]
    assert len(revisions) == 2
    assert all(one["erasedAt"] is not None and one["downloadUrl"] is None for one in revisions)
    assert await refused(face, ada, RESTORE, id=tree.first) == [("FAILED_PRECONDITION", ["id"])]


async def test_one_revision_is_erased_or_removed(face: Face, ada: Person, tree: Tree) -> None:
    versions = [(await face.world.put(ada.id, tree.name, "coll/data/a.txt")).version_id for _ in range(3)]
    newest = {"id": tree.first, "version": versions[2]}

    assert await refused(face, ada, ERASE, **newest, confirmation="a.txt") == [("FAILED_PRECONDITION", ["versionId"])]
    assert await refused(face, ada, REMOVE, **newest) == [("FAILED_PRECONDITION", ["versionId"])]
    assert await refused(face, ada, REMOVE, id=tree.first, version="0") == [("NOT_FOUND", ["versionId"])]
    erased = await face.ask(ada, ERASE, id=tree.first, version=versions[0], confirmation="a.txt")
    removed = await face.ask(ada, REMOVE, id=tree.first, version=versions[1])

    shown: list[dict[str, Any]] = erased["objectErase"]["object"]["revisions"]["nodes"]
    assert [one["versionId"] for one in shown if one["erasedAt"] is not None] == [versions[0]]
    left = removed["revisionRemove"]["object"]["revisions"]["nodes"]
    assert [one["versionId"] for one in left][:2] == [versions[2], versions[0]]


async def test_the_impact_tells_what_would_be_touched(face: Face, ada: Person, bob: Person, tree: Tree) -> None:
    other = await face.tree(ada)
    await face.world.share(ada.id, other.dataset, tree.collection, "guest")
    await face.world.share(ada.id, tree.dataset, other.collection, "shown")
    await face.world.snapshot(ada.id, tree.collection)
    await face.share(ada, tree.collection, bob, Level.READ)

    mine = (await face.ask(ada, IMPACT, id=tree.collection, action="DELETE"))["impact"]
    his = (await face.ask(bob, IMPACT, id=tree.collection, action="DELETE"))["impact"]

    assert (mine["collections"], mine["datasets"], mine["objects"], mine["bytes"]) == (0, 1, 2, 7)
    assert mine["unlinked"] == {"nodes": [{"id": other.dataset}], "hasOthers": False}
    assert mine["shares"] == {"nodes": [{"id": other.collection}], "hasOthers": False}
    assert len(mine["holders"]["nodes"]) == 1
    # What is shared into what he may read he may read; where it is shown elsewhere he isn't told.
    assert his["unlinked"] == {"nodes": [{"id": other.dataset}], "hasOthers": False}
    assert his["shares"] == {"nodes": [], "hasOthers": True}


async def test_the_impact_on_an_object_names_what_points_at_it(
    face: Face, ada: Person, bob: Person, tree: Tree
) -> None:
    await face.world.put(ada.id, tree.name, "coll/data/a.txt", 10)
    relate = """mutation ($id: ID!, $to: ID!) { relationsAdd(id: $id, relations: [{kind: METADATA, target: $to}]) {
        changed userErrors { code } } }"""
    await face.ask(ada, relate, id=tree.second, to=tree.first)
    await face.share(ada, tree.first, bob, Level.READ)

    erase = (await face.ask(ada, IMPACT, id=tree.first, action="ERASE"))["impact"]
    tighten = (await face.ask(bob, IMPACT, id=tree.first, action="TIGHTEN"))["impact"]

    assert (erase["objects"], erase["bytes"]) == (1, 13)
    assert erase["relations"] == {"nodes": [{"id": tree.second}], "hasOthers": False}
    assert tighten["bytes"] == 10
    assert tighten["relations"] == {"nodes": [], "hasOthers": True}


@pytest.mark.parametrize("action", ["ARCHIVE", "ERASE", "TIGHTEN"])
async def test_the_impact_of_what_cant_be_done_is_an_error(face: Face, ada: Person, tree: Tree, action: str) -> None:
    answer = await face.answer(ada, IMPACT, id=tree.collection, action=action)

    assert answer["data"] == {"impact": None}
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]


async def test_the_impact_on_what_is_not_seen_is_null(face: Face, bob: Person, tree: Tree) -> None:
    assert (await face.ask(bob, IMPACT, id=tree.collection, action="DELETE")) == {"impact": None}
    assert (await face.ask(None, IMPACT, id=NOWHERE, action="ERASE")) == {"impact": None}
