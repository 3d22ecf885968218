"""GraphQL over HTTP: a point query, and a list of 100 collections with 10 Objects each, beside bare Starlette.

Run: .ci/uv run python -m bench.graphql   (about a minute)
The server is a process of its own; the bare one answers the same bytes without doing anything for them.
"""

import asyncio
import json
import multiprocessing
import socket
import statistics
import tempfile
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request as StarletteRequest
from starlette.responses import Response
from starlette.routing import Route

from bench.load import load, when_up
from tests.e2e.server import running_server

COLLECTIONS: Final = 100
OBJECTS: Final = 10
ROUNDS: Final = 5

POINT: Final = "query($id: ID!) { node(id: $id) { id ... on Object { name state contentLength etag createdAt } } }"
LIST: Final = """query($id: ID!) { node(id: $id) { ... on Project { children(first: 100) { nodes { id name
  ... on Collection { children(first: 10) { nodes { id name ... on Object { state contentLength etag createdAt } } } }
} } } } }"""


def call(url: str, token: str, query: str, variables: dict[str, Any]) -> bytes:
    """Send one operation; answers the body."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    with urlopen(Request(url, data=body, headers=headers)) as answer:
        return answer.read()


def make_tree(url: str, token: str) -> tuple[str, str]:
    """Make a project with collections of Objects; answers its id and that of one Object."""
    made = json.loads(call(url, token, 'mutation { projectCreate(input: {name: "bench"}) { project { id } } }', {}))
    project = made["data"]["projectCreate"]["project"]["id"]
    last = ""
    for number in range(COLLECTIONS):
        query = (
            "mutation($p: ID!, $n: String!) { collectionCreate(input: {parent: $p, name: $n}) { collection { id } } }"
        )
        answer = json.loads(call(url, token, query, {"p": project, "n": f"c{number:03d}"}))
        collection = answer["data"]["collectionCreate"]["collection"]["id"]
        for index in range(OBJECTS):
            query = "mutation($p: ID!, $n: String!) { objectCreate(input: {parent: $p, name: $n}) { object { id } } }"
            answer = json.loads(call(url, token, query, {"p": collection, "n": f"o{index:02d}"}))
            last = answer["data"]["objectCreate"]["object"]["id"]
    return project, last


def raw_request(host: str, token: str, query: str, variables: dict[str, Any]) -> bytes:
    body = json.dumps({"query": query, "variables": variables}).encode()
    head = (
        f"POST /graphql HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def serve_bare(port: int, bodies: list[bytes]) -> None:
    """Answer the given bodies, chosen by what stands in the request, with Starlette alone."""

    async def answer(request: StarletteRequest) -> Response:
        posted = json.loads(await request.body())
        return Response(bodies[0] if posted["query"] == POINT else bodies[1], media_type="application/json")

    app = Starlette(routes=[Route("/graphql", answer, methods=["POST"])])
    uvicorn.run(app, port=port, log_level="error", access_log=False)


async def measure(addresses: dict[str, tuple[str, int]], requests: dict[str, bytes]) -> None:
    for name, request in requests.items():
        for concurrency in (1, 16):
            count = (20 if name == "list" else 500) * (1 if concurrency == 1 else 2)
            figures: dict[str, list[float]] = {server: [] for server in addresses}
            for _ in range(ROUNDS):
                for server, (host, port) in addresses.items():
                    shown = await load(
                        host, port, lambda _, request=request: request,
                        count=count, concurrency=concurrency, expected=b"HTTP/1.1 200",
                    )  # fmt: skip
                    figures[server].append(shown.per_second)
            ours, bare = (statistics.median(figures[server]) for server in ("aruna", "bare"))
            print(
                f"  {name:<6} c={concurrency:<3} {ours:8.0f}/s   bare Starlette {bare:8.0f}/s   {ours / bare:.3f} of it"
            )


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, running_server(Path(folder)) as server:
        url, token = server.bootstrap.graphqlUrl, server.bootstrap.adminToken
        project, one = make_tree(url, token)
        bodies = [call(url, token, POINT, {"id": one}), call(url, token, LIST, {"id": project})]
        assert len(json.loads(bodies[1])["data"]["node"]["children"]["nodes"]) == COLLECTIONS, bodies[1][:500]
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        bare = multiprocessing.get_context("spawn").Process(target=serve_bare, args=(port, bodies), daemon=True)
        bare.start()
        parts = urlsplit(url)
        addresses = {"aruna": (parts.hostname or "", parts.port or 80), "bare": ("127.0.0.1", port)}
        requests = {
            "point": raw_request(parts.netloc, token, POINT, {"id": one}),
            "list": raw_request(parts.netloc, token, LIST, {"id": project}),
        }
        print(f"GraphQL on the embedded engine; the list has {len(bodies[1])} bytes")
        asyncio.run(when_up(port))
        uvloop.run(measure(addresses, requests))
        bare.terminate()


if __name__ == "__main__":
    main()
