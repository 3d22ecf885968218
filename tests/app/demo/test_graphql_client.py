"""What the demo's GraphQL client makes of answers that aren't what it asked for."""

import json

import pytest

from app.demo.errors import DemoError, ServerRefusal
from app.demo.graphql_client import GraphQLClient
from tests.app.demo.fake_server import Answer, fake_server

MUTATION = "mutation MakeProject($name: String!) { projectCreate(input: {name: $name}) { project { id } } }"


def said(content: object, status: int = 200) -> Answer:
    return Answer(status, json.dumps(content).encode())


def test_an_operation_is_sent_with_its_variables_and_the_token() -> None:
    with fake_server([said({"data": {"projectCreate": {"project": {"id": "1"}, "userErrors": []}}})]) as server:
        payload = GraphQLClient(f"{server.url}/graphql", "ag_secret").mutate(MUTATION, name="demo")

    assert payload == {"project": {"id": "1"}, "userErrors": []}
    (asked,) = server.asked
    assert (asked.method, asked.target) == ("POST", "/graphql")
    assert asked.headers["authorization"] == "Bearer ag_secret"
    assert json.loads(asked.body) == {"query": MUTATION, "variables": {"name": "demo"}}


def test_a_user_error_is_shown_with_operation_code_and_message() -> None:
    error = {"code": "ALREADY_EXISTS", "field": ["input", "name"], "message": "demo is taken"}
    answer = said({"data": {"projectCreate": {"project": None, "userErrors": [error]}}})
    with fake_server([answer]) as server, pytest.raises(ServerRefusal) as refusal:
        GraphQLClient(f"{server.url}/graphql", "t").mutate(MUTATION, name="demo")

    assert str(refusal.value) == "MakeProject: ALREADY_EXISTS: demo is taken"
    assert refusal.value.code == "ALREADY_EXISTS"


def test_a_top_level_error_is_shown_with_code_and_message() -> None:
    content = {"errors": [{"message": "sign in", "extensions": {"code": "UNAUTHENTICATED"}}], "data": None}
    words = r"^MakeProject: UNAUTHENTICATED: sign in$"
    with fake_server([said(content, 401)]) as server, pytest.raises(ServerRefusal, match=words):
        GraphQLClient(f"{server.url}/graphql", "t").query(MUTATION)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(502, b"<html>"), "answered 502 and no JSON"),
        (Answer(200, b"[]"), "answered 200 and no GraphQL"),
        (Answer(200, b"{}"), "answered 200 and no data"),
        (Answer(500, b'{"data": {}}'), "answered 500 and no data"),
    ],
)
def test_an_answer_that_is_no_graphql_is_named(answer: Answer, words: str) -> None:
    with fake_server([answer]) as server, pytest.raises(DemoError, match=words):
        GraphQLClient(f"{server.url}/graphql", "t").query("query Q { viewer { id } }")


def test_a_server_that_is_gone_is_named_with_the_way_out() -> None:
    with fake_server([]) as server:
        url = server.url

    with pytest.raises(DemoError, match=rf"no answer from {url} .*is `aruna serve` running"):
        GraphQLClient(f"{url}/graphql", "t").query("query Q { viewer { id } }")


def test_the_token_is_not_in_the_client_s_text() -> None:
    assert "ag_secret" not in repr(GraphQLClient("http://localhost/graphql", "ag_secret"))
