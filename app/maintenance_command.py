"""The commands that do a job with a whole installation, and how they reach it.

While a server holds the data folder's lock, the job runs inside it; else the lock is ours, and the installation is
opened here (decision 0019). The exit code is the job's: 0 all well, 1 something is wrong or it ended early.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvloop

from app.data_folder import DataFolder, DataFolderBusy, DataFolderError
from app.jobs import JOBS
from app.maintenance import Installation, Options, Report
from app.maintenance_door import DoorClosed, ask_server, door_file, run_job
from app.restoring import keyring_for_restore
from app.settings import Settings
from identity.keyring import Keyring

_FAILED: Final = 1
_DAY_S: Final = 86_400
_TEN_MINUTES_S: Final = 600

Opened = AbstractAsyncContextManager[Installation]
OpenHere = Callable[[DataFolder, ExitStack, Keyring | None], Opened]
"""Opens the installation in this process; what must be stopped last is left in the stack.

With a keyring it opens an empty one, to restore into under that.
"""


@dataclass(frozen=True, slots=True)
class Order:
    """A job with its options, as the command line gives it."""

    job: str
    options: Options
    is_json: bool


def add_commands(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the parsers of these commands; `add` is `add_parser` of the command line's parsers."""
    check = add("verify", help="compare the graph's blobs with the stored bytes; exit code 1 if anything is wrong")
    check.add_argument("--quick", action="store_true", help="existence, length and keys only; opens no bytes")
    check.add_argument(
        "--grace", type=_seconds, default=_DAY_S, metavar="SECONDS", help="age from which unknown bytes are reported"
    )
    _finish(check, "verify", lambda given: {"quick": given.quick, "grace_s": given.grace})

    collect = add("gc", help="remove the bytes that nobody needs; the server does the same in rounds")
    collect.add_argument(
        "--grace",
        type=_seconds,
        default=_TEN_MINUTES_S,
        metavar="SECONDS",
        help="how long nothing refers to a blob that goes; 0 loses nothing",
    )
    collect.add_argument(
        "--stray-age",
        type=_seconds,
        default=_DAY_S,
        metavar="SECONDS",
        help="age of files that no node names, from which they go; 0 loses nothing that was answered",
    )
    _finish(collect, "gc", lambda given: {"grace_s": given.grace, "stray_age_s": given.stray_age})

    saved = add("backup", help="write graph, keyring and bytes into a folder; clients may go on")
    saved.add_argument("folder", type=_absolute, metavar="FOLDER", help="new or empty; on this machine")
    _finish(saved, "backup", _folder_option)
    loaded = add("restore", help="load a backup into an empty data folder and an empty graph, on either engine")
    loaded.add_argument("folder", type=_absolute, metavar="FOLDER", help="what `aruna backup` wrote; only read")
    _finish(loaded, "restore", _folder_option)

    keys = add("keyring", help="the master keys").add_subparsers(dest="action", required=True)
    rotate = keys.add_parser("rotate", help="add a master key and wrap everything by it; moves no bytes")
    rotate.add_argument("--resume", action="store_true", help="add none: finish a rotation that was cut off")
    _finish(rotate, "keyring rotate", lambda given: {"resume": given.resume})
    _finish(keys.add_parser("drop-old", help="take out the older master keys"), "keyring drop-old", _no_options)
    _finish(keys.add_parser("show", help="name the master keys and what they wrap"), "keyring show", _no_options)


def _absolute(text: str) -> Path:
    return Path(text).absolute()


def _folder_option(given: argparse.Namespace) -> Options:
    return {"folder": str(given.folder)}


def _no_options(given: argparse.Namespace) -> Options:
    del given
    return {}


def _finish(parser: argparse.ArgumentParser, job: str, options_of: Callable[[argparse.Namespace], Options]) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object a line")

    def order_of(given: argparse.Namespace) -> Order:
        return Order(job, options_of(given), is_json=given.json)

    parser.set_defaults(order_of=order_of)


def _seconds(text: str) -> float:
    """Read a time in seconds. Raises: argparse.ArgumentTypeError."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds from 0")
    return seconds


def do_order(settings: Settings, order: Order, open_here: OpenHere) -> int:
    """Do a job and print its course; answers its exit code.

    Raises: DataFolderError, BackupUnusable, FailedPrecondition, KeyringUnusable, and what `open_here` raises.
    """

    async def emit(report: Report) -> None:
        sys.stdout.write(f"{json.dumps(report.data) if order.is_json else report.say}\n")
        sys.stdout.flush()

    with ExitStack() as resources, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            folder = resources.enter_context(DataFolder.open(settings.data_dir))
        except DataFolderBusy:
            try:
                return runner.run(ask_server(door_file(settings.data_dir), order.job, order.options, emit))
            except DoorClosed as error:
                sys.stderr.write(f"aruna {order.job}: {error}\n")
                return _FAILED

        keyring = None
        if order.job == "restore":
            keyring = keyring_for_restore(Path(str(order.options["folder"])), folder.path, settings.keyring)
        elif settings.is_graph_embedded and not folder.graph.exists():
            raise DataFolderError(f"{folder.path} holds no installation; does ARUNA_DATA_DIR name another folder?")
        opened = open_here(folder, resources, keyring)

        async def here() -> int:
            async with opened as installation:
                return await run_job(JOBS, order.job, installation, order.options, emit)

        return runner.run(here())
