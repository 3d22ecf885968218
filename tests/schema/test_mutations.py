"""Every mutation: what it does, and that a refusal has its code and field and changes nothing."""

from typing import Any

import pytest

from domain.access import Level
from tests.schema.face import Face, Person, Tree

ERRORS = "userErrors { code field message }"
NOWHERE = "01J00000000000000000000000"

PROJECT = f"mutation ($input: ProjectCreateInput!) {{ projectCreate(input: $input) {{ project {{ id }} {ERRORS} }} }}"
COLLECTION = f"""mutation ($input: CollectionCreateInput!) {{
    collectionCreate(input: $input) {{ collection {{ id }} {ERRORS} }} }}"""
DATASET = f"mutation ($input: DatasetCreateInput!) {{ datasetCreate(input: $input) {{ dataset {{ id }} {ERRORS} }} }}"
UPDATE = f"""mutation ($id: ID!, $input: ResourceUpdateInput!, $r: Int) {{
    resourceUpdate(id: $id, input: $input, ifRevision: $r) {{
        resource {{ title description revision }} {ERRORS} }} }}"""
DELETE = f"mutation ($id: ID!) {{ resourceDelete(id: $id) {{ resource {{ id state paths }} {ERRORS} }} }}"
RELATE = f"""mutation ($id: ID!, $relations: [RelationInput!], $external: [ExternalRelationInput!]) {{
    relationsAdd(id: $id, relations: $relations, external: $external) {{
        resource {{ id }} changed unchanged {ERRORS} }} }}"""
UNRELATE = RELATE.replace("relationsAdd", "relationsRemove")
GRANT = f"""mutation ($id: ID!, $to: ID!, $level: Level!, $until: DateTime) {{
    grantSet(id: $id, principal: $to, level: $level, expiresAt: $until) {{
        resource {{ grants {{ user {{ id }} level expiresAt }} }} {ERRORS} }} }}"""
UNGRANT = f"""mutation ($id: ID!, $to: ID!) {{
    grantRemove(id: $id, principal: $to) {{ resource {{ grants {{ user {{ id }} level }} }} {ERRORS} }} }}"""
USER = f"""mutation ($input: UserCreateInput!) {{
    userCreate(input: $input) {{ user {{ id displayName email isActive isAdministrator }} secret {ERRORS} }} }}"""
ACTIVATE = f"mutation ($id: ID!) {{ userActivate(id: $id) {{ user {{ isActive }} {ERRORS} }} }}"
DEACTIVATE = ACTIVATE.replace("userActivate", "userDeactivate")
TOKEN = f"""mutation ($input: TokenCreateInput!) {{
    tokenCreate(input: $input) {{ token {{ id name expiresAt createdAt }} secret {ERRORS} }} }}"""
REVOKE_TOKEN = f"mutation ($id: ID!) {{ tokenRevoke(id: $id) {{ revokedId {ERRORS} }} }}"
CREDENTIAL = f"""mutation ($input: S3CredentialCreateInput!) {{
    s3CredentialCreate(input: $input) {{
        credential {{ accessKeyId name expiresAt }} secretAccessKey {ERRORS} }} }}"""
REVOKE_CREDENTIAL = (
    f"mutation ($id: String!) {{ s3CredentialRevoke(accessKeyId: $id) {{ revokedAccessKeyId {ERRORS} }} }}"
)


async def refused(face: Face, who: Person | None, document: str, **variables: Any) -> list[tuple[str, Any]]:
    """UserErrors of a mutation that changes nothing."""
    before = await face.events()
    refusals = await face.refusals(who, document, **variables)
    assert await face.events() == before
    return refusals


async def code_of(face: Face, who: Person | None, document: str, **variables: Any) -> str:
    """Code of the one error of an answer without data that changes nothing."""
    before = await face.events()
    answer = await face.answer(who, document, **variables)
    assert await face.events() == before
    assert answer["data"] is None
    (error,) = answer["errors"]
    return error["extensions"]["code"]


# -- making containers


async def test_containers_are_made_below_each_other_and_take_their_parents_class(face: Face, ada: Person) -> None:
    name = face.fresh_name()

    project = (await face.ask(ada, PROJECT, input={"name": name, "title": "T", "dataClass": "CONFIDENTIAL"}))[
        "projectCreate"
    ]
    parent = project["project"]["id"]
    collection = (await face.ask(ada, COLLECTION, input={"parent": parent, "name": "c", "description": "D"}))[
        "collectionCreate"
    ]
    dataset = (await face.ask(ada, DATASET, input={"parent": collection["collection"]["id"], "name": "d"}))[
        "datasetCreate"
    ]

    assert project["userErrors"] == collection["userErrors"] == dataset["userErrors"] == []
    found = await face.ask(
        ada,
        """query ($ids: [ID!]!) { nodes(ids: $ids) { __typename
            ... on Resource { title description dataClass paths viewerLevel } } }""",
        ids=[parent, collection["collection"]["id"], dataset["dataset"]["id"]],
    )
    common = {"dataClass": "CONFIDENTIAL", "viewerLevel": "ADMIN"}
    assert found["nodes"] == [
        {"__typename": "Project", "title": "T", "description": None, "paths": [name], **common},
        {"__typename": "Collection", "title": None, "description": "D", "paths": [f"{name}/c"], **common},
        {"__typename": "Dataset", "title": None, "description": None, "paths": [f"{name}/c/d"], **common},
    ]


async def test_a_project_is_refused_for_its_name(face: Face, ada: Person, bob: Person, tree: Tree) -> None:
    assert await refused(face, bob, PROJECT, input={"name": tree.name}) == [("ALREADY_EXISTS", ["input", "name"])]
    assert await refused(face, ada, PROJECT, input={"name": "No Bucket"}) == [("BAD_USER_INPUT", ["input", "name"])]
    assert await refused(face, ada, PROJECT, input={"name": "good-name", "title": "x" * 1025}) == [
        ("BAD_USER_INPUT", ["input", "title"])
    ]


async def test_projects_can_be_left_to_administrators(face: Face, ada: Person, admin: Person) -> None:
    strict = Face(face.world, may_everyone_create_projects=False, keyring=face.keyring)

    assert await refused(strict, ada, PROJECT, input={"name": "strict-project"}) == [("FORBIDDEN", None)]
    made = await strict.ask(admin, PROJECT, input={"name": "strict-project"})
    assert made["projectCreate"]["project"] is not None


async def test_containers_are_refused_where_they_cannot_be(face: Face, ada: Person, bob: Person, tree: Tree) -> None:
    parent, name = ["input", "parent"], ["input", "name"]

    assert await refused(face, ada, DATASET, input={"parent": tree.dataset, "name": "d"}) == [("HIERARCHY", parent)]
    assert await refused(face, ada, COLLECTION, input={"parent": tree.collection, "name": "c"}) == [
        ("HIERARCHY", parent)
    ]
    assert await refused(face, ada, DATASET, input={"parent": tree.collection, "name": "data"}) == [
        ("ALREADY_EXISTS", name)
    ]
    assert await refused(face, ada, DATASET, input={"parent": tree.collection, "name": "a/b"}) == [
        ("BAD_USER_INPUT", name)
    ]
    hidden = await refused(face, bob, DATASET, input={"parent": tree.collection, "name": "d"})
    absent = await refused(face, bob, DATASET, input={"parent": NOWHERE, "name": "d"})
    assert hidden == absent == [("NOT_FOUND", parent)]
    await face.share(ada, tree.collection, bob, Level.READ)
    assert await refused(face, bob, DATASET, input={"parent": tree.collection, "name": "d"}) == [("FORBIDDEN", parent)]
    await face.share(ada, tree.collection, bob, Level.APPEND)
    made = await face.ask(bob, DATASET, input={"parent": tree.collection, "name": "d"})
    assert made["datasetCreate"]["userErrors"] == []


# -- changing and deleting


async def test_words_are_changed_one_by_one_and_emptied_by_null(face: Face, ada: Person, tree: Tree) -> None:
    async def update(**given: Any) -> Any:
        return (await face.ask(ada, UPDATE, id=tree.collection, input=given))["resourceUpdate"]["resource"]

    first = await update(title="T", description="D")
    second = await update(title=None)
    third = await update()

    assert first == {"title": "T", "description": "D", "revision": 1}
    assert second == third == {"title": None, "description": "D", "revision": 2}


async def test_a_stale_revision_is_a_conflict(face: Face, ada: Person, bob: Person, tree: Tree) -> None:
    await face.ask(ada, UPDATE, id=tree.collection, input={"title": "T"}, r=0)

    assert await refused(face, ada, UPDATE, id=tree.collection, input={"title": "U"}, r=0) == [
        ("CONFLICT", ["ifRevision"])
    ]
    assert await refused(face, bob, UPDATE, id=tree.collection, input={"title": "U"}) == [("NOT_FOUND", ["id"])]
    assert await refused(face, ada, UPDATE, id=tree.collection, input={"description": "x" * 65537}) == [
        ("BAD_USER_INPUT", ["input", "description"])
    ]
    await face.share(ada, tree.collection, bob, Level.APPEND)
    assert await refused(face, bob, UPDATE, id=tree.collection, input={"title": "U"}) == [("FORBIDDEN", ["id"])]
    await face.share(ada, tree.collection, bob, Level.WRITE)
    changed = await face.ask(bob, UPDATE, id=tree.collection, input={"title": "V"}, r=1)
    assert changed["resourceUpdate"]["resource"]["title"] == "V"


async def test_a_second_change_in_one_request_is_read_back_after_the_first(face: Face, ada: Person, tree: Tree) -> None:
    document = """mutation ($id: ID!) {
        a: resourceUpdate(id: $id, input: {title: "one"}) { resource { title revision } }
        b: resourceUpdate(id: $id, input: {title: "two"}) { resource { title revision } }
    }"""

    done = await face.ask(ada, document, id=tree.dataset)

    assert done == {
        "a": {"resource": {"title": "one", "revision": 1}},
        "b": {"resource": {"title": "two", "revision": 2}},
    }


async def test_a_deleted_object_stays_as_a_tombstone(face: Face, ada: Person, bob: Person, tree: Tree) -> None:
    await face.share(ada, tree.dataset, bob, Level.READ)
    assert await refused(face, bob, DELETE, id=tree.first) == [("FORBIDDEN", ["id"])]

    deleted = (await face.ask(ada, DELETE, id=tree.first))["resourceDelete"]

    path = f"{tree.name}/coll/data/a.txt"
    assert deleted == {"resource": {"id": tree.first, "state": "DELETED", "paths": [path]}, "userErrors": []}
    again = """query ($id: ID!, $ref: String!) {
        node(id: $id) { ... on Object { state downloadUrl } } resource(ref: $ref) { id } }"""
    assert await face.ask(bob, again, id=tree.first, ref=path) == {
        "node": {"state": "DELETED", "downloadUrl": None},
        "resource": None,
    }
    assert await refused(face, ada, DELETE, id=tree.first) == [("FAILED_PRECONDITION", ["id"])]
    assert await refused(face, ada, UPDATE, id=tree.first, input={"title": "T"}) == [("FAILED_PRECONDITION", ["id"])]


async def test_a_container_is_deleted_when_it_is_empty(face: Face, ada: Person, bob: Person, tree: Tree) -> None:
    made = await face.ask(ada, DATASET, input={"parent": tree.project, "name": "empty"})
    dataset = made["datasetCreate"]["dataset"]["id"]

    assert await refused(face, ada, DELETE, id=tree.collection) == [("FAILED_PRECONDITION", ["id"])]
    assert await refused(face, bob, DELETE, id=dataset) == [("NOT_FOUND", ["id"])]
    assert await refused(face, bob, DELETE, id=NOWHERE) == [("NOT_FOUND", ["id"])]
    await face.share(ada, tree.project, bob, Level.WRITE)
    assert await refused(face, bob, DELETE, id=dataset) == [("FORBIDDEN", ["id"])]
    deleted = (await face.ask(ada, DELETE, id=dataset))["resourceDelete"]["resource"]
    assert deleted["state"] == "DELETED"
    assert await refused(face, ada, DELETE, id=dataset) == [("FAILED_PRECONDITION", ["id"])]


# -- relations


async def test_relations_are_added_once_and_removed_once(face: Face, ada: Person, tree: Tree) -> None:
    given = {
        "relations": [
            {"kind": "CUSTOM", "target": tree.second, "name": "cites", "note": "n"},
            {"kind": "METADATA", "target": tree.dataset},
            {"kind": "METADATA", "target": tree.dataset},
        ],
        "external": [{"type": "DOI", "value": "10.1234/x"}, {"type": "CUSTOM", "value": "42", "name": "lab"}],
    }
    bare = {
        "relations": [{"kind": "CUSTOM", "target": tree.second, "name": "cites"}],
        "external": [{"type": "DOI", "value": "https://doi.org/10.1234/X"}],
    }

    added = (await face.ask(ada, RELATE, id=tree.first, **given))["relationsAdd"]
    again = (await face.ask(ada, RELATE, id=tree.first, **given))["relationsAdd"]
    removed = (await face.ask(ada, UNRELATE, id=tree.first, **bare))["relationsRemove"]

    assert added == {"resource": {"id": tree.first}, "changed": 4, "unchanged": 1, "userErrors": []}
    assert again == {"resource": {"id": tree.first}, "changed": 0, "unchanged": 5, "userErrors": []}
    assert removed == {"resource": {"id": tree.first}, "changed": 2, "unchanged": 0, "userErrors": []}
    assert await refused(face, ada, UNRELATE, id=tree.first, relations=bare["relations"]) == [
        ("NOT_FOUND", ["relations", "0"])
    ]
    assert await refused(face, ada, UNRELATE, id=tree.first, external=bare["external"]) == [
        ("NOT_FOUND", ["external", "0"])
    ]


async def test_relations_are_refused_by_kind_name_age_and_right(
    face: Face, ada: Person, bob: Person, tree: Tree
) -> None:
    async def refusal(who: Person, source: str, **relation: Any) -> list[tuple[str, Any]]:
        return await refused(face, who, RELATE, id=source, relations=[relation])

    place = ["relations", "0"]
    assert await refusal(ada, tree.dataset, kind="METADATA", target=tree.first) == [("HIERARCHY", place)]
    assert await refusal(ada, tree.first, kind="CUSTOM", target=tree.first, name="n") == [("CYCLE", place)]
    assert await refusal(ada, tree.first, kind="ORIGIN", target=tree.second) == [("CYCLE", place)]
    assert await refusal(ada, tree.first, kind="BELONGS_TO", target=tree.project) == [("BAD_USER_INPUT", place)]
    assert await refusal(ada, tree.first, kind="CUSTOM", target=tree.second) == [("BAD_USER_INPUT", [*place, "name"])]
    assert await refusal(ada, tree.first, kind="METADATA", target=NOWHERE) == [("NOT_FOUND", [*place, "target"])]
    assert await refused(face, ada, RELATE, id=tree.first) == [("BAD_USER_INPUT", None)]
    assert await refused(face, ada, RELATE, id=tree.first, external=[{"type": "DOI", "value": "nonsense"}]) == [
        ("BAD_USER_INPUT", ["external", "0", "value"])
    ]
    assert await refusal(bob, tree.first, kind="METADATA", target=tree.second) == [("NOT_FOUND", ["id"])]
    await face.share(ada, tree.dataset, bob, Level.READ)
    assert await refusal(bob, tree.first, kind="METADATA", target=tree.second) == [("FORBIDDEN", ["id"])]


# -- grants


async def test_a_grant_is_set_replaced_and_removed(face: Face, ada: Person, bob: Person, tree: Tree) -> None:
    until = "2036-01-01T01:00:00+01:00"

    first = await face.ask(ada, GRANT, id=tree.dataset, to=bob.id, level="READ", until=until)
    second = await face.ask(ada, GRANT, id=tree.dataset, to=bob.id, level="WRITE")
    third = await face.ask(ada, UNGRANT, id=tree.dataset, to=bob.id)

    given = {"user": {"id": bob.id}, "level": "READ", "expiresAt": "2036-01-01T00:00:00.000Z"}
    assert first["grantSet"] == {"resource": {"grants": [given]}, "userErrors": []}
    assert second["grantSet"]["resource"]["grants"] == [given | {"level": "WRITE", "expiresAt": None}]
    assert third["grantRemove"] == {"resource": {"grants": []}, "userErrors": []}
    assert await refused(face, ada, UNGRANT, id=tree.dataset, to=bob.id) == [("NOT_FOUND", ["principal"])]


async def test_grants_are_refused(face: Face, ada: Person, bob: Person, tree: Tree) -> None:
    async def refusal(who: Person, resource: str = tree.dataset, **given: Any) -> list[tuple[str, Any]]:
        return await refused(face, who, GRANT, **({"id": resource, "to": bob.id, "level": "READ"} | given))

    assert await refusal(ada, level="NONE") == [("BAD_USER_INPUT", ["level"])]
    assert await refusal(ada, until="2001-01-01T00:00:00Z") == [("BAD_USER_INPUT", ["expiresAt"])]
    assert await refusal(ada, to=NOWHERE) == [("NOT_FOUND", ["principal"])]
    assert await refusal(ada, NOWHERE) == await refusal(bob) == [("NOT_FOUND", ["id"])]
    assert await refusal(ada, tree.project, to=ada.id) == [("FAILED_PRECONDITION", None)]
    assert await refused(face, ada, UNGRANT, id=tree.project, to=ada.id) == [("FAILED_PRECONDITION", None)]
    await face.share(ada, tree.dataset, bob, Level.WRITE)
    assert await refusal(bob, level="ADMIN") == [("FORBIDDEN", ["id"])]
    assert await refused(face, bob, UNGRANT, id=tree.dataset, to=bob.id) == [("FORBIDDEN", ["id"])]


async def test_who_takes_away_his_own_grant_sees_no_more(face: Face, ada: Person, bob: Person, tree: Tree) -> None:
    await face.share(ada, tree.dataset, bob, Level.ADMIN)

    removed = (await face.ask(bob, UNGRANT, id=tree.dataset, to=bob.id))["grantRemove"]

    assert removed == {"resource": None, "userErrors": []}


# -- users


async def test_a_new_user_signs_in_with_the_token_that_is_shown_once(face: Face, admin: Person) -> None:
    made = (await face.ask(admin, USER, input={"displayName": "Eve", "email": "eve@example.org"}))["userCreate"]

    user = made["user"]
    assert {name: user[name] for name in ("displayName", "email", "isActive", "isAdministrator")} == {
        "displayName": "Eve",
        "email": "eve@example.org",
        "isActive": True,
        "isAdministrator": False,
    }
    eve = Person(user["id"], "Eve", made["secret"], "")
    viewer = (await face.ask(eve, "{ viewer { id email tokens { name } } }"))["viewer"]
    assert viewer == {"id": user["id"], "email": "eve@example.org", "tokens": [{"name": "first sign-in"}]}


async def test_users_are_made_and_stopped_by_administrators_alone(face: Face, admin: Person, ada: Person) -> None:
    assert await refused(face, ada, USER, input={"displayName": "Eve"}) == [("FORBIDDEN", None)]
    assert await refused(face, ada, DEACTIVATE, id=admin.id) == [("FORBIDDEN", None)]
    assert await refused(face, ada, ACTIVATE, id=ada.id) == [("FORBIDDEN", None)]
    assert await refused(face, admin, USER, input={"displayName": " "}) == [
        ("BAD_USER_INPUT", ["input", "displayName"])
    ]
    assert await refused(face, admin, USER, input={"displayName": "E", "email": "no"}) == [
        ("BAD_USER_INPUT", ["input", "email"])
    ]
    assert await refused(face, admin, DEACTIVATE, id=NOWHERE) == [("NOT_FOUND", ["id"])]
    assert await refused(face, admin, DEACTIVATE, id=admin.id) == [("FAILED_PRECONDITION", ["id"])]


async def test_a_stopped_user_is_nobody_at_once_until_he_is_let_in_again(face: Face, admin: Person) -> None:
    eve = await face.person("Eve")

    stopped = (await face.ask(admin, DEACTIVATE, id=eve.id))["userDeactivate"]
    code = (await face.answer(eve, "{ viewer { id } }"))["errors"][0]["extensions"]["code"]
    again = (await face.ask(admin, ACTIVATE, id=eve.id))["userActivate"]

    assert stopped == {"user": {"isActive": False}, "userErrors": []}
    assert code == "UNAUTHENTICATED"
    assert again == {"user": {"isActive": True}, "userErrors": []}
    assert (await face.ask(eve, "{ viewer { id } }"))["viewer"] == {"id": eve.id}


# -- tokens and key pairs


async def test_a_token_is_made_used_and_revoked(face: Face) -> None:
    eve = await face.person("Eve")

    made = (await face.ask(eve, TOKEN, input={"name": "laptop", "expiresInDays": 7}))["tokenCreate"]
    other = Person(eve.id, "Eve", made["secret"], made["token"]["id"])
    listed = (await face.ask(other, "{ viewer { tokens { id name } } }"))["viewer"]["tokens"]
    revoked = (await face.ask(eve, REVOKE_TOKEN, id=other.token_id))["tokenRevoke"]
    after = (await face.answer(other, "{ viewer { id } }"))["errors"][0]["extensions"]["code"]

    assert made["token"]["name"] == "laptop"
    assert listed == [{"id": eve.token_id, "name": "test"}, {"id": other.token_id, "name": "laptop"}]
    assert revoked == {"revokedId": other.token_id, "userErrors": []}
    assert after == "UNAUTHENTICATED"


async def test_a_token_makes_nothing_that_outlives_it(face: Face) -> None:
    eve = await face.person("Eve")
    short = await face.token(eve.id, days=2)
    brief = Person(eve.id, "Eve", short.text, short.minted.id)

    made = (await face.ask(brief, TOKEN, input={"name": "t"}))["tokenCreate"]["token"]
    pair = (await face.ask(brief, CREDENTIAL, input={"name": "p"}))["s3CredentialCreate"]["credential"]
    tokens = (await face.ask(brief, "{ viewer { tokens { id expiresAt } } }"))["viewer"]["tokens"]
    own = next(token for token in tokens if token["id"] == brief.token_id)

    assert made["expiresAt"] == pair["expiresAt"] == own["expiresAt"]
    assert await refused(face, brief, TOKEN, input={"name": "t", "expiresInDays": 3}) == [
        ("FORBIDDEN", ["input", "expiresInDays"])
    ]


async def test_tokens_are_refused(face: Face, ada: Person, bob: Person, admin: Person) -> None:
    for days in (0, 366, -1):
        assert await refused(face, ada, TOKEN, input={"name": "t", "expiresInDays": days}) == [
            ("BAD_USER_INPUT", ["input", "expiresInDays"])
        ]
    assert await refused(face, ada, TOKEN, input={"name": ""}) == [("BAD_USER_INPUT", ["input", "name"])]
    foreign = await refused(face, bob, REVOKE_TOKEN, id=ada.token_id)
    absent = await refused(face, bob, REVOKE_TOKEN, id=NOWHERE)
    assert foreign == absent == [("NOT_FOUND", ["id"])]
    eve = await face.person("Eve")
    revoked = await face.ask(admin, REVOKE_TOKEN, id=eve.token_id)
    assert revoked["tokenRevoke"]["revokedId"] == eve.token_id


async def test_a_key_pair_is_made_listed_and_revoked_by_its_owner(face: Face, bob: Person) -> None:
    eve = await face.person("Eve")
    listing = "{ viewer { s3Credentials { accessKeyId name } } }"

    made = (await face.ask(eve, CREDENTIAL, input={"name": "laptop"}))["s3CredentialCreate"]
    key = made["credential"]["accessKeyId"]
    listed = (await face.ask(eve, listing))["viewer"]["s3Credentials"]

    assert (len(key), len(made["secretAccessKey"])) == (20, 40)
    assert listed == [{"accessKeyId": key, "name": "laptop"}]
    assert await refused(face, bob, REVOKE_CREDENTIAL, id=key) == [("NOT_FOUND", ["accessKeyId"])]
    assert await refused(face, eve, CREDENTIAL, input={"name": ""}) == [("BAD_USER_INPUT", ["input", "name"])]
    revoked = (await face.ask(eve, REVOKE_CREDENTIAL, id=key))["s3CredentialRevoke"]
    assert revoked == {"revokedAccessKeyId": key, "userErrors": []}
    assert (await face.ask(eve, listing))["viewer"]["s3Credentials"] == []
    assert await refused(face, eve, REVOKE_CREDENTIAL, id=key) == [("NOT_FOUND", ["accessKeyId"])]


async def test_the_key_pair_that_signs_a_tokens_urls_goes_with_its_token_only(face: Face) -> None:
    eve = await face.person("Eve")
    pair = (await face.world.ask("MATCH (c:S3Credential {tokenId: $id}) RETURN c.accessKeyId AS id", id=eve.token_id))[
        0
    ]["id"]

    assert await refused(face, eve, REVOKE_CREDENTIAL, id=pair) == [("NOT_FOUND", ["accessKeyId"])]


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        (PROJECT, {"input": {"name": "nobodys-project"}}),
        (USER, {"input": {"displayName": "Eve"}}),
        (ACTIVATE, {"id": NOWHERE}),
        (DEACTIVATE, {"id": NOWHERE}),
        (TOKEN, {"input": {"name": "t"}}),
        (REVOKE_TOKEN, {"id": NOWHERE}),
        (CREDENTIAL, {"input": {"name": "t"}}),
        (REVOKE_CREDENTIAL, {"id": "AK"}),
        (
            "mutation ($i: ObjectCreateInput!) { objectCreate(input: $i) { userErrors { code } } }",
            {"i": {"parent": NOWHERE, "name": "o"}},
        ),
        ("mutation ($id: ID!) { objectUploadBegin(id: $id) { userErrors { code } } }", {"id": NOWHERE}),
    ],
)
async def test_nobody_does_nothing_of_his_own(face: Face, document: str, variables: dict[str, Any]) -> None:
    assert await code_of(face, None, document, **variables) == "UNAUTHENTICATED"


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        (UPDATE, {"input": {"title": "T"}}),
        (DELETE, {}),
        (RELATE, {"relations": [{"kind": "METADATA", "target": NOWHERE}]}),
        (UNRELATE, {"relations": [{"kind": "METADATA", "target": NOWHERE}]}),
        (GRANT, {"to": NOWHERE, "level": "READ"}),
        (UNGRANT, {"to": NOWHERE}),
    ],
)
async def test_nobody_finds_nothing_to_change(face: Face, tree: Tree, document: str, variables: dict[str, Any]) -> None:
    hidden = await refused(face, None, document, id=tree.first, **variables)
    absent = await refused(face, None, document, id=NOWHERE, **variables)

    assert hidden == absent == [("NOT_FOUND", ["id"])]
