"""What can be asked, and what those who may not see it are answered."""

import pytest

from domain.access import Level
from domain.linking import ExternalLink, Link
from domain.relations import ExternalType, RelationKind
from tests.schema.face import S3_URL, Face, Person, Tree

EVERYTHING = """
query ($id: ID!) { node(id: $id) { __typename id ... on Resource {
  kind name title description state stateReason dataClass metadataLicense dataLicense revision
  createdAt createdBy { id displayName } updatedAt viewerLevel paths
  parents { name isHome passes container { id } }
  ancestors { id kind }
} } }
"""


async def test_a_resource_shows_what_it_is_and_where(face: Face, ada: Person, tree: Tree) -> None:
    found = (await face.ask(ada, EVERYTHING, id=tree.first))["node"]

    assert found.pop("createdAt").endswith("Z")
    assert found.pop("updatedAt").endswith("Z")
    assert found == {
        "__typename": "Object",
        "id": tree.first,
        "kind": "OBJECT",
        "name": "a.txt",
        "title": None,
        "description": None,
        "state": "AVAILABLE",
        "stateReason": None,
        "dataClass": "PRIVATE",
        "metadataLicense": "AllRightsReserved",
        "dataLicense": "AllRightsReserved",
        "revision": 1,
        "createdBy": {"id": ada.id, "displayName": "Ada"},
        "viewerLevel": "ADMIN",
        "paths": [f"{tree.name}/coll/data/a.txt"],
        "parents": [{"name": "a.txt", "isHome": True, "passes": "ADMIN", "container": {"id": tree.dataset}}],
        "ancestors": [
            {"id": tree.dataset, "kind": "DATASET"},
            {"id": tree.collection, "kind": "COLLECTION"},
            {"id": tree.project, "kind": "PROJECT"},
        ],
    }


async def test_a_project_is_a_bucket_and_knows_its_sums(face: Face, ada: Person, tree: Tree) -> None:
    sums = "{ objects bytes lastChange }"
    document = f"""query ($ref: String!) {{ resource(ref: $ref) {{ ... on Project {{
        versioning s3Url stateReason parents {{ name }} ancestors {{ id }} paths stats {{ own {sums} subtree {sums} }}
    }} }} }}"""

    found = (await face.ask(ada, document, ref=tree.name))["resource"]

    assert found["stats"]["subtree"].pop("lastChange") >= found["stats"]["own"].pop("lastChange")
    assert found == {
        "versioning": "OFF",
        "s3Url": f"{S3_URL}/{tree.name}",
        "stateReason": None,
        "parents": [],
        "ancestors": [],
        "paths": [tree.name],
        "stats": {"own": {"objects": 0, "bytes": 0}, "subtree": {"objects": 2, "bytes": 7}},
    }


async def test_an_object_shows_its_newest_revision_and_lists_the_older(face: Face, ada: Person, tree: Tree) -> None:
    await face.world.put(ada.id, tree.name, "coll/data/a.txt", 5)
    document = """query ($id: ID!, $after: String) { node(id: $id) { ... on Object {
        versionId revisionNumber contentLength contentType etag metadata { key value }
        checksums { sha256 md5 s3 { algorithm value } }
        revisions(first: 1, after: $after) {
            nodes { versionId revisionNumber contentLength etag publishedBy { id } checksums { md5 } }
            pageInfo { hasNextPage hasPreviousPage endCursor }
        }
    } } }"""

    newest = (await face.ask(ada, document, id=tree.first))["node"]
    page = newest.pop("revisions")
    older = (await face.ask(ada, document, id=tree.first, after=page["pageInfo"]["endCursor"]))["node"]["revisions"]

    assert newest["revisionNumber"] == 1
    assert newest["contentLength"] == 5
    assert newest["contentType"] == "binary/octet-stream"
    assert newest["metadata"] == []
    assert newest["checksums"]["md5"] == newest["etag"]
    assert len(newest["checksums"]["sha256"]) == 64
    assert newest["checksums"]["s3"] == [{"algorithm": "CRC64NVME", "value": "AAAAAAAAAAA="}]
    assert [node["versionId"] for node in page["nodes"]] == [newest["versionId"]]
    assert page["pageInfo"] | {"endCursor": ""} == {"hasNextPage": True, "hasPreviousPage": False, "endCursor": ""}
    assert [(node["revisionNumber"], node["contentLength"]) for node in older["nodes"]] == [(0, 3)]
    assert older["nodes"][0]["publishedBy"] == {"id": ada.id}
    assert older["pageInfo"]["hasNextPage"] is False
    one = """query ($id: ID!, $v: ID!, $w: ID!) { node(id: $id) { ... on Object {
        here: revisionAt(versionId: $v) { revisionNumber } elsewhere: revisionAt(versionId: $w) { revisionNumber }
    } } }"""
    other = (await face.ask(ada, document, id=tree.second))["node"]["versionId"]
    answer = await face.ask(ada, one, id=tree.first, v=older["nodes"][0]["versionId"], w=other)
    assert answer["node"] == {"here": {"revisionNumber": 0}, "elsewhere": None}


REFERENCES = """query ($a: String!) { resource(ref: $a) { id kind } }"""


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("{0.name}", "project"),
        ("{0.name}/", "project"),
        ("s3://{0.name}", "project"),
        ("s3://{0.name}/", "project"),
        ("{0.name}/coll", "collection"),
        ("{0.name}/coll/", "collection"),
        ("{0.name}/coll/data", "dataset"),
        ("{0.name}/coll/data/", "dataset"),
        ("{0.name}/coll/data/a.txt", "first"),
        ("s3://{0.name}/coll/data/a.txt", "first"),
        ("{0.name}/coll/data/b/c.txt", "second"),
        ("{0.first}", "first"),
        ("s3://{0.name}/coll", None),
        ("s3://{0.name}/coll/", None),
        ("{0.name}/coll/data/a.txt/", None),
        ("{0.name}/coll/data/b", None),
        ("{0.name}/nowhere/data/", None),
        ("{0.name}//", None),
        ("no-such-project", None),
        ("", None),
        ("/", None),
        ("s3://", None),
        ("01J00000000000000000000000", None),
        ("a\u0000b", None),
    ],
)
async def test_references_name_one_resource(
    face: Face, ada: Person, tree: Tree, reference: str, expected: str | None
) -> None:
    found = (await face.ask(ada, REFERENCES, a=reference.format(tree)))["resource"]

    assert (found and found["id"]) == (expected and getattr(tree, expected))


async def test_an_object_and_a_container_of_one_name_are_told_apart_by_the_slash(
    face: Face, ada: Person, tree: Tree
) -> None:
    twin = await face.world.put(ada.id, tree.name, "coll")

    objects = (await face.ask(ada, REFERENCES, a=f"{tree.name}/coll"))["resource"]
    containers = (await face.ask(ada, REFERENCES, a=f"{tree.name}/coll/"))["resource"]

    assert (objects["id"], containers["id"]) == (twin.object_id, tree.collection)


async def test_nodes_keep_the_order_of_the_ids_and_answer_null_for_misses(
    face: Face, ada: Person, bob: Person, tree: Tree
) -> None:
    ids = [tree.second, "nonsense", tree.first, bob.id, "01J00000000000000000000000", tree.second]

    found = (await face.ask(ada, "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", ids=ids))["nodes"]

    assert [node and (node["__typename"], node["id"]) for node in found] == [
        ("Object", tree.second),
        None,
        ("Object", tree.first),
        ("User", bob.id),
        None,
        ("Object", tree.second),
    ]


async def test_more_than_a_hundred_nodes_are_refused(face: Face, ada: Person) -> None:
    answer = await face.answer(ada, "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=["x"] * 101)

    assert [(error["extensions"]["code"], error["path"]) for error in answer["errors"]] == [
        ("BAD_USER_INPUT", ["nodes"])
    ]
    assert answer["data"] is None


async def test_projects_are_listed_by_name_both_ways(face: Face) -> None:
    eve = await face.person("Eve")
    for name in ("eve-c", "eve-a", "eve-b"):
        await face.world.project(eve.id, name)
    page = "totalCount nodes { name } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"

    first = (await face.ask(eve, f"{{ projects(first: 2, last: null) {{ {page} }} }}"))["projects"]
    cursor = first["pageInfo"]["endCursor"]
    rest = await face.ask(eve, f"query ($c: String) {{ projects(first: 2, after: $c) {{ {page} }} }}", c=cursor)
    last = (await face.ask(eve, f"{{ projects(last: 2) {{ {page} }} }}"))["projects"]

    assert (first["totalCount"], [node["name"] for node in first["nodes"]]) == (3, ["eve-a", "eve-b"])
    assert (first["pageInfo"]["hasNextPage"], first["pageInfo"]["hasPreviousPage"]) == (True, False)
    assert [node["name"] for node in rest["projects"]["nodes"]] == ["eve-c"]
    assert (rest["projects"]["pageInfo"]["hasNextPage"], rest["projects"]["pageInfo"]["hasPreviousPage"]) == (
        False,
        True,
    )
    assert [node["name"] for node in last["nodes"]] == ["eve-b", "eve-c"]
    assert (last["pageInfo"]["hasNextPage"], last["pageInfo"]["hasPreviousPage"]) == (False, True)
    assert (await face.ask(None, "{ projects(first: 2) { totalCount nodes { name } } }"))["projects"] == {
        "totalCount": 0,
        "nodes": [],
    }


@pytest.mark.parametrize(
    "arguments",
    ["", "first: null, last: null", "first: 1, last: 1", "first: 0", "first: 101", "last: -1", 'first: 1, after: "x"'],
)
async def test_a_page_out_of_bounds_is_an_error_and_never_cut(face: Face, ada: Person, arguments: str) -> None:
    listed = f"projects({arguments})" if arguments else "projects"

    answer = await face.answer(ada, f"{{ {listed} {{ nodes {{ name }} }} }}")

    assert [(error["extensions"]["code"], error["path"]) for error in answer["errors"]] == [
        ("BAD_USER_INPUT", ["projects"])
    ]


async def test_a_cursor_of_another_list_is_refused(face: Face, ada: Person, tree: Tree) -> None:
    projects = await face.ask(ada, "{ projects(first: 1) { pageInfo { endCursor } } }")
    cursor = projects["projects"]["pageInfo"]["endCursor"]

    answer = await face.answer(
        ada,
        """query ($id: ID!, $c: String) { node(id: $id) {
            ... on Container { children(first: 1, after: $c) { nodes { id } } } } }""",
        id=tree.project,
        c=cursor,
    )

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]


async def test_the_viewer_sees_his_tokens_and_nobody_elses(face: Face, ada: Person, bob: Person) -> None:
    fields = "id displayName email isAdministrator isActive createdAt tokens { id name } s3Credentials { accessKeyId }"

    viewer = (await face.ask(ada, f"{{ viewer {{ {fields} }} }}"))["viewer"]
    other = (await face.ask(ada, f"query ($id: ID!) {{ user(id: $id) {{ {fields} }} }}", id=bob.id))["user"]

    assert viewer.pop("createdAt")
    assert viewer == {
        "id": ada.id,
        "displayName": "Ada",
        "email": None,
        "isAdministrator": False,
        "isActive": True,
        "tokens": [{"id": ada.token_id, "name": "test"}],
        "s3Credentials": [],
    }
    assert other == {
        "id": bob.id,
        "displayName": "Bob",
        "email": None,
        "isAdministrator": None,
        "isActive": None,
        "createdAt": None,
        "tokens": None,
        "s3Credentials": None,
    }


async def test_administrators_alone_list_users(face: Face, admin: Person, ada: Person) -> None:
    document = """query ($c: String) { users(first: 1, after: $c) {
        totalCount nodes { id isActive } pageInfo { endCursor hasNextPage } } }"""

    seen: list[str] = []
    cursor = None
    while True:
        page = (await face.ask(admin, document, c=cursor))["users"]
        seen += [node["id"] for node in page["nodes"]]
        cursor = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break

    assert seen == sorted(seen)
    assert {admin.id, ada.id} <= set(seen)
    assert page["totalCount"] == len(seen)
    assert (await face.ask(ada, document))["users"] is None
    assert (await face.ask(None, document))["users"] is None


async def test_anonymous_callers_are_nobody_and_see_no_users(face: Face, ada: Person) -> None:
    document = (
        "query ($id: ID!) { viewer { id } user(id: $id) { id } node(id: $id) { id } serverInfo { version s3Url } }"
    )

    assert await face.ask(None, document, id=ada.id) == {
        "viewer": None,
        "user": None,
        "node": None,
        "serverInfo": {"version": "0.0.test", "s3Url": S3_URL},
    }


async def test_what_one_may_not_see_is_answered_as_what_is_not_there(face: Face, bob: Person, tree: Tree) -> None:
    document = """query ($id: ID!, $ref: String!) {
        node(id: $id) { id } nodes(ids: [$id]) { id } resource(ref: $ref) { id }
    }"""
    for who in (bob, None):
        for hidden_id, hidden_ref in (
            (tree.first, f"{tree.name}/coll/data/a.txt"),
            (tree.project, tree.name),
            (tree.dataset, f"{tree.name}/coll/data/"),
        ):
            hidden = await face.answer(who, document, id=hidden_id, ref=hidden_ref)
            absent = await face.answer(who, document, id="01J00000000000000000000000", ref="no-such-thing")
            assert hidden == absent == {"data": {"node": None, "nodes": [None], "resource": None}}


async def test_a_grant_opens_at_once_and_its_removal_closes_at_once(
    face: Face, ada: Person, bob: Person, tree: Tree
) -> None:
    document = """query ($id: ID!) { node(id: $id) { ... on Object {
        viewerLevel paths ancestors { id } parents { container { id } } grants { level }
    } } }"""
    assert (await face.ask(bob, document, id=tree.first))["node"] is None

    await face.share(ada, tree.dataset, bob, Level.READ)
    opened = (await face.ask(bob, document, id=tree.first))["node"]
    above = (await face.ask(bob, document, id=tree.collection))["node"]
    await face.world.revoke(ada.id, tree.dataset, bob.id)
    closed = (await face.ask(bob, document, id=tree.first))["node"]

    assert opened == {
        "viewerLevel": "READ",
        "paths": [f"{tree.name}/coll/data/a.txt"],
        "ancestors": [{"id": tree.dataset}],
        "parents": [{"container": {"id": tree.dataset}}],
        "grants": None,
    }
    assert above is None
    assert closed is None


async def test_relations_show_to_who_may_see_both_ends_only(face: Face, ada: Person, bob: Person, tree: Tree) -> None:
    await face.world.link(
        ada.id,
        tree.first,
        Link(RelationKind.CUSTOM, tree.second, "cites", "as a source"),
        Link(RelationKind.METADATA, tree.project),
        ExternalLink(ExternalType.DOI, "https://doi.org/10.1234/ABC", note="paper"),
    )
    await face.share(ada, tree.dataset, bob, Level.READ)
    document = """query ($id: ID!, $direction: Direction!, $kinds: [RelationKind!], $after: String) {
        node(id: $id) { ... on Resource {
            relations(first: 1, direction: $direction, kinds: $kinds, after: $after) {
                nodes { kind name note isOutgoing other { id } sourceVersionId targetVersionId createdBy { id } }
                pageInfo { hasNextPage endCursor }
            }
            externalRelations { note reference { type value name } createdBy { id } }
        } }
    }"""

    async def listed(who: Person, resource: str, **variables: object) -> list[tuple[str, bool, str]]:
        found: list[tuple[str, bool, str]] = []
        after = None
        while True:
            page = (await face.ask(who, document, id=resource, after=after, **variables))["node"]["relations"]
            found += [(node["kind"], node["isOutgoing"], node["other"]["id"]) for node in page["nodes"]]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                return found

    assert await listed(ada, tree.first, direction="BOTH") == [
        ("CUSTOM", True, tree.second),
        ("METADATA", True, tree.project),
    ]
    assert await listed(ada, tree.first, direction="OUT", kinds=["METADATA"]) == [("METADATA", True, tree.project)]
    assert await listed(ada, tree.first, direction="IN") == []
    assert await listed(ada, tree.second, direction="IN") == [("CUSTOM", False, tree.first)]
    assert await listed(bob, tree.first, direction="BOTH") == [("CUSTOM", True, tree.second)]
    one = (await face.ask(bob, document, id=tree.first, direction="OUT"))["node"]
    (relation,) = one["relations"]["nodes"]
    assert len(relation.pop("sourceVersionId")) == len(relation.pop("targetVersionId")) == 26
    assert relation == {
        "kind": "CUSTOM",
        "name": "cites",
        "note": "as a source",
        "isOutgoing": True,
        "other": {"id": tree.second},
        "createdBy": {"id": ada.id},
    }
    assert one["externalRelations"] == [
        {
            "note": "paper",
            "reference": {"type": "DOI", "value": "10.1234/abc", "name": None},
            "createdBy": {"id": ada.id},
        }
    ]


async def test_belongs_to_is_read_as_parents_and_children(face: Face, ada: Person, tree: Tree) -> None:
    answer = await face.answer(
        ada,
        """query ($id: ID!) { node(id: $id) {
            ... on Resource { relations(first: 1, kinds: [BELONGS_TO]) { nodes { id } } } } }""",
        id=tree.first,
    )

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]


async def test_all_that_cites_a_doi_is_one_hop_away_for_who_may_see_it(
    face: Face, ada: Person, bob: Person, tree: Tree
) -> None:
    doi = ExternalLink(ExternalType.DOI, "10.5555/shared")
    await face.world.link(ada.id, tree.first, doi)
    await face.world.link(ada.id, tree.second, doi)
    document = """query ($value: String!, $after: String) { externalReference(type: DOI, value: $value) {
        value
        resources(first: 1, after: $after) { nodes { id } edges { node { id } } pageInfo { hasNextPage endCursor } }
    } }"""

    first = (await face.ask(ada, document, value="doi:10.5555/SHARED"))["externalReference"]
    after = first["resources"]["pageInfo"]["endCursor"]
    rest = (await face.ask(ada, document, value="10.5555/shared", after=after))["externalReference"]
    hidden = (await face.ask(bob, document, value="10.5555/shared"))["externalReference"]
    absent = (await face.ask(bob, document, value="10.5555/nobody"))["externalReference"]

    assert first["value"] == "10.5555/shared"
    assert [node["id"] for page in (first, rest) for node in page["resources"]["nodes"]] == sorted(
        [tree.first, tree.second]
    )
    assert (first["resources"]["pageInfo"]["hasNextPage"], rest["resources"]["pageInfo"]["hasNextPage"]) == (
        True,
        False,
    )
    assert hidden["resources"] == absent["resources"]
    assert hidden["resources"]["nodes"] == []
    assert (await face.ask(ada, document, value="no doi"))["externalReference"] is None


async def test_grants_show_to_administrators_of_the_resource(face: Face, ada: Person, bob: Person, tree: Tree) -> None:
    await face.share(ada, tree.project, bob, Level.WRITE)
    document = """query ($id: ID!) { node(id: $id) { ... on Resource {
        grants { user { id displayName } level expiresAt createdBy { id } }
    } } }"""

    shown = (await face.ask(ada, document, id=tree.project))["node"]["grants"]
    below = (await face.ask(ada, document, id=tree.first))["node"]["grants"]
    hidden = (await face.ask(bob, document, id=tree.project))["node"]["grants"]

    by_ada: dict[str, object] = {"expiresAt": None, "createdBy": {"id": ada.id}}
    assert sorted(grant["user"]["id"] for grant in shown) == [grant["user"]["id"] for grant in shown]
    assert {grant["level"]: grant for grant in shown} == {
        "ADMIN": {"user": {"id": ada.id, "displayName": "Ada"}, "level": "ADMIN", **by_ada},
        "WRITE": {"user": {"id": bob.id, "displayName": "Bob"}, "level": "WRITE", **by_ada},
    }
    assert below == []
    assert hidden is None
