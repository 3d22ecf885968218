"""How a query goes over the wire to each engine. The Cypher is the same for both; what differs is the parameters.

Neo4j keeps a plan by the text and by the type of every parameter, and for text by how long it is (1, up to 10, up to
100, … characters). A statement with four texts, some of them absent, would be planned hundreds of times, each half a
second: a name of eleven letters would stall where one of ten didn't (decision 0017). One map as the only parameter is
of one type, whatever it holds.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, LiteralString, cast

from graphstore.statements import Query

_PARAMETER: Final = re.compile(r"\$(?=[A-Za-z_])")


class EngineKind(StrEnum):
    """The two engines that one body of Cypher runs on."""

    EMBEDDED = "embedded"
    NEO4J = "neo4j"


# There are some 200 statements; those that are composed by how many requests they answer are bounded by the batch.
@lru_cache(maxsize=4096)
def _with_one_parameter(text: LiteralString) -> LiteralString:
    """Read every parameter from the map `$p`. No literal of graphstore/cypher has a dollar sign in it."""
    return cast("LiteralString", _PARAMETER.sub("$p.", text))


def as_sent(query: Query[Any], kind: EngineKind) -> tuple[LiteralString, Mapping[str, Any]]:
    """Answer text and parameters of a query as this engine is given them."""
    if kind is EngineKind.EMBEDDED:
        return query.text, query.parameters
    return _with_one_parameter(query.text), {"p": dict(query.parameters)}


def shows_commits_in_parts(kind: EngineKind) -> bool:
    """Whether a reader may meet a commit's properties before its index entries.

    A name that a writer is just pushing into the past is then found in neither for an instant: readers of the past
    look a second time before they say that something wasn't there (decision 0010).
    """
    return kind is EngineKind.NEO4J
