from dataclasses import replace

import pytest

from domain.access import Level
from domain.changes import (
    Event,
    EventKind,
    ExternalRelationAdded,
    ExternalRelationRemoved,
    RelationAdded,
    RelationRemoved,
)
from domain.errors import BadInput, Cycle, DomainError, FailedPrecondition, Forbidden, Hierarchy, NotFound
from domain.linking import ExternalLink, Link, LinkFacts, LinksChanged, add_relations, remove_relations
from domain.relations import ExternalReference, ExternalType, RelationKind
from domain.resources import ResourceFacts, State
from tests.domain.making import DATASET, NOW, OBJECT, USER, an_object, dataset, new_id, published, stamp

METADATA = Link(RelationKind.METADATA, DATASET)
CUSTOM = Link(RelationKind.CUSTOM, DATASET, "cites", "see page 3")
DOI = ExternalLink(ExternalType.DOI, "https://doi.org/10.1234/ABC", note="the paper")
REFERENCE = ExternalReference(ExternalType.DOI, "10.1234/abc")


def facts(*resources: ResourceFacts, existing: tuple[Link, ...] = (), cites: tuple[str, ...] = ()) -> LinkFacts:
    return LinkFacts(
        {resource.id: resource for resource in resources},
        frozenset((link.kind, link.target_id, link.name) for link in existing),
        frozenset(cites),
    )


def test_relations_bear_the_revisions_that_were_the_newest_at_either_end() -> None:
    decision = add_relations(facts(an_object(), dataset()), OBJECT, (METADATA, CUSTOM), (DOI,), stamp())

    version = published().version_id
    assert decision.changes == (
        RelationAdded(new_id(0), RelationKind.METADATA, OBJECT, DATASET, version, None, None, None, NOW, USER),
        RelationAdded(new_id(1), RelationKind.CUSTOM, OBJECT, DATASET, version, None, "cites", "see page 3", NOW, USER),
        ExternalRelationAdded(new_id(2), OBJECT, version, REFERENCE, "the paper", NOW, USER),
        Event(new_id(3), EventKind.RELATION_ADDED, OBJECT, USER, NOW, None, None),
    )
    assert decision.result == LinksChanged(3, 0)


def test_what_stands_already_is_counted_and_not_made_again() -> None:
    before = facts(an_object(), dataset(), existing=(METADATA,), cites=(REFERENCE.key,))

    decision = add_relations(before, OBJECT, (METADATA,), (DOI,), stamp())

    assert decision.changes == ()
    assert decision.result == LinksChanged(0, 2)


def test_the_same_relation_twice_in_one_call_is_made_once() -> None:
    decision = add_relations(facts(an_object(), dataset()), OBJECT, (CUSTOM, CUSTOM), (DOI, DOI), stamp())

    assert decision.result == LinksChanged(2, 2)
    assert len(decision.changes) == 3


def test_custom_relations_of_other_names_stand_beside_each_other() -> None:
    other = replace(CUSTOM, name="contradicts")

    decision = add_relations(facts(an_object(), dataset(), existing=(CUSTOM,)), OBJECT, (CUSTOM, other), (), stamp())

    assert decision.result == LinksChanged(1, 1)


@pytest.mark.parametrize(
    ("before", "link", "error", "field"),
    [
        (facts(dataset()), METADATA, NotFound, ("id",)),
        (facts(an_object(Level.READ), dataset()), METADATA, Forbidden, ("id",)),
        (facts(an_object(state=State.DELETED, shown=published()), dataset()), METADATA, FailedPrecondition, ("id",)),
        (facts(an_object()), METADATA, NotFound, ("relations", "0", "target")),
        (facts(an_object(), dataset(Level.NONE)), METADATA, NotFound, ("relations", "0", "target")),
        (facts(an_object(), dataset(Level.READ)), METADATA, Forbidden, ("relations", "0", "target")),
        (
            facts(an_object(), replace(dataset(), state=State.DELETED)),
            METADATA,
            FailedPrecondition,
            ("relations", "0", "target"),
        ),
        (facts(an_object(), dataset()), Link(RelationKind.ORIGIN, DATASET), Hierarchy, ("relations", "0")),
        (facts(an_object()), Link(RelationKind.CUSTOM, OBJECT, "x"), Cycle, ("relations", "0")),
        (facts(an_object(), dataset()), Link(RelationKind.BELONGS_TO, DATASET), BadInput, ("relations", "0")),
        (facts(an_object(), dataset()), Link(RelationKind.CUSTOM, DATASET), BadInput, ("relations", "0", "name")),
    ],
)
def test_a_relation_that_may_not_be_is_refused_naming_the_argument(
    before: LinkFacts, link: Link, error: type[DomainError], field: tuple[str, ...]
) -> None:
    with pytest.raises(error) as refused:
        add_relations(before, OBJECT, (link,), (), stamp())

    assert type(refused.value) is error
    assert refused.value.field == field


def test_reading_the_end_is_enough_for_a_custom_relation() -> None:
    decision = add_relations(facts(an_object(Level.WRITE), dataset(Level.READ)), OBJECT, (CUSTOM,), (), stamp())

    assert decision.result == LinksChanged(1, 0)


@pytest.mark.parametrize("note", ["x" * 4097, "a\0", "\ud800"])
def test_an_external_note_is_bounded_text(note: str) -> None:
    with pytest.raises(BadInput) as refused:
        add_relations(facts(an_object()), OBJECT, (), (replace(DOI, note=note),), stamp())
    assert refused.value.field == ("external", "0", "note")


def test_one_call_names_one_to_a_hundred_relations() -> None:
    for links in ((), (CUSTOM,) * 101):
        with pytest.raises(BadInput, match="1 to 100 relations"):
            add_relations(facts(an_object(), dataset()), OBJECT, links, (), stamp())


def test_relations_are_removed_all_or_none() -> None:
    before = facts(an_object(), dataset(), existing=(METADATA, CUSTOM), cites=(REFERENCE.key,))

    decision = remove_relations(before, OBJECT, (METADATA, CUSTOM), (DOI,), stamp())

    assert decision.changes == (
        RelationRemoved(RelationKind.METADATA, OBJECT, DATASET, None),
        RelationRemoved(RelationKind.CUSTOM, OBJECT, DATASET, "cites"),
        ExternalRelationRemoved(OBJECT, REFERENCE),
        Event(new_id(0), EventKind.RELATION_REMOVED, OBJECT, USER, NOW, None, None),
    )
    assert decision.result == LinksChanged(3, 0)


def test_removing_what_does_not_stand_is_not_found() -> None:
    before = facts(an_object(), dataset(), existing=(CUSTOM,), cites=(REFERENCE.key,))

    for links, external in (
        ((METADATA,), ()),
        ((CUSTOM, CUSTOM), ()),
        ((), (DOI, DOI)),
        ((), (ExternalLink(ExternalType.DOI, "10.1234/other"),)),
    ):
        with pytest.raises(NotFound):
            remove_relations(before, OBJECT, links, external, stamp())


def test_a_relation_to_what_may_not_be_seen_is_absent_when_removed_too() -> None:
    hidden = facts(an_object(), dataset(Level.NONE), existing=(CUSTOM,))
    absent = facts(an_object(), dataset(Level.NONE))

    with pytest.raises(NotFound) as one:
        remove_relations(hidden, OBJECT, (CUSTOM,), (), stamp())
    with pytest.raises(NotFound) as other:
        remove_relations(absent, OBJECT, (CUSTOM,), (), stamp())

    assert str(one.value) == str(other.value)


def test_removing_takes_what_adding_takes() -> None:
    before = facts(an_object(Level.WRITE), dataset(Level.READ), existing=(METADATA, CUSTOM))

    assert remove_relations(before, OBJECT, (CUSTOM,), (), stamp()).result == LinksChanged(1, 0)
    with pytest.raises(Forbidden, match="takes WRITE"):
        remove_relations(before, OBJECT, (METADATA,), (), stamp())
