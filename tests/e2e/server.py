"""The real server, started as a user starts it, in a data folder of its own on free ports."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urljoin
from urllib.request import urlopen

from app.bootstrap import Bootstrap, read_bootstrap
from proxy.blobs import OWNER

ROOT = Path(__file__).parents[2]
START_TIMEOUT_S = 90.0
STOP_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server that answers; `log` is the file with all that it wrote."""

    bootstrap: Bootstrap
    process: subprocess.Popen[bytes]
    data_dir: Path
    log: Path


@contextmanager
def running_server(
    folder: Path,
    environment: Mapping[str, str] | None = None,
    command: Sequence[str] = ("-m", "app.cli", "serve"),
) -> Generator[RunningServer]:
    """Serve from `folder`/data until the block ends; entered again, the same folder serves on where it was.

    `environment` sets further ARUNA_* variables, or others than these: free ports, a small heap. `command` is what
    Python runs.
    """
    data_dir, log = folder / "data", folder / "server.log"
    folder.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=_settings(data_dir) | dict(environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield RunningServer(_wait_for_readiness(process, data_dir, log), process, data_dir, log)
    finally:
        stop(process)


def stored_files(data_dir: Path) -> list[Path]:
    """All files where a server keeps its bytes, but for the one that says whose they are."""
    return [path for path in (data_dir / "blobs").rglob("*") if path.is_file() and path.name != OWNER]


def stop(process: subprocess.Popen[bytes]) -> int:
    """End the server as Ctrl-C does; killed where it doesn't end. Answers its exit code."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        return process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise


def aruna(
    data_dir: Path, *arguments: str, environment: Mapping[str, str] | None = None, timeout_s: float = 600.0
) -> subprocess.CompletedProcess[str]:
    """Run another command of `aruna` on the data folder of a server; `environment` sets further variables."""
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *arguments],
        cwd=ROOT,
        env=_settings(data_dir) | dict(environment or {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout_s,
    )


def _settings(data_dir: Path) -> dict[str, str]:
    """The environment without settings that happen to be there, and with those of a test's server."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("ARUNA_")}
    ours = {
        "ARUNA_DATA_DIR": str(data_dir),
        "ARUNA_HTTP_PORT": "0",
        "ARUNA_S3_PORT": "0",
        "ARUNA_GRAPH_HEAP_MIB": "256",
        # Tests start many servers and run little in each: the second compiler would only cost them.
        "ARUNA_GRAPH_JVM_OPTIONS": "-XX:TieredStopAtLevel=1",
    }
    return others | ours


def _wait_for_readiness(process: subprocess.Popen[bytes], data_dir: Path, log: Path) -> Bootstrap:
    """Wait until the address in bootstrap.json answers; one of an earlier start answers nothing, so it is read anew."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        bootstrap = read_bootstrap(data_dir / "bootstrap.json")
        if bootstrap is not None and _is_ready(urljoin(bootstrap.graphqlUrl, "/readyz")):
            return bootstrap
        written = log.read_text(encoding="utf-8", errors="replace")
        assert process.poll() is None, f"the server ended with {process.returncode}:\n{written}"
        assert time.monotonic() < deadline, f"the server wasn't ready within {START_TIMEOUT_S:g} s:\n{written}"
        time.sleep(0.05)


def _is_ready(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as answer:
            return answer.status == HTTPStatus.OK
    except (URLError, OSError):
        return False
