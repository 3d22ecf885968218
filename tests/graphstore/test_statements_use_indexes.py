"""On Neo4j every statement of a request finds its nodes by an index, whatever the graph holds: the planner says so.

Asked on a nearly empty graph, where a planner is most tempted to scan.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, LiteralString

import pytest
from neo4j import Driver, GraphDatabase

from domain.keys import cut_key
from domain.relations import ExternalReference, ExternalType, RelationKind
from domain.resources import Kind
from graphstore.bolt import Engine
from graphstore.cypher import accounts, batched, facts, pages, readings, resolving, sweeping
from graphstore.cypher.pages import Shape, whole
from graphstore.migrations import migrate
from graphstore.statements import Query
from graphstore.writing import ORDER
from tests.neo4j_server.server import Neo4jServer

pytestmark = pytest.mark.neo4j

SHAPES: list[Shape] = [pages.ALL_NAMES, pages.CONTAINER_NAMES, pages.KEYS, pages.KEYS_WITH_RIGHTS, batched.COUNTERS]
KINDS = [RelationKind.CUSTOM]
CUT = cut_key("a/b/c")
LINKS = [batched.RelationsRequest("r", tuple(KINDS), "", 1)]

QUERIES: list[Query[Any]] = [
    resolving.resolve([resolving.KeyRequest("AK", "b", CUT, 0, wants_content=True)]),
    resolving.version_at("b", CUT, "v", "u", 0),
    resolving.parts("c", 0, 1),
    resolving.part_numbered("c", 1),
    resolving.uploaded_parts("u", 0, 1),
    resolving.open_uploads("p"),
    facts.lock(["r"]),
    facts.lock_uploads(["u"]),
    facts.resources(["r"], "u", 0),
    facts.deletion("o", "u", 0),
    facts.bucket("b", "u", 0),
    facts.child_place("p", Kind.OBJECT, "n", "u", 0),
    facts.keys([]),
    facts.hidden([]),
    facts.upload("u", "u", 0),
    facts.links("s", ["t"], ["k"]),
    facts.grant("r", "u", "c", 0),
    readings.resources(["r"], "u", 0),
    readings.place("b", CUT, "u", 0),
    readings.projects("u", 0),
    readings.parents(["r"], "u", 0),
    readings.paths(["r"]),
    readings.externals(["r"]),
    readings.citing(ExternalReference(ExternalType.DOI, "10.1234/a"), "", 1, "u", 0),
    *(readings.lineage_step(["r"], KINDS, direction, [], 1, "u", 0) for direction in ("OUT", "IN", "BOTH")),
    batched.users(["u"]),
    batched.relations(LINKS, "u", 0, is_outgoing=True),
    batched.relations(LINKS, "u", 0, is_outgoing=False),
    batched.revisions([("o", 1, 1)], "u", 0),
    batched.revisions_at([("o", "v")], "u", 0),
    batched.grants(["r"], "u", 0),
    batched.home_places(["r"]),
    accounts.token("t"),
    accounts.credential("c"),
    accounts.token_credential("t"),
    accounts.user("u"),
    accounts.users("", 1),
    accounts.display_names(["u"]),
    accounts.tokens("u"),
    accounts.credentials("u"),
    sweeping.orphaned_blobs(0, 1),
    sweeping.forget_blobs(["b"]),
    *(pages.page_query(shape, [whole("p")] * 2, 9, "u", 0) for shape in SHAPES),
    *(pages.page_query(shape, [whole("p")], 9, "u", 0, is_backward=True) for shape in SHAPES),
    *(statement.bind(rows=[]) for statement in ORDER),
]


def operators(plan: Mapping[str, Any]) -> Iterator[str]:
    yield plan["operatorType"].partition("@")[0]
    for child in plan.get("children", ()):
        yield from operators(child)


def explained(driver: Driver, database: str, query: Query[Any]) -> list[str]:
    """Operators of a query's plan, from the result down to where its nodes come from."""
    with driver.session(database=database) as session:  # pyright: ignore[reportUnknownMemberType]  untyped options
        text: LiteralString = "EXPLAIN " + query.text
        summary: Any = session.run(text, dict(query.parameters)).consume()
    return list(operators(summary.plan))


@pytest.fixture(scope="module")
async def driver(neo4j_server: Neo4jServer) -> AsyncIterator[Driver]:
    engine = await Engine.connect(neo4j_server.uri, "", "", neo4j_server.database)
    await migrate(engine)
    await engine.close()
    with GraphDatabase.driver(  # pyright: ignore[reportUnknownMemberType]  the driver types its options as Any
        neo4j_server.uri
    ) as opened:
        yield opened


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name.replace(" ", "-"))
def test_no_statement_of_a_request_scans(driver: Driver, neo4j_server: Neo4jServer, query: Query[Any]) -> None:
    used = explained(driver, neo4j_server.database, query)

    assert [operator for operator in used if "Scan" in operator] == []


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name.replace(" ", "-"))
@pytest.mark.parametrize("is_backward", [False, True])
def test_a_page_is_read_in_the_order_of_its_index(
    driver: Driver, neo4j_server: Neo4jServer, shape: Shape, *, is_backward: bool
) -> None:
    """Sorted by the engine it would cost by the range, and be UTF-16 order."""
    query = pages.page_query(shape, [whole("p")], 9, "u", 0, is_backward=is_backward)

    used = explained(driver, neo4j_server.database, query)

    assert [operator for operator in used if "Sort" in operator or "Top" in operator] == []
    assert [operator for operator in used if operator.endswith("IndexSeekByRange")] == [used[-1]]
