"""Health on the HTTP port: `/healthz` says that this process answers, `/readyz` that its parts are well, too."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from domain.errors import DomainError

Check = Callable[[], Awaitable[None]]

_CHECK_TIMEOUT_S: Final = 3.0


def health_routes(checks: Mapping[str, Check]) -> list[Route]:
    """Make the two routes; each check raises where its part doesn't answer."""

    async def healthz(request: Request) -> JSONResponse:
        del request
        return JSONResponse({"status": "ok"})

    async def readyz(request: Request) -> JSONResponse:
        del request
        parts = {name: await _state_of(check) for name, check in checks.items()}
        is_ready = all(state == "ok" for state in parts.values())
        return JSONResponse(
            {"status": "ok" if is_ready else "unavailable", "parts": parts}, status_code=200 if is_ready else 503
        )

    return [Route("/healthz", healthz), Route("/readyz", readyz)]


async def _state_of(check: Check) -> str:
    """Say what is wrong without details that a stranger shouldn't read."""
    try:
        await asyncio.wait_for(check(), _CHECK_TIMEOUT_S)
    except (DomainError, OSError, TimeoutError):
        return "unavailable"
    return "ok"
