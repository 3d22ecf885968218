"""docs/aos.md promises fields to those who come from AOS: each is in the schema, and what isn't yet is said so."""

import re
from pathlib import Path
from typing import Final

import pytest
from graphql import GraphQLInterfaceType, GraphQLObjectType, build_schema

ROOT: Final = Path(__file__).parents[2]
SCHEMA: Final = build_schema((ROOT / "schema" / "schema.graphql").read_text())
ROWS: Final = [
    [cell.strip() for cell in line.strip("|\n").split("|")]
    for line in (ROOT / "docs" / "aos.md").read_text().splitlines()
    if line.startswith("| ")
][1:]
NAME: Final = re.compile(r"`(?:(?P<type>[A-Z]\w*)\.)?(?P<field>[a-z]\w*)(?:\((?P<argument>\w+)\))?`")


def is_there(name: re.Match[str]) -> bool:
    """Whether the schema has the field with its argument; without a type it's one of Query or Mutation."""
    owners = [SCHEMA.type_map.get(name["type"])] if name["type"] else [SCHEMA.query_type, SCHEMA.mutation_type]
    for owner in owners:
        if isinstance(owner, GraphQLObjectType | GraphQLInterfaceType) and name["field"] in owner.fields:
            argument = name["argument"]
            return argument is None or argument in owner.fields[name["field"]].args
    return False


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0].partition(",")[0].replace(" ", "-"))
def test_what_the_page_names_is_in_the_schema_or_said_to_come(row: list[str]) -> None:
    here, later = ([*NAME.finditer(cell)] for cell in row[1:])

    assert here or later
    assert [name[0] for name in here if not is_there(name)] == []
    assert [name[0] for name in later if is_there(name)] == []
