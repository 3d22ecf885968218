"""The GraphiQL page in a real browser, on a tiny schema: it works, and nothing leaves this server."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import strawberry
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send
from strawberry.asgi import GraphQL

from schema.graphiql import STATIC_PATH, graphiql_assets, graphiql_page, prefers_html
from tests.e2e.chromium import CHROMIUM, Chromium, Page, running_chromium

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install the package chromium"),
]

RUN = "document.querySelector('.graphiql-execute-button')"
RESPONSE = "document.querySelector('.result-window .CodeMirror').CodeMirror.getValue()"
QUERY = "document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror.getValue()"
VARIABLES = "document.querySelectorAll('.graphiql-editor-tool .CodeMirror')[0].CodeMirror.getValue()"
HINT = "(document.querySelector('.viewer')?.innerText ?? '')"


def button(text: str) -> str:
    return f"[...document.querySelectorAll('button')].find((b) => b.innerText.includes({text!r}))"


@strawberry.type(description="Somebody with an account.")
class User:
    id: strawberry.ID
    display_name: str


@strawberry.type(description="A root of the graph.")
class Project:
    id: strawberry.ID
    name: str


@strawberry.type
class Query:
    @strawberry.field(description="Who is calling; null without a token.")
    def viewer(self, info: strawberry.Info) -> User | None:
        if info.context["request"].headers.get("Authorization") != "Bearer ag_right":
            return None
        return User(id=strawberry.ID("01J00000000000000000000ADA"), display_name="Ada Lovelace")

    @strawberry.field(description="A resource by its path.")
    def resource(self, ref: str) -> Project | None:
        return Project(id=strawberry.ID("01J0000000000000000000DEM0"), name=ref) if ref.startswith("demo") else None


@pytest.fixture
async def origin() -> AsyncIterator[str]:
    """The origin of a server with the page and a schema of its own."""
    graphql = GraphQL[None, None](strawberry.Schema(Query), graphql_ide=None)

    class Endpoint:
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            request = Request(scope)
            is_page = request.method == "GET" and prefers_html(request.headers.get("accept", ""))
            answer: ASGIApp = graphiql_page() if is_page else graphql
            await answer(scope, receive, send)

    app = Starlette(routes=[Route("/graphql", Endpoint()), Mount(STATIC_PATH, graphiql_assets())])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off", ws="none"))
        serving = asyncio.create_task(server.serve([listener]))
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        await serving


@pytest.fixture
async def chromium() -> AsyncIterator[Chromium]:
    async with running_chromium() as browser:
        yield browser


async def look(page: Page, name: str) -> None:
    """Keep a picture where ARUNA_TEST_SCREENSHOTS names a folder, for people to look at."""
    if folder := os.environ.get("ARUNA_TEST_SCREENSHOTS"):
        await asyncio.sleep(0.7)
        await page.screenshot(Path(folder) / f"{name}.png")


async def test_the_page_runs_queries_with_the_token_and_talks_to_its_own_server_only(
    origin: str, chromium: Chromium
) -> None:
    page = await chromium.open(f"{origin}/graphql")
    await page.wait_for(f"document.querySelector('.graphiql-container') && {HINT}.startsWith('Anonymous')")
    await look(page, "1-anonymous")

    # The first tab is the first example; without a token it answers null.
    await page.click(RUN)
    await page.wait_for(f"{RESPONSE}.includes('\"viewer\": null')")

    # A token is sent from then on, and the bar says whose it is.
    await page.click("document.querySelector('#token')")
    await page.type("  Bearer ag_right ")
    await page.click(button("Use token"))
    await page.wait_for(f"{HINT} === 'Signed in as Ada Lovelace'")
    await page.click(RUN)
    await page.wait_for(f"{RESPONSE}.includes('Ada Lovelace')")
    await look(page, "2-signed-in")
    assert await page.evaluate("[sessionStorage.length, Object.values(localStorage).join().includes('ag_right')]") == [
        1,
        False,
    ]

    # An example opens in a tab of its own, once, with its references resolved.
    for _ in range(2):
        await page.click(button("Where it comes from"))
        await page.wait_for(f"{QUERY}.includes('query Lineage')")
    await page.wait_for(f"{VARIABLES}.includes('01J0000000000000000000DEM0')")
    assert await page.evaluate("document.querySelectorAll('.graphiql-tab').length") == 2
    await look(page, "3-example")

    # A reference that isn't there stays, to be filled in by hand.
    await page.click(button("New collection"))
    await page.wait_for(f"{VARIABLES}.includes('ref:my-first-project')")

    # Documentation, explorer and the dialogs open.
    await page.click("document.querySelector('[aria-label=\"Show Documentation Explorer\"]')")
    await page.wait_for("document.querySelector('.graphiql-doc-explorer').innerText.includes('Root Types')")
    await look(page, "4-documentation")
    await page.click(button("WhoAmI"))
    await page.click("document.querySelector('[aria-label=\"Show GraphiQL Explorer\"]')")
    await page.wait_for("document.querySelector('.docExplorerWrap').innerText.includes('viewer')")
    await look(page, "5-explorer")
    await page.click("document.querySelector('[aria-label=\"Open settings dialog\"]')")
    await page.wait_for("document.querySelector('.graphiql-dialog') !== null")
    await look(page, "6-settings")

    posts = [request for request in page.requests if request["method"] == "POST"]
    assert {request["url"] for request in posts} == {f"{origin}/graphql"}
    assert posts[0]["headers"].get("Authorization") is None
    assert posts[-1]["headers"]["Authorization"] == "Bearer ag_right"
    addresses = [request["url"] for request in page.requests]
    assert [address for address in addresses if not address.startswith((f"{origin}/graphql", "data:"))] == []
    assert page.complaints == []


async def test_a_token_is_kept_on_the_computer_only_where_asked_and_forgotten_on_demand(
    origin: str, chromium: Chromium
) -> None:
    page = await chromium.open(f"{origin}/graphql")
    await page.wait_for("document.querySelector('#token') !== null")

    # A wrong token is named as such, and the field stays open for the right one.
    await page.click("document.querySelector('#token')")
    await page.type("ag_wrong")
    await page.click(button("Use token"))
    await page.wait_for(f'{HINT} === "This token isn\'t accepted"')

    await page.click("document.querySelector('#token')")
    await page.type('"ag_right",')
    await page.click("document.querySelector('.token-lasting input')")
    await page.click(button("Use token"))
    await page.wait_for(f"{HINT} === 'Signed in as Ada Lovelace'")
    kept = "[sessionStorage.getItem('aruna-graph:token'), localStorage.getItem('aruna-graph:token')]"
    assert await page.evaluate(kept) == [None, "ag_right"]

    # Another tab of the same browser is signed in too, until the token is forgotten.
    other = await chromium.open(f"{origin}/graphql")
    await other.wait_for(f"{HINT} === 'Signed in as Ada Lovelace'")
    await other.click(button("Forget token"))
    await other.wait_for(f"{HINT}.startsWith('Anonymous')")
    assert await other.evaluate(kept) == [None, None]
    assert page.complaints + other.complaints == []
