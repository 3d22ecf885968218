"""What every test shares: the graph servers, and how Hypothesis runs.

A test that asks for `graph_server` (or `empty_graph`) is written once and runs on every engine: on the embedded one
always, on Neo4j too with `--neo4j`, where that instance of the test carries the marker `neo4j`. So
`pytest` runs embedded only, `pytest --neo4j` both, `pytest --neo4j -m neo4j` (make test-neo4j) Neo4j only.
"""

import json
import os
import secrets
from base64 import b64encode
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, LiteralString
from urllib.request import Request, urlopen

import pytest
from hypothesis import settings
from neo4j import GraphDatabase

from graphstore.embedded import EmbeddedGraph
from tests.graph_server import Engine, GraphServer
from tests.neo4j_server.server import Neo4jServer, what_is_missing

if TYPE_CHECKING:
    from tests.seaweedfs.server import SeaweedFS

# Wiping in one transaction would have to hold everything in memory.
_WIPED_AT_ONCE: Final = 5000
_WIPED_QUICKLY: Final = 1000

settings.register_profile("default", max_examples=60, deadline=None, database=None, print_blob=True)
settings.register_profile("thorough", settings.get_profile("default"), max_examples=2000)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--neo4j", action="store_true", help="run the tests that need a graph on Neo4j too")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
    # Drawn before Hypothesis's plugin looks, so that every run, CI's too, says how to repeat it.
    if config.getoption("hypothesis_seed") is None:
        config.option.hypothesis_seed = str(secrets.randbits(32))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, exitstatus: pytest.ExitCode, config: pytest.Config
) -> None:
    if exitstatus != pytest.ExitCode.OK or os.environ.get("CI"):
        seed = config.getoption("hypothesis_seed")
        terminalreporter.write_line(f"repeat the property tests with --hypothesis-seed={seed}")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "graph_server" in metafunc.fixturenames:
        engines = [pytest.param("embedded")]
        if metafunc.config.getoption("--neo4j"):
            engines.append(pytest.param("neo4j", marks=pytest.mark.neo4j))
        metafunc.parametrize("graph_server", engines, indirect=True, scope="session")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--neo4j"):
        return
    unasked = [item for item in items if item.get_closest_marker("neo4j")]
    config.hook.pytest_deselected(items=unasked)
    items[:] = [item for item in items if item not in unasked]


@pytest.fixture(scope="session")
def neo4j_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neo4jServer]:
    """A Neo4j for the whole run. Where this machine can't run one the test is skipped, in CI it fails."""
    missing = what_is_missing()
    if missing is not None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    with Neo4jServer.start(tmp_path_factory.mktemp("neo4j")) as server:
        yield server


@pytest.fixture(scope="session")
def embedded_graph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedGraph]:
    """An embedded engine for the whole run; quick to start, as nothing in tests runs long."""
    folder = tmp_path_factory.mktemp("embedded") / "graph"
    with EmbeddedGraph.start(folder, heap_mib=256, jvm_options=("-XX:TieredStopAtLevel=1",)) as graph:
        yield graph


@pytest.fixture(scope="session")
def seaweedfs(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[SeaweedFS]":
    """An S3-compatible store for the whole run; who uses it keeps to a prefix of his own."""
    from tests.seaweedfs.server import running_seaweedfs  # noqa: PLC0415  few need the SDK, which loads slowly

    with running_seaweedfs(tmp_path_factory.mktemp("seaweedfs")) as store:
        yield store


@pytest.fixture(scope="session")
def graph_server(request: pytest.FixtureRequest) -> GraphServer:
    """The graph that this instance of the test runs on, with whatever tests before it left there."""
    engine: Engine = request.param
    if engine == "neo4j":
        server: Neo4jServer = request.getfixturevalue("neo4j_server")
        return GraphServer(
            engine=engine,
            uri=server.uri,
            user=server.user,
            password=server.password,
            database=server.database,
            http_url=None,
        )
    graph: EmbeddedGraph = request.getfixturevalue("embedded_graph")
    return GraphServer(
        engine=engine,
        uri=graph.uri,
        user=graph.user,
        password=graph.password,
        database=graph.database,
        http_url=graph.http_url,
    )


@pytest.fixture(scope="module")
def empty_graph(graph_server: GraphServer) -> GraphServer:
    """The same graph without nodes at the start of each test module; who opens it makes the constraints it needs."""
    if graph_server.http_url is not None and _node_count(graph_server) > _WIPED_QUICKLY:
        _make_anew(graph_server, graph_server.http_url)
    else:
        wipe(graph_server)
    return graph_server


def _node_count(graph_server: GraphServer) -> int:
    with GraphDatabase.driver(  # pyright: ignore[reportUnknownMemberType]  the driver types its options as Any
        graph_server.uri, auth=(graph_server.user, graph_server.password)
    ) as driver:
        found = driver.execute_query("MATCH (n) RETURN count(n) AS nodes", database_=graph_server.database)
        return found.records[0]["nodes"]


def _make_anew(graph_server: GraphServer, http_url: str) -> None:
    """Drop the embedded engine's database and make an empty one of that name: 0.1 s whatever it holds."""
    secret = b64encode(f"{graph_server.user}:{graph_server.password}".encode()).decode()
    headers = {"content-type": "application/json", "authorization": f"Basic {secret}"}
    for command in ("drop database", "create database"):
        body = json.dumps({"command": f"{command} {graph_server.database}"}).encode()
        with urlopen(Request(f"{http_url}/api/v1/server", body, headers)) as answer:
            assert json.load(answer) == {"result": "ok"}, command


def wipe(graph_server: GraphServer | Neo4jServer) -> None:
    """Take all nodes out of a graph; constraints and indexes stay."""
    with GraphDatabase.driver(  # pyright: ignore[reportUnknownMemberType]  the driver types its options as Any
        graph_server.uri, auth=(graph_server.user, graph_server.password)
    ) as driver:
        statements: list[LiteralString] = ["MATCH (n) WITH n LIMIT $many DETACH DELETE n RETURN count(*) AS wiped"]
        if isinstance(graph_server, Neo4jServer) or graph_server.engine == "neo4j":
            # Its transactions have little memory here, and a few nodes may have very many relationships.
            statements.insert(0, "MATCH ()-[e]->() WITH e LIMIT $many DELETE e RETURN count(*) AS wiped")
        for statement in statements:
            while driver.execute_query(statement, many=_WIPED_AT_ONCE, database_=graph_server.database).records[0][
                "wiped"
            ]:
                pass
