"""One HTTP request to the running server, with the standard library alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Final
from urllib.parse import urlsplit

from app.demo.errors import DemoError

_TIMEOUT_S: Final = 120.0
_RESPONSE_BYTES_MAX: Final = 64 * 1024 * 1024
_CONNECTIONS: Final = {"http": HTTPConnection, "https": HTTPSConnection}


@dataclass(frozen=True, slots=True)
class Response:
    """Status, headers (names in lower case) and body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def send(method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Response:
    """Send one request on a connection of its own; redirects are not followed.

    Raises: DemoError where the server can't be reached or doesn't speak HTTP.
    """
    address = urlsplit(url)
    target = address._replace(scheme="", netloc="").geturl() or "/"
    connection = _CONNECTIONS[address.scheme](address.netloc, timeout=_TIMEOUT_S)
    try:
        connection.request(
            method, target, body=body if body or method in {"POST", "PUT"} else None, headers=dict(headers or {})
        )
        answer = connection.getresponse()
        content = answer.read(_RESPONSE_BYTES_MAX)
        return Response(answer.status, {name.lower(): value for name, value in answer.getheaders()}, content)
    except (OSError, HTTPException) as error:
        where = f"{address.scheme}://{address.netloc}"
        raise DemoError(f"no answer from {where} ({error}); is `aruna serve` running?") from error
    finally:
        connection.close()
