"""GraphQL over HTTP: one operation a call.

Source: https://graphql.github.io/graphql-over-http/draft/
"""

import json
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, cast

from app.demo.errors import DemoError, ServerRefusal
from app.demo.http import send

Json = dict[str, Any]
"""An object of an answer: its shape is that of the query that asked for it."""


@dataclass(frozen=True, slots=True)
class GraphQLClient:
    """Asks one server in the name of one token."""

    url: str
    token: str = field(repr=False)

    def query(self, document: str, **variables: object) -> Json:
        """Run an operation; answers its `data`.

        Raises: ServerRefusal with the first error of the answer; DemoError.
        """
        answer = send(
            "POST",
            self.url,
            {
                "Accept": "application/graphql-response+json",
                "Content-Type": "application/json",
                "Authorization": f"Bearer {self.token}",
            },
            json.dumps({"query": document, "variables": variables}).encode("utf-8"),
        )
        try:
            content = json.loads(answer.body)
        except ValueError as error:
            raise DemoError(f"{self.url} answered {answer.status} and no JSON") from error
        if not isinstance(content, dict):
            raise DemoError(f"{self.url} answered {answer.status} and no GraphQL")
        result = cast("Json", content)
        if result.get("errors"):
            raise _refusal(document, result["errors"][0])
        if answer.status != HTTPStatus.OK or not isinstance(result.get("data"), dict):
            raise DemoError(f"{self.url} answered {answer.status} and no data")
        return cast("Json", result["data"])

    def mutate(self, document: str, **variables: object) -> Json:
        """Run a mutation with one field; answers that field's payload, in which `userErrors` was empty.

        Raises: ServerRefusal with the first user error; DemoError.
        """
        payload: Json
        (payload,) = self.query(document, **variables).values()
        for error in payload["userErrors"]:
            raise ServerRefusal(_name(document), error["code"], error["message"])
        return payload


def _refusal(document: str, error: Json) -> ServerRefusal:
    code = cast("Json", error.get("extensions") or {}).get("code", "INTERNAL")
    return ServerRefusal(_name(document), code, error.get("message", "no reason given"))


def _name(document: str) -> str:
    """The operation's name, which stands after its kind."""
    return document.split(maxsplit=2)[1].partition("(")[0]
