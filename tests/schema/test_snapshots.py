"""Snapshots and archives over GraphQL."""

from typing import Any

import pytest

from domain.access import Level
from domain.errors import Forbidden
from resolvers.context import open_context
from resolvers.snapshots import unarchive
from tests.schema.face import Face, Person

FIELDS = "__typename id name version snapshotOf { id } archivedAt createdAt createdBy { id } state"
CREATE = f"""mutation ($id: ID!, $version: String!) {{
    snapshotCreate(id: $id, version: $version) {{ snapshot {{ {FIELDS} }} userErrors {{ code field message }} }} }}"""
DELETE = f"mutation ($id: ID!) {{ snapshotDelete(id: $id) {{ snapshot {{ {FIELDS} }} userErrors {{ code field }} }} }}"
ARCHIVE = (
    "mutation ($id: ID!) { projectArchive(id: $id) { project { id archivedAt } userErrors { code field message } } }"
)
UNARCHIVE = "mutation ($id: ID!) { projectUnarchive(id: $id) { project { id archivedAt } userErrors { code field } } }"
LIST = """query ($id: ID!, $first: Int, $after: String, $last: Int, $before: String) {
    node(id: $id) { ... on Container { snapshots(first: $first, after: $after, last: $last, before: $before) {
        edges { version cursor node { id version } } nodes { id }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }
    latestSnapshot { id version } version snapshotOf { id } archivedAt } } }"""


async def make(face: Face, who: Person, original: str, version: str) -> dict[str, Any]:
    answer = (await face.ask(who, CREATE, id=original, version=version))["snapshotCreate"]
    assert answer["userErrors"] == []
    return answer["snapshot"]


async def test_a_snapshot_is_what_it_was_made_of(face: Face, ada: Person) -> None:
    tree = await face.tree(ada)

    snapshot = await make(face, ada, tree.collection, "1.2.0")

    assert snapshot == {
        "__typename": "Collection",
        "id": snapshot["id"],
        "name": "coll",
        "version": "1.2.0",
        "snapshotOf": {"id": tree.collection},
        "archivedAt": None,
        "createdAt": snapshot["createdAt"],
        "createdBy": {"id": ada.id},
        "state": "AVAILABLE",
    }
    found = await face.ask(
        ada, f"query ($id: ID!) {{ node(id: $id) {{ ... on Container {{ {FIELDS} }} }} }}", id=snapshot["id"]
    )
    assert found["node"] == snapshot


async def test_snapshots_are_paged_newest_first(face: Face, ada: Person) -> None:
    tree = await face.tree(ada)
    made = [
        (await make(face, ada, tree.dataset, version))["id"] for version in ("1.0.0", "2.0.0-rc.1", "1.1.0", "0.9.0")
    ]

    async def page(**arguments: Any) -> tuple[list[str], dict[str, Any]]:
        node = (await face.ask(ada, LIST, id=tree.dataset, **arguments))["node"]
        found = node["snapshots"]
        assert [edge["node"]["id"] for edge in found["edges"]] == [one["id"] for one in found["nodes"]]
        assert [edge["version"] for edge in found["edges"]] == [edge["node"]["version"] for edge in found["edges"]]
        assert node["latestSnapshot"] == {"id": made[2], "version": "1.1.0"}
        return [one["id"] for one in found["nodes"]], found["pageInfo"]

    whole, info = await page(first=9)
    assert whole == made[::-1]
    assert (info["hasNextPage"], info["hasPreviousPage"]) == (False, False)
    start, info = await page(first=3)
    assert (start, info["hasNextPage"]) == (made[:0:-1], True)
    rest, info = await page(first=3, after=info["endCursor"])
    assert (rest, info["hasNextPage"], info["hasPreviousPage"]) == ([made[0]], False, True)
    back, info = await page(last=2, before=info["startCursor"])
    assert (back, info["hasPreviousPage"]) == ([made[2], made[1]], True)


async def test_a_snapshot_and_what_never_had_one_list_none(face: Face, ada: Person) -> None:
    tree = await face.tree(ada)
    snapshot = await make(face, ada, tree.project, "1.0.0-rc.1")

    for one in (snapshot["id"], tree.dataset):
        node = (await face.ask(ada, LIST, id=one, first=5))["node"]
        assert (node["snapshots"]["nodes"], node["latestSnapshot"]) == ([], None)
    assert (await face.ask(ada, LIST, id=tree.project, first=5))["node"]["latestSnapshot"] is None


async def test_snapshots_of_many_containers_take_one_statement(face: Face, ada: Person) -> None:
    tree = await face.tree(ada)
    for one in (tree.project, tree.collection, tree.dataset):
        await make(face, ada, one, "1.0.0")
    document = """query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Container {
        snapshots(first: 2) { nodes { version } } latestSnapshot { version } } } }"""

    before = face.world.engine.statement_count
    found = await face.ask(ada, document, ids=[tree.project, tree.collection, tree.dataset])

    of_each = {"snapshots": {"nodes": [{"version": "1.0.0"}]}, "latestSnapshot": {"version": "1.0.0"}}
    assert found["nodes"] == [of_each] * 3
    # The token, the resources, their snapshots, the latest ones.
    assert face.world.engine.statement_count - before == 4


async def test_who_may_read_sees_snapshots_and_others_see_nothing(face: Face, ada: Person, bob: Person) -> None:
    tree = await face.tree(ada)
    snapshot = await make(face, ada, tree.project, "1.0.0")

    assert (await face.ask(bob, LIST, id=snapshot["id"], first=1))["node"] is None
    assert (await face.ask(None, LIST, id=snapshot["id"], first=1))["node"] is None
    await face.share(ada, snapshot["id"], bob, Level.READ)
    node = (await face.ask(bob, LIST, id=snapshot["id"], first=1))["node"]
    assert (node["version"], node["snapshotOf"]) == ("1.0.0", None), "the original is not his to see"
    listed = (await face.ask(bob, "{ projects(first: 100) { nodes { id } } }"))["projects"]["nodes"]
    assert {"id": snapshot["id"]} not in listed, "a snapshot of a project is none of his projects"
    grants = "query ($id: ID!) { node(id: $id) { ... on Container { grants { level user { id } } } } }"
    given = (await face.ask(ada, grants, id=snapshot["id"]))["node"]["grants"]
    assert given == [{"level": "READ", "user": {"id": bob.id}}]
    assert (await face.ask(bob, grants, id=snapshot["id"]))["node"]["grants"] is None


@pytest.mark.parametrize("version", ["", "1", "1.0", "v1.0.0", "1.0.0 ", "1.0.0-01", "latest", "\u0661.0.0", "9" * 300])
async def test_what_is_no_version_is_refused(face: Face, ada: Person, version: str) -> None:
    tree = await face.tree(ada)
    before = await face.events()

    assert await face.refusals(ada, CREATE, id=tree.project, version=version) == [("BAD_USER_INPUT", ["version"])]
    assert await face.events() == before


async def test_refusals_name_what_stands_against_it(face: Face, ada: Person, bob: Person) -> None:
    tree = await face.tree(ada)
    snapshot = await make(face, ada, tree.dataset, "1.0.0")
    await face.share(ada, tree.project, bob, Level.WRITE)
    before = await face.events()

    async def refused(who: Person | None, one: str, version: str = "2.0.0") -> Any:
        return await face.refusals(who, CREATE, id=one, version=version)

    assert await refused(ada, tree.dataset, "1.0.0+b") == [("ALREADY_EXISTS", ["version"])]
    assert await refused(ada, snapshot["id"]) == [("FAILED_PRECONDITION", ["id"])]
    assert await refused(ada, tree.first) == [("FAILED_PRECONDITION", ["id"])]
    assert await refused(ada, "nonsense") == [("NOT_FOUND", ["id"])]
    assert await refused(bob, tree.dataset) == [("FORBIDDEN", ["id"])]
    assert await face.refusals(bob, DELETE, id=snapshot["id"]) == [("FORBIDDEN", ["id"])]
    assert await face.refusals(ada, DELETE, id=tree.dataset) == [("FAILED_PRECONDITION", ["id"])]
    assert await face.refusals(ada, DELETE, id="nonsense") == [("NOT_FOUND", ["id"])]
    assert await face.events() == before


async def test_a_deleted_snapshot_is_listed_no_more_and_found_as_a_tombstone(face: Face, ada: Person) -> None:
    tree = await face.tree(ada)
    snapshot = await make(face, ada, tree.dataset, "1.0.0")

    answer = (await face.ask(ada, DELETE, id=snapshot["id"]))["snapshotDelete"]

    assert answer == {"snapshot": {**snapshot, "state": "DELETED"}, "userErrors": []}
    node = (await face.ask(ada, LIST, id=tree.dataset, first=5))["node"]
    assert (node["snapshots"]["nodes"], node["latestSnapshot"]) == ([], None)
    assert await face.refusals(ada, DELETE, id=snapshot["id"]) == [("FAILED_PRECONDITION", ["id"])]


async def test_a_project_is_archived_by_its_admin_and_taken_back_by_an_administrator(
    face: Face, ada: Person, bob: Person, admin: Person
) -> None:
    tree = await face.tree(ada)
    await face.share(ada, tree.project, bob, Level.WRITE)
    assert await face.refusals(bob, ARCHIVE, id=tree.project) == [("FORBIDDEN", ["id"])]
    assert await face.refusals(ada, ARCHIVE, id=tree.dataset) == [("FAILED_PRECONDITION", ["id"])]

    archived = (await face.ask(ada, ARCHIVE, id=tree.project))["projectArchive"]

    assert archived["userErrors"] == []
    assert archived["project"]["archivedAt"] is not None
    update = 'mutation ($id: ID!) { resourceUpdate(id: $id, input: {title: "T"}) { userErrors { code field } } }'
    for one in (tree.project, tree.dataset, tree.first):
        assert await face.refusals(ada, update, id=one) == [("IMMUTABLE", ["id"])]
    assert await face.refusals(ada, ARCHIVE, id=tree.project) == [("FAILED_PRECONDITION", ["id"])]
    assert await face.refusals(ada, UNARCHIVE, id=tree.project) == [("FORBIDDEN", ["id"])]

    # An administrator has no level on it, and so is shown nothing.
    taken_back = (await face.ask(admin, UNARCHIVE, id=tree.project))["projectUnarchive"]

    assert taken_back == {"project": None, "userErrors": []}
    assert (await face.ask(ada, LIST, id=tree.project, first=1))["node"]["archivedAt"] is None
    assert await face.refusals(admin, UNARCHIVE, id=tree.project) == [("FAILED_PRECONDITION", ["id"])]
    assert (await face.ask(ada, update, id=tree.project))["resourceUpdate"]["userErrors"] == []


async def test_who_was_an_administrator_when_the_request_came_in_takes_no_archive_back(face: Face, ada: Person) -> None:
    tree = await face.tree(ada)
    await face.ask(ada, ARCHIVE, id=tree.project)
    other = await face.person("former", is_administrator=True)
    context = await open_context(face.services, f"Bearer {other.token}", "r")
    await face.world.do("MATCH (u:User {id: $id}) SET u.administrator = false", id=other.id)
    await face.share(ada, tree.project, other, Level.READ)

    with pytest.raises(Forbidden):
        await unarchive(context, tree.project)


async def test_nobody_makes_snapshots_without_a_token(face: Face, ada: Person) -> None:
    tree = await face.tree(ada)
    before = await face.events()

    for document, arguments in ((CREATE, {"version": "1.0.0"}), (DELETE, {}), (ARCHIVE, {})):
        assert await face.refusals(None, document, id=tree.project, **arguments) == [("NOT_FOUND", ["id"])]
    answer = await face.answer(None, UNARCHIVE, id=tree.project)
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["UNAUTHENTICATED"]

    assert await face.events() == before
