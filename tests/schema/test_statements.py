"""One operation, few round trips: statements count by levels of the document and fields in them, never by nodes."""

from domain.linking import ExternalLink, Link
from domain.relations import ExternalType, RelationKind
from tests.schema.face import Face, Person, Tree

DOCUMENT = """query ($id: ID!) { node(id: $id) { ... on Project {
    stats { subtree { objects bytes } }
    children(first: 50) { totalCount nodes { ... on Collection {
        paths createdBy { displayName } stats { subtree { objects } }
        children(first: 50) { nodes { ... on Dataset {
            ancestors { name }
            children(first: 50) { nodes { ... on Object {
                contentLength paths parents { name } createdBy { displayName } downloadUrl
                relations(first: 5) { nodes { kind other { name createdBy { displayName } } } }
                externalRelations { reference { value } }
                revisions(first: 5) { nodes { versionId publishedBy { displayName } downloadUrl } }
                grants { level }
            } } }
        } } }
    } } }
} } }"""


async def statements(face: Face, who: Person, project: str) -> tuple[int, int]:
    """Statements of the document, and how many Objects it shows."""
    engine = face.world.engine
    before = engine.statement_count
    found = (await face.ask(who, DOCUMENT, id=project))["node"]
    taken = engine.statement_count - before
    shown = 0
    for collection in found["children"]["nodes"]:
        assert collection["createdBy"] == {"displayName": who.name}
        for dataset in collection["children"]["nodes"]:
            assert [above["name"] for above in dataset["ancestors"]][1:] != []
            for item in dataset["children"]["nodes"]:
                shown += 1
                assert len(item["paths"]) == len(item["parents"]) == len(item["revisions"]["nodes"]) == 1
                assert item["downloadUrl"].startswith("https://")
    assert found["stats"]["subtree"]["objects"] == shown
    return taken, shown


async def test_statements_do_not_grow_with_nodes(face: Face, ada: Person, tree: Tree) -> None:
    few, shown_first = await statements(face, ada, tree.project)

    for collection in ("c1", "c2", "c3"):
        for dataset in ("d1", "d2"):
            for name in ("x", "y", "z"):
                put = await face.world.put(ada.id, tree.name, f"{collection}/{dataset}/{name}")
                await face.world.link(
                    ada.id,
                    put.object_id,
                    Link(RelationKind.CUSTOM, tree.first, "about"),
                    ExternalLink(ExternalType.URL, f"https://example.org/{name}"),
                )
    many, shown_then = await statements(face, ada, tree.project)

    assert (shown_first, shown_then) == (2, 20)
    assert many == few
    # Sign-in, the node, and at most two for each of the nineteen fields that aren't plain.
    assert many <= 40
