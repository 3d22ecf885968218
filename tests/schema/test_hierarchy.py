"""Sharing, unlinking, moving, renaming and cloning over GraphQL."""

import json
from typing import Any

import pytest

from domain.access import Level
from tests.schema.face import Face, Person, Tree

ERRORS = "userErrors { code field message }"
PLACES = "id name revision paths parents { name isHome passes container { id } }"
SHARE = f"""mutation ($id: ID!, $input: ResourceShareInput!) {{
  resourceShare(id: $id, input: $input) {{ resource {{ {PLACES} }} {ERRORS} }} }}"""
UNLINK = f"""mutation ($id: ID!, $parent: ID!) {{
  resourceUnlink(id: $id, parent: $parent) {{ resource {{ {PLACES} }} {ERRORS} }} }}"""
MOVE = f"""mutation ($id: ID!, $input: ResourceMoveInput!) {{
  resourceMove(id: $id, input: $input) {{ resource {{ {PLACES} }} {ERRORS} }} }}"""
RENAME = f"""mutation ($id: ID!, $name: String!, $parent: ID) {{
  resourceRename(id: $id, name: $name, parent: $parent) {{ resource {{ {PLACES} }} {ERRORS} }} }}"""
CLONE = f"""mutation ($id: ID!, $input: ObjectCloneInput!) {{
  objectClone(id: $id, input: $input) {{
    object {{ {PLACES} etag revisionNumber relations(first: 5) {{ nodes {{ kind targetVersionId other {{ id }} }} }} }}
    {ERRORS} }} }}"""
FIND = "query ($ref: String!) { resource(ref: $ref) { id } }"


def home(container: str, name: str) -> dict[str, Any]:
    return {"name": name, "isHome": True, "passes": "ADMIN", "container": {"id": container}}


async def found(face: Face, who: Person, ref: str) -> str | None:
    resource = (await face.ask(who, FIND, ref=ref))["resource"]
    return None if resource is None else resource["id"]


async def test_a_share_is_told_and_taken_away_again(face: Face, ada: Person, bob: Person, tree: Tree) -> None:
    name = face.fresh_name()
    of_bob = await face.world.project(bob.id, name)
    await face.share(bob, of_bob, ada, Level.APPEND)

    given = {"parent": of_bob, "name": "theirs", "passes": "WRITE"}
    shared = (await face.ask(ada, SHARE, id=tree.dataset, input=given))["resourceShare"]

    share = {"name": "theirs", "isHome": False, "passes": "WRITE", "container": {"id": of_bob}}
    assert shared == {
        "resource": {
            "id": tree.dataset,
            "name": "data",
            "revision": 0,
            "paths": [f"{tree.name}/coll/data", f"{name}/theirs"],
            "parents": [home(tree.collection, "data"), share],
        },
        "userErrors": [],
    }
    assert await found(face, bob, f"{name}/theirs/a.txt") == tree.first
    unlinked = (await face.ask(bob, UNLINK, id=tree.dataset, parent=of_bob))["resourceUnlink"]
    assert unlinked == {"resource": None, "userErrors": []}
    assert await found(face, bob, f"{name}/theirs/a.txt") is None
    assert await face.refusals(ada, UNLINK, id=tree.dataset, parent=of_bob) == [("NOT_FOUND", ["parent"])]
    assert await face.refusals(ada, UNLINK, id=tree.dataset, parent=tree.collection) == [("HOME_PARENT", ["parent"])]


async def test_a_share_passes_read_and_bears_the_homes_name_if_nothing_is_said(face: Face, ada: Person) -> None:
    here, there = await face.tree(ada), await face.tree(ada)

    shared = (await face.ask(ada, SHARE, id=here.first, input={"parent": there.project}))["resourceShare"]

    share = {"name": "a.txt", "isHome": False, "passes": "READ", "container": {"id": there.project}}
    assert shared["resource"]["parents"] == [home(here.dataset, "a.txt"), share]


async def test_admin_of_a_resource_sees_all_its_shares(face: Face, ada: Person, bob: Person, tree: Tree) -> None:
    of_bob = await face.world.project(bob.id, face.fresh_name())
    await face.share(bob, of_bob, ada, Level.APPEND)
    await face.ask(ada, SHARE, id=tree.first, input={"parent": of_bob, "passes": "WRITE"})
    await face.ask(ada, SHARE, id=tree.first, input={"parent": tree.project, "name": "up"})
    await face.world.revoke(bob.id, of_bob, ada.id)
    document = """query ($id: ID!) { node(id: $id) { ... on Resource {
        shares { containerId container { id } name passes createdBy { displayName } } } } }"""

    shown = (await face.ask(ada, document, id=tree.first))["node"]["shares"]

    by_ada = {"createdBy": {"displayName": ada.name}}
    assert sorted(shown, key=lambda share: share["name"]) == [
        {"containerId": of_bob, "container": None, "name": "a.txt", "passes": "WRITE", **by_ada},
        {"containerId": tree.project, "container": {"id": tree.project}, "name": "up", "passes": "READ", **by_ada},
    ]
    assert (await face.ask(bob, document, id=tree.first))["node"]["shares"] is None
    assert (await face.ask(ada, document, id=tree.project))["node"]["shares"] == []


async def test_a_moved_collection_takes_its_paths_with_it(face: Face, ada: Person, tree: Tree) -> None:
    name = face.fresh_name()
    there = await face.world.project(ada.id, name)

    moved = (await face.ask(ada, MOVE, id=tree.collection, input={"to": there, "name": "new"}))["resourceMove"]

    assert moved == {
        "resource": {
            "id": tree.collection,
            "name": "new",
            "revision": 1,
            "paths": [f"{name}/new"],
            "parents": [home(there, "new")],
        },
        "userErrors": [],
    }
    assert await found(face, ada, f"{name}/new/data/b/c.txt") == tree.second
    assert await found(face, ada, f"{tree.name}/coll/data/b/c.txt") is None


async def test_a_share_is_moved_by_naming_what_it_leaves(face: Face, ada: Person, tree: Tree) -> None:
    other = await face.tree(ada)
    await face.ask(ada, SHARE, id=tree.first, input={"parent": other.dataset, "name": "s"})

    given = {"from": other.dataset, "to": other.project}
    moved = (await face.ask(ada, MOVE, id=tree.first, input=given))["resourceMove"]

    assert moved["userErrors"] == []
    assert moved["resource"]["paths"] == [f"{tree.name}/coll/data/a.txt", f"{other.name}/s"]


async def test_renames_change_every_path_below(face: Face, ada: Person, tree: Tree) -> None:
    name = face.fresh_name()

    await face.ask(ada, RENAME, id=tree.project, name=name)
    await face.ask(ada, RENAME, id=tree.collection, name="c")
    await face.ask(ada, RENAME, id=tree.dataset, name="d", parent=tree.collection)
    renamed = (await face.ask(ada, RENAME, id=tree.first, name="x/y"))["resourceRename"]

    assert renamed["userErrors"] == []
    assert renamed["resource"]["name"] == "x/y"
    assert renamed["resource"]["paths"] == [f"{name}/c/d/x/y"]
    assert await found(face, ada, f"s3://{name}/c/d/x/y") == tree.first
    assert await found(face, ada, f"{tree.name}/coll/data/a.txt") is None


async def test_a_renamed_project_lets_uploads_that_were_begun_be_finished(face: Face, ada: Person) -> None:
    project = await face.world.project(ada.id, face.fresh_name())
    made = await face.ask(
        ada,
        """mutation ($input: ObjectCreateInput!) {
          objectCreate(input: $input) { object { id } upload { id } userErrors { code message } } }""",
        input={"parent": project, "name": "o", "parts": 1},
    )
    upload = made["objectCreate"]["upload"]["id"]
    await face.part(ada, upload, 1, 5)
    other = await face.world.project(ada.id, face.fresh_name())

    await face.ask(ada, RENAME, id=project, name=face.fresh_name())
    await face.ask(ada, MOVE, id=made["objectCreate"]["object"]["id"], input={"to": other, "name": "p"})
    await face.world.delete_container(ada.id, project)
    finished = await face.ask(
        ada,
        """mutation ($id: ID!) {
          objectUploadFinish(id: $id) { object { state paths } userErrors { code message } } }""",
        id=upload,
    )

    assert finished["objectUploadFinish"]["userErrors"] == []
    assert finished["objectUploadFinish"]["object"]["state"] == "AVAILABLE"


async def test_a_clone_tells_its_source(face: Face, ada: Person, bob: Person, tree: Tree) -> None:
    name = face.fresh_name()
    of_bob = await face.world.project(bob.id, name)
    await face.share(ada, tree.first, bob, Level.READ)

    made = (await face.ask(bob, CLONE, id=tree.first, input={"parent": of_bob}))["objectClone"]

    source = await face.ask(
        ada, "query ($id: ID!) { node(id: $id) { ... on Object { etag versionId } } }", id=tree.first
    )
    clone = made["object"]
    assert made["userErrors"] == []
    assert clone["id"] not in {tree.first, tree.second}
    assert (clone["name"], clone["revisionNumber"], clone["etag"]) == ("a.txt", 0, source["node"]["etag"])
    assert clone["paths"] == [f"{name}/a.txt"]
    origin = {"kind": "ORIGIN", "targetVersionId": source["node"]["versionId"], "other": {"id": tree.first}}
    assert clone["relations"]["nodes"] == [origin]


@pytest.mark.parametrize(
    ("document", "arguments", "code", "field"),
    [
        (SHARE, {"input": {"parent": "nonsense"}}, "NOT_FOUND", ["input", "parent"]),
        (SHARE, {"input": {"parent": "$dataset"}}, "ALREADY_EXISTS", ["input", "parent"]),
        (SHARE, {"input": {"parent": "$first"}}, "HIERARCHY", ["input", "parent"]),
        (SHARE, {"input": {"parent": "$project", "passes": "NONE"}}, "BAD_USER_INPUT", ["input", "passes"]),
        (SHARE, {"input": {"parent": "$project", "name": "\u0000"}}, "BAD_USER_INPUT", ["input", "name"]),
        (SHARE, {"input": {"parent": "$project", "name": "x" * 1025}}, "BAD_USER_INPUT", ["input", "name"]),
        (UNLINK, {"parent": "$dataset"}, "HOME_PARENT", ["parent"]),
        (UNLINK, {"parent": "$first"}, "NOT_FOUND", ["parent"]),
        (UNLINK, {"parent": ""}, "NOT_FOUND", ["parent"]),
        (MOVE, {"input": {"to": "$first"}}, "HIERARCHY", ["input", "to"]),
        (MOVE, {"input": {"to": ""}}, "NOT_FOUND", ["input", "to"]),
        (MOVE, {"input": {"to": "$project", "from": "$collection"}}, "NOT_FOUND", ["input", "from"]),
        (MOVE, {"input": {"to": "$project", "from": ""}}, "NOT_FOUND", ["input", "from"]),
        (MOVE, {"input": {"to": "$project", "name": "a/b"}}, "BAD_USER_INPUT", ["input", "name"]),
        (MOVE, {"input": {"to": "$dataset", "name": "b/c.txt"}}, "ALREADY_EXISTS", ["input", "name"]),
        (RENAME, {"name": ""}, "BAD_USER_INPUT", ["name"]),
        (RENAME, {"name": "b/c.txt"}, "ALREADY_EXISTS", ["name"]),
        (RENAME, {"name": "x", "parent": "$project"}, "NOT_FOUND", ["parent"]),
        (RENAME, {"name": "x", "parent": ""}, "NOT_FOUND", ["parent"]),
        (CLONE, {"input": {"parent": "$dataset"}}, "ALREADY_EXISTS", ["input", "name"]),
        (CLONE, {"input": {"parent": "$dataset", "name": "x", "versionId": "no"}}, "NOT_FOUND", ["input", "versionId"]),
        (CLONE, {"input": {"parent": "$dataset", "name": "x", "versionId": ""}}, "NOT_FOUND", ["input", "versionId"]),
        (CLONE, {"input": {"parent": "$first", "name": "x"}}, "HIERARCHY", ["input", "parent"]),
    ],
)
async def test_what_cant_be_is_refused_and_changes_nothing(
    face: Face, ada: Person, tree: Tree, document: str, arguments: dict[str, Any], code: str, field: list[str]
) -> None:
    ids = {f"${name}": getattr(tree, name) for name in ("project", "collection", "dataset", "first")}

    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: filled(inner) for name, inner in value.items()}  # pyright: ignore[reportUnknownVariableType]
        return ids.get(value, value)

    before = await face.events()

    assert await face.refusals(ada, document, id=tree.first, **filled(arguments)) == [(code, field)]
    assert await face.events() == before


@pytest.mark.parametrize(
    ("document", "arguments"),
    [
        (SHARE, {"input": {"parent": "x"}}),
        (UNLINK, {"parent": "x"}),
        (MOVE, {"input": {"to": "x"}}),
        (RENAME, {"name": "x"}),
        (CLONE, {"input": {"parent": "x"}}),
    ],
)
async def test_for_a_stranger_and_for_nobody_nothing_is_there(
    face: Face, bob: Person, tree: Tree, document: str, arguments: dict[str, Any]
) -> None:
    for resource in (tree.first, "", "nonsense", f"{tree.dataset}:{tree.first}"):
        for who in (bob, None):
            assert await face.refusals(who, document, id=resource, **arguments) == [("NOT_FOUND", ["id"])]


@pytest.mark.parametrize("name", ["\\ud800", "a\\udfff"])
async def test_a_name_that_is_no_unicode_is_refused(face: Face, ada: Person, tree: Tree, name: str) -> None:
    """Written in JSON as escapes, as no text could be sent."""
    before = await face.events()
    for document, arguments in (
        (RENAME, {"name": name}),
        (MOVE, {"input": {"to": tree.project, "name": name}}),
        (SHARE, {"input": {"parent": tree.project, "name": name}}),
        (CLONE, {"input": {"parent": tree.project, "name": name}}),
    ):
        body = json.dumps({"query": document, "variables": {"id": tree.first, **arguments}}).replace("\\\\", "\\")
        async with face.client(ada.token) as client:
            headers = {"Content-Type": "application/json"}
            answer = (await client.post("/graphql", content=body, headers=headers)).json()
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]
    assert await face.events() == before
