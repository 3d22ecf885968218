"""A served S3 face with people who have key pairs, and clients that sign: boto3, and raw requests by botocore."""

import asyncio
import logging
import os
import socket
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar, cast
from xml.etree import ElementTree as ET

import boto3  # pyright: ignore[reportMissingTypeStubs]  it has none
import httpx
import uvicorn
from botocore.auth import S3SigV4Auth  # pyright: ignore[reportMissingTypeStubs]  it has none
from botocore.awsrequest import AWSRequest  # pyright: ignore[reportMissingTypeStubs]  it has none
from botocore.client import Config  # pyright: ignore[reportMissingTypeStubs]  it has none
from botocore.credentials import Credentials  # pyright: ignore[reportMissingTypeStubs]  it has none
from botocore.exceptions import ClientError  # pyright: ignore[reportMissingTypeStubs]  it has none

from domain.access import Level
from domain.changes import CredentialAdded, TokenAdded
from domain.identifiers import UlidSource
from graphstore.publishing import Publisher
from identity.access_keys import AccessKey, new_access_key, seal_access_key
from proxy.app import S3Face
from proxy.batching import Resolver
from proxy.calling import FaceSettings, Services
from proxy.spares import Spares
from tests.conftest import GraphServer
from tests.proxy.bodies import Storage, storage_in
from tests.world import World, open_world

P = ParamSpec("P")
T = TypeVar("T")

ORIGIN: Final = "https://front.example"
DOMAIN: Final = "s3.test"
REGION: Final = "us-east-1"


@dataclass
class Person:
    """A user with a key pair."""

    id: str
    access_key: AccessKey


@dataclass
class Answer:
    """What a raw request was answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """Code of an error document."""
        return ET.fromstring(self.body).findtext("Code") or ""


@dataclass
class Face:
    """The served face and all behind it."""

    world: World
    storage: Storage
    services: Services
    endpoint: str
    log: list[logging.LogRecord]
    spare: set[str]
    people: dict[str, Person] = field(default_factory=dict[str, Person])

    async def person(self, name: str, *, is_administrator: bool = False) -> Person:
        """A user by name, made on first use."""
        if name not in self.people:
            user_id = await self.world.user(name, is_administrator=is_administrator)
            self.people[name] = Person(user_id, await self.credential(user_id))
        return self.people[name]

    async def credential(
        self, user_id: str, *, token_id: str | None = None, expires_at: datetime | None = None
    ) -> AccessKey:
        """One more key pair of a user."""
        pair = new_access_key(os.urandom)
        now = datetime.now(UTC)
        sealed = seal_access_key(pair, self.services.keyring)
        await self.world.apply(CredentialAdded(pair.id, user_id, "key", sealed, token_id, expires_at, now))
        return pair

    async def token_credential(self, user_id: str) -> AccessKey:
        """The key pair of a token."""
        token_id = os.urandom(8).hex()
        now = datetime.now(UTC)
        await self.world.apply(TokenAdded(token_id, user_id, "token", "00", now + timedelta(days=1), now))
        return await self.credential(user_id, token_id=token_id, expires_at=now + timedelta(days=1))

    async def client(self, name: str = "ada", **config: Any) -> "Client":
        """A boto3 client of a person."""
        return self.client_of((await self.person(name)).access_key, **config)

    def client_of(self, pair: AccessKey, **config: Any) -> "Client":
        """A boto3 client with a key pair."""
        options: dict[str, Any] = {"retries": {"total_max_attempts": 1}, "s3": {"addressing_style": "path"}, **config}
        made: Any = cast("Any", boto3).client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=pair.id,
            aws_secret_access_key=pair.secret,
            region_name=REGION,
            config=Config(**options),
        )
        return Client(made)

    async def raw(
        self,
        method: str,
        path: str,
        body: Any = b"",
        *,
        signed_by: AccessKey | None = None,
        headers: Mapping[str, str] | None = None,
        sha256: str | None = None,
    ) -> Answer:
        """Send one request, signed in its headers or not at all; the path is sent as it is."""
        sent = dict(headers or {})
        if signed_by is not None:
            sent = signed_headers(self.endpoint, method, path, body, signed_by, sent, sha256)
        return await self.send(method, path, body, sent)

    async def send(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> Answer:
        """Send a request as it is, on a connection of its own."""
        async with httpx.AsyncClient(timeout=30) as http:
            request = http.build_request(method, self.endpoint, content=body, headers=headers)
            request.url = request.url.copy_with(raw_path=path.encode("latin-1"))
            response = await http.send(request)
            return Answer(response.status_code, response.headers, response.content)

    def files(self) -> list[str]:
        """Names of all files under the bytes' folder, without those that are on their way out as spare."""
        return [name for name in self.storage.files() if name not in self.spare]

    async def count(self) -> int:
        """Nodes of the graph that uploads make."""
        rows = await self.world.ask(
            "MATCH (n) WHERE n:Object OR n:Revision OR n:Content OR n:Blob OR n:Entry RETURN count(n) AS n"
        )
        return int(rows[0]["n"])

    @contextmanager
    def unchanged_files(self) -> Any:
        """Nothing is left of what fails inside."""
        before = self.files()
        yield
        assert self.files() == before


def signed_headers(
    endpoint: str,
    method: str,
    path: str,
    body: Any,
    pair: AccessKey,
    headers: Mapping[str, str],
    sha256: str | None = None,
) -> dict[str, str]:
    """Sign a request with botocore."""
    request = AWSRequest(method=method, url=endpoint + path, data=body, headers=dict(headers))
    if sha256 is not None:
        request.headers["X-Amz-Content-SHA256"] = sha256
    cast("Any", _Signer(Credentials(pair.id, pair.secret), "s3", REGION, sha256)).add_auth(request)
    return {name: str(value) for name, value in request.headers.items()}


class _Signer(S3SigV4Auth):
    """Signs whatever payload hash it is told."""

    def __init__(self, credentials: Credentials, service: str, region: str, sha256: str | None) -> None:
        super().__init__(credentials, service, region)
        self._sha256 = sha256

    def payload(self, request: Any) -> Any:
        return self._sha256 or cast("Any", super()).payload(request)


class Client:
    """A boto3 client whose calls are awaited: each runs in a thread, beside the server's event loop."""

    def __init__(self, made: Any) -> None:
        self.made = made

    def __getattr__(self, name: str) -> Callable[..., Any]:
        call = getattr(self.made, name)

        async def run(**arguments: Any) -> Any:
            return await asyncio.to_thread(call, **arguments)

        return run

    async def read(self, **arguments: Any) -> bytes:
        """Bytes of an object."""
        answer = await asyncio.to_thread(self.made.get_object, **arguments)
        return await asyncio.to_thread(answer["Body"].read)

    async def refused(self, name: str, **arguments: Any) -> tuple[int, str]:
        """Status and code of a call that must fail."""
        try:
            await asyncio.to_thread(getattr(self.made, name), **arguments)
        except ClientError as error:
            response: Any = error.response
            return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]
        raise AssertionError(f"{name} succeeded")


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Any:
        yield


class _Records(logging.Handler):
    def __init__(self, kept: list[logging.LogRecord]) -> None:
        super().__init__()
        self._kept = kept

    def emit(self, record: logging.LogRecord) -> None:
        self._kept.append(record)


def unchanged(app: Any) -> Any:
    """Serve the application as it is."""
    return app


@asynccontextmanager
async def open_face(
    server: GraphServer,
    folder: Path,
    settings: FaceSettings | None = None,
    *,
    keeping: Callable[[Path], AbstractContextManager[Storage]] = storage_in,
    around: Callable[[Any], Any] = unchanged,
) -> AsyncGenerator[Face]:
    """Serve a face on a free port; `keeping` opens where its bytes are, `around` may wrap the ASGI application."""
    used = settings or FaceSettings(domain=DOMAIN, allowed_origins=(ORIGIN,))
    records: list[logging.LogRecord] = []
    logger = logging.getLogger("s3 face of a test")
    logger.handlers, logger.propagate = [_Records(records)], False
    logger.setLevel(logging.INFO)
    async with open_world(server) as world:
        with keeping(folder) as storage:
            spares, spare = Spares(storage.blobs), set[str]()

            def let_go(blob_id: str) -> None:
                spare.add(blob_id)
                spares.let_go(blob_id)

            services = Services(
                store=world.store,
                publisher=Publisher(world.store, let_go),
                resolver=Resolver(world.store),
                streams=storage.streams,
                blobs=storage.blobs,
                keyring=storage.keyring,
                settings=used,
                clock=lambda: datetime.now(UTC),
                ids=UlidSource(os.urandom),
                random_bytes=os.urandom,
            )
            with socket.create_server(("127.0.0.1", 0)) as listening:
                app: Any = around(S3Face(services, timer=time.perf_counter, logger=logger))
                server_of = _Server(
                    uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="none", loop="none")
                )
                serving = asyncio.create_task(server_of.serve(sockets=[listening]))
                try:
                    endpoint = f"http://127.0.0.1:{listening.getsockname()[1]}"
                    yield Face(world, storage, services, endpoint, records, spare)
                finally:
                    server_of.should_exit = True
                    await serving
                    await spares.close()


async def granted_person(face: Face, name: str, resource_id: str, level: Level) -> Person:
    """A person with a level on something of ada's."""
    person = await face.person(name)
    if level:
        await face.world.grant((await face.person("ada")).id, resource_id, person.id, level)
    return person
