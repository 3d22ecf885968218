from pathlib import Path

import pytest
from neo4j import GraphDatabase

from tests.neo4j_server import server as under_test
from tests.neo4j_server.server import Neo4jServer, Neo4jServerError, fetch_jars, what_is_missing


@pytest.mark.neo4j
def test_it_is_the_community_edition_of_the_pinned_version(neo4j_server: Neo4jServer) -> None:
    with GraphDatabase.driver(  # pyright: ignore[reportUnknownMemberType]  the driver types its options as Any
        neo4j_server.uri, auth=(neo4j_server.user, neo4j_server.password)
    ) as driver:
        [record] = driver.execute_query(
            "CALL dbms.components() YIELD versions, edition", database_=neo4j_server.database
        ).records

    assert record.data() == {"versions": ["5.26.12"], "edition": "community"}


@pytest.mark.neo4j
def test_jars_that_are_there_are_not_fetched_again(neo4j_server: Neo4jServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    assert list(fetch_jars().glob("neo4j-bolt-*.jar"))


def test_a_missing_program_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert what_is_missing() == "Neo4j needs a JDK 17 or newer and Maven; java (a JDK) is missing"


@pytest.mark.parametrize(
    ("words", "missing"),
    [
        (
            'openjdk version "11.0.2" 2019',
            "Neo4j needs a JDK 17 or newer; this one is 'openjdk version \"11.0.2\" 2019'",
        ),
        ('openjdk version "17.0.15" 2025', None),
        ('openjdk version "25" 2025', None),
    ],
)
def test_an_old_java_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: str, missing: str | None
) -> None:
    for program in ("java", "javac", "mvn"):
        (tmp_path / program).write_text(f"#!/bin/sh\necho '{words}' >&2\n")
        (tmp_path / program).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert what_is_missing() == missing


def test_a_failing_download_is_reported_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    maven = tmp_path / "bin" / "mvn"
    maven.parent.mkdir()
    maven.write_text("#!/bin/sh\necho 'no such artifact'; exit 1\n")
    maven.chmod(0o755)
    monkeypatch.setenv("PATH", str(maven.parent))

    with pytest.raises(Neo4jServerError, match="Maven could not fetch Neo4j:\nno such artifact"):
        fetch_jars(tmp_path / "cache")

    assert [path for path in (tmp_path / "cache").iterdir() if path.is_dir()] == []


def test_a_server_that_ends_while_starting_is_reported_with_its_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'no memory'; exit 1\n")
    java.chmod(0o755)
    monkeypatch.setenv("PATH", str(java.parent))
    monkeypatch.setattr(under_test, "fetch_jars", lambda: tmp_path)

    with pytest.raises(Neo4jServerError, match="Neo4j ended while starting\nno memory"):
        Neo4jServer.start(tmp_path / "graph")
