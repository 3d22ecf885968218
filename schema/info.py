"""What resolvers of the schema are given by GraphQL: the request's context."""

from typing import TypeAlias

import strawberry

from resolvers.context import Context

Info: TypeAlias = strawberry.Info[Context, None]
