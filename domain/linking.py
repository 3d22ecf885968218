"""Rules: adding and removing relations between resources, and to what is outside."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.access import Level, demand_level
from domain.changes import (
    Change,
    Decision,
    EventKind,
    ExternalRelationAdded,
    ExternalRelationRemoved,
    RelationAdded,
    RelationRemoved,
)
from domain.errors import BadInput, FailedPrecondition, NotFound
from domain.limits import RELATIONS_PER_CALL_MAX
from domain.relations import (
    ALLOWED_RELATIONS,
    ExternalReference,
    ExternalType,
    RelationKind,
    check_note,
    check_relation,
    check_relation_facts,
    external_reference,
)
from domain.resources import ContainerFacts, ResourceFacts, State
from domain.stamps import Stamp


@dataclass(frozen=True, slots=True)
class Link:
    """A relation as a caller names it: from the resource of the call to the target."""

    kind: RelationKind
    target_id: str
    name: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class ExternalLink:
    """An external relation as a caller names it."""

    type: ExternalType
    value: str
    name: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """The resources at either end by id, and which of the relations asked for stand already."""

    resources: Mapping[str, ResourceFacts]
    existing: frozenset[tuple[RelationKind, str, str | None]]
    existing_external: frozenset[str]


@dataclass(frozen=True, slots=True)
class LinksChanged:
    """How many relations were made or removed; the others stood already."""

    changed: int
    unchanged: int


def _version_of(resource: ResourceFacts) -> str | None:
    if isinstance(resource, ContainerFacts) or resource.published is None:
        return None
    return resource.published.version_id


def _check_count(count: int) -> None:
    if not 1 <= count <= RELATIONS_PER_CALL_MAX:
        raise BadInput(f"one call names 1 to {RELATIONS_PER_CALL_MAX} relations; this one names {count}")


def _source(facts: LinkFacts, source_id: str) -> ResourceFacts:
    source = demand_level(facts.resources.get(source_id), source_id, Level.WRITE, field=("id",))
    if source.state is State.DELETED:
        raise FailedPrecondition(f"{source.kind.lower()} {source_id} is DELETED; restore it first", field=("id",))
    return source


def add_relations(
    facts: LinkFacts, source_id: str, links: tuple[Link, ...], external: tuple[ExternalLink, ...], stamp: Stamp
) -> Decision[LinksChanged]:
    """Add relations from one resource; what stands already is left as it is and counted.

    Raises: NotFound, Forbidden, BadInput, Hierarchy, Cycle, FailedPrecondition.
    """
    _check_count(len(links) + len(external))
    source = _source(facts, source_id)
    changes: list[Change] = []
    seen = set(facts.existing)
    for index, link in enumerate(links):
        field = ("relations", str(index))
        check_relation_facts(link.kind, link.name, link.note, field=field)
        target = demand_level(facts.resources.get(link.target_id), link.target_id, Level.READ, field=(*field, "target"))
        rule = check_relation(
            link.kind, (source.id, source.kind), (target.id, target.kind), link.name, link.note, field=field
        )
        demand_level(source, source.id, rule.source_level, field=("id",))
        demand_level(target, target.id, rule.target_level, field=(*field, "target"))
        if target.state is State.DELETED:
            message = f"{target.kind.lower()} {target.id} is DELETED; restore it first"
            raise FailedPrecondition(message, field=(*field, "target"))
        identity = (link.kind, target.id, link.name)
        if identity in seen:
            continue
        seen.add(identity)
        changes.append(
            RelationAdded(
                id=stamp.new_id(),
                kind=link.kind,
                source_id=source.id,
                target_id=target.id,
                source_version_id=_version_of(source),
                target_version_id=_version_of(target),
                name=link.name,
                note=link.note,
                at=stamp.now,
                by=stamp.caller.user_id,
            )
        )
    seen_external = set(facts.existing_external)
    for index, link in enumerate(external):
        field = ("external", str(index))
        reference = _reference(link, field)
        if reference.key in seen_external:
            continue
        seen_external.add(reference.key)
        changes.append(
            ExternalRelationAdded(
                id=stamp.new_id(),
                source_id=source.id,
                source_version_id=_version_of(source),
                reference=reference,
                note=link.note,
                at=stamp.now,
                by=stamp.caller.user_id,
            )
        )
    added = len(changes)
    if added:
        changes.append(stamp.event(EventKind.RELATION_ADDED, source.id))
    return Decision(tuple(changes), LinksChanged(added, len(links) + len(external) - added))


def _reference(link: ExternalLink, field: tuple[str, ...]) -> ExternalReference:
    check_note(link.note, field=field)
    return external_reference(link.type, link.value, link.name, field=field)


def remove_relations(
    facts: LinkFacts, source_id: str, links: tuple[Link, ...], external: tuple[ExternalLink, ...], stamp: Stamp
) -> Decision[LinksChanged]:
    """Remove relations from one resource, all or none; it takes at either end what adding them takes.

    Raises: NotFound (one of them doesn't stand), Forbidden, BadInput, FailedPrecondition.
    """
    _check_count(len(links) + len(external))
    source = _source(facts, source_id)
    changes: list[Change] = []
    left = set(facts.existing)
    for index, link in enumerate(links):
        field = ("relations", str(index))
        target = facts.resources.get(link.target_id)
        identity = (link.kind, link.target_id, link.name)
        # A relation is visible only to who may see both ends.
        if identity not in left or target is None or target.level < Level.READ:
            named = f"{link.kind.value} {link.name}" if link.name else link.kind.value
            raise NotFound(f"no {named} leads from {source.id} to {link.target_id}", field=field)
        left.remove(identity)
        demand_level(target, target.id, ALLOWED_RELATIONS[link.kind].target_level, field=(*field, "target"))
        changes.append(RelationRemoved(link.kind, source.id, link.target_id, link.name))
    left_external = set(facts.existing_external)
    for index, link in enumerate(external):
        field = ("external", str(index))
        reference = external_reference(link.type, link.value, link.name, field=field)
        if reference.key not in left_external:
            raise NotFound(f"{source.id} doesn't cite {reference.value}", field=field)
        left_external.remove(reference.key)
        changes.append(ExternalRelationRemoved(source.id, reference))
    removed = len(changes)
    changes.append(stamp.event(EventKind.RELATION_REMOVED, source.id))
    return Decision(tuple(changes), LinksChanged(removed, 0))
