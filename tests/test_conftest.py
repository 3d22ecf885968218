"""The shared fixtures do what the suites rely on."""

import pytest
from neo4j import GraphDatabase

from tests.graph_server import GraphServer


def count_nodes(server: GraphServer) -> int:
    with GraphDatabase.driver(  # pyright: ignore[reportUnknownMemberType]  the driver types its options as Any
        server.uri, auth=(server.user, server.password)
    ) as driver:
        found = driver.execute_query("MATCH (n) RETURN count(n) AS nodes", database_=server.database)
        return found.records[0]["nodes"]


@pytest.fixture(scope="module")
def littered_graph(graph_server: GraphServer) -> GraphServer:
    """A graph in which an earlier module left more than is wiped at once."""
    with GraphDatabase.driver(  # pyright: ignore[reportUnknownMemberType]  the driver types its options as Any
        graph_server.uri, auth=(graph_server.user, graph_server.password)
    ) as driver:
        driver.execute_query(
            "UNWIND range(1, 6000) AS i CREATE (:Litter {i: i})-[:NEXT]->(:Litter)", database_=graph_server.database
        )
    assert count_nodes(graph_server) >= 12000
    return graph_server


def test_a_module_finds_the_graph_empty(littered_graph: GraphServer, empty_graph: GraphServer) -> None:
    assert empty_graph == littered_graph
    assert count_nodes(empty_graph) == 0


def test_each_engine_says_which_it_is(graph_server: GraphServer, request: pytest.FixtureRequest) -> None:
    assert graph_server.engine in request.node.name
    assert (graph_server.http_url is None) == (graph_server.engine == "neo4j")
    assert graph_server.password not in repr(graph_server)
    assert (request.node.get_closest_marker("neo4j") is None) == (graph_server.engine == "embedded")
