"""What is read of labels: (:Resource)-[:LABELLED]->(:Labelling {id, key, value, static, since, until, sort, …}).

`sort` = key + U+0001 + value + U+0001 + the resource's id: all that bear a label are a range of one index, in the order
of value and id. Neither keys nor values hold control characters (domain/labels.py), so ranges that end at U+0001 hold
just one key (and value), and their bounds never differ first at a character above U+FFFF.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, LiteralString

from domain.labels import LabelFacts
from domain.views import LabelView
from graphstore.cypher.pages import Shape
from graphstore.cypher.rights import level_of
from graphstore.cypher.views import view_map
from graphstore.instants import from_ms
from graphstore.statements import Query, Row, Statement

_END: Final = "\x01"


def label_sort(key: str, value: str, resource_id: str) -> str:
    """Return the `sort` of a label that stands."""
    return label_beginning(key, value) + resource_id


def label_beginning(key: str, value: str | None) -> str:
    """Return what the `sort` of all labels of this key (and value, if given) begins with."""
    return key + _END if value is None else key + _END + value + _END


# -- for rules


def _facts(rows: Sequence[Row]) -> Mapping[str, LabelFacts]:
    return {
        row["key"]: LabelFacts(row["id"], row["key"], row["value"], is_static=bool(row["static"]), since=row["since"])
        for row in rows
    }


_FACTS: Final = Statement(
    "facts of labels",
    "MATCH (:Resource {id: $id})-[:LABELLED]->(label:Labelling) WHERE label.until IS NULL "
    "RETURN label.id AS id, label.key AS key, label.value AS value, label.static AS static, label.since AS since",
    _facts,
)


def facts(resource_id: str) -> Query[Mapping[str, LabelFacts]]:
    """Load the labels that a resource bears, by key."""
    return _FACTS.bind(id=resource_id)


# -- for readers

_COLUMNS: Final[LiteralString] = (
    # Lists, not maps: the embedded engine takes the last map projection for the whole of a map around it.
    "collect([label.key, label.value, label.static, label.createdAt, label.createdBy]) AS found"
)


def _view(found: Sequence[Any]) -> LabelView:
    key, value, is_static, created_at, created_by = found
    return LabelView(key, value, bool(is_static), from_ms(created_at), created_by)


def _views(found: Iterable[Sequence[Any]]) -> list[LabelView]:
    return sorted(map(_view, found), key=lambda label: label.key)


_LABELS: Final = Statement(
    "labels",
    "UNWIND $ids AS id MATCH (:Resource {id: id})-[:LABELLED]->(label:Labelling) WHERE label.until IS NULL "
    f"RETURN id, {_COLUMNS}",
    lambda rows: {str(row["id"]): _views(row["found"]) for row in rows},
)


def labels(ids: Sequence[str]) -> Query[dict[str, list[LabelView]]]:
    """Labels by key of resources that the caller is known to see, by id; those that bear none are absent."""
    return _LABELS.bind(ids=list(dict.fromkeys(ids)))


_LABELS_AT: Final = Statement(
    "labels at numbers",
    "UNWIND $requests AS q MATCH (:Resource {id: q.id})-[:LABELLED]->(label:Labelling) "
    "WHERE label.since <= q.number AND (label.until IS NULL OR q.number < label.until) "
    f"RETURN q.i AS i, {_COLUMNS}",
    lambda rows: {int(row["i"]): _views(row["found"]) for row in rows},
)


def labels_at(requests: Sequence[tuple[str, int]]) -> Query[dict[int, list[LabelView]]]:
    """Labels by key that resources bore at a number of theirs, by the request's place; those without are absent.

    Each request is (id, number): of an Object a revisionNumber, of a container an epoch. For what the caller is known
    to see.
    """
    rows = [{"i": index, "id": resource_id, "number": number} for index, (resource_id, number) in enumerate(requests)]
    return _LABELS_AT.bind(requests=rows)


LABELLED: Final = Shape(
    "labelled resources",
    "Labelling",
    f"[e.sort, {view_map('r', level_of('r'))}]",
    lambda row: (row[1]["kind"], row[1]["id"]),
    way="<-[:LABELLED]-",
)
"""What bears a label, in the order of `sort`."""
