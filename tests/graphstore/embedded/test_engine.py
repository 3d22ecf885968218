import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import LiteralString

import pytest
from neo4j import GraphDatabase

from graphstore.embedded import EmbeddedGraph, EmbeddedGraphError
from graphstore.embedded.command import Ports
from graphstore.embedded.engine import free_ports
from tests.processes import is_running, wait_until

# Ready in half the time: these tests start the engine often and run little in it.
FAST = ("-XX:TieredStopAtLevel=1",)

SERVER = """
import sys, time
from pathlib import Path
from neo4j import GraphDatabase
from graphstore.embedded import EmbeddedGraph
graph = EmbeddedGraph.start(Path(sys.argv[1]), heap_mib=256)
with GraphDatabase.driver(graph.uri, auth=(graph.user, graph.password)) as driver:
    driver.execute_query("CREATE (n:Kept {id: 'a'})", database_=graph.database)
print(graph.process.pid, graph.process.guard_pid, flush=True)
time.sleep(120)
"""


def start(folder: Path) -> EmbeddedGraph:
    return EmbeddedGraph.start(folder, heap_mib=256, jvm_options=FAST)


def ask(graph: EmbeddedGraph, statement: LiteralString) -> list[object]:
    """Run a statement in a managed transaction and answer the first value of each record."""
    with GraphDatabase.driver(  # pyright: ignore[reportUnknownMemberType]  the driver types its options as Any
        graph.uri, auth=(graph.user, graph.password)
    ) as driver:
        return [record[0] for record in driver.execute_query(statement, database_=graph.database).records]


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedGraph]:
    with start(tmp_path_factory.mktemp("engine") / "graph") as graph:
        yield graph


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_it_answers_statements_as_soon_as_it_has_started(graph: EmbeddedGraph) -> None:
    assert ask(graph, "RETURN 6 * 7") == [42]
    assert graph.is_running


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_its_password_is_in_no_command_line_and_not_in_its_text(graph: EmbeddedGraph) -> None:
    command = Path(f"/proc/{graph.process.pid}/cmdline").read_bytes()

    assert b"ArcadeDBServer" in command
    assert graph.password.encode() not in command
    assert graph.password not in repr(graph)


def test_nobody_but_us_can_read_its_folder_and_password(graph: EmbeddedGraph) -> None:
    assert graph.folder.stat().st_mode & 0o777 == 0o700
    assert (graph.folder / "root.password").stat().st_mode & 0o777 == 0o600
    assert len(graph.password) >= 32


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_it_listens_on_loopback_only(graph: EmbeddedGraph) -> None:
    ours: set[str] = set()
    for descriptor in Path(f"/proc/{graph.process.pid}/fd").iterdir():
        # Some close while we look; the two that listen don't.
        with suppress(FileNotFoundError):
            ours.add(str(descriptor.readlink()))
    loopback = {"0100007F", "0000000000000000FFFF00000100007F"}

    listening: list[tuple[bool, int]] = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            columns = line.split()
            if columns[3] == "0A" and f"socket:[{columns[9]}]" in ours:
                address, port = columns[1].split(":")
                listening.append((address in loopback, int(port, 16)))

    wanted = [int(url.rpartition(":")[2]) for url in (graph.uri, graph.http_url)]
    assert sorted(listening) == sorted((True, port) for port in wanted)


def test_a_second_engine_on_the_same_files_is_refused_with_its_last_lines(graph: EmbeddedGraph) -> None:
    with pytest.raises(EmbeddedGraphError, match=r"(?s)ended with status 1|gave up starting.*console\.log"):
        start(graph.folder)

    assert ask(graph, "RETURN 1") == [1]


def test_a_second_start_finds_the_data_of_the_first(tmp_path: Path) -> None:
    with start(tmp_path / "graph") as graph:
        ask(graph, "CREATE (n:Kept {id: 'a'})")
    assert not is_running(graph.process.pid)

    with start(tmp_path / "graph") as graph:
        assert ask(graph, "MATCH (n:Kept) RETURN n.id") == ["a"]


def test_acknowledged_data_outlive_a_server_that_was_killed_and_so_does_no_process(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, str(tmp_path / "graph")], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        engine, guard = map(int, server.stdout.readline().split())
        assert is_running(engine)

        server.kill()

    wait_until(lambda: not is_running(engine), "the engine is gone")
    wait_until(lambda: not is_running(guard), "the guard is gone")
    with start(tmp_path / "graph") as graph:
        assert ask(graph, "MATCH (n:Kept) RETURN n.id") == ["a"]


@pytest.mark.parametrize("door", ["bolt", "http"])
def test_a_port_that_was_taken_meanwhile_is_exchanged(tmp_path: Path, taken_port: int, door: str) -> None:
    free = free_ports()
    clash = Ports(bolt=taken_port, http=free.http) if door == "bolt" else Ports(bolt=free.bolt, http=taken_port)
    draws = iter([clash, free_ports()])

    with EmbeddedGraph.start(
        tmp_path / "graph", heap_mib=256, jvm_options=FAST, draw_ports=lambda: next(draws)
    ) as graph:
        assert ask(graph, "RETURN 1") == [1]

    assert list(draws) == []


def test_an_engine_that_ends_while_starting_is_reported_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedGraphError, match=r"(?s)ended with status 1 while starting.*NoSuchFlag"):
        EmbeddedGraph.start(tmp_path / "graph", heap_mib=256, jvm_options=("-XX:+NoSuchFlag",))


def test_an_engine_that_is_not_ready_in_time_is_stopped_and_reported(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedGraphError, match=r"was not ready after 0 s"):
        EmbeddedGraph.start(tmp_path / "graph", heap_mib=256, jvm_options=FAST, ready_timeout_s=0)

    # The files are free again: nothing was left running.
    with start(tmp_path / "graph") as graph:
        assert ask(graph, "RETURN 1") == [1]


def test_a_lost_password_is_named_before_anything_starts(tmp_path: Path) -> None:
    folder = tmp_path / "graph"
    (folder / "config").mkdir(parents=True)
    (folder / "config" / "server-users.jsonl").touch()

    with pytest.raises(EmbeddedGraphError, match=r"root\.password is missing"):
        start(folder)

    assert not (folder / "root.password").exists()


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(EmbeddedGraphError, match="can't start"):
        start(tmp_path / "file" / "graph")
