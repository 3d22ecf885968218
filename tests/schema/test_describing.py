"""Fields, labels, data classes and relations over time through GraphQL; a refusal has its code and field."""

from typing import Any

import pytest

from domain.access import Level
from domain.labels import NewLabel
from domain.licenses import NewLicense
from domain.resources import DataClass
from tests.graph_dump import dump
from tests.schema.face import Face, Person, Tree

ERRORS = "userErrors { code field message }"
AUTHORS = "authors { name orcid email user { displayName } }"
LABELS = "labels { key value isStatic createdBy { displayName } }"
NOWHERE = "01J00000000000000000000000"

UPDATE = f"""mutation ($id: ID!, $input: ResourceUpdateInput!, $r: Int) {{
    resourceUpdate(id: $id, input: $input, ifRevision: $r) {{
        resource {{ title {AUTHORS} metadataLicense dataLicense revision
            ... on Object {{ revisionNumber revisions(first: 9) {{ nodes {{
                revisionNumber title description {AUTHORS} metadataLicense dataLicense dataClass
                labels {{ key value }} }} }} }} }} {ERRORS} }} }}"""
SET = f"""mutation ($id: ID!, $labels: [LabelInput!]!) {{
    labelsSet(id: $id, labels: $labels) {{ resource {{ revision {LABELS} }} {ERRORS} }} }}"""
REMOVE = f"""mutation ($id: ID!, $keys: [String!]!) {{
    labelsRemove(id: $id, keys: $keys) {{ resource {{ labels {{ key }} }} {ERRORS} }} }}"""
LABELLED = """query ($key: String!, $value: String, $first: Int!, $after: String) {
    labelled(key: $key, value: $value, first: $first, after: $after) {
        nodes { id } edges { cursor } pageInfo { hasNextPage hasPreviousPage endCursor } } }"""
CLASS = f"""mutation ($id: ID!, $to: DataClass!, $all: Boolean) {{
    dataClassSet(id: $id, dataClass: $to, recursive: $all) {{
        resource {{ dataClass ... on Object {{ revisionNumber }} }} {ERRORS} }} }}"""
RELATE = f"""mutation ($id: ID!, $relations: [RelationInput!], $external: [ExternalRelationInput!]) {{
    relationsAdd(id: $id, relations: $relations, external: $external) {{ changed unchanged {ERRORS} }} }}"""
UNRELATE = RELATE.replace("relationsAdd", "relationsRemove")
RELATIONS = """query ($id: ID!, $kinds: [RelationKind!], $direction: Direction!) { node(id: $id) { ... on Resource {
    relations(first: 9, kinds: $kinds, direction: $direction) { nodes {
        kind name note isOutgoing other { id } sourceVersionId targetVersionId createdBy { displayName }
        sourceRevision { versionId } targetRevision { versionId contentLength } } }
    externalRelations { reference { value } sourceVersionId } } } }"""
CREATES = {
    "projectCreate": ("ProjectCreateInput", "project"),
    "collectionCreate": ("CollectionCreateInput", "collection"),
    "datasetCreate": ("DatasetCreateInput", "dataset"),
    "objectCreate": ("ObjectCreateInput", "object"),
}


def create(mutation: str) -> str:
    kind, answer = CREATES[mutation]
    return f"""mutation ($input: {kind}!) {{ {mutation}(input: $input) {{
        {answer} {{ id title {AUTHORS} metadataLicense dataLicense dataClass {LABELS}
            relations(first: 9) {{ nodes {{ kind name other {{ id }} }} }}
            externalRelations {{ reference {{ value }} }} }} {ERRORS} }} }}"""


async def refused(face: Face, who: Person | None, document: str, **variables: Any) -> list[tuple[str, Any]]:
    """UserErrors of a mutation that changes nothing."""
    before = (await dump(face.world)).comparable()
    refusals = await face.refusals(who, document, **variables)
    assert (await dump(face.world)).comparable() == before
    return refusals


# -- fields


async def test_all_that_describes_is_shown_and_kept_with_the_revision(face: Face, ada: Person, tree: Tree) -> None:
    author = {"name": "Ada", "orcid": "https://orcid.org/0000-0002-1825-0097", "email": "a@b.org", "user": ada.id}
    shown = {"name": "Ada", "orcid": "0000-0002-1825-0097", "email": "a@b.org", "user": {"displayName": "Ada"}}
    await face.ask(ada, UPDATE, id=tree.first, input={"title": "one", "authors": [author]})
    await face.ask(ada, SET, id=tree.first, labels=[{"key": "k", "value": "old"}])

    done = await face.ask(ada, UPDATE, id=tree.first, input={"title": "two", "dataLicense": "cc-by-4.0"}, r=3)

    found = done["resourceUpdate"]["resource"]
    assert (found["title"], found["authors"], found["dataLicense"]) == ("two", [shown], "CC-BY-4.0")
    assert (found["revision"], found["revisionNumber"]) == (4, 1)
    newest, oldest = found["revisions"]["nodes"]
    assert (newest["title"], newest["dataLicense"], newest["revisionNumber"]) == ("two", "CC-BY-4.0", 1)
    assert oldest == {
        "revisionNumber": 0,
        "title": "one",
        "description": None,
        "authors": [shown],
        "metadataLicense": "AllRightsReserved",
        "dataLicense": "AllRightsReserved",
        "dataClass": "PRIVATE",
        "labels": [{"key": "k", "value": "old"}],
    }


async def test_null_empties_and_what_is_left_out_stays(face: Face, ada: Person, tree: Tree) -> None:
    given = {"title": "T", "authors": [{"name": "A"}], "metadataLicense": "MIT", "dataLicense": "MIT"}
    await face.ask(ada, UPDATE, id=tree.dataset, input=given)

    kept = (await face.ask(ada, UPDATE, id=tree.dataset, input={"title": None}))["resourceUpdate"]["resource"]
    emptied = await face.ask(ada, UPDATE, id=tree.dataset, input={"authors": None, "dataLicense": None})

    assert (kept["title"], len(kept["authors"]), kept["dataLicense"]) == (None, 1, "MIT")
    shown = emptied["resourceUpdate"]["resource"]
    assert (shown["authors"], shown["metadataLicense"], shown["dataLicense"]) == ([], "MIT", "AllRightsReserved")


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"authors": [{"name": "A", "orcid": "0000-0002-1825-0098"}]}, "BAD_USER_INPUT", "authors.0.orcid"),
        ({"authors": [{"name": ""}]}, "BAD_USER_INPUT", "authors.0.name"),
        ({"authors": [{"name": "A", "email": "nobody"}]}, "BAD_USER_INPUT", "authors.0.email"),
        ({"authors": [{"name": "A", "user": "me"}]}, "BAD_USER_INPUT", "authors.0.user"),
        ({"authors": [{"name": "A", "user": NOWHERE}]}, "NOT_FOUND", "authors.0.user"),
        ({"authors": [{"name": "A"}] * 101}, "BAD_USER_INPUT", "authors"),
        ({"metadataLicense": "LicenseRef-unknown"}, "NOT_FOUND", "metadataLicense"),
        ({"dataLicense": "no licence"}, "BAD_USER_INPUT", "dataLicense"),
    ],
)
async def test_fields_that_cannot_be_are_refused(
    face: Face, ada: Person, tree: Tree, given: dict[str, Any], code: str, field: str
) -> None:
    assert await refused(face, ada, UPDATE, id=tree.first, input=given) == [(code, ["input", *field.split(".")])]


async def test_a_stale_revision_is_a_conflict_after_labels_too(face: Face, ada: Person, tree: Tree) -> None:
    await face.ask(ada, SET, id=tree.dataset, labels=[{"key": "k", "value": "v"}])

    assert await refused(face, ada, UPDATE, id=tree.dataset, input={"title": "T"}, r=0) == [
        ("CONFLICT", ["ifRevision"])
    ]


# -- creating


async def test_all_that_describes_can_come_with_what_is_made(
    face: Face, ada: Person, admin: Person, tree: Tree
) -> None:
    await face.world.add_license(admin.id, NewLicense("LicenseRef-Mine", "Mine"))
    given = {
        "title": "T",
        "authors": [{"name": "A", "user": ada.id}],
        "metadataLicense": "CC0-1.0",
        "dataLicense": "licenseref-mine",
        "dataClass": "CONFIDENTIAL",
        "labels": [{"key": "b", "value": "2", "isStatic": True}, {"key": "a", "value": "1"}],
        "relations": [{"kind": "CUSTOM", "target": tree.first, "name": "about"}],
        "external": [{"type": "DOI", "value": "10.1234/ABC"}],
    }
    for mutation, (_, answer) in CREATES.items():
        place = {"name": face.fresh_name()} | ({} if answer == "project" else {"parent": tree.project})

        made = (await face.ask(ada, create(mutation), input=given | place))[mutation]

        assert made["userErrors"] == []
        assert {name: value for name, value in made[answer].items() if name != "id"} == {
            "title": "T",
            "authors": [{"name": "A", "orcid": None, "email": None, "user": {"displayName": "Ada"}}],
            "metadataLicense": "CC0-1.0",
            "dataLicense": "LicenseRef-Mine",
            "dataClass": "CONFIDENTIAL",
            "labels": [
                {"key": "a", "value": "1", "isStatic": False, "createdBy": {"displayName": "Ada"}},
                {"key": "b", "value": "2", "isStatic": True, "createdBy": {"displayName": "Ada"}},
            ],
            "relations": {"nodes": [{"kind": "CUSTOM", "name": "about", "other": {"id": tree.first}}]},
            "externalRelations": [{"reference": {"value": "10.1234/abc"}}],
        }


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"labels": [{"key": f"k{n}", "value": ""} for n in range(10_000)]}, "BAD_USER_INPUT", "labels"),
        ({"labels": [{"key": "app.k", "value": ""}]}, "BAD_USER_INPUT", "labels.0.key"),
        ({"relations": [{"kind": "CUSTOM", "target": NOWHERE, "name": "x"}]}, "NOT_FOUND", "relations.0.target"),
        ({"relations": [{"kind": "VERSION", "target": NOWHERE}] * 101}, None, None),
        ({"external": [{"type": "DOI", "value": "x"}]}, "BAD_USER_INPUT", "external.0.value"),
        ({"dataLicense": "LicenseRef-none"}, "NOT_FOUND", "dataLicense"),
    ],
)
async def test_nothing_is_made_where_what_comes_with_it_is_refused(
    face: Face, ada: Person, tree: Tree, given: dict[str, Any], code: str | None, field: str | None
) -> None:
    for mutation, (_, answer) in CREATES.items():
        place = {"name": face.fresh_name()} | ({} if answer == "project" else {"parent": tree.project})
        if code is None or field is None:
            # Made by the system only: the schema doesn't know it as a value.
            before = await face.events()
            assert "errors" in await face.answer(ada, create(mutation), input=given | place)
            assert await face.events() == before
        else:
            assert await refused(face, ada, create(mutation), input=given | place) == [
                (code, ["input", *field.split(".")])
            ]


# -- labels


async def test_labels_are_set_shown_and_removed(face: Face, ada: Person, bob: Person, tree: Tree) -> None:
    labels = [{"key": "\U0001f9ec", "value": "x"}, {"key": "b", "value": "", "isStatic": True}]

    done = (await face.ask(ada, SET, id=tree.collection, labels=labels))["labelsSet"]

    who = {"createdBy": {"displayName": "Ada"}}
    assert done == {
        "resource": {
            "revision": 1,
            "labels": [
                {"key": "b", "value": "", "isStatic": True, **who},
                {"key": "\U0001f9ec", "value": "x", "isStatic": False, **who},
            ],
        },
        "userErrors": [],
    }
    removed = (await face.ask(ada, REMOVE, id=tree.collection, keys=["\U0001f9ec"]))["labelsRemove"]
    assert removed == {"resource": {"labels": [{"key": "b"}]}, "userErrors": []}
    static = [("IMMUTABLE", ["labels", "0", "key"])]
    assert await refused(face, ada, SET, id=tree.collection, labels=[{"key": "b", "value": "y"}]) == static
    assert await refused(face, ada, REMOVE, id=tree.collection, keys=["b"]) == [("IMMUTABLE", ["keys", "0"])]
    assert await refused(face, ada, REMOVE, id=tree.collection, keys=["a"]) == [("NOT_FOUND", ["keys", "0"])]
    assert await refused(face, bob, SET, id=tree.collection, labels=labels) == [("NOT_FOUND", ["id"])]
    await face.share(ada, tree.collection, bob, Level.READ)
    assert await refused(face, bob, SET, id=tree.collection, labels=labels) == [("FORBIDDEN", ["id"])]


@pytest.mark.parametrize(
    ("labels", "field"),
    [
        ([], ["labels"]),
        ([{"key": f"k{n}", "value": ""} for n in range(10_000)], ["labels"]),
        ([{"key": "app.x", "value": ""}], ["labels", "0", "key"]),
        ([{"key": "a\0", "value": ""}], ["labels", "0", "key"]),
        ([{"key": "a", "value": "\x7f"}], ["labels", "0", "value"]),
        ([{"key": "a", "value": "x" * 1025}], ["labels", "0", "value"]),
        ([{"key": "a", "value": ""}, {"key": "a", "value": ""}], ["labels", "1", "key"]),
    ],
)
async def test_what_can_be_no_label_is_refused(
    face: Face, ada: Person, tree: Tree, labels: list[dict[str, Any]], field: list[str]
) -> None:
    assert await refused(face, ada, SET, id=tree.dataset, labels=labels) == [("BAD_USER_INPUT", field)]


async def test_what_bears_a_label_is_found_page_by_page(face: Face, ada: Person, bob: Person, tree: Tree) -> None:
    key = face.fresh_name()
    for resource, value in ((tree.project, "b"), (tree.dataset, "a"), (tree.first, "b"), (tree.second, "c")):
        await face.world.set_labels(ada.id, resource, NewLabel(key, value))

    async def pages(who: Person | None, size: int, value: str | None = None) -> list[str]:
        found: list[str] = []
        after = None
        while True:
            page = (await face.ask(who, LABELLED, key=key, value=value, first=size, after=after))["labelled"]
            assert len(page["nodes"]) <= size
            assert page["pageInfo"]["hasPreviousPage"] == (after is not None)
            found += [node["id"] for node in page["nodes"]]
            if not page["pageInfo"]["hasNextPage"]:
                return found
            after = page["pageInfo"]["endCursor"]

    everything = [tree.dataset, *sorted([tree.project, tree.first]), tree.second]
    assert await pages(ada, 1) == await pages(ada, 3) == await pages(ada, 100) == everything
    assert await pages(ada, 1, "b") == sorted([tree.project, tree.first])
    assert await pages(ada, 1, "") == []
    assert await pages(bob, 1) == await pages(None, 1) == []
    await face.share(ada, tree.first, bob, Level.READ)
    assert await pages(bob, 1) == [tree.first]
    await face.world.delete_object(ada.id, tree.first)
    assert await pages(ada, 1, "b") == [tree.project]


@pytest.mark.parametrize(
    "variables",
    [
        {"key": "", "first": 1},
        {"key": "app.x", "first": 1},
        {"key": "k", "value": "x" * 1025, "first": 1},
        {"key": "k", "first": 0},
        {"key": "k", "first": 101},
        {"key": "k", "first": 1, "after": "nonsense"},
    ],
)
async def test_a_search_that_cannot_be_is_refused(face: Face, ada: Person, variables: dict[str, Any]) -> None:
    answer = await face.answer(ada, LABELLED, **variables)

    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


# -- data classes


async def test_a_class_is_relaxed_with_all_below_and_tightened_on_objects(
    face: Face, ada: Person, bob: Person, tree: Tree
) -> None:
    tightened = (await face.ask(ada, CLASS, id=tree.first, to="CONFIDENTIAL"))["dataClassSet"]
    assert tightened["resource"] == {"dataClass": "CONFIDENTIAL", "revisionNumber": 1}
    assert await refused(face, ada, CLASS, id=tree.project, to="CONFIDENTIAL") == [
        ("FAILED_PRECONDITION", ["dataClass"])
    ]
    assert await refused(face, ada, CLASS, id=tree.project, to="WORKSPACE") == [("BAD_USER_INPUT", ["dataClass"])]
    assert await refused(face, bob, CLASS, id=tree.project, to="PUBLIC") == [("NOT_FOUND", ["id"])]
    await face.share(ada, tree.project, bob, Level.WRITE)
    assert await refused(face, bob, CLASS, id=tree.project, to="PUBLIC") == [("FORBIDDEN", ["id"])]

    relaxed = (await face.ask(ada, CLASS, id=tree.project, to="PUBLIC", all=True))["dataClassSet"]
    await face.world.finish_tasks()

    assert relaxed == {"resource": {"dataClass": "PUBLIC"}, "userErrors": []}
    seen = await face.ask(
        None,
        """query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Object { dataClass
            revisions(first: 9) { nodes { revisionNumber } } } } }""",
        ids=[tree.first, tree.second],
    )
    assert seen["nodes"] == [
        {"dataClass": "PUBLIC", "revisions": {"nodes": [{"revisionNumber": 1}]}},
        {"dataClass": "PUBLIC", "revisions": {"nodes": [{"revisionNumber": 0}]}},
    ]


async def test_strangers_find_no_revision_that_was_less_open(face: Face, ada: Person, tree: Tree) -> None:
    first = (await face.ask(ada, "query ($id: ID!) { node(id: $id) { ... on Object { versionId } } }", id=tree.first))[
        "node"
    ]["versionId"]
    await face.world.put(ada.id, tree.name, "coll/data/a.txt")
    await face.world.set_class(ada.id, tree.first, DataClass.PUBLIC)
    document = """query ($id: ID!, $v: ID!) { node(id: $id) { ... on Object {
        revisionAt(versionId: $v) { versionId } revisions(first: 9) { nodes { revisionNumber } } } } }"""

    mine = (await face.ask(ada, document, id=tree.first, v=first))["node"]
    others = (await face.ask(None, document, id=tree.first, v=first))["node"]

    assert mine["revisionAt"] == {"versionId": first}
    assert mine["revisions"]["nodes"] == [{"revisionNumber": 1}, {"revisionNumber": 0}]
    assert others == {"revisionAt": None, "revisions": {"nodes": [{"revisionNumber": 1}]}}


# -- relations


async def test_relations_tell_their_facts_and_the_exact_revisions(face: Face, ada: Person, tree: Tree) -> None:
    relation = {"kind": "METADATA", "target": tree.second, "note": "why"}
    await face.ask(ada, RELATE, id=tree.first, relations=[relation], external=[{"type": "URL", "value": "http://a.b"}])
    await face.world.put(ada.id, tree.name, "coll/data/b/c.txt", 9)

    out = (await face.ask(ada, RELATIONS, id=tree.first, direction="OUT"))["node"]
    into = (await face.ask(ada, RELATIONS, id=tree.second, kinds=["METADATA"], direction="IN"))["node"]

    (one,), (other,) = out["relations"]["nodes"], into["relations"]["nodes"]
    assert (one["other"]["id"], one["isOutgoing"]) == (tree.second, True)
    assert (other["other"]["id"], other["isOutgoing"]) == (tree.first, False)
    for relation in (one, other):
        assert (relation["kind"], relation["note"]) == ("METADATA", "why")
        assert relation["createdBy"] == {"displayName": "Ada"}
        assert relation["sourceRevision"] == {"versionId": relation["sourceVersionId"]}
        assert relation["targetRevision"] == {"versionId": relation["targetVersionId"], "contentLength": 4}
    (cited,) = out["externalRelations"]
    assert cited == {"reference": {"value": "http://a.b/"}, "sourceVersionId": one["sourceVersionId"]}


async def test_removed_relations_are_gone_and_removing_them_again_is_not_found(
    face: Face, ada: Person, tree: Tree
) -> None:
    relation = {"kind": "CUSTOM", "target": tree.second, "name": "x"}
    cited = {"type": "IDENTIFIER", "value": "removed"}
    await face.ask(ada, RELATE, id=tree.first, relations=[relation], external=[cited])
    await face.world.put(ada.id, tree.name, "coll/data/a.txt")

    done = (await face.ask(ada, UNRELATE, id=tree.first, relations=[relation], external=[cited]))["relationsRemove"]

    assert (done["changed"], done["unchanged"]) == (2, 0)
    empty: dict[str, Any] = {"relations": {"nodes": []}, "externalRelations": []}
    assert (await face.ask(ada, RELATIONS, id=tree.first, direction="BOTH"))["node"] == empty
    assert (await face.ask(ada, RELATIONS, id=tree.second, direction="BOTH"))["node"] == empty
    citing = await face.ask(
        ada,
        '{ externalReference(type: IDENTIFIER, value: "removed") { resources(first: 9) { nodes { id } } } }',
    )
    assert citing["externalReference"]["resources"]["nodes"] == []
    lineage = "query ($id: ID!) { node(id: $id) { ... on Resource { lineage(direction: BOTH) { node { id } } } } }"
    assert (await face.ask(ada, lineage, id=tree.first))["node"]["lineage"] == []
    assert await refused(face, ada, UNRELATE, id=tree.first, relations=[relation]) == [
        ("NOT_FOUND", ["relations", "0"])
    ]
    assert await refused(face, ada, UNRELATE, id=tree.first, external=[cited]) == [("NOT_FOUND", ["external", "0"])]


async def test_a_policy_is_pinned_and_pinned_anew(face: Face, ada: Person, bob: Person, tree: Tree) -> None:
    first = (await face.ask(ada, RELATIONS, id=tree.project, direction="OUT"))["node"]
    assert first["relations"]["nodes"] == []
    document = "query ($id: ID!) { node(id: $id) { ... on Object { versionId } } }"
    version = (await face.ask(ada, document, id=tree.first))["node"]["versionId"]
    newer = await face.world.put(ada.id, tree.name, "coll/data/a.txt")
    policy = {"kind": "POLICY", "target": tree.first}
    await face.share(ada, tree.project, bob, Level.WRITE)
    assert await refused(face, bob, RELATE, id=tree.project, relations=[policy]) == [("FORBIDDEN", ["id"])]

    async def pinned() -> list[str]:
        found = await face.ask(ada, RELATIONS, id=tree.project, kinds=["POLICY"], direction="OUT")
        return [relation["targetVersionId"] for relation in found["node"]["relations"]["nodes"]]

    async def relate(**more: str) -> tuple[int, int]:
        done = (await face.ask(ada, RELATE, id=tree.project, relations=[policy | more]))["relationsAdd"]
        assert done["userErrors"] == []
        return done["changed"], done["unchanged"]

    assert (await relate(), await pinned()) == ((1, 0), [newer.version_id])
    assert (await relate(targetVersionId=version), await pinned()) == ((1, 0), [version])
    assert (await relate(), await pinned()) == ((0, 1), [version])
    place = ["relations", "0", "targetVersionId"]
    assert await refused(face, ada, RELATE, id=tree.project, relations=[policy | {"targetVersionId": NOWHERE}]) == [
        ("NOT_FOUND", place)
    ]
    custom = {"kind": "CUSTOM", "name": "x", "target": tree.first, "targetVersionId": version}
    assert await refused(face, ada, RELATE, id=tree.project, relations=[custom]) == [("BAD_USER_INPUT", place)]
