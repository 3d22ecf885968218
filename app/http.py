"""What is served on the HTTP port: GraphQL and GraphiQL, their assets, health."""

from collections.abc import Mapping
from typing import Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Mount, Route

from app.health import Check, health_routes
from app.settings import Settings
from resolvers.context import Services
from schema.execution import build_schema
from schema.graphiql import STATIC_PATH, graphiql_assets
from schema.http import GraphQLEndpoint

GRAPHQL_PATH: Final = "/graphql"
_PREFLIGHT_AGE_S: Final = 600


def http_face(services: Services, checks: Mapping[str, Check], settings: Settings) -> Starlette:
    """Make the application; the schema is built here, once."""

    async def home(request: Request) -> RedirectResponse:
        del request
        return RedirectResponse(GRAPHQL_PATH)

    endpoint = GraphQLEndpoint(build_schema(introspection=settings.introspection), services)
    return Starlette(
        routes=[
            Route("/", home),
            Route(GRAPHQL_PATH, endpoint),
            Mount(STATIC_PATH, graphiql_assets()),
            *health_routes(checks),
        ],
        middleware=[
            # Callers are told by the Authorization header, so other origins need no credentials of the browser's.
            Middleware(
                CORSMiddleware,
                allow_origins=list(settings.allowed_origins),
                allow_methods=["GET", "POST"],
                allow_headers=["Authorization", "Content-Type"],
                expose_headers=["X-Request-Id"],
                max_age=_PREFLIGHT_AGE_S,
            )
        ]
        if settings.allowed_origins
        else [],
    )
