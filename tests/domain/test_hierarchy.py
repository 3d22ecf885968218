import itertools

import pytest

from domain.errors import Hierarchy
from domain.hierarchy import ALLOWED_PARENTS, check_parent
from domain.resources import CONTAINER_KINDS, Kind


def chains(kind: Kind) -> list[tuple[Kind, ...]]:
    """All ways up from a kind; endless where the table has a cycle."""
    return [(kind, *rest) for parent in ALLOWED_PARENTS[kind] for rest in chains(parent)] or [(kind,)]


def test_the_kinds_alone_make_no_cycle_and_every_way_up_ends_at_a_project() -> None:
    ways = chains(Kind.OBJECT)

    assert sorted("".join(kind[0] for kind in reversed(way)) for way in ways) == ["PCDO", "PCO", "PDO", "PO"]


def test_only_containers_hold_anything() -> None:
    assert frozenset().union(*ALLOWED_PARENTS.values()) == CONTAINER_KINDS
    assert ALLOWED_PARENTS.keys() == set(Kind)


@pytest.mark.parametrize(("child", "parent"), list(itertools.product(Kind, Kind)))
def test_a_parent_is_refused_exactly_where_the_table_does_not_name_it(child: Kind, parent: Kind) -> None:
    if parent in ALLOWED_PARENTS[child]:
        check_parent(child, parent)
    else:
        with pytest.raises(Hierarchy, match=f"an? {child.lower()} can't belong to an? {parent.lower()}; it belongs to"):
            check_parent(child, parent)
