r"""The door through which commands on this machine start jobs inside the running server.

A socket on loopback, on a free port, and a file `maintenance.json` (0600) in the data folder with the port and a secret
drawn at each start: whoever may read the data folder has all keys anyway, and nobody else gets an answer. No socket in
the file system: its path may have 107 bytes, and data folders' are often longer.

request = one line of JSON {"secret", "job", "options"}; answer = lines of JSON, {"say", "data"} each, the last one
{"exit": code}. A command that goes away ends its job. Decision 0019.
"""

import asyncio
import hmac
import json
import logging
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final, cast

from app.maintenance import Emit, Installation, Job, Options, Report
from domain.errors import DomainError

_LOG: Final = logging.getLogger("aruna.maintenance")
_LOOPBACK: Final = "127.0.0.1"
_LINE_BYTES_MAX: Final = 64 * 1024
_REQUEST_TIMEOUT_S: Final = 10.0
_SECRET_BYTES: Final = 32
_FAILED: Final = 1


class DoorClosed(Exception):
    """The server on this data folder can't be asked; the message says why."""


def door_file(data_dir: Path) -> Path:
    """Where a running server says how to ask it."""
    return data_dir / "maintenance.json"


async def run_job(jobs: Mapping[str, Job], name: str, installation: Installation, options: Options, emit: Emit) -> int:
    """Run a job; a refusal is its last report."""
    try:
        return await jobs[name](installation, options, emit)
    except DomainError as error:
        await emit(Report(f"aruna {name}: {error.message}", {"kind": "error", "message": error.message}))
        return _FAILED
    except OSError as error:
        said = f"{error.strerror or error}" + (f": {error.filename}" if error.filename else "")
        await emit(Report(f"aruna {name}: {said}", {"kind": "error", "message": said}))
        return _FAILED


@asynccontextmanager
async def open_door(file: Path, jobs: Mapping[str, Job], installation: Installation) -> AsyncGenerator[None]:
    """Let commands in until the block ends; jobs under way are cancelled then."""
    secret = installation.random_bytes(_SECRET_BYTES).hex()
    visits: set[asyncio.Task[None]] = set()

    async def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _serve_one(reader, writer, secret, jobs, installation)
        except (OSError, ValueError, TimeoutError):
            _LOG.info("a command went away or said nothing that can be read")
        finally:
            writer.close()

    def welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(visit(reader, writer), name="maintenance")
        visits.add(task)
        task.add_done_callback(visits.discard)

    server = await asyncio.start_server(welcome, _LOOPBACK, 0, limit=_LINE_BYTES_MAX)
    port = server.sockets[0].getsockname()[1]
    _write_private(file, {"port": port, "secret": secret})
    try:
        yield
    finally:
        with suppress(OSError):
            await asyncio.to_thread(file.unlink)
        server.close()
        for task in list(visits):
            task.cancel()
        await asyncio.gather(*visits, return_exceptions=True)


async def _serve_one(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    secret: str,
    jobs: Mapping[str, Job],
    installation: Installation,
) -> None:
    """Answer one command, if it knows the secret. Raises: OSError, ValueError, TimeoutError."""
    line = await asyncio.wait_for(reader.readline(), _REQUEST_TIMEOUT_S)
    request = cast("object", json.loads(line))
    match request:
        case {"secret": str(given), "job": str(name)}:
            options = cast("dict[str, Any]", request).get("options", {})
        case _:
            return
    if not hmac.compare_digest(given.encode("utf-8"), secret.encode("utf-8")):
        return

    async def send(content: Mapping[str, Any]) -> None:
        writer.write(json.dumps(content).encode("utf-8") + b"\n")
        await writer.drain()

    async def emit(report: Report) -> None:
        await send({"say": report.say, "data": report.data})

    if name not in jobs:
        await send({"say": f"this server knows no job {name!r}; restart it with this program", "data": {}})
        await send({"exit": _FAILED})
        return
    _LOG.info("job %r begins", name)
    job = asyncio.create_task(run_job(jobs, name, installation, options, emit))
    gone = asyncio.create_task(reader.read(1))
    try:
        await asyncio.wait({job, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not job.done():
            _LOG.info("job %r is cut off: its command went away", name)
            return
        await send({"exit": job.result()})
        _LOG.info("job %r has ended with %d", name, job.result())
    finally:
        for task in (job, gone):
            task.cancel()
        outcomes = await asyncio.gather(job, gone, return_exceptions=True)
        if isinstance(outcomes[0], Exception):
            _LOG.error("job %r failed", name, exc_info=outcomes[0])


async def ask_server(file: Path, name: str, options: Options, emit: Callable[[Report], Awaitable[None]]) -> int:
    """Let the server that serves this data folder do a job; answers its exit code.

    Raises: DoorClosed.
    """
    try:
        content = json.loads(await asyncio.to_thread(file.read_text, encoding="utf-8"))
        reader, writer = await asyncio.open_connection(_LOOPBACK, content["port"], limit=_LINE_BYTES_MAX)
    except (OSError, ValueError, KeyError) as error:
        raise DoorClosed(
            f"this data folder is in use and nobody answers through {file.name}: another command works on it, or a "
            "server is starting, stopping, or of an older version; try again in a moment"
        ) from error
    try:
        request = {"secret": content["secret"], "job": name, "options": dict(options)}
        writer.write(json.dumps(request).encode("utf-8") + b"\n")
        await writer.drain()
        async for line in reader:
            answer = json.loads(line)
            if "exit" in answer:
                return int(answer["exit"])
            await emit(Report(answer["say"], answer["data"]))
    except (OSError, ValueError) as error:
        raise DoorClosed("the server stopped answering; its log says why") from error
    finally:
        writer.close()
    raise DoorClosed("the server ended the job early; its log says why")


def _write_private(file: Path, content: Mapping[str, Any]) -> None:
    """Replace the file in one step, readable by its owner alone."""
    draft = file.with_name(file.name + ".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        json.dump(content, opened)
    draft.replace(file)
