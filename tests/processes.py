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


def descendants(pid: int) -> list[int]:
    """Ids of the processes below one, children before their own."""
    if sys.platform == "linux":
        parents = {int(path.parent.name): _parent_on_linux(path) for path in Path("/proc").glob("[0-9]*/stat")}
    else:
        listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
        parents = {int(child): int(parent) for child, parent in map(str.split, listed.splitlines())}
    found, looked_at = [pid], 0
    while looked_at < len(found):
        found += [child for child, parent in parents.items() if parent == found[looked_at]]
        looked_at += 1
    return found[1:]


def _parent_on_linux(stat: Path) -> int | None:
    """Read it from proc(5); None if the process has ended meanwhile."""
    try:
        return int(stat.read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return None


def wait_until(holds: Callable[[], bool], what: str, *, timeout_s: float = 30.0) -> None:
    """Wait until something holds; fail naming it when the time is over."""
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, f"{what}: not within {timeout_s:g} s"
        time.sleep(0.05)
