"""Bounds on documents, and the caches behind them."""

from typing import Any

from graphql import FragmentDefinitionNode, GraphQLError, OperationDefinitionNode, parse, validate
from hypothesis import given
from hypothesis import strategies as st
from strawberry.extensions import ParserCache, ValidationCache

from schema.execution import DOCUMENTS_MAX, build_schema
from schema.limits import LimitRule, Meter
from tests.schema.face import CORE, Face


def refusals(document: str) -> list[GraphQLError]:
    return validate(CORE, parse(document), [LimitRule])


def nested(levels: int) -> str:
    return "{ a" * levels + " }" * levels


@given(st.integers(1, 40))
def test_depth_is_what_was_nested(levels: int) -> None:
    assert bool(refusals(nested(levels))) == (levels > 15)


@given(st.integers(0, 60))
def test_aliases_are_counted(count: int) -> None:
    document = "{ viewer { id " + " ".join(f"a{n}: id" for n in range(count)) + " } }"

    assert bool(refusals(document)) == (count > 30)


def test_fragments_count_where_they_are_spread() -> None:
    document = """query { a { ...F ... { ...F } } } fragment F on T { x: b { ...G } } fragment G on T { y: c { d } }"""

    operation, *fragments = parse(document).definitions
    assert isinstance(operation, OperationDefinitionNode)
    by_name = {found.name.value: found for found in fragments if isinstance(found, FragmentDefinitionNode)}
    measured = Meter(by_name).measure(operation.selection_set)

    assert (measured.depth, measured.aliases) == (4, 4)


def test_fragments_that_spread_others_twice_are_measured_once_each() -> None:
    """Counted by walking, thirty of them would be a thousand million fields."""
    fragments = "".join(f"fragment F{n} on T {{ x: a ...F{n + 1} y: a ...F{n + 1} }} " for n in range(60))
    document = "{ ...F0 } " + fragments + "fragment F60 on T { z: a }"

    (error,) = refusals(document)

    assert "aliases" in error.message


def test_a_fragment_that_spreads_itself_comes_to_an_end() -> None:
    assert refusals("{ ...F } fragment F on T { a { ...F } }") == []


async def test_introspection_is_bounded_by_graphqls_own_rule_and_can_be_switched_off(face: Face) -> None:
    deep = "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }"
    shallow = "{ __schema { queryType { name } } }"

    assert (await face.answer(None, deep))["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert (await face.ask(None, shallow))["__schema"] == {"queryType": {"name": "Query"}}
    closed = Face(face.world, schema=build_schema(introspection=False), keyring=face.keyring)
    assert (await closed.answer(None, shallow))["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert (await closed.ask(None, "{ __typename viewer { id } }")) == {"__typename": "Query", "viewer": None}


async def test_a_document_is_parsed_and_validated_once(face: Face) -> None:
    # Strawberry's caches are shared by all of one size; their types don't say that they count.
    parses: Any = ParserCache(DOCUMENTS_MAX).cached_parse_document
    validations: Any = ValidationCache(DOCUMENTS_MAX).cached_validate_document
    document = "query ($id: ID!) { node(id: $id) { id } viewer { displayName } }"
    await face.ask(None, document, id="x")
    hits = parses.cache_info().hits, validations.cache_info().hits

    await face.ask(None, document, id="y")

    assert (parses.cache_info().hits, validations.cache_info().hits) == (hits[0] + 1, hits[1] + 1)


async def test_the_limits_hold_for_requests(face: Face) -> None:
    def upwards(levels: int) -> str:
        return (
            "query ($id: ID!) { node(id: $id) { ... on Resource { "
            + "ancestors { " * levels
            + "id"
            + " }" * (levels + 3)
        )

    fits = await face.answer(None, upwards(13), id="x")
    over = await face.answer(None, upwards(14), id="x")

    assert fits == {"data": {"node": None}}
    assert [error["extensions"]["code"] for error in over["errors"]] == ["COST_EXCEEDED"]
