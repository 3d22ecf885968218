"""Clients of a running server: boto3 for S3, and GraphQL over HTTP."""

# boto3 has no types:
# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false

import json
from typing import Any
from urllib.request import Request, urlopen

import boto3
from botocore.config import Config

from app.bootstrap import Bootstrap


def s3_client(
    server: Bootstrap, access_key_id: str | None = None, secret: str | None = None, *, attempts: int = 1
) -> Any:
    """A boto3 client as its defaults make it, save for retries; the administrator's if no key pair is given."""
    client: Any = boto3.client(  # pyright: ignore[reportUnknownMemberType]  boto3 makes its clients at run time
        "s3",
        endpoint_url=server.s3Endpoint,
        aws_access_key_id=access_key_id or server.accessKeyId,
        aws_secret_access_key=secret or server.secretAccessKey,
        region_name="us-east-1",
        config=Config(retries={"total_max_attempts": attempts}, signature_version="s3v4"),
    )
    return client


class GraphQL:
    """One caller of the GraphQL face."""

    def __init__(self, url: str, token: str | None) -> None:
        self._url = url
        self._token = token

    def answer(self, query: str, **variables: Any) -> dict[str, Any]:
        """Send an operation; answers the whole response."""
        headers = {"content-type": "application/json", "accept": "application/graphql-response+json"}
        if self._token is not None:
            headers["authorization"] = f"Bearer {self._token}"
        body = json.dumps({"query": query, "variables": variables}).encode()
        with urlopen(Request(self._url, data=body, headers=headers), timeout=60) as response:
            return json.load(response)

    def data(self, query: str, **variables: Any) -> dict[str, Any]:
        """Send an operation that must succeed; answers its data."""
        answer = self.answer(query, **variables)
        assert "errors" not in answer, answer
        return answer["data"]
