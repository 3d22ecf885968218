"""The schema as a product: described throughout, committed, and answering what the specification names."""

from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    parse,
    validate,
)

from domain.errors import Code, DomainError, NotFound, Unauthenticated
from schema.enums import USER_ERRORS
from schema.export import export_schema
from schema.graphiql import VIEWER_QUERY, Example, saved_examples
from schema.problems import TOP_LEVEL, refused
from tests.schema.face import CORE

COMMITTED = Path(__file__).parent.parent.parent / "schema" / "schema.graphql"


def test_the_committed_schema_is_the_one_that_is_served() -> None:
    """`make schema` writes it."""
    assert COMMITTED.read_text() == export_schema()


def test_every_type_field_argument_and_value_is_described() -> None:
    bare: list[str] = []
    for name, kind in CORE.type_map.items():
        if name.startswith("__") or name in {"String", "Int", "Float", "Boolean", "ID"}:
            continue
        if not kind.description:
            bare.append(name)
        if isinstance(kind, GraphQLEnumType):
            bare += [f"{name}.{value}" for value, found in kind.values.items() if not found.description]
        if isinstance(kind, GraphQLInputObjectType):
            bare += [f"{name}.{field}" for field, found in kind.fields.items() if not found.description]
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for field, found in kind.fields.items():
                if not found.description:
                    bare.append(f"{name}.{field}")
                bare += [f"{name}.{field}({arg})" for arg, given in found.args.items() if not given.description]

    assert bare == []


def test_every_mutation_answers_a_payload() -> None:
    assert CORE.mutation_type is not None
    payload = CORE.get_type("Payload")
    for name, field in CORE.mutation_type.fields.items():
        answer = getattr(field.type, "of_type", None)
        assert isinstance(answer, GraphQLObjectType), name
        assert payload in answer.interfaces, name


def test_every_code_is_told_in_exactly_one_way() -> None:
    assert TOP_LEVEL.isdisjoint(USER_ERRORS)
    assert TOP_LEVEL | set(USER_ERRORS) == set(Code)
    enum = CORE.get_type("UserErrorCode")
    assert isinstance(enum, GraphQLEnumType)
    assert set(enum.values) == {code.value for code in USER_ERRORS}


def descendants(kind: type[DomainError]) -> set[type[DomainError]]:
    return {kind}.union(*(descendants(child) for child in kind.__subclasses__()))


def test_every_refusal_of_the_domain_has_a_code_that_is_told() -> None:
    for kind in descendants(DomainError):
        assert kind.code in TOP_LEVEL | set(USER_ERRORS), kind


def test_a_refusal_keeps_its_code_field_and_message() -> None:
    (error,) = refused(NotFound("there is no such thing", field=("input", "parent")))

    assert (error.code, error.field, error.message) == (Code.NOT_FOUND, ["input", "parent"], "there is no such thing")
    with pytest.raises(Unauthenticated):
        refused(Unauthenticated("sign in"))


@pytest.mark.parametrize("example", saved_examples(), ids=lambda example: example.operation_name)
def test_the_pages_saved_operations_are_valid(example: Example) -> None:
    assert validate(CORE, parse(example.query)) == []


def test_the_page_finds_out_who_is_calling() -> None:
    assert validate(CORE, parse(VIEWER_QUERY)) == []
