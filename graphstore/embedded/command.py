"""Builds what the engine is started with: command line, environment, logging file. Pure text, no process.

The settings are ArcadeDB's own (https://docs.arcadedb.com, "Settings"); all of them are prefixed `arcadedb.`.
Nothing secret is on the command line, where every user of the machine can read it: the password is in a file.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from graphstore.embedded.installation import Installation

DATABASE: Final = "graph"
USER: Final = "root"
LOOPBACK: Final = "127.0.0.1"
PASSWORD_FILE: Final = "root.password"  # noqa: S105  the name of a file
LOGGING_FILE: Final = "logging.properties"
CONSOLE_LOG_FILE: Final = "console.log"
ENGINE_LOG_FILE: Final = "engine.log"

# Everything else stays behind: the child needs none of our secrets, and JAVA_TOOL_OPTIONS and its kin would change it.
_ENVIRONMENT_KEPT: Final = ("HOME", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "PATH", "TMPDIR", "TZ")

_ENGINE_LOG_BYTES_MAX: Final = 8 << 20
_ENGINE_LOG_FILES: Final = 4


@dataclass(frozen=True, slots=True)
class Ports:
    """The two loopback ports the engine listens on."""

    bolt: int
    http: int


def command_line(
    installation: Installation,
    folder: Path,
    ports: Ports,
    *,
    heap_mib: int,
    statement_timeout_s: float,
    jvm_options: tuple[str, ...] = (),
) -> list[str]:
    """Build the command that runs the engine on the files in `folder` (absolute).

    `statement_timeout_s` bounds every statement: the engine ignores the timeouts that the driver sends.
    """
    settings = {
        "server.rootPath": folder,
        "server.databaseDirectory": folder / "databases",
        "server.rootPasswordPath": folder / PASSWORD_FILE,
        "server.defaultDatabases": f"{DATABASE}[]",
        "server.mode": "production",
        "server.plugins": "Bolt:com.arcadedb.bolt.BoltProtocolPlugin",
        "server.httpIncomingHost": LOOPBACK,
        "server.httpIncomingPort": ports.http,
        "bolt.host": LOOPBACK,
        "bolt.port": ports.bolt,
        "bolt.defaultDatabase": DATABASE,
        # 1 syncs the log's bytes at each commit, so that what was acknowledged outlives a power cut.
        "txWalFlush": 1,
        "command.timeout": round(statement_timeout_s * 1000),
    }
    return [
        str(installation.java),
        f"-Xmx{heap_mib}m",
        "-XX:+UseSerialGC",
        # Out of memory, Java limps on with broken threads; a child that is gone can be seen and started again.
        "-XX:+ExitOnOutOfMemoryError",
        "-XX:-UsePerfData",
        "--add-modules",
        "jdk.incubator.vector",
        "--enable-native-access=ALL-UNNAMED",
        "-Djava.awt.headless=true",
        "-Dfile.encoding=UTF-8",
        f"-Djava.util.logging.config.file={folder / LOGGING_FILE}",
        *jvm_options,
        *(f"-Darcadedb.{name}={value}" for name, value in settings.items()),
        "-cp",
        f"{installation.jars}/*",
        "com.arcadedb.server.ArcadeDBServer",
    ]


def child_environment(ours: Mapping[str, str]) -> dict[str, str]:
    """Pick what the child may see of our environment."""
    return {name: ours[name] for name in _ENVIRONMENT_KEPT if name in ours}


def logging_properties(folder: Path) -> str:
    """Write the `java.util.logging` configuration: one bounded ring of files, nothing on the console.

    The engine's own default logs to the console too, which as a file of ours would grow without end.
    """
    lines = {
        "handlers": "java.util.logging.FileHandler",
        ".level": "INFO",
        "io.undertow.level": "WARNING",
        "org.xnio.level": "WARNING",
        "org.jboss.level": "WARNING",
        "java.util.logging.FileHandler.pattern": f"{_escape(folder)}/{ENGINE_LOG_FILE}.%g",
        "java.util.logging.FileHandler.limit": _ENGINE_LOG_BYTES_MAX,
        "java.util.logging.FileHandler.count": _ENGINE_LOG_FILES,
        "java.util.logging.FileHandler.append": "true",
        "java.util.logging.FileHandler.formatter": "com.arcadedb.log.LogFormatter",
    }
    return "".join(f"{name}={value}\n" for name, value in lines.items())


def _escape(folder: Path) -> str:
    r"""Escape a path twice: `%` means something to the pattern, `\` to the properties file."""
    return str(folder).replace("%", "%%").replace("\\", "\\\\")
