"""GraphQL over HTTP: methods, media types, limits, sign-in, and what an error says."""

import json
import logging
from typing import Any

import httpx
import pytest

from domain.errors import Unavailable
from schema.http import BODY_BYTES_MAX, GraphQLEndpoint
from tests.schema.face import Face, Person

GRAPHQL = "application/graphql-response+json"
VIEWER = "{ viewer { displayName } }"
MUTATION = 'mutation { tokenCreate(input: {name: "t"}) { secret } }'


def errors_of(response: httpx.Response) -> list[tuple[str, Any]]:
    """Codes and paths; each error has the request's id, and nothing else beside where it is."""
    found: list[tuple[str, Any]] = []
    for error in response.json()["errors"]:
        assert error["extensions"]["requestId"] == response.headers["x-request-id"]
        assert set(error) <= {"message", "locations", "path", "extensions"}
        assert set(error["extensions"]) == {"code", "requestId"}
        found.append((error["extensions"]["code"], error.get("path")))
    return found


async def test_a_post_of_json_is_answered_as_the_caller_likes(face: Face, ada: Person) -> None:
    expected = {"data": {"viewer": {"displayName": "Ada"}}}
    async with face.client(ada.token) as client:
        for accept, media_type in (
            ("", GRAPHQL),
            ("*/*", GRAPHQL),
            ("application/*", GRAPHQL),
            ("application/json", "application/json"),
            (f"{GRAPHQL}, application/json;q=0.9", GRAPHQL),
            (f"{GRAPHQL};q=0.5, application/json", "application/json"),
            (f"{GRAPHQL};q=0, */*", "application/json"),
        ):
            response = await client.post("/graphql", json={"query": VIEWER}, headers={"Accept": accept})
            assert (response.status_code, response.json()) == (200, expected)
            assert response.headers["content-type"] == f"{media_type}; charset=utf-8"
            assert response.headers["cache-control"] == "no-store"
            assert len(response.headers["x-request-id"]) == 32


async def test_the_request_id_of_the_layer_around_is_used(face: Face) -> None:
    endpoint = GraphQLEndpoint(face.schema, face.services)

    async def around(scope: Any, receive: Any, send: Any) -> None:
        await endpoint({**scope, "state": {"request_id": "given"}}, receive, send)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(around), base_url="http://test") as client:
        response = await client.post("/graphql", json={"query": "{ nonsense }"})

    assert "x-request-id" not in response.headers
    assert response.json()["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT", "requestId": "given"}


async def test_a_get_runs_queries_and_no_mutations(face: Face, ada: Person) -> None:
    async with face.client(ada.token) as client:
        query = await client.get(
            "/graphql",
            params={
                "query": "query A($id: ID!) { node(id: $id) { id } } query B { viewer { displayName } }",
                "variables": json.dumps({"id": ada.id}),
                "operationName": "A",
            },
        )
        mutation = await client.get("/graphql", params={"query": MUTATION})
        tokens = await client.post("/graphql", json={"query": "{ viewer { tokens { id } } }"})

    assert (query.status_code, query.json()) == (200, {"data": {"node": {"id": ada.id}}})
    assert (mutation.status_code, mutation.headers["allow"]) == (405, "POST")
    assert errors_of(mutation) == [("BAD_USER_INPUT", None)]
    assert tokens.json()["data"]["viewer"]["tokens"] == [{"id": ada.token_id}]


async def test_browsers_are_given_the_page(face: Face) -> None:
    async with face.client() as client:
        page = await client.get("/graphql", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "GraphiQL" in page.text


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
async def test_no_simple_request_runs_anything(face: Face, ada: Person, content_type: str) -> None:
    """These are what a page of another site may send without asking."""
    async with face.client(ada.token) as client:
        response = await client.post(
            "/graphql", content=json.dumps({"query": MUTATION}), headers={"Content-Type": content_type}
        )

    assert response.status_code == 415
    assert errors_of(response) == [("BAD_USER_INPUT", None)]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'[{"query": "{ viewer { id } }"}]',
        b"{}",
        b'{"query": 1}',
        b'{"query": "{ viewer { id } }", "variables": []}',
        b'{"query": "{ viewer { id } }", "variables": "{}"}',
        b'{"query": "{ viewer { id } }", "operationName": 1}',
        b'{"query": "{ viewer { id } }", "operationName": "Other"}',
        b'{"query": "query A { viewer { id } } query B { viewer { id } }"}',
        b'{"query": ""}',
        b'{"query": "\\ud800"}',
        b'{"query": "\xff"}',
        b"[" * 100_000,
    ],
)
async def test_what_is_no_graphql_request_is_said_to_be_none(face: Face, content: bytes) -> None:
    async with face.client() as client:
        response = await client.post("/graphql", content=content, headers={"Content-Type": "application/json"})

    assert response.status_code == 400
    assert errors_of(response) == [("BAD_USER_INPUT", None)]


async def test_other_methods_types_and_lengths_are_refused(face: Face) -> None:
    async with face.client() as client:
        put = await client.put("/graphql", json={"query": VIEWER})
        picky = await client.post("/graphql", json={"query": VIEWER}, headers={"Accept": "text/csv"})
        large = await client.post("/graphql", json={"query": VIEWER, "variables": {"x": "x" * BODY_BYTES_MAX}})
        largest = json.dumps({"query": VIEWER, "variables": {}}).ljust(BODY_BYTES_MAX)
        fits = await client.post("/graphql", content=largest, headers={"Content-Type": "application/json"})

    assert (put.status_code, put.headers["allow"]) == (405, "GET, POST")
    assert picky.status_code == 406
    assert large.status_code == 413
    assert [errors_of(response) for response in (put, picky, large)] == [[("BAD_USER_INPUT", None)]] * 3
    assert fits.json() == {"data": {"viewer": None}}


@pytest.mark.parametrize(
    "authorization", ["Bearer", "Bearer nonsense", "Basic YTpi", "Bearer aruna_01J00000000000000000000000_" + "a" * 43]
)
async def test_a_wrong_token_is_refused_before_anything_runs(face: Face, authorization: str) -> None:
    async with face.client() as client:
        for accept in ("application/json", GRAPHQL):
            headers = {"Authorization": authorization, "Accept": accept}
            response = await client.post("/graphql", json={"query": VIEWER}, headers=headers)
            assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")
            assert errors_of(response) == [("UNAUTHENTICATED", None)]
            assert "data" not in response.json()


async def test_a_token_ends(face: Face) -> None:
    eve = await face.person("Eve")
    brief = await face.token(eve.id, days=0)
    async with face.client(brief.text) as client:
        response = await client.post("/graphql", json={"query": VIEWER})

    assert errors_of(response) == [("UNAUTHENTICATED", None)]


async def test_sign_in_takes_one_statement_and_nobody_none(face: Face, ada: Person) -> None:
    engine = face.world.engine
    for who, statements in ((ada, 1), (None, 0)):
        before = engine.statement_count
        await face.ask(who, "{ serverInfo { version } }")
        assert engine.statement_count - before == statements


@pytest.mark.parametrize(
    ("document", "variables", "code"),
    [
        ("{", {}, "BAD_USER_INPUT"),
        ("{ nonsense }", {}, "BAD_USER_INPUT"),
        ("query ($id: ID!) { node(id: $id) { id } }", {}, "BAD_USER_INPUT"),
        (
            "mutation ($t: DateTime) { grantSet(id: 1, principal: 2, level: READ, expiresAt: $t) { __typename } }",
            {"t": "soon"},
            "BAD_USER_INPUT",
        ),
        ("{ " + "a " * 5000 + "}", {}, "COST_EXCEEDED"),
        ("{" * 2400 + "}" * 2400, {}, "BAD_USER_INPUT"),
        ("{a" * 1600 + "}" * 1600, {}, "COST_EXCEEDED"),
        (
            "{ ...F0 }"
            + "".join(f"fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(600))
            + "fragment F600 on Query { a }",
            {},
            "COST_EXCEEDED",
        ),
        ("{ " + " ".join(f"a{n}: viewer {{ id }}" for n in range(31)) + " }", {}, "COST_EXCEEDED"),
    ],
)
async def test_a_document_that_cannot_run_is_an_error_of_the_request(
    face: Face, document: str, variables: dict[str, Any], code: str
) -> None:
    async with face.client() as client:
        body = {"query": document, "variables": variables}
        response = await client.post("/graphql", json=body)
        older = await client.post("/graphql", json=body, headers={"Accept": "application/json"})

    assert {found for found, _ in errors_of(response)} == {code}
    assert "data" not in response.json()
    assert (response.status_code, older.status_code) == (400, 200)


async def test_our_faults_are_masked_and_logged_with_the_requests_id(
    face: Face, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(_: Any) -> Any:
        raise ZeroDivisionError("secret detail")

    async with face.client() as client:
        monkeypatch.setattr(face.world.store, "read", fail)
        with caplog.at_level(logging.ERROR):
            response = await client.post("/graphql", json={"query": '{ resource(ref: "p") { id } }'})

    assert errors_of(response) == [("INTERNAL", ["resource"])]
    assert "secret detail" not in response.text
    assert response.json()["data"] == {"resource": None}
    (record,) = caplog.records
    assert response.headers["x-request-id"] in record.getMessage()
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError


async def test_an_unreachable_graph_is_unavailable(face: Face, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(_: Any) -> Any:
        raise Unavailable("the graph is out of reach")

    monkeypatch.setattr(face.world.store, "read", fail)
    async with face.client(ada.token) as client:
        signing_in = await client.post("/graphql", json={"query": VIEWER})
    async with face.client() as client:
        asking = await client.post("/graphql", json={"query": '{ resource(ref: "p") { id } }'})

    assert (signing_in.status_code, errors_of(signing_in)) == (503, [("UNAVAILABLE", None)])
    assert (asking.status_code, errors_of(asking)) == (200, [("UNAVAILABLE", ["resource"])])
