"""What erasing leaves in the files of the embedded engine: once it has closed them, no wrapped key."""

from pathlib import Path

from graphstore.embedded import EmbeddedGraph
from tests.graph_server import GraphServer
from tests.graphstore.embedded.test_engine import start
from tests.world import World, open_world


def server_of(graph: EmbeddedGraph) -> GraphServer:
    return GraphServer("embedded", graph.uri, graph.user, graph.password, graph.database, graph.http_url)


async def wrapped_keys(world: World, object_id: str) -> set[str]:
    rows = await world.ask(
        "MATCH (o:Resource {id: $id})-[:VERSION*0..]->()-[:CONTENT]->(:Content)-[:PART]->(b:Blob) "
        "WHERE b.wrappedKey IS NOT NULL RETURN b.wrappedKey AS text",
        id=object_id,
    )
    return {row["text"] for row in rows}


def found_in(folder: Path, texts: set[str]) -> set[str]:
    """Those of the texts that stand in any file of a folder."""
    files = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    return {text for text in texts if any(text.encode() in content for content in files)}


async def test_a_wrapped_key_that_was_destroyed_is_in_no_file_once_the_engine_has_ended(tmp_path: Path) -> None:
    folder = tmp_path / "graph"
    with start(folder) as graph:
        async with open_world(server_of(graph)) as world:
            ada = await world.user()
            await world.project(ada, "project")
            puts = [await world.put(ada, "project", "c/d/gone", length) for length in range(1, 20)]
            erased = puts[0].object_id
            kept = (await world.put(ada, "project", "c/d/kept")).object_id
            gone, staying = await wrapped_keys(world, erased), await wrapped_keys(world, kept)
            assert (len(gone), len(staying)) == (19, 1)

            await world.erase(ada, erased)

            assert await wrapped_keys(world, erased) == set()

    assert found_in(folder, gone | staying) == staying
