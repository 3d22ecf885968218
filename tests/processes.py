"""What tests need to know of processes: whether one still runs, and to wait until something holds."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path


def is_running(pid: int) -> bool:
    """Whether the process runs. One that ended and that nobody has reaped yet doesn't."""
    if sys.platform == "linux":
        try:
            # The name in parentheses may hold spaces; the state is the first field after it.
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return False
    else:
        state = subprocess.run(
            ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
        ).stdout
    return bool(state.strip()) and not state.startswith("Z")


def wait_until(holds: Callable[[], bool], what: str, *, timeout_s: float = 30.0) -> None:
    """Wait until something holds; fail naming it when the time is over."""
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, f"{what}: not within {timeout_s:g} s"
        time.sleep(0.05)
