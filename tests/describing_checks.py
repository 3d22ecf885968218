"""What must hold of labels and relations after every call: one of a kind stands, each from a number to a later one.

For tests/graph_dump.py, which reads the graph.
"""

from collections import Counter
from typing import Any

from tests.past_checks import Graph

LINKS = ("METADATA", "ORIGIN", "CUSTOM", "CITES")


def check_describing(graph: Graph) -> None:
    """Check all labels and relations.

    Raises: AssertionError naming what is broken.
    """
    _check_labels(graph)
    _check_relations(graph)


def _number(node: Any) -> int:
    if node["kind"] == "OBJECT":
        return node["revisionNumber"] or 0
    return node["epoch"]


def _check_labels(graph: Graph) -> None:
    standing: Counter[tuple[str, str]] = Counter()
    for label in graph.dump.labelled("Labelling"):
        borne = graph.into(label, "LABELLED")
        assert len(borne) == 1, f"label {label['key']!r} stands on {len(borne)} resources"
        resource = borne[0][1]
        assert 0 <= label["since"] <= _number(resource), f"label {label['key']!r} of {resource['id']} is of the future"
        if label["until"] is None:
            standing[resource["id"], label["key"]] += 1
            sort = f"{label['key']}\x01{label['value']}\x01{resource['id']}"
            assert label["sort"] == sort, f"label {label['key']!r} of {resource['id']} isn't found"
        else:
            assert label["sort"] is None, f"label {label['key']!r} of {resource['id']} is found though it ended"
            assert label["since"] < label["until"] <= _number(resource), f"label {label['key']!r} of {resource['id']}"
    assert max(standing.values(), default=1) == 1, f"keys that stand twice: {standing.most_common(3)}"


def _check_relations(graph: Graph) -> None:
    standing: Counter[tuple[str, str, str, str | None]] = Counter()
    for node in graph.dump.labelled("Resource"):
        for edge, target in graph.out(node, *LINKS, "POLICY"):
            facts = edge.properties
            until = facts.get("until")
            assert 0 <= facts["since"] <= _number(node), f"{edge.type} from {node['id']} is of the future"
            if until is None:
                standing[node["id"], edge.type, target.key, facts.get("name")] += 1
            else:
                assert edge.type in LINKS, f"policies don't end: {node['id']}"
                assert facts["since"] < until <= _number(node), f"{edge.type} from {node['id']}: {facts}"
            if edge.type == "POLICY":
                assert facts["targetVersionId"], f"the policy of {node['id']} pins nothing"
    assert max(standing.values(), default=1) == 1, f"relations that stand twice: {standing.most_common(3)}"
