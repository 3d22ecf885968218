"""Rules: adding and removing relations between resources, and to what is outside."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from domain.access import Level, check_not_frozen, demand_level
from domain.changes import (
    Change,
    Decision,
    EventKind,
    ExternalRelationAdded,
    ExternalRelationEnded,
    ExternalRelationRemoved,
    RelationAdded,
    RelationEnded,
    RelationRemoved,
)
from domain.errors import BadInput, FailedPrecondition, Forbidden, NotFound
from domain.limits import RELATIONS_PER_CALL_MAX
from domain.relations import (
    ALLOWED_RELATIONS,
    ExternalReference,
    ExternalType,
    RelationKind,
    RelationRule,
    check_note,
    check_relation,
    check_relation_facts,
    external_reference,
)
from domain.resources import ContainerFacts, Kind, ResourceFacts, State
from domain.revising import Opened, open_for_change
from domain.stamps import Stamp

Identity = tuple[RelationKind, str, str | None]
"""Kind, target and, of a CUSTOM relation, its name: what tells two relations of one source apart."""


@dataclass(frozen=True, slots=True)
class Link:
    """A relation as a caller names it: from the resource of the call to the target.

    `target_version_id` pins a revision of the target, where the relation pins one; None for the newest.
    """

    kind: RelationKind
    target_id: str
    name: str | None = None
    note: str | None = None
    target_version_id: str | None = None

    @property
    def identity(self) -> Identity:
        """What tells it apart."""
        return self.kind, self.target_id, self.name


@dataclass(frozen=True, slots=True)
class ExternalLink:
    """An external relation as a caller names it."""

    type: ExternalType
    value: str
    name: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class StandingLink:
    """A relation that stands: its id, the number of its source since when it does, and the target's revision."""

    id: str
    since: int = 0
    target_version_id: str | None = None


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """The resources at either end by id, and which of the relations asked for stand already.

    `existing_external` are by the references' keys. `revisions` are those of the pinned (Object's id, versionId) that
    there are.
    """

    resources: Mapping[str, ResourceFacts]
    existing: Mapping[Identity, StandingLink] = field(default_factory=dict[Identity, StandingLink])
    existing_external: Mapping[str, StandingLink] = field(default_factory=dict[str, StandingLink])
    revisions: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class LinksChanged:
    """How many relations were made, pinned anew or removed; the others stood already."""

    changed: int
    unchanged: int


@dataclass(frozen=True, slots=True)
class Fields:
    """Where the call names relations and external ones."""

    links: tuple[str, ...] = ("relations",)
    external: tuple[str, ...] = ("external",)
    source: tuple[str, ...] = ("id",)


def _version_of(resource: ResourceFacts) -> str | None:
    if isinstance(resource, ContainerFacts) or resource.published is None:
        return None
    return resource.published.version_id


def _check_count(count: int, field: tuple[str, ...] = ()) -> None:
    if not 1 <= count <= RELATIONS_PER_CALL_MAX:
        message = f"one call names 1 to {RELATIONS_PER_CALL_MAX} relations; this one names {count}"
        raise BadInput(message, field=field)


def _source(facts: LinkFacts, source_id: str, links: Iterable[Link], *, has_external: bool) -> ResourceFacts:
    """Return the source, which takes WRITE at least.

    A frozen one can still be governed: policies aren't part of what stays as it was.
    """
    source = demand_level(facts.resources.get(source_id), source_id, Level.READ, field=("id",))
    is_shown = has_external or any(not _pins_target(link.kind) for link in links)
    # Of a snapshot nobody has more than READ: no grant is the way out.
    if is_shown and (source.snapshot_of is not None or source.level >= Level.WRITE):
        check_not_frozen(source, field=("id",))
    demand_level(source, source_id, Level.WRITE, field=("id",))
    if source.state is State.DELETED:
        raise FailedPrecondition(f"{source.kind.lower()} {source_id} is DELETED; restore it first", field=("id",))
    return source


def _pins_target(kind: RelationKind) -> bool:
    rule = ALLOWED_RELATIONS.get(kind)
    return rule is not None and rule.pins_target


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A relation that is to be made, and the one that stands in its place with another revision pinned."""

    link: Link
    target: ResourceFacts
    replaced: StandingLink | None


@dataclass(frozen=True, slots=True)
class _Cited:
    """An external relation that is to be made."""

    reference: ExternalReference
    note: str | None


def add_relations(
    facts: LinkFacts, source_id: str, links: tuple[Link, ...], external: tuple[ExternalLink, ...], stamp: Stamp
) -> Decision[LinksChanged]:
    """Add relations from one resource; what stands already is left as it is and counted.

    A pinned revision is replaced by another one that is named. From an Object that a snapshot or archive may show, new
    relations make a new revision.

    Raises: NotFound, Forbidden, Immutable, BadInput, Hierarchy, Cycle, FailedPrecondition.
    """
    _check_count(len(links) + len(external))
    source = _source(facts, source_id, links, has_external=bool(external))
    end = _Source(source.id, source.kind, source.level)
    wanted = _wanted_links(facts, end, links, Fields())
    cited = _wanted_citations(facts, external, Fields())
    added = len(wanted) + len(cited)
    if not added:
        return Decision((), LinksChanged(0, len(links) + len(external)))
    is_shown = bool(cited) or any(not _pins_target(one.link.kind) for one in wanted)
    opened = open_for_change(source, stamp) if is_shown else _as_it_is(source)
    changes = (
        *opened.changes,
        *_additions(source.id, wanted, cited, opened, stamp),
        stamp.event(EventKind.RELATION_ADDED, source.id),
    )
    return Decision(changes, LinksChanged(added, len(links) + len(external) - added))


def relations_of_new(
    facts: LinkFacts,
    source: tuple[str, Kind, Level],
    links: tuple[Link, ...],
    external: tuple[ExternalLink, ...],
    stamp: Stamp,
) -> tuple[Change, ...]:
    """Relations that a new resource has from the start; `source` is its id, kind and the caller's level on it.

    Raises: NotFound, Forbidden, BadInput, Hierarchy, Cycle, FailedPrecondition.
    """
    if not links and not external:
        return ()
    fields = Fields(("input", "relations"), ("input", "external"), ("input", "parent"))
    _check_count(len(links) + len(external), fields.links)
    end = _Source(*source)
    if end.level < Level.WRITE:
        message = f"relations take WRITE where they begin and you have {end.level.name} in this place; leave them out"
        raise Forbidden(message, field=fields.source)
    wanted = _wanted_links(facts, end, links, fields)
    return _additions(end.id, wanted, _wanted_citations(facts, external, fields), Opened(0, None), stamp)


@dataclass(frozen=True, slots=True)
class _Source:
    """What the checks of a relation look at where it begins."""

    id: str
    kind: Kind
    level: Level


def _wanted_links(facts: LinkFacts, source: _Source, links: Iterable[Link], fields: Fields) -> list[_Wanted]:
    """Check the relations; answers those that don't stand yet, each once."""
    wanted: dict[Identity, _Wanted] = {}
    for index, link in enumerate(links):
        field = (*fields.links, str(index))
        check_relation_facts(link.kind, link.name, link.note, field=field)
        target = demand_level(facts.resources.get(link.target_id), link.target_id, Level.READ, field=(*field, "target"))
        rule = check_relation(
            link.kind, (source.id, source.kind), (target.id, target.kind), link.name, link.note, field=field
        )
        if source.level < rule.source_level:
            needed, has = rule.source_level.name, source.level.name
            message = f"{link.kind.value} takes {needed} on {source.id} and you have {has}"
            raise Forbidden(f"{message}; ask someone with ADMIN on it for a grant", field=fields.source)
        demand_level(target, target.id, rule.target_level, field=(*field, "target"))
        if target.state is State.DELETED:
            message = f"{target.kind.lower()} {target.id} is DELETED; restore it first"
            raise FailedPrecondition(message, field=(*field, "target"))
        _check_pin(facts, link, rule, target, field)
        standing = facts.existing.get(link.identity)
        is_pinned_anew = link.target_version_id is not None and (
            standing is not None and link.target_version_id != standing.target_version_id
        )
        if standing is None or is_pinned_anew:
            wanted.setdefault(link.identity, _Wanted(link, target, standing))
    return list(wanted.values())


def _check_pin(facts: LinkFacts, link: Link, rule: RelationRule, target: ResourceFacts, field: tuple[str, ...]) -> None:
    version_id = link.target_version_id
    place = (*field, "targetVersionId")
    if not rule.pins_target:
        if version_id is not None:
            message = f"{link.kind.value} notes the newest revision by itself; leave targetVersionId out"
            raise BadInput(message, field=place)
    elif version_id is not None:
        if (target.id, version_id) not in facts.revisions:
            raise NotFound(f"object {target.id} has no revision {version_id[:80]!r}", field=place)
    elif _version_of(target) is None:
        message = f"object {target.id} has no bytes yet that {link.kind.value} could pin; upload them first"
        raise FailedPrecondition(message, field=(*field, "target"))


def _wanted_citations(facts: LinkFacts, external: Sequence[ExternalLink], fields: Fields) -> list[_Cited]:
    """Check the external relations; answers those that don't stand yet, each once."""
    wanted: dict[str, _Cited] = {}
    for index, link in enumerate(external):
        field = (*fields.external, str(index))
        check_note(link.note, field=field)
        reference = external_reference(link.type, link.value, link.name, field=field)
        if reference.key not in facts.existing_external:
            wanted.setdefault(reference.key, _Cited(reference, link.note))
    return list(wanted.values())


def _as_it_is(source: ResourceFacts) -> Opened:
    return Opened(0, _version_of(source))


def _additions(
    source_id: str, wanted: Iterable[_Wanted], cited: Iterable[_Cited], opened: Opened, stamp: Stamp
) -> tuple[Change, ...]:
    changes: list[Change] = []
    for one in wanted:
        link = one.link
        if one.replaced is not None:
            changes.append(RelationRemoved(one.replaced.id, link.kind, source_id, link.target_id))
        changes.append(
            RelationAdded(
                id=stamp.new_id(),
                kind=link.kind,
                source_id=source_id,
                target_id=link.target_id,
                source_version_id=opened.version_id,
                target_version_id=link.target_version_id or _version_of(one.target),
                name=link.name,
                note=link.note,
                at=stamp.now,
                by=stamp.caller.user_id,
                since=0 if _pins_target(link.kind) else opened.number,
            )
        )
    changes += [
        ExternalRelationAdded(
            id=stamp.new_id(),
            source_id=source_id,
            source_version_id=opened.version_id,
            reference=one.reference,
            note=one.note,
            at=stamp.now,
            by=stamp.caller.user_id,
            since=opened.number,
        )
        for one in cited
    ]
    return tuple(changes)


def remove_relations(
    facts: LinkFacts, source_id: str, links: tuple[Link, ...], external: tuple[ExternalLink, ...], stamp: Stamp
) -> Decision[LinksChanged]:
    """Remove relations from one resource, all or none; it takes at either end what adding them takes.

    From an Object that a snapshot or archive may show, that makes a new revision.

    Raises: NotFound (one of them doesn't stand), Forbidden, Immutable, BadInput, FailedPrecondition.
    """
    _check_count(len(links) + len(external))
    source = _source(facts, source_id, links, has_external=bool(external))
    standing = _standing_links(facts, source, links)
    standing_external = _standing_citations(facts, source, external)
    is_shown = bool(external) or any(not _pins_target(link.kind) for link in links)
    opened = open_for_change(source, stamp) if is_shown else _as_it_is(source)
    changes: list[Change] = [*opened.changes]
    for link, found in standing:
        if _pins_target(link.kind) or found.since == opened.number:
            changes.append(RelationRemoved(found.id, link.kind, source.id, link.target_id))
        else:
            changes.append(RelationEnded(found.id, link.kind, source.id, link.target_id, opened.number))
    for reference, found in standing_external:
        if found.since == opened.number:
            changes.append(ExternalRelationRemoved(found.id, source.id, reference))
        else:
            changes.append(ExternalRelationEnded(found.id, source.id, reference, opened.number))
    changes.append(stamp.event(EventKind.RELATION_REMOVED, source.id))
    return Decision(tuple(changes), LinksChanged(len(links) + len(external), 0))


def _standing_links(facts: LinkFacts, source: ResourceFacts, links: Sequence[Link]) -> list[tuple[Link, StandingLink]]:
    found: list[tuple[Link, StandingLink]] = []
    left = dict(facts.existing)
    for index, link in enumerate(links):
        field = ("relations", str(index))
        target = facts.resources.get(link.target_id)
        standing = left.pop(link.identity, None)
        # A relation is visible only to who may see both ends; one that pins another revision isn't the one named.
        is_named = standing is not None and link.target_version_id in {None, standing.target_version_id}
        if standing is None or not is_named or target is None or target.level < Level.READ:
            named = f"{link.kind.value} {link.name}" if link.name else link.kind.value
            raise NotFound(f"no {named} leads from {source.id} to {link.target_id}", field=field)
        rule = ALLOWED_RELATIONS[link.kind]
        demand_level(source, source.id, rule.source_level, field=("id",))
        demand_level(target, target.id, rule.target_level, field=(*field, "target"))
        found.append((link, standing))
    return found


def _standing_citations(
    facts: LinkFacts, source: ResourceFacts, external: Sequence[ExternalLink]
) -> list[tuple[ExternalReference, StandingLink]]:
    found: list[tuple[ExternalReference, StandingLink]] = []
    left = dict(facts.existing_external)
    for index, link in enumerate(external):
        field = ("external", str(index))
        reference = external_reference(link.type, link.value, link.name, field=field)
        standing = left.pop(reference.key, None)
        if standing is None:
            raise NotFound(f"{source.id} doesn't cite {reference.value}", field=field)
        found.append((reference, standing))
    return found
