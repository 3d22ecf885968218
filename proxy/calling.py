"""What an operation works with: one call's facts, and the services of the process."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from typing import TypeAlias

from domain.access import Action, Caller
from domain.identifiers import UlidSource
from domain.stamps import Stamp
from domain.views import RevisionView
from graphstore.cypher.resolving import ContentRef, KeyRequest, Resolution
from graphstore.instants import to_ms
from graphstore.publishing import Publisher
from graphstore.store import GraphStore
from identity.keyring import Keyring
from identity.signature.payload import Payload
from proxy.batching import Resolver
from proxy.blobs import Blobs
from proxy.bodies import Body
from proxy.request import Request
from proxy.responses import Response
from proxy.streaming import ByteStreams


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceSettings:
    """What the S3 face needs of the settings.

    `domain` is what virtual-host buckets stand before, in lower case; from `allowed_origins` browsers may use
    presigned URLs.
    """

    domain: str | None = None
    allowed_origins: tuple[str, ...] = ()
    may_everyone_create_projects: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What lives as long as the process. `clock` gives aware UTC instants, `random_bytes` as many as asked for."""

    store: GraphStore
    publisher: Publisher
    resolver: Resolver
    streams: ByteStreams
    blobs: Blobs
    keyring: Keyring
    settings: FaceSettings
    clock: Callable[[], datetime]
    ids: UlidSource
    random_bytes: Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Found:
    """The revision that a read is about, and its bytes where they were asked for."""

    owner_id: str
    revision: RevisionView
    content: ContentRef | None


@dataclass(slots=True)
class Call:
    """One authenticated request. `found` is set before operations that read an Object run."""

    services: Services
    request: Request
    key_request: KeyRequest
    resolution: Resolution
    caller: Caller
    payload: Payload
    body: Body
    now: datetime
    found: Found | None = field(default=None)

    @property
    def now_ms(self) -> int:
        """The instant of the call, as the graph counts."""
        return to_ms(self.now)

    def stamp(self) -> Stamp:
        """Make a stamp at the present instant: a body may have taken hours to arrive."""
        now, ids = self.services.clock(), self.services.ids
        return Stamp(self.caller, now, iter(lambda: ids.new(now), None))


class Place(Enum):
    """What an operation's permission is about."""

    SIGNED = auto()
    """Nothing in the graph, but somebody must have signed."""
    BUCKET = auto()
    """The bucket itself."""
    EACH_KEY = auto()
    """The bucket must be there and somebody have signed; each key of the body is decided by itself."""
    PREFIX = auto()
    """The container that a listing's prefix names."""
    OBJECT = auto()
    """What the key shows, or the revision that a versionId names."""
    KEY = auto()
    """The Object in the key's place, else the lowest container on its way that exists."""
    UPLOAD = auto()
    """The Object that waits for the upload that the query names."""
    OWN_MULTIPART = auto()
    """The caller's own open multipart upload that the query names, whatever became of his rights."""
    MULTIPART = auto()
    """The same, and what its key takes at this moment, as for KEY."""
    COMPLETION = auto()
    """The same; or one that was finished already, of which nothing but the former answer is told."""


@dataclass(frozen=True, slots=True)
class Need:
    """The permission that an operation takes: an action on a place; for a KEY without an Object, `action_if_absent`."""

    place: Place
    action: Action | None = None
    action_if_absent: Action | None = None


Run: TypeAlias = Callable[[Call], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of S3: its name there, the permission it takes, and what it does.

    `wants_content` brings the place of the bytes along when the request is resolved.
    """

    name: str
    need: Need
    run: Run
    wants_content: bool = False
