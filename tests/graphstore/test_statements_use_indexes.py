"""On Neo4j every statement of a request finds its nodes by an index: the planner says so.

Asked on a small graph that has some of everything: where an index has nothing in it yet, reading all of it looks free.
A plan that was made then is made anew once there is something.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, LiteralString

import pytest
from neo4j import Driver, GraphDatabase

from domain.authors import Author
from domain.cloning import NewClone
from domain.frozen import FrozenId
from domain.frozen_keys import cut_frozen_key
from domain.keys import cut_key
from domain.labels import NewLabel
from domain.linking import ExternalLink, Link
from domain.relations import ExternalReference, ExternalType, RelationKind
from domain.resources import DataClass, Kind
from domain.semver import parse_version
from domain.sequencing import Lease, PendingEvent
from domain.snapshotting import SnapshotDeletionFacts
from graphstore import walking
from graphstore.bolt import Engine
from graphstore.cypher import (
    accounts,
    batched,
    blobs,
    catalogue,
    classes,
    contents,
    dropping,
    erasing,
    events,
    facts,
    frozen,
    frozen_objects,
    frozen_places,
    impact,
    installation,
    labels,
    pages,
    placing,
    placings,
    readings,
    resolving,
    restoring,
    sequencing,
    snapshots,
    sweeping,
    tasks,
    trees,
    whole_sums,
    wrapping,
)
from graphstore.cypher.frozen_rows import (
    FROZEN_CONTAINER_NAMES,
    FROZEN_KEYS,
    FROZEN_KEYS_WITH_RIGHTS,
    FROZEN_NAMES,
    FrozenNames,
)
from graphstore.cypher.pages import Shape, whole
from graphstore.dialects import EngineKind, as_sent
from graphstore.migrations import migrate
from graphstore.statements import Query
from graphstore.writing import ORDER
from tests.conftest import wipe
from tests.contracts.test_snapshot_scale import grow
from tests.domain.making import dataset, project
from tests.neo4j_server.server import Neo4jServer
from tests.world import BIRTH, World

pytestmark = pytest.mark.neo4j

SHAPES: list[Shape] = [
    pages.ALL_NAMES,
    pages.CONTAINER_NAMES,
    pages.KEYS,
    pages.KEYS_WITH_RIGHTS,
    batched.COUNTERS,
    labels.LABELLED,
    restoring.CROSSINGS,
]
KINDS = [RelationKind.CUSTOM]
CUT = cut_key("a/b/c")
FROZEN_CUTS = [cut_frozen_key(key) for key in ("@1.0.0/a/b/c", "a/b@latest/c")]
LINKS = [batched.RelationsRequest("r", tuple(KINDS), "", 1)]

NAMES = FrozenNames("f", "p", 1, "s")
FROZEN_SHAPES = [FROZEN_NAMES, FROZEN_CONTAINER_NAMES, FROZEN_KEYS, FROZEN_KEYS_WITH_RIGHTS]
FROZEN_RANGES = [frozen.FrozenRange(NAMES, whole("p"))] * 2

QUERIES: list[Query[Any]] = [
    resolving.resolve([resolving.KeyRequest("AK", "b", CUT, 0, wants_content=True)]),
    resolving.version_at("b", CUT, "v", "u", 0),
    *(frozen_places.place_in_snapshot("p", cut, "u", 0, wants_content=True) for cut in FROZEN_CUTS if cut is not None),
    frozen_places.object_in_archive("c", "n", "u", 0, wants_content=True),
    walking.containers_below("r", ["a", "b"]),
    catalogue.upper_blob("", 1),
    catalogue.page_of_blobs("", "b"),
    catalogue.blobs_by_id(["b"]),
    catalogue.shown_by("b"),
    wrapping.upper_credential("", 1),
    wrapping.secrets_of_other_keys("", "c", "k"),
    wrapping.sealed_secrets("", "c"),
    wrapping.blobs_of_other_keys("", "b", "k"),
    wrapping.wrapped_keys(["b"]),
    installation.marks(),
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
    placing.place(placing.PlaceRequest("c", "s", "t", "n"), "u", 0),
    placing.place(placing.PlaceRequest("c"), "u", 0),
    placing.clone("o", NewClone("p", "n", "v"), "u", 0),
    placing.versions("c"),
    trees.tree("r", "u", 0),
    restoring.tombstone("r", "u", 0),
    restoring.deleted("d"),
    restoring.above(["r"], "u", 0),
    restoring.taken(["pn"]),
    restoring.bucket_taken("b"),
    restoring.standing("c"),
    restoring.objects(["o"]),
    erasing.chain("o"),
    erasing.open_uploads("o"),
    erasing.holders("o", "v"),
    contents.lock_contents(["c"]),
    contents.needed_contents(["c"], ["v"]),
    *(impact.holders("r", is_object=is_object, size=9) for is_object in (False, True)),
    impact.arriving("r", 9),
    impact.touched_object("o", with_revisions=True),
    tasks.lock_task("t"),
    tasks.go_on("t", "cursor"),
    tasks.go_on("t", None),
    snapshots.standing_versions(dataset(), parse_version("1.0.0")),
    snapshots.deletion("s", "u", 0),
    snapshots.other_versions(SnapshotDeletionFacts(project(), project(), is_root=True, originals=())),
    snapshots.hidden_names({0: snapshots.VersionedName("p", "n@1.0.0"), 1: snapshots.VersionedName("p", "@latest")}),
    snapshots.snapshots([snapshots.SnapshotsRequest("o", "", "", 9)] * 2, "u", 0),
    snapshots.latest_snapshots(["o"], "u", 0),
    facts.child_place("p", Kind.OBJECT, "n@1.0.0/o", "u", 0),
    dropping.seen_epochs("c"),
    dropping.upper_past_name("c", "", 9),
    dropping.past_names_up_to("c", "", "cn"),
    dropping.next_past_names("c", "", 9),
    dropping.drop([dropping.PastName("cn", 0, 1)]),
    placing.shares(["r"], "u", 0),
    placing.versioned_name("p", ["n@1.0.0"]),
    facts.links("s", [Link(RelationKind.POLICY, "t", target_version_id="v")], ["k"]),
    facts.mentioned(["MIT"], [Author("A", user_id="u")], [Link(RelationKind.POLICY, "t", target_version_id="v")]),
    labels.facts("r"),
    labels.labels(["r"]),
    labels.labels_at([("r", 1)]),
    *(classes.facts("r", "u", 0, is_recursive=is_recursive) for is_recursive in (False, True)),
    classes.relax("c", ["o"], DataClass.PUBLIC, 0),
    pages.page_query(classes.NAMES, [whole("p")], 9, "", 0),
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
    events.events_after(0, 1, "u", 0),
    # What waits is scanned: it is all there is under its label, and soon gone.
    sequencing.lock_sequence(),
    sequencing.number_events([PendingEvent("e", "r", 1)], 0),
    sequencing.advance_sequence(1, Lease("p", BIRTH)),
    sequencing.release_sequence("p"),
    sweeping.orphaned_blobs(0, 1),
    sweeping.claim_blobs(["b"], 0),
    sweeping.claim_strays(["b"], 0, 0),
    sweeping.forget_blobs(["b"]),
    sweeping.known_blobs(["b"]),
    blobs.lock_same(["0:0"]),
    blobs.lock_blobs(["b"]),
    blobs.lock_blobs_of(["c"]),
    blobs.revive(["b"]),
    blobs.claimed(["b"]),
    whole_sums.claim("c", 0, 1, 1),
    whole_sums.end("c"),
    whole_sums.bare_objects("c", 9),
    whole_sums.tell_content("c", "", ""),
    whole_sums.tell_objects("c", ["o"], "", ""),
    whole_sums.tell_revisions("c", 9, "", ""),
    whole_sums.take_turns(),
    whole_sums.equal_contents("0:0"),
    whole_sums.blobs_of("c"),
    *whole_sums.take_blobs("c", [], [], 0),
    whole_sums.wake(["0:0"]),
    whole_sums.contents_apart("0:0", "b", 9),
    whole_sums.wake_next(["c"], None),
    readings.externals_at([("r", 1)]),
    frozen_objects.objects([FrozenId("f", "o")], "u", 0),
    frozen_objects.ways(["f"]),
    *(frozen.rows_query(shape, [(NAMES, ["pa"])], "u", 0) for shape in FROZEN_SHAPES),
    *(
        frozen.scan_query(shape, FROZEN_RANGES, 9, is_backward=is_backward)
        for shape in FROZEN_SHAPES[:2]
        for is_backward in (False, True)
    ),
    *(placings.object_placings(["o"], root) for root in ("p", NAMES)),
    *(placings.container_placings(["c"], root) for root in ("p", NAMES)),
    *(pages.page_query(shape, [whole("p")] * 2, 9, "u", 0) for shape in SHAPES),
    *(pages.page_query(shape, [whole("p")], 9, "u", 0, is_backward=True) for shape in SHAPES),
    *(statement.bind(rows=[]) for statement in ORDER),
]


def operators(plan: Mapping[str, Any]) -> Iterator[str]:
    operator: str = plan["operatorType"].partition("@")[0]
    # What a scan reads says where to look for its reason.
    yield f"{operator} {plan['args'].get('Details')}" if "Scan" in operator else operator
    for child in plan.get("children", ()):
        yield from operators(child)


def explained(driver: Driver, database: str, query: Query[Any]) -> list[str]:
    """Operators of a query's plan, from the result down to where its nodes come from."""
    with driver.session(database=database) as session:  # pyright: ignore[reportUnknownMemberType]  untyped options
        sent, parameters = as_sent(query, EngineKind.NEO4J)
        text: LiteralString = "EXPLAIN " + sent
        summary: Any = session.run(text, dict(parameters)).consume()
    return list(operators(summary.plan))


async def grow_some_of_everything(world: World) -> None:
    """A project of 400 Objects in 20 datasets, with what may lie around one: past, snapshots, relations, labels."""
    ada = await world.user()
    project = await world.project(ada, "planned")
    datasets = await grow(world, project, containers=20, objects=20)
    await world.container(ada, Kind.COLLECTION, project, "other")
    put = [await world.put(ada, "planned", f"other/{number}") for number in range(40)]
    ids = [one.object_id for one in put]
    for one in ids[1:20]:
        await world.set_labels(ada, one, NewLabel("taxon", one))
        await world.share(ada, one, datasets[0])
        await world.link(ada, one, Link(RelationKind.ORIGIN, ids[0]), ExternalLink(ExternalType.DOI, f"10.1234/{one}"))
    await world.snapshot(ada, project)
    await world.snapshot(ada, datasets[1])
    for number in range(20):
        await world.put(ada, "planned", f"other/{number}")
    for one in ids[10:15]:
        await world.delete_object(ada, one)
    await world.rename(ada, datasets[2], "renamed")
    await world.delete_container(ada, datasets[3], is_recursive=True)
    await world.archive(ada, await world.project(ada, "kept"))


@pytest.fixture(scope="module")
async def driver(neo4j_server: Neo4jServer) -> AsyncIterator[Driver]:
    wipe(neo4j_server)
    engine = await Engine.connect(neo4j_server.uri, "", "", neo4j_server.database)
    try:
        await migrate(engine)
        await grow_some_of_everything(World(engine))
    finally:
        await engine.close()
    with GraphDatabase.driver(  # pyright: ignore[reportUnknownMemberType]  the driver types its options as Any
        neo4j_server.uri
    ) as opened:
        # Statistics are gathered in the background otherwise, so that plans would be a matter of luck.
        opened.execute_query("CALL db.prepareForReplanning()", database_=neo4j_server.database)
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
