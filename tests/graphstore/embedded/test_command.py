from pathlib import Path

from graphstore.embedded.command import Ports, child_environment, command_line, logging_properties
from graphstore.embedded.installation import Installation

INSTALLATION = Installation(java=Path("/p/jre/bin/java"), jars=Path("/p/jars"))


def test_the_engine_listens_on_loopback_only_and_syncs_each_commit() -> None:
    command = command_line(
        INSTALLATION, Path("/d/graph"), Ports(bolt=1001, http=1002), heap_mib=300, statement_timeout_s=1.5
    )

    assert command[0] == "/p/jre/bin/java"
    assert command[-3:] == ["-cp", "/p/jars/*", "com.arcadedb.server.ArcadeDBServer"]
    assert {
        "-Xmx300m",
        "-XX:+UseSerialGC",
        "-Darcadedb.bolt.host=127.0.0.1",
        "-Darcadedb.bolt.port=1001",
        "-Darcadedb.server.httpIncomingHost=127.0.0.1",
        "-Darcadedb.server.httpIncomingPort=1002",
        "-Darcadedb.server.mode=production",
        "-Darcadedb.server.rootPasswordPath=/d/graph/root.password",
        "-Darcadedb.txWalFlush=1",
        "-Darcadedb.command.timeout=1500",
    } <= set(command)


def test_options_for_the_java_machine_come_before_the_program() -> None:
    command = command_line(
        INSTALLATION,
        Path("/d"),
        Ports(1, 2),
        heap_mib=300,
        statement_timeout_s=1,
        jvm_options=("-XX:TieredStopAtLevel=1",),
    )

    assert command.index("-XX:TieredStopAtLevel=1") < command.index("-cp")


def test_the_child_sees_no_secrets_and_nothing_that_changes_java() -> None:
    ours = {
        "PATH": "/bin",
        "HOME": "/h",
        "JAVA_TOOL_OPTIONS": "-javaagent:x",
        "JDK_JAVA_OPTIONS": "-Xmx1g",
        "JAVA_HOME": "/j",
        "ARUNA_GRAPH_PASSWORD": "secret",
    }

    assert child_environment(ours) == {"PATH": "/bin", "HOME": "/h"}


def test_a_folder_with_special_characters_is_escaped_for_the_logging_file() -> None:
    text = logging_properties(Path("/a%b\\c"))

    assert "java.util.logging.FileHandler.pattern=/a%%b\\\\c/engine.log.%g\n" in text
