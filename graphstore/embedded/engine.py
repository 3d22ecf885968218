"""The embedded graph as one object: start it on a folder, learn where it listens, stop it.

The folder holds the databases, the engine's own configuration, its logs and the password of its only user.
Measured behaviour that this file relies on: the Bolt port opens about a second before the database is loaded, so only
a statement that works means ready; on a port that is taken the engine prints a stack trace and hangs.
"""

import os
import secrets
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from neo4j import Driver, GraphDatabase, RoutingControl
from neo4j.exceptions import DriverError, Neo4jError

from graphstore.embedded.command import (
    CONSOLE_LOG_FILE,
    DATABASE,
    ENGINE_LOG_FILE,
    LOGGING_FILE,
    LOOPBACK,
    PASSWORD_FILE,
    USER,
    Ports,
    child_environment,
    command_line,
    logging_properties,
)
from graphstore.embedded.guarded import GuardedProcess
from graphstore.embedded.installation import InstallationMissing, find_installation

_PORT_ATTEMPTS: Final = 4
_PASSWORD_BYTES: Final = 32
_POLL_S: Final = 0.1
_ATTEMPT_S: Final = 2.0
_LOG_TAIL_LINES: Final = 25
_LOG_TAIL_BYTES: Final = 16_384
_ENGINE_USERS_FILE: Final = Path("config", "server-users.jsonl")
# What the engine prints when it gives up starting; it goes on running all the same, as its threads aren't daemons.
_GAVE_UP: Final = 'Exception in thread "main"'
_PORT_TAKEN: Final = "Unable to listen"


class EmbeddedGraphError(Exception):
    """The embedded graph could not be started; the message ends with the last lines of its log."""


class _PortTaken(Exception):
    """Somebody took a port between our look and the engine's bind."""


def free_ports() -> Ports:
    """Two loopback ports that nobody held a moment ago; both are held while the second is looked for."""
    with socket.socket() as bolt, socket.socket() as http:
        bolt.bind((LOOPBACK, 0))
        http.bind((LOOPBACK, 0))
        return Ports(bolt=bolt.getsockname()[1], http=http.getsockname()[1])


@dataclass(frozen=True, slots=True)
class EmbeddedGraph:
    """A running engine. `http_url` is its SQL door, which migrations need for full-text indexes; same user."""

    folder: Path
    uri: str
    http_url: str
    user: str
    password: str = field(repr=False)
    database: str
    process: GuardedProcess = field(repr=False)

    @classmethod
    def start(
        cls,
        folder: Path,
        *,
        heap_mib: int,
        ready_timeout_s: float = 120.0,
        stop_grace_s: float = 20.0,
        statement_timeout_s: float = 30.0,
        jvm_options: tuple[str, ...] = (),
        draw_password: Callable[[int], str] = secrets.token_urlsafe,
        draw_ports: Callable[[], Ports] = free_ports,
    ) -> Self:
        """Start the engine on the files in `folder` (made if missing, 0700) and wait until a statement works.

        Blocks for about 2 s: call it before the event loop starts, or in a thread.
        The first start draws the password; later ones read it from the folder.
        Raises: EmbeddedGraphError.
        """
        folder = folder.resolve()
        try:
            installation = find_installation()
            password = _prepare(folder, draw_password)
        except (InstallationMissing, OSError) as problem:
            raise EmbeddedGraphError(f"the embedded graph can't start: {problem}") from problem

        for _ in range(_PORT_ATTEMPTS):
            ports = draw_ports()
            command = command_line(
                installation,
                folder,
                ports,
                heap_mib=heap_mib,
                statement_timeout_s=statement_timeout_s,
                jvm_options=jvm_options,
            )
            with ExitStack() as undo:
                process = _start_process(command, folder, stop_grace_s)
                # Also on Ctrl-C while it starts.
                undo.callback(process.stop)
                uri = f"bolt://{LOOPBACK}:{ports.bolt}"
                try:
                    _wait_until_ready(process, uri, password, folder, ready_timeout_s)
                except _PortTaken:
                    continue
                undo.pop_all()
                return cls(
                    folder=folder,
                    uri=uri,
                    http_url=f"http://{LOOPBACK}:{ports.http}",
                    user=USER,
                    password=password,
                    database=DATABASE,
                    process=process,
                )
        raise EmbeddedGraphError(
            f"the embedded graph found its ports taken {_PORT_ATTEMPTS} times in a row\n{_log_tail(folder)}"
        )

    @property
    def is_running(self) -> bool:
        """Whether the engine still runs; one that has ended is not started again by itself."""
        return self.process.is_running

    def stop(self) -> None:
        """Stop the engine cleanly and wait for it; does nothing the second time. Bounded by `stop_grace_s` + 5 s."""
        self.process.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()


def _prepare(folder: Path, draw_password: Callable[[int], str]) -> str:
    """Make the folder and the two files the engine reads; answer the password."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / LOGGING_FILE).write_text(logging_properties(folder))
    password_file = folder / PASSWORD_FILE
    if not password_file.exists():
        if (folder / _ENGINE_USERS_FILE).exists():
            # The engine keeps the first password it was given: a new one would be refused, without a word about why.
            raise FileNotFoundError(
                f"{password_file} is missing, and the graph in this folder knows only that password"
            )
        _write_secret(password_file, draw_password(_PASSWORD_BYTES))
    return password_file.read_text()


def _write_secret(file: Path, text: str) -> None:
    """Write a file that only we can read and that is never seen half written."""
    draft = file.with_name(file.name + ".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(descriptor)
    draft.replace(file)


def _start_process(command: list[str], folder: Path, stop_grace_s: float) -> GuardedProcess:
    """Start the engine under its guard.

    Raises: EmbeddedGraphError.
    """
    try:
        return GuardedProcess.start(
            command,
            folder=folder,
            log_file=folder / CONSOLE_LOG_FILE,
            environment=child_environment(os.environ),
            grace_s=stop_grace_s,
        )
    except OSError as problem:
        raise EmbeddedGraphError(f"the embedded graph can't start: {problem}\n{_log_tail(folder)}") from problem


def _wait_until_ready(process: GuardedProcess, uri: str, password: str, folder: Path, timeout_s: float) -> None:
    """Wait until a statement on the database works.

    Raises: _PortTaken; EmbeddedGraphError when the engine ends, gives up, or the time is over.
    """
    deadline = time.monotonic() + timeout_s
    # A stranger on a port we lost may accept and stay silent: no attempt may take long.
    with GraphDatabase.driver(  # pyright: ignore[reportUnknownMemberType]  the driver types its options as Any
        uri,
        auth=(USER, password),
        connection_timeout=_ATTEMPT_S,
        connection_acquisition_timeout=_ATTEMPT_S,
        max_transaction_retry_time=0.0,
    ) as driver:
        while True:
            problem = _ask(driver)
            if problem is None:
                return
            console = (folder / CONSOLE_LOG_FILE).read_text(errors="replace")
            if _GAVE_UP in console and _PORT_TAKEN in console:
                raise _PortTaken
            if process.exit_status is not None:
                raise EmbeddedGraphError(
                    f"the embedded graph ended with status {process.exit_status} while starting\n{_log_tail(folder)}"
                )
            if _GAVE_UP in console:
                raise EmbeddedGraphError(f"the embedded graph gave up starting\n{_log_tail(folder)}")
            if time.monotonic() >= deadline:
                raise EmbeddedGraphError(
                    f"the embedded graph was not ready after {timeout_s:g} s: {problem}\n{_log_tail(folder)}"
                ) from problem
            time.sleep(_POLL_S)


def _ask(driver: Driver) -> Exception | None:
    """Run a statement on the database; answer what went wrong, None if nothing did."""
    try:
        driver.execute_query("RETURN 1", database_=DATABASE, routing_=RoutingControl.READ)
    except (Neo4jError, DriverError, OSError) as problem:
        return problem
    return None


def _log_tail(folder: Path) -> str:
    """Give the last lines of the engine's two logs, each under its path."""
    parts: list[str] = []
    for file in (folder / f"{ENGINE_LOG_FILE}.0", folder / CONSOLE_LOG_FILE):
        if file.exists() and file.stat().st_size:
            with file.open("rb") as opened:
                opened.seek(max(0, file.stat().st_size - _LOG_TAIL_BYTES))
                lines = opened.read().decode(errors="replace").splitlines()[-_LOG_TAIL_LINES:]
            parts.append("\n".join([f"--- the end of {file}:", *lines]))
    return "\n".join(parts)
