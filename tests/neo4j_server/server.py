"""Starts a real Neo4j for tests, from jars that Maven brings, without Docker and without an installed server.

The jars are kept in .tools/neo4j/, in a folder named after the pom's hash, so that a changed version is fetched anew.
The server is a guarded child: it ends with the test run, however that ends.
"""

import hashlib
import os
import re
import shutil
import subprocess
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from neo4j import GraphDatabase
from neo4j.exceptions import DriverError, Neo4jError

from graphstore.embedded.command import child_environment
from graphstore.embedded.engine import free_ports
from graphstore.embedded.guarded import GuardedProcess
from tests.one_at_a_time import one_at_a_time

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parent.parent
POM: Final = HERE / "pom.xml"
PROGRAM: Final = HERE / "Neo4jServer.java"
COPY_JARS: Final = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
JAVA_MINIMUM: Final = 17
DATABASE: Final = "graph"
DOWNLOAD_TIMEOUT_S: Final = 900
READY_TIMEOUT_S: Final = 180.0
STOP_GRACE_S: Final = 60.0
PORT_ATTEMPTS: Final = 3
LOG_TAIL_LINES: Final = 30

# Neo4j reaches into these packages of Java's.
OPENED: Final = ("java.base/java.lang", "java.base/java.nio", "java.base/java.io", "java.base/sun.nio.ch")


class Neo4jServerError(Exception):
    """Neo4j could not be fetched or started."""


def what_is_missing() -> str | None:
    """Say in a sentence what this machine lacks for running Neo4j, None if nothing."""
    for program, package in (("java", "a JDK"), ("javac", "a JDK"), ("mvn", "Maven")):
        if shutil.which(program) is None:
            return f"Neo4j needs a JDK {JAVA_MINIMUM} or newer and Maven; {program} ({package}) is missing"
    words = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', words)
    if found is None or int(found[1]) < JAVA_MINIMUM:
        return f"Neo4j needs a JDK {JAVA_MINIMUM} or newer; this one is {words.partition(chr(10))[0]!r}"
    return None


def fetch_jars(cache: Path = ROOT / ".tools" / "neo4j") -> Path:
    """Answer the folder of jars, fetched with Maven where it isn't there yet.

    Raises: Neo4jServerError.
    """
    folder = cache / hashlib.sha256(POM.read_bytes()).hexdigest()[:16]
    with one_at_a_time(folder.with_name(f"{folder.name}.lock")):
        if not folder.is_dir():
            _fetch_into(folder)
    return folder


def _fetch_into(folder: Path) -> None:
    # Fetched beside and then renamed: a folder of that name is whole.
    draft = folder.with_name(f"{folder.name}.{os.getpid()}")
    command = ["mvn", "-q", "-B", "-f", str(POM), COPY_JARS, "-DincludeScope=runtime", f"-DoutputDirectory={draft}"]
    try:
        subprocess.run(command, capture_output=True, text=True, check=True, timeout=DOWNLOAD_TIMEOUT_S)
    except subprocess.CalledProcessError as problem:
        shutil.rmtree(draft, ignore_errors=True)
        raise Neo4jServerError(f"Maven could not fetch Neo4j:\n{problem.stdout}{problem.stderr}") from problem
    except subprocess.TimeoutExpired as problem:
        shutil.rmtree(draft, ignore_errors=True)
        raise Neo4jServerError(f"Maven did not fetch Neo4j within {DOWNLOAD_TIMEOUT_S} s") from problem
    draft.rename(folder)


@dataclass(frozen=True, slots=True)
class Neo4jServer:
    """A running Neo4j that asks nobody to sign in."""

    uri: str
    user: str
    password: str
    database: str
    process: GuardedProcess = field(repr=False)

    @classmethod
    def start(cls, folder: Path, *, heap_mib: int = 512) -> Self:
        """Start it on the files in `folder` and wait until a statement works (6 to 20 s).

        Raises: Neo4jServerError with the end of its log.
        """
        jars = fetch_jars()
        java = shutil.which("java")
        assert java is not None, "what_is_missing() was asked first"
        folder.mkdir(parents=True, exist_ok=True)
        log_file = folder / "console.log"
        for _ in range(PORT_ATTEMPTS):
            port = free_ports().bolt
            command = [java, f"-Xmx{heap_mib}m", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError"]
            command += [f"--add-opens={package}=ALL-UNNAMED" for package in OPENED]
            command += ["-cp", f"{jars}/*", str(PROGRAM), str(folder), str(port), DATABASE]
            with ExitStack() as undo:
                process = GuardedProcess.start(
                    command,
                    folder=folder,
                    log_file=log_file,
                    environment=child_environment(os.environ),
                    grace_s=STOP_GRACE_S,
                )
                undo.callback(process.stop)
                uri = f"bolt://127.0.0.1:{port}"
                if _becomes_ready(process, uri, log_file):
                    undo.pop_all()
                    return cls(uri=uri, user="neo4j", password="unused", database=DATABASE, process=process)
        raise Neo4jServerError(f"Neo4j found its port taken {PORT_ATTEMPTS} times in a row\n{_tail(log_file)}")

    def stop(self) -> None:
        """Stop it cleanly and wait (5 to 12 s, at most 65)."""
        self.process.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()


def _becomes_ready(process: GuardedProcess, uri: str, log_file: Path) -> bool:
    """Wait until a statement works; False when the port was taken meanwhile.

    Raises: Neo4jServerError.
    """
    deadline = time.monotonic() + READY_TIMEOUT_S
    with GraphDatabase.driver(  # pyright: ignore[reportUnknownMemberType]  the driver types its options as Any
        uri, connection_timeout=2.0, connection_acquisition_timeout=2.0, max_transaction_retry_time=0.0
    ) as driver:
        while True:
            try:
                driver.execute_query("RETURN 1", database_=DATABASE)
            except (Neo4jError, DriverError, OSError) as problem:
                if not process.is_running:
                    if "Address already in use" in log_file.read_text(errors="replace"):
                        return False
                    raise Neo4jServerError(f"Neo4j ended while starting\n{_tail(log_file)}") from problem
                if time.monotonic() >= deadline:
                    raise Neo4jServerError(
                        f"Neo4j was not ready after {READY_TIMEOUT_S:g} s: {problem}\n{_tail(log_file)}"
                    ) from problem
                time.sleep(0.2)
            else:
                return True


def _tail(log_file: Path) -> str:
    return "\n".join(log_file.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:])
