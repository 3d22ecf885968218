"""The guard: a tiny process that runs the engine as its child and ends it when its own standard input closes.

Run as `python -I -S guard.py GRACE_S PROGRAM ARGUMENTS…`; decision 0003 has the reasons. It is started with a pipe as
standard input, whose other end only our server holds: however the server dies, the kernel closes that end.
On its standard output it writes the child's process id, one line. The child writes to the guard's standard error.
It imports the standard library alone, and starts no thread: what the kernel ties to a thread is tied to its only one.
"""

import ctypes
import os
import select
import signal
import sys
import time
from contextlib import suppress
from typing import Final, NoReturn

_PR_SET_PDEATHSIG: Final = 1
_STDIN: Final = 0
_STDOUT: Final = 1
_STDERR: Final = 2


def main(grace_s: float, command: list[str]) -> int:
    """Run the command until it ends or our standard input does; answer its exit status (128 + signal if killed)."""
    os.umask(0o077)
    # Ctrl-C and a closed terminal are our server's to answer; it then closes the pipe. Only SIGTERM stops the guard.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    woken, wake = os.pipe()
    os.set_blocking(woken, False)
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    stop_asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: stop_asked.append(number))
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)

    child = _start(command)
    _say(f"{child}\n")
    kill_at: float | None = None
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code
        timeout_s = None if kill_at is None else max(0.0, kill_at - time.monotonic())
        watched = [woken, _STDIN] if kill_at is None else [woken]
        readable, _, _ = select.select(watched, [], [], timeout_s)
        if woken in readable:
            os.read(woken, 4096)
        parent_gone = _STDIN in readable and os.read(_STDIN, 4096) == b""
        if kill_at is None and (parent_gone or stop_asked):
            os.kill(child, signal.SIGTERM)
            kill_at = time.monotonic() + grace_s
        elif kill_at is not None and time.monotonic() >= kill_at:
            os.kill(child, signal.SIGKILL)
            kill_at = time.monotonic() + grace_s


def _start(command: list[str]) -> int:
    """Fork and exec; answer the child's process id."""
    guard = os.getpid()
    # Loaded before the fork, so that the child does as little as possible between fork and exec.
    libc = ctypes.CDLL(None)
    child = os.fork()
    if child:
        return child
    try:
        if sys.platform == "linux":
            # Where the kernel offers it, the child also dies with a guard that is killed.
            libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
            if os.getppid() != guard:
                os._exit(1)
        _exec(command)
    except OSError as problem:
        os.write(_STDERR, f"cannot run {command[0]}: {problem}\n".encode())
    finally:
        os._exit(127)


def _exec(command: list[str]) -> NoReturn:
    """Become the command, reading nothing and writing both its outputs to the guard's standard error."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, _STDIN)
    os.dup2(_STDERR, _STDOUT)
    os.execv(command[0], command)  # noqa: S606  the program is ours, from an installed package


def _say(text: str) -> None:
    """Write the one line of output and close it; a server that is gone already is noticed at the next read."""
    with suppress(BrokenPipeError):
        os.write(_STDOUT, text.encode())
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, _STDOUT)
    os.close(nothing)


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), sys.argv[2:]))
