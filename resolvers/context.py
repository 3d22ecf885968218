"""What every use case of one request has at hand: the services of the process, who is calling, and when."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from domain.access import ANONYMOUS, Caller
from domain.identifiers import UlidSource
from domain.stamps import Stamp
from domain.views import ResourceView
from graphstore.cypher import accounts
from graphstore.instants import to_ms
from graphstore.publishing import Publisher
from graphstore.store import GraphStore
from identity.keyring import Keyring
from identity.tokens import SignedIn, authenticate, parse_token, refused_token
from resolvers.loaders import Loaders

REGION: Final = "us-east-1"
"""Region in the URLs that we sign; the S3 face takes any."""

_BEARER: Final = "bearer"


@dataclass(frozen=True, slots=True)
class FaceSettings:
    """What the GraphQL face needs of the settings. URLs are origins without a path, as clients reach them."""

    s3_public_url: str
    version: str
    may_everyone_create_projects: bool = True


@dataclass(frozen=True, slots=True)
class Services:
    """What lives as long as the process. `clock` gives aware instants, `random_bytes` as many as it is asked for.

    `are_bytes_reachable` answers from memory, as of a few seconds ago.
    """

    store: GraphStore
    publisher: Publisher
    keyring: Keyring
    settings: FaceSettings
    clock: Callable[[], datetime]
    ids: UlidSource
    random_bytes: Callable[[int], bytes]
    are_bytes_reachable: Callable[[], bool] = lambda: True


@dataclass(frozen=True, slots=True)
class Context:
    """One request: all of it is decided at one instant, `now`."""

    services: Services
    caller: Caller
    now: datetime
    request_id: str
    loaders: Loaders

    @property
    def store(self) -> GraphStore:
        """The graph."""
        return self.services.store

    @property
    def now_ms(self) -> int:
        """The instant as the graph counts it."""
        return to_ms(self.now)

    def new_id(self) -> str:
        """Make a fresh ULID."""
        return self.services.ids.new(self.now)

    def stamp(self, caller: Caller | None = None) -> Stamp:
        """Stamp of a rule, by the caller of the request or as he was read again under the rule's transaction."""
        return Stamp(caller or self.caller, self.now, self._fresh_ids())

    def _fresh_ids(self) -> Iterator[str]:
        while True:
            yield self.new_id()

    async def reread(self, resource_id: str) -> ResourceView | None:
        """Resource as it is after a change of this request: whatever was loaded before is forgotten."""
        self.loaders.forget()
        return await self.loaders.resources.load(resource_id)


async def open_context(services: Services, authorization: str | None, request_id: str) -> Context:
    """Context of a request with this Authorization header: one statement where there is one, none without.

    Raises: Unauthenticated, Unavailable.
    """
    now = services.clock()
    signed_in = None if authorization is None else await _sign_in(services, authorization, now)
    caller = ANONYMOUS if signed_in is None else signed_in.caller
    loaders = Loaders(services.store, caller.user_id, to_ms(now))
    return Context(services, caller, now, request_id, loaders)


async def _sign_in(services: Services, authorization: str, now: datetime) -> SignedIn:
    scheme, _, text = authorization.partition(" ")
    presented = parse_token(text.strip()) if scheme.lower() == _BEARER else None
    if presented is None:
        raise refused_token()
    return authenticate(await services.store.read(accounts.token(presented.id)), presented.secret, now)
