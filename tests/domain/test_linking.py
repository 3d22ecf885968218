from dataclasses import replace
from typing import TypeGuard

import pytest

from domain.access import Level
from domain.changes import (
    EntryRenewed,
    Event,
    EventKind,
    ExternalRelationAdded,
    ExternalRelationEnded,
    ExternalRelationRemoved,
    PastEntryAdded,
    RelationAdded,
    RelationEnded,
    RelationRemoved,
    RevisionPushedBack,
    RevisionRenewed,
)
from domain.errors import BadInput, Cycle, DomainError, FailedPrecondition, Forbidden, Hierarchy, Immutable, NotFound
from domain.linking import (
    ExternalLink,
    Link,
    LinkFacts,
    LinksChanged,
    StandingLink,
    add_relations,
    relations_of_new,
    remove_relations,
)
from domain.relations import ExternalReference, ExternalType, RelationKind
from domain.resources import Kind, ObjectFacts, ResourceFacts, State
from tests.domain.making import DATASET, NOW, OBJECT, USER, an_object, dataset, home, new_id, published, stamp

METADATA = Link(RelationKind.METADATA, DATASET)
CUSTOM = Link(RelationKind.CUSTOM, DATASET, "cites", "see page 3")
DOI = ExternalLink(ExternalType.DOI, "https://doi.org/10.1234/ABC", note="the paper")
REFERENCE = ExternalReference(ExternalType.DOI, "10.1234/abc")


def facts(*resources: ResourceFacts, existing: tuple[Link, ...] = (), cites: tuple[str, ...] = ()) -> LinkFacts:
    return LinkFacts(
        {resource.id: resource for resource in resources},
        {link.identity: StandingLink(f"edge {number}") for number, link in enumerate(existing)},
        {key: StandingLink(f"citation {number}") for number, key in enumerate(cites)},
    )


def held(level: Level = Level.ADMIN) -> ObjectFacts:
    """Answer an Object that a snapshot of its dataset shows."""
    return replace(an_object(level), parents=(replace(home(DATASET, "o"), since=2, parent_epoch=3),))


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
        RelationRemoved("edge 0", RelationKind.METADATA, OBJECT, DATASET),
        RelationRemoved("edge 1", RelationKind.CUSTOM, OBJECT, DATASET),
        ExternalRelationRemoved("citation 0", OBJECT, REFERENCE),
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


def test_relations_of_what_a_snapshot_shows_begin_and_end_with_a_new_revision() -> None:
    old = LinkFacts(
        {OBJECT: held(), DATASET: dataset()},
        {METADATA.identity: StandingLink("edge")},
        {REFERENCE.key: StandingLink("citation")},
    )

    added = add_relations(old, OBJECT, (CUSTOM,), (), stamp())
    removed = remove_relations(old, OBJECT, (METADATA,), (DOI,), stamp())

    version, new_version = published().version_id, new_id(0)
    renewed = (
        PastEntryAdded(DATASET, "o", OBJECT, Kind.OBJECT, version, 2, 3),
        EntryRenewed(DATASET, "o", OBJECT, Kind.OBJECT, 3),
        RevisionPushedBack(OBJECT),
        RevisionRenewed(OBJECT, new_version, 1, NOW, USER),
    )
    custom = RelationKind.CUSTOM
    assert added.changes == (
        *renewed,
        RelationAdded(new_id(1), custom, OBJECT, DATASET, new_version, None, "cites", "see page 3", NOW, USER, since=1),
        Event(new_id(2), EventKind.RELATION_ADDED, OBJECT, USER, NOW, None, None),
    )
    assert removed.changes == (
        *renewed,
        RelationEnded("edge", RelationKind.METADATA, OBJECT, DATASET, 1),
        ExternalRelationEnded("citation", OBJECT, REFERENCE, 1),
        Event(new_id(1), EventKind.RELATION_REMOVED, OBJECT, USER, NOW, None, None),
    )


def test_a_relation_ends_at_the_present_number_if_it_began_before() -> None:
    present = an_object(shown=published(4))
    links = {METADATA.identity: StandingLink("old", since=3), CUSTOM.identity: StandingLink("new", since=4)}

    decision = remove_relations(
        LinkFacts({OBJECT: present, DATASET: dataset()}, links), OBJECT, (METADATA, CUSTOM), (), stamp()
    )

    assert decision.changes[:-1] == (
        RelationEnded("old", RelationKind.METADATA, OBJECT, DATASET, 4),
        RelationRemoved("new", RelationKind.CUSTOM, OBJECT, DATASET),
    )


def test_nothing_that_stands_makes_a_new_revision() -> None:
    before = LinkFacts({OBJECT: held(), DATASET: dataset()}, {CUSTOM.identity: StandingLink("edge")})

    assert add_relations(before, OBJECT, (CUSTOM,), (), stamp()).changes == ()


# -- policies

RULES = "0000000000000000000000RULES"[:26]
POLICY = Link(RelationKind.POLICY, RULES)


def governed(source: ResourceFacts, *, pinned: str | None = None, revisions: tuple[str, ...] = ()) -> LinkFacts:
    """Facts of a source and of the Object that holds the policy, where it is pinned already at what revision."""
    rules = replace(an_object(Level.READ), id=RULES)
    standing = {} if pinned is None else {POLICY.identity: StandingLink("edge", 0, pinned)}
    return LinkFacts({source.id: source, RULES: rules}, standing, {}, frozenset((RULES, one) for one in revisions))


def test_a_policy_pins_the_newest_revision_unless_one_is_named() -> None:
    newest = add_relations(governed(dataset()), DATASET, (POLICY,), (), stamp())
    named = add_relations(
        governed(dataset(), revisions=("V",)), DATASET, (replace(POLICY, target_version_id="V"),), (), stamp()
    )

    pins = [change.target_version_id for one in (newest, named) for change in one.changes if _is_added(change)]
    assert pins == [published().version_id, "V"]


def _is_added(change: object) -> TypeGuard[RelationAdded]:
    return isinstance(change, RelationAdded)


@pytest.mark.parametrize(
    ("named", "result"), [(None, LinksChanged(0, 1)), ("V", LinksChanged(0, 1)), ("W", LinksChanged(1, 0))]
)
def test_only_naming_another_revision_replaces_a_pin(named: str | None, result: LinksChanged) -> None:
    before = governed(dataset(), pinned="V", revisions=("V", "W"))

    decision = add_relations(before, DATASET, (replace(POLICY, target_version_id=named),), (), stamp())

    assert decision.result == result
    if result.changed:
        assert decision.changes[0] == RelationRemoved("edge", RelationKind.POLICY, DATASET, RULES)


def test_policies_govern_what_is_frozen_and_make_no_revision() -> None:
    frozen = replace(held(), parents=(replace(home(DATASET, "o"), is_parent_frozen=True),))

    added = add_relations(governed(frozen), OBJECT, (POLICY,), (), stamp())
    removed = remove_relations(governed(held(), pinned="V"), OBJECT, (POLICY,), (), stamp())

    assert [type(change) for change in added.changes] == [RelationAdded, Event]
    assert [type(change) for change in removed.changes] == [RelationRemoved, Event]
    for links, external in (((POLICY, CUSTOM), ()), ((POLICY,), (DOI,))):
        facts_of_all = replace(governed(frozen), resources={**governed(frozen).resources, DATASET: dataset()})
        with pytest.raises(Immutable):
            add_relations(facts_of_all, OBJECT, links, external, stamp())
        with pytest.raises(Immutable):
            remove_relations(facts_of_all, OBJECT, links, external, stamp())


@pytest.mark.parametrize(
    ("before", "link", "error", "field"),
    [
        (governed(dataset(Level.WRITE)), POLICY, Forbidden, ("id",)),
        (
            governed(dataset()),
            replace(POLICY, target_version_id="V"),
            NotFound,
            ("relations", "0", "targetVersionId"),
        ),
        (
            LinkFacts({DATASET: dataset(), RULES: replace(an_object(state=State.INITIALIZING), id=RULES)}),
            POLICY,
            FailedPrecondition,
            ("relations", "0", "target"),
        ),
        (
            facts(an_object(), dataset()),
            replace(METADATA, target_version_id="V"),
            BadInput,
            ("relations", "0", "targetVersionId"),
        ),
        (facts(an_object(), dataset()), Link(RelationKind.POLICY, DATASET), Hierarchy, ("relations", "0")),
    ],
)
def test_a_policy_that_may_not_be_is_refused_naming_the_argument(
    before: LinkFacts, link: Link, error: type[DomainError], field: tuple[str, ...]
) -> None:
    source = DATASET if OBJECT not in before.resources else OBJECT
    with pytest.raises(error) as refused:
        add_relations(before, source, (link,), (), stamp())

    assert type(refused.value) is error
    assert refused.value.field == field


def test_a_removed_policy_is_the_one_that_is_named() -> None:
    before = governed(dataset(), pinned="V")

    with pytest.raises(NotFound):
        remove_relations(before, DATASET, (replace(POLICY, target_version_id="W"),), (), stamp())
    assert remove_relations(before, DATASET, (replace(POLICY, target_version_id="V"),), (), stamp()).changes


# -- relations that come with a new resource


def test_a_new_resource_begins_with_its_relations() -> None:
    about = LinkFacts({DATASET: dataset(Level.READ)})

    changes = relations_of_new(about, (OBJECT, Kind.OBJECT, Level.WRITE), (CUSTOM,), (DOI,), stamp())

    custom = RelationKind.CUSTOM
    assert changes == (
        RelationAdded(new_id(0), custom, OBJECT, DATASET, None, None, "cites", "see page 3", NOW, USER),
        ExternalRelationAdded(new_id(1), OBJECT, None, REFERENCE, "the paper", NOW, USER),
    )
    assert relations_of_new(about, (OBJECT, Kind.OBJECT, Level.APPEND), (), (), stamp()) == ()


def test_relations_of_a_new_resource_take_what_adding_them_takes() -> None:
    seen = LinkFacts({DATASET: dataset(Level.READ)})
    for place, link, error, field in (
        (Level.APPEND, CUSTOM, Forbidden, ("input", "parent")),
        (Level.WRITE, METADATA, Forbidden, ("input", "relations", "0", "target")),
        (Level.WRITE, replace(CUSTOM, target_id=RULES), NotFound, ("input", "relations", "0", "target")),
    ):
        with pytest.raises(error) as refused:
            relations_of_new(seen, (OBJECT, Kind.OBJECT, place), (link,), (), stamp())
        assert refused.value.field == field
