"""Puts the parts of one server process together, and takes them down: graph, keyring, bytes, faces, chores."""

import asyncio
import logging
import os
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import Final

from starlette.types import ASGIApp

import proxy.app
import proxy.calling
import resolvers.context
from app.blob_store import claim_place, open_blobs
from app.bootstrap import banner, bootstrap
from app.data_folder import DataFolder
from app.health import Check  # noqa: TC001  in annotations of functions alone
from app.http import http_face
from app.jobs import JOBS
from app.logs import request_id_set
from app.maintenance import Installation
from app.maintenance_door import door_file, open_door
from app.request_log import RequestLog
from app.restoring import refuse_unless_empty
from app.servers import Listener, serve_until
from app.settings import ProjectCreation, Settings
from domain.access import ANONYMOUS
from domain.errors import FailedPrecondition, Unavailable
from domain.identifiers import UlidSource
from domain.stamps import Stamp
from graphstore.bolt import Engine
from graphstore.cypher import accounts
from graphstore.cypher.installation import marks
from graphstore.installing import refuse_part
from graphstore.migrations import migrate
from graphstore.publishing import Publisher
from graphstore.sequencing import Sequencer
from graphstore.statements import Query
from graphstore.store import GraphStore
from graphstore.task_batches import TASK_BATCHES
from graphstore.tasks import TaskWorker
from identity.claiming import claim_graph
from identity.keyring import (
    IN_ENVIRONMENT,
    Keyring,
    KeyringUnusable,
    load_keyring,
    load_or_create_keyring,
    parse_keyring,
)
from identity.keyring_file import FileKeyring
from identity.rewrapping import keys_lacking
from proxy.availability import Availability
from proxy.batching import Resolver
from proxy.blobs import Blobs
from proxy.spares import Spares
from proxy.streaming import ByteStreams
from proxy.sweeper import Sweeper
from proxy.threads import Threads
from proxy.whole_sums import WholeSums

_LOG: Final = logging.getLogger("aruna")
_HASHING_THREADS: Final = 4
_WATCH_INTERVAL_S: Final = 0.5
_FAILED: Final = 1


@dataclass(frozen=True, slots=True)
class GraphAddress:
    """Where the graph answers, and whether the process that we started for it still runs."""

    uri: str
    user: str
    password: str = field(repr=False)
    database: str
    is_running: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class System:
    """What both faces share."""

    store: GraphStore
    publisher: Publisher
    keyring: Keyring
    blobs: Blobs
    availability: Availability
    streams: ByteStreams
    ids: UlidSource

    def new_ids(self) -> Iterator[str]:
        """Fresh ULIDs without end, each of its own instant."""
        while True:
            yield self.ids.new(utc_now())


def utc_now() -> datetime:
    """Return the present instant."""
    return datetime.now(UTC)


@asynccontextmanager
async def open_system(
    settings: Settings, folder: DataFolder, graph: GraphAddress, *, may_begin: bool = True
) -> AsyncGenerator[System]:
    """Connect to the graph and bring it up to date, open keyring and bytes, and close all of it in the end.

    The very first start begins an installation, if it `may_begin` one: makes its keyring and marks the graph.
    Raises: Unavailable, UnknownMigration, KeyringUnusable; FailedPrecondition - it is a part of a restore, or there is
    none yet.
    """
    async with AsyncExitStack() as stack:
        store = await _connect(graph, stack)
        refuse_part(await store.read(marks()))
        await migrate(store.engine)
        keyring = await _open_keyring(settings, folder, store, may_begin=may_begin)
        yield await _assemble(settings, folder, store, keyring, stack)


async def _connect(graph: GraphAddress, stack: AsyncExitStack) -> GraphStore:
    """Raises: Unavailable."""
    engine = await Engine.connect(graph.uri, graph.user, graph.password, graph.database)
    stack.push_async_callback(engine.close)
    return GraphStore(engine)


async def _assemble(
    settings: Settings, folder: DataFolder, store: GraphStore, keyring: Keyring, stack: AsyncExitStack
) -> System:
    """Open the bytes and put all parts together.

    Raises: FailedPrecondition - their place is another installation's; Unavailable.
    """
    blobs = await stack.enter_async_context(open_blobs(settings, folder))
    await claim_place(settings, folder, store, blobs)
    threads = Threads("hashing", _HASHING_THREADS)
    stack.callback(threads.close)
    spares = Spares(blobs)
    stack.push_async_callback(spares.close)
    publisher = Publisher(store, spares.let_go)
    stack.push_async_callback(publisher.close)
    return System(
        store=store,
        publisher=publisher,
        keyring=keyring,
        blobs=blobs,
        availability=Availability(blobs),
        streams=ByteStreams(blobs, keyring, threads, os.urandom, compresses=settings.compression),
        ids=UlidSource(os.urandom),
    )


async def _open_keyring(settings: Settings, folder: DataFolder, store: GraphStore, *, may_begin: bool) -> Keyring:
    """Take the keyring of the settings, or follow the one in the data folder, made at the very first start.

    Raises: KeyringUnusable - it can't be used, or isn't the graph's; FailedPrecondition - a restore has begun since,
    or there is no installation yet; Unavailable.
    """
    has_begun = (await store.read(marks())).fingerprint is not None or await store.read(accounts.user_count()) > 0
    if not has_begun and not may_begin:
        raise FailedPrecondition(
            f"{folder.path} holds no installation yet: no server has started on its graph; does ARUNA_DATA_DIR (or "
            "ARUNA_GRAPH_URI) name another one?"
        )
    if settings.keyring is not None:
        keyring = parse_keyring(settings.keyring, os.urandom, IN_ENVIRONMENT)
        await claim_graph(store, keyring)
        return keyring
    # A new keyring beside an old graph would open nothing of it, and hide that the old one is missing.
    is_new = False
    if has_begun:
        keyring = await asyncio.to_thread(load_keyring, folder.keyring, os.urandom)
    else:
        keyring, is_new = await asyncio.to_thread(load_or_create_keyring, folder.keyring, utc_now(), os.urandom)
    try:
        await claim_graph(store, keyring)
    except (KeyringUnusable, FailedPrecondition):
        if is_new:  # another server's first start or a restore came first: nothing was wrapped by this one
            await asyncio.to_thread(folder.keyring.unlink)
        raise
    return FileKeyring(folder.keyring, keyring, os.urandom)


def _installation(system: System, folder: DataFolder, *, is_serving: bool) -> Installation:
    return Installation(
        store=system.store,
        keyring=system.keyring,
        data_dir=folder.path,
        keyring_file=folder.keyring,
        blobs=system.blobs,
        streams=system.streams,
        clock=utc_now,
        random_bytes=os.urandom,
        is_serving=is_serving,
    )


@asynccontextmanager
async def open_installation(
    settings: Settings, folder: DataFolder, graph: GraphAddress
) -> AsyncGenerator[Installation]:
    """Open an installation that no server serves, for one job; where there is none, nothing is made.

    Raises: Unavailable, UnknownMigration, KeyringUnusable, FailedPrecondition.
    """
    async with open_system(settings, folder, graph, may_begin=False) as system:
        yield _installation(system, folder, is_serving=False)


@asynccontextmanager
async def open_empty_installation(
    settings: Settings, folder: DataFolder, graph: GraphAddress, keyring: Keyring
) -> AsyncGenerator[Installation]:
    """Open an installation that holds nothing, to restore into it under this keyring, which is written nowhere here.

    Raises: Unavailable; UnknownMigration, FailedPrecondition - it holds something, which is left as it is.
    """
    async with AsyncExitStack() as stack:
        store = await _connect(graph, stack)
        await refuse_unless_empty(store.engine)
        await migrate(store.engine)
        system = await _assemble(settings, folder, store, keyring, stack)
        yield _installation(system, folder, is_serving=False)


async def serve(
    settings: Settings,
    folder: DataFolder,
    graph: GraphAddress,
    listeners: tuple[Listener, Listener],
    stop: asyncio.Event,
) -> int:
    """Serve both faces until the event is set; answers the exit code, not 0 if the embedded graph ended by itself.

    Raises: Unavailable, UnknownMigration, KeyringUnusable, FailedPrecondition.
    """
    http, s3 = listeners
    urls = (f"{settings.http_public_url or http.url}/graphql", settings.s3_public_url or s3.url)
    async with (
        open_system(settings, folder, graph) as system,
        open_door(door_file(folder.path), JOBS, _installation(system, folder, is_serving=True)),
    ):
        stamp = Stamp(ANONYMOUS, utc_now(), system.new_ids())
        is_first = not folder.bootstrap.exists()
        content = await bootstrap(system.store, system.keyring, folder.bootstrap, urls, stamp)
        faces = [(_http_face(settings, system, urls[1]), http), (_s3_face(settings, system), s3)]
        sweeper = Sweeper(
            system.store, system.blobs, utc_now, system.new_ids(), timedelta(days=settings.max_upload_age_days)
        )
        sequencer = Sequencer(system.store.engine, system.ids.new(utc_now()), utc_now)
        tasks = TaskWorker(system.store, TASK_BATCHES, utc_now, system.new_ids())
        background = [
            asyncio.create_task(sweeper.run(), name="sweeper"),
            asyncio.create_task(sequencer.run(), name="sequencer"),
            asyncio.create_task(tasks.run(), name="tasks"),
            asyncio.create_task(WholeSums(system.store, system.streams, utc_now).run(), name="whole sums"),
            asyncio.create_task(system.availability.run(), name="availability"),
            asyncio.create_task(_tell_of_lacking_keys(system), name="lacking keys"),
            asyncio.create_task(_watch(graph, stop)),
        ]
        # Printed when the sockets are bound: whoever connects now waits for an answer and gets it.
        print(banner(content, urls, folder.bootstrap, is_first=is_first), flush=True)  # noqa: T201  for people
        try:
            await serve_until(stop, faces)
        finally:
            for task in background:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
    return 0 if graph.is_running() else _FAILED


async def _watch(graph: GraphAddress, stop: asyncio.Event) -> None:
    """Stop the server when the embedded graph has ended: without it nothing can be answered."""
    while graph.is_running():  # noqa: ASYNC110  a process of the system sets no event
        await asyncio.sleep(_WATCH_INTERVAL_S)
    _LOG.critical("the embedded graph has ended; its logs are in the data folder, below graph/")
    stop.set()


async def _tell_of_lacking_keys(system: System) -> None:
    """Log once which master keys the keyring lacks; beside the start, as it looks at every blob."""
    try:
        lacking = await keys_lacking(system.store, system.keyring)
    except Unavailable as error:
        _LOG.warning("whether the keyring lacks master keys couldn't be looked at: %s", error)
        return
    except Exception:  # noqa: BLE001  a bug may cost this look, never the server's end, which awaits its tasks
        _LOG.exception("whether the keyring lacks master keys couldn't be looked at")
        return
    for key_id, number in sorted(lacking.items()):
        _LOG.warning(
            "master key %s wraps %d blobs and secrets and isn't in the keyring: they can't be read until it is put "
            "back (aruna keyring show)",
            key_id,
            number,
        )


def _s3_face(settings: Settings, system: System) -> ASGIApp:
    services = proxy.calling.Services(
        store=system.store,
        publisher=system.publisher,
        resolver=Resolver(system.store),
        streams=system.streams,
        blobs=system.blobs,
        keyring=system.keyring,
        settings=proxy.calling.FaceSettings(
            domain=settings.s3_domain,
            allowed_origins=settings.allowed_origins,
            may_everyone_create_projects=settings.allow_project_create is ProjectCreation.ANY,
        ),
        clock=utc_now,
        ids=system.ids,
        random_bytes=os.urandom,
    )
    return proxy.app.S3Face(
        services, timer=time.perf_counter, logger=logging.getLogger("aruna.s3"), request_context=request_id_set
    )


def _http_face(settings: Settings, system: System, s3_url: str) -> ASGIApp:
    services = resolvers.context.Services(
        store=system.store,
        publisher=system.publisher,
        keyring=system.keyring,
        settings=resolvers.context.FaceSettings(
            s3_public_url=s3_url,
            version=version("aruna-graph"),
            may_everyone_create_projects=settings.allow_project_create is ProjectCreation.ANY,
        ),
        clock=utc_now,
        ids=system.ids,
        random_bytes=os.urandom,
        are_bytes_reachable=system.availability.is_reachable,
    )

    async def graph_answers() -> None:
        await system.store.read(Query("ready", "RETURN 1 AS one", {}, len))

    async def keyring_is_ours() -> None:
        if isinstance(system.keyring, FileKeyring):
            system.keyring.refresh()
            if system.keyring.is_foreign:
                raise KeyringUnusable("the keyring's file is another installation's; put the right one back")

    checks: dict[str, Check] = {
        "graph": graph_answers,
        "bytes": system.availability.check,
        "keyring": keyring_is_ours,
    }
    face = http_face(services, checks, settings)
    return RequestLog(face, "graphql", random_bytes=os.urandom, clock=time.perf_counter)
