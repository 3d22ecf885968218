"""Which of the two media types of GraphQL answers a caller likes best. Pure.

Source: RFC 9110, section 12.5.1; GraphQL over HTTP, "Accept".
"""

import re
from typing import Final

GRAPHQL_JSON: Final = "application/graphql-response+json"
JSON: Final = "application/json"

_ANY: Final = "*/*"
_ANY_APPLICATION: Final = "application/*"
_is_weight: Final = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?").fullmatch


def choose_media_type(accept: str | None) -> str | None:
    """Media type of the answer: the one of GraphQL unless plain JSON is liked better; None if neither is taken."""
    if not accept:
        return GRAPHQL_JSON
    weights = dict(_weighted(media_range) for media_range in accept.split(","))
    others = weights.get(_ANY_APPLICATION, weights.get(_ANY, 0.0))
    graphql, plain = weights.get(GRAPHQL_JSON, others), weights.get(JSON, others)
    if max(graphql, plain) <= 0:
        return None
    return GRAPHQL_JSON if graphql >= plain else JSON


def _weighted(media_range: str) -> tuple[str, float]:
    """Name and q of one media range; a q that is none counts as 0."""
    name, *parameters = (part.strip().lower() for part in media_range.split(";"))
    for parameter in parameters:
        if parameter.startswith("q="):
            weight = parameter.removeprefix("q=")
            return name, float(weight) if _is_weight(weight) else 0.0
    return name, 1.0
