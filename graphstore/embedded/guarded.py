"""Starts and stops a program under the guard, in a session of its own, so that it can't outlive this process.

The rules and what was weighed are in decision 0003.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from graphstore.embedded import guard

# The guard needs this long beyond the program's grace to notice, kill and reap.
_GUARD_MARGIN_S: Final = 5.0


class GuardedProcess:
    """A running program and the guard above it. Not safe to stop from two threads at once."""

    def __init__(self, guard_process: subprocess.Popen[bytes], pid: int, grace_s: float) -> None:
        self._guard = guard_process
        self._grace_s = grace_s
        self.pid: Final = pid

    @classmethod
    def start(
        cls, command: Sequence[str], *, folder: Path, log_file: Path, environment: Mapping[str, str], grace_s: float
    ) -> "GuardedProcess":
        """Start the command in `folder`; both its outputs replace `log_file`.

        When stopped it has `grace_s` seconds after SIGTERM, then gets SIGKILL.
        Raises: OSError.
        """
        with log_file.open("wb") as log:
            guard_process = subprocess.Popen(  # noqa: S603  no shell; the command is built from our own settings
                # -I and -S: the guard sees no user site, no PYTHON* variables, no site-packages, and starts in 20 ms.
                [sys.executable, "-I", "-S", guard.__file__, str(grace_s), *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=folder,
                env=dict(environment),
                # A session of its own: Ctrl-C in our terminal must not reach the engine before we have finished.
                start_new_session=True,
            )
        assert guard_process.stdout is not None, "the guard was given a pipe"
        try:
            line = guard_process.stdout.readline()
        except BaseException:
            _end(guard_process, grace_s)
            raise
        finally:
            guard_process.stdout.close()
        if not line:
            _end(guard_process, grace_s)
            raise OSError(f"the guard of {command[0]} ended before it started it; see {log_file}")
        return cls(guard_process, int(line), grace_s)

    @property
    def is_running(self) -> bool:
        """Whether the program still runs, as far as its guard knows."""
        return self._guard.poll() is None

    @property
    def exit_status(self) -> int | None:
        """What the program exited with: its code, 128 + n if signal n ended it; None while it runs."""
        return self._guard.poll()

    @property
    def guard_pid(self) -> int:
        """The guard's process id, which is also the id of the session and group of both processes."""
        return self._guard.pid

    def stop(self) -> None:
        """Stop the program and wait for it; does nothing the second time. Takes at most the grace and 5 s."""
        _end(self._guard, self._grace_s)


def _end(guard_process: subprocess.Popen[bytes], grace_s: float) -> None:
    """Close the pipe, which tells the guard to end the program; then make sure of both."""
    assert guard_process.stdin is not None, "the guard was given a pipe"
    guard_process.stdin.close()
    with suppress(subprocess.TimeoutExpired):
        guard_process.wait(grace_s + _GUARD_MARGIN_S)
    if guard_process.returncode is None or guard_process.returncode < 0:
        # The guard hangs or was killed. Its group still holds the program, so the number can't have been given away.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(guard_process.pid, signal.SIGKILL)
        guard_process.wait(_GUARD_MARGIN_S)
