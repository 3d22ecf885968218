import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from graphstore.embedded.guarded import GuardedProcess
from tests.processes import is_running, wait_until

# Stands for the engine: says that it runs, then sleeps; told to, it ignores SIGTERM.
CHILD = """
import signal, sys, time
if "stubborn" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("child runs", flush=True)
time.sleep(120)
"""

# Stands for the server: starts the child from a thread that then ends, prints the two process ids, sleeps.
SERVER = """
import sys, threading, time
from pathlib import Path
from graphstore.embedded.guarded import GuardedProcess
def start():
    global process
    folder = Path(sys.argv[1])
    process = GuardedProcess.start(
        [sys.executable, "-c", sys.argv[2]], folder=folder, log_file=folder / "log", environment={}, grace_s=5
    )
thread = threading.Thread(target=start)
thread.start()
thread.join()
print(process.pid, process.guard_pid, flush=True)
time.sleep(120)
"""


def start(folder: Path, *arguments: str, grace_s: float = 10.0) -> GuardedProcess:
    process = GuardedProcess.start(
        [sys.executable, "-c", CHILD, *arguments],
        folder=folder,
        log_file=folder / "log",
        environment={},
        grace_s=grace_s,
    )
    wait_until(lambda: "child runs" in (folder / "log").read_text(), "the child runs")
    return process


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], int, int]]:
    """A server in a process group of its own with its child's and its guard's process ids."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, str(tmp_path), CHILD], stdout=subprocess.PIPE, text=True, process_group=0
    ) as process:
        assert process.stdout is not None
        child, guard = map(int, process.stdout.readline().split())
        wait_until(lambda: "child runs" in (tmp_path / "log").read_text(), "the child runs")
        try:
            yield process, child, guard
        finally:
            process.kill()
    wait_until(lambda: not is_running(child), "the child is gone")


def test_stopping_ends_the_child_with_sigterm_and_reports_its_status(tmp_path: Path) -> None:
    process = start(tmp_path)
    assert process.is_running
    assert process.exit_status is None

    process.stop()

    assert not is_running(process.pid)
    assert not process.is_running
    assert process.exit_status == 128 + signal.SIGTERM


def test_stopping_twice_is_stopping_once(tmp_path: Path) -> None:
    process = start(tmp_path)
    process.stop()

    process.stop()

    assert process.exit_status == 128 + signal.SIGTERM


def test_a_child_that_ignores_sigterm_is_killed_after_its_grace(tmp_path: Path) -> None:
    process = start(tmp_path, "stubborn", grace_s=0.5)

    began = time.monotonic()
    process.stop()

    assert 0.5 <= time.monotonic() - began < 5
    assert process.exit_status == 128 + signal.SIGKILL


def test_the_child_is_gone_after_the_server_was_killed(server: tuple[subprocess.Popen[str], int, int]) -> None:
    process, child, guard = server

    process.kill()

    wait_until(lambda: not is_running(child), "the child is gone")
    wait_until(lambda: not is_running(guard), "the guard is gone")


def test_ctrl_c_in_the_servers_terminal_does_not_reach_the_child(
    server: tuple[subprocess.Popen[str], int, int],
) -> None:
    process, child, guard = server
    assert os.getsid(child) == os.getsid(guard) == guard != os.getsid(process.pid)

    os.kill(guard, signal.SIGINT)
    os.kill(guard, signal.SIGHUP)
    time.sleep(0.3)

    assert is_running(child)
    assert is_running(guard)


def test_the_child_lives_on_when_the_thread_that_started_it_ends(
    server: tuple[subprocess.Popen[str], int, int],
) -> None:
    _, child, _ = server

    time.sleep(0.5)

    assert is_running(child)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux signals a child whose parent was killed")
def test_the_child_is_gone_after_its_guard_was_killed(tmp_path: Path) -> None:
    process = start(tmp_path)

    os.kill(process.guard_pid, signal.SIGKILL)

    wait_until(lambda: not is_running(process.pid), "the child is gone")
    wait_until(lambda: not process.is_running, "the guard is known to be gone")
    process.stop()


def test_stopping_ends_a_child_whose_guard_was_killed(tmp_path: Path) -> None:
    process = start(tmp_path, "stubborn")
    os.kill(process.guard_pid, signal.SIGKILL)

    process.stop()

    wait_until(lambda: not is_running(process.pid), "the child is gone")


def test_sigterm_to_the_guard_ends_the_child(tmp_path: Path) -> None:
    process = start(tmp_path)

    os.kill(process.guard_pid, signal.SIGTERM)

    wait_until(lambda: not process.is_running, "the guard is gone")
    assert process.exit_status == 128 + signal.SIGTERM
    process.stop()


def test_a_child_that_ends_by_itself_is_noticed_with_its_status(tmp_path: Path) -> None:
    process = GuardedProcess.start(
        [sys.executable, "-c", "print('last words'); raise SystemExit(7)"],
        folder=tmp_path,
        log_file=tmp_path / "log",
        environment={},
        grace_s=5,
    )

    wait_until(lambda: not process.is_running, "the end is noticed")

    assert process.exit_status == 7
    assert (tmp_path / "log").read_text() == "last words\n"
    process.stop()


def test_a_program_that_cannot_be_run_is_named_in_the_log(tmp_path: Path) -> None:
    process = GuardedProcess.start(
        [str(tmp_path / "absent")], folder=tmp_path, log_file=tmp_path / "log", environment={}, grace_s=5
    )

    wait_until(lambda: not process.is_running, "the end is noticed")

    assert process.exit_status == 127
    assert f"cannot run {tmp_path / 'absent'}: " in (tmp_path / "log").read_text()
    process.stop()


def test_the_child_reads_nothing_and_its_files_are_private(tmp_path: Path) -> None:
    program = "import sys; open('made', 'w').write(repr(sys.stdin.read()))"
    process = GuardedProcess.start(
        [sys.executable, "-c", program], folder=tmp_path, log_file=tmp_path / "log", environment={}, grace_s=5
    )

    wait_until(lambda: not process.is_running, "the end is noticed")

    assert (tmp_path / "made").read_text() == "''"
    assert (tmp_path / "made").stat().st_mode & 0o777 == 0o600
    process.stop()
