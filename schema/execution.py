"""The schema as it is executed: parsed and validated documents are cached, limits are checked before anything runs."""

from collections.abc import Iterator
from typing import Final

import strawberry
from graphql import GraphQLError, NoSchemaIntrospectionCustomRule, OperationDefinitionNode, ValidationRule
from strawberry.extensions import (
    AddValidationRules,
    MaxTokensLimiter,
    ParserCache,
    SchemaExtension,
    ValidationCache,
)
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.exceptions import CannotGetOperationTypeError
from strawberry.types.execution import ExecutionContext

from schema.containers import Collection, Dataset, Project
from schema.limits import TOKENS_MAX, LimitRule
from schema.mutation import Mutation
from schema.objects import Object
from schema.query import Query
from schema.scalars import SCALARS
from schema.users import User

DOCUMENTS_MAX: Final = 256
"""Documents whose parsed and validated forms are kept."""


class Schema(strawberry.Schema):
    """Strawberry's schema, which leaves errors to schema/problems.py instead of logging each of them."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Do nothing: what is told and what is logged is decided where the answer is written."""


class OneOperation(SchemaExtension):
    """Refuses several operations without the name of one: Strawberry would run the first.

    Source: GraphQL specification, section 6.1 (GetOperation).
    """

    def on_parse(self) -> Iterator[None]:
        """Count the operations once they are read."""
        yield
        context = self.execution_context
        # Strawberry keeps no public trace of whether a name was given.
        is_named = context._provided_operation_name is not None  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        definitions = context.graphql_document.definitions if context.graphql_document else ()
        if not is_named and sum(isinstance(found, OperationDefinitionNode) for found in definitions) > 1:
            raise CannotGetOperationTypeError(operation_name=None)


def build_schema(*, introspection: bool) -> Schema:
    """Build the schema. Once per process: the caches know documents by the schema."""
    rules: list[type[ValidationRule]] = [LimitRule]
    if not introspection:
        rules.append(NoSchemaIntrospectionCustomRule)
    return Schema(
        query=Query,
        mutation=Mutation,
        types=[Project, Collection, Dataset, Object, User],
        config=StrawberryConfig(scalar_map=SCALARS),
        extensions=[
            lambda: MaxTokensLimiter(TOKENS_MAX),
            lambda: AddValidationRules(list(rules)),
            OneOperation,
            lambda: ParserCache(DOCUMENTS_MAX),
            lambda: ValidationCache(DOCUMENTS_MAX),
        ],
    )
