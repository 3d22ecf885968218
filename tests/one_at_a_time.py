"""One test process at a time does what all would do at once: fetching what .tools/ keeps for all of them."""

import fcntl
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def one_at_a_time(lock_file: Path) -> Generator[None]:
    """Wait for the other processes that hold this file, then hold it; a process that ends lets go of it."""
    lock_file.parent.mkdir(parents=True, exist_ok=True)
    with lock_file.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
