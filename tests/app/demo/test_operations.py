"""The demo's own operations, and the saved ones of GraphiQL, fit the schema and name what the demo makes."""

from collections.abc import Iterator, Mapping
from typing import cast

import pytest
from graphql import GraphQLSchema, OperationDefinitionNode, parse, validate
from graphql.execution.values import get_variable_values

from app.demo import manifest, operations
from schema.execution import build_schema
from schema.graphiql import REFERENCE_PREFIX, Example, saved_examples

OPERATIONS = {name: text for name, text in vars(operations).items() if name.isupper()}


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    # Strawberry keeps what it built from under this name, and gives it to graphql-core as it is.
    return build_schema(introspection=True)._schema  # pyright: ignore[reportPrivateUsage]


def references(value: object) -> Iterator[str]:
    """The paths that the page looks up in the variables of an example."""
    if isinstance(value, str) and value.startswith(REFERENCE_PREFIX):
        yield value.removeprefix(REFERENCE_PREFIX)
    elif isinstance(value, Mapping):
        for item in cast("Mapping[str, object]", value).values():
            yield from references(item)
    elif isinstance(value, list):
        for item in cast("list[object]", value):
            yield from references(item)


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_of_the_demo_is_valid(schema: GraphQLSchema, name: str) -> None:
    assert validate(schema, parse(OPERATIONS[name])) == []


@pytest.mark.parametrize("example", saved_examples(), ids=lambda example: example.operation_name)
def test_a_saved_operation_and_its_variables_are_valid(schema: GraphQLSchema, example: Example) -> None:
    document = parse(example.query)
    (operation,) = document.definitions
    assert isinstance(operation, OperationDefinitionNode)

    assert validate(schema, document) == []

    definitions = operation.variable_definitions or ()
    coerced = get_variable_values(schema, definitions, dict(example.variables))
    assert not isinstance(coerced, list), coerced
    assert set(example.variables) == {definition.variable.name.value for definition in definitions}


@pytest.mark.parametrize("example", saved_examples(), ids=lambda example: example.operation_name)
def test_what_a_saved_operation_refers_to_is_made_by_the_demo_or_by_the_ones_before(example: Example) -> None:
    made = {manifest.PROJECT, *(file.key for file in manifest.FILES)}
    made |= {manifest.MONTHS, manifest.CHART, manifest.COPY, manifest.METADATA}
    made |= {f"{container.path}{slash}" for container in manifest.CONTAINERS for slash in ("", "/")}
    made_here = {
        "my-first-project",
        "my-first-project/measurements",
        "my-first-project/measurements/2026",
        "my-first-project/measurements/2026/readings.csv",
    }

    named = [*references(example.variables)]
    if "ref" in example.variables:
        named.append(str(example.variables["ref"]))

    unknown = [path for path in named if path.removeprefix("demo/") not in made and path not in made_here]
    assert unknown == []
