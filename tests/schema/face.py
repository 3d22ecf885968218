"""The GraphQL face on a real graph, as one person after another calls it over ASGI."""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import httpx
from graphql import GraphQLSchema

from domain.access import Level
from domain.changes import CredentialAdded, TokenAdded
from domain.contents import PartFacts
from identity.keyring import Keyring, new_keyring
from identity.tokens import NewToken, mint_token
from resolvers.context import FaceSettings, Services
from schema.execution import Schema, build_schema
from schema.http import GraphQLEndpoint
from tests.conftest import GraphServer
from tests.world import BIRTH, World, open_world

S3_URL: Final = "https://s3.example.org"
SCHEMA: Final = build_schema(introspection=True)
# Strawberry has no public way to the schema of graphql-core.
CORE: Final[GraphQLSchema] = SCHEMA._schema  # pyright: ignore[reportPrivateUsage]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a token."""

    id: str
    name: str
    token: str
    token_id: str


@dataclass
class Face:
    """One server's GraphQL face and the world behind it."""

    world: World
    schema: Schema = SCHEMA
    may_everyone_create_projects: bool = True
    are_bytes_reachable: bool = True
    keyring: Keyring = field(default_factory=lambda: new_keyring(BIRTH, os.urandom))
    names: int = 0

    @property
    def services(self) -> Services:
        return Services(
            store=self.world.store,
            publisher=self.world.publisher,
            keyring=self.keyring,
            settings=FaceSettings(S3_URL, "0.0.test", self.may_everyone_create_projects),
            clock=self.world.tick,
            ids=self.world.ids,
            random_bytes=os.urandom,
            are_bytes_reachable=lambda: self.are_bytes_reachable,
        )

    def client(self, token: str | None = None) -> httpx.AsyncClient:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        transport = httpx.ASGITransport(GraphQLEndpoint(self.schema, self.services))
        return httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers)

    async def answer(self, who: Person | None, document: str, **variables: Any) -> dict[str, Any]:
        """The whole answer to an operation."""
        async with self.client(who.token if who else None) as client:
            response = await client.post("/graphql", json={"query": document, "variables": variables})
        return response.json()

    async def ask(self, who: Person | None, document: str, **variables: Any) -> Any:
        """The data of an answer without errors."""
        answer = await self.answer(who, document, **variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def refusals(self, who: Person | None, document: str, **variables: Any) -> list[tuple[str, list[str] | None]]:
        """Codes and fields of the userErrors of a document's one mutation, which answers nothing else."""
        (payload,) = (await self.ask(who, document, **variables)).values()
        assert {name: value for name, value in payload.items() if name != "userErrors" and value is not None} == {}
        return [(error["code"], error["field"]) for error in payload["userErrors"]]

    async def person(self, name: str, *, is_administrator: bool = False) -> Person:
        user_id = await self.world.user(name, is_administrator=is_administrator)
        token = await self.token(user_id)
        return Person(user_id, name, token.text, token.minted.id)

    async def token(self, user_id: str, days: int = 90) -> NewToken:
        token = mint_token(self.world.new_id(), self.keyring, os.urandom)
        ends, now = self.world.now + timedelta(days=days), self.world.now
        minted = token.minted
        await self.world.apply(
            TokenAdded(minted.id, user_id, "test", minted.secret_sha256, ends, now),
            CredentialAdded(minted.access_key_id, user_id, "signs", minted.sealed_secret, minted.id, ends, now),
        )
        return token

    def fresh_name(self) -> str:
        self.names += 1
        return f"project-{self.names}-{self.world.seed}"

    async def tree(self, owner: Person) -> "Tree":
        """A project with a collection with a dataset with two Objects."""
        name = self.fresh_name()
        project = await self.world.project(owner.id, name)
        first = await self.world.put(owner.id, name, "coll/data/a.txt", 3)
        second = await self.world.put(owner.id, name, "coll/data/b/c.txt", 4)
        found = await self.ask(
            owner,
            "query ($c: String!, $d: String!) { c: resource(ref: $c) { id } d: resource(ref: $d) { id } }",
            c=f"{name}/coll/",
            d=f"{name}/coll/data/",
        )
        return Tree(name, project, found["c"]["id"], found["d"]["id"], first.object_id, second.object_id)

    async def share(self, owner: Person, resource: str, user: Person, level: Level) -> None:
        await self.world.grant(owner.id, resource, user.id, level)

    async def events(self) -> int:
        """How much has been changed so far."""
        return (await self.world.ask("MATCH (e:Event) RETURN count(e) AS n"))[0]["n"]

    async def part(self, who: Person, upload_id: str, number: int, length: int) -> PartFacts:
        part = PartFacts(number, self.world.blob(length))
        await self.world.part(who.id, upload_id, part)
        return part


@dataclass(frozen=True, slots=True)
class Tree:
    """Names and ids of a small project."""

    name: str
    project: str
    collection: str
    dataset: str
    first: str
    second: str


@asynccontextmanager
async def open_face(server: GraphServer) -> AsyncGenerator[Face]:
    async with open_world(server) as world:
        yield Face(world)
