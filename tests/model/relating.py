"""Calls of the model that tie things to each other, to what is outside, and to users."""

from collections.abc import Sequence
from typing import Final

from domain.access import Level
from domain.errors import BadInput, Cycle, FailedPrecondition, Forbidden, Hierarchy, NotFound
from domain.relations import RelationKind
from domain.resources import Kind
from tests.model.things import Citation, CitationKey, Link, RelationKey, Thing
from tests.model.tree import Tree

_ENDS: Final = {
    RelationKind.METADATA: (Level.WRITE, Level.WRITE),
    RelationKind.ORIGIN: (Level.WRITE, Level.READ),
    RelationKind.CUSTOM: (Level.WRITE, Level.READ),
    RelationKind.POLICY: (Level.ADMIN, Level.READ),
}
"""What users may add, and the levels that it takes at the source and at the target."""


def _standing(source: Thing) -> set[RelationKey | CitationKey]:
    policies = [(RelationKind.POLICY, target, None) for target in source.policies]
    return {*source.words.relations, *source.words.citations, *policies}


def _is_policy(link: Link | Citation) -> bool:
    return isinstance(link, Link) and link.kind is RelationKind.POLICY


class Relating(Tree):
    """Relations and grants."""

    def relate(self, user: str, source_id: int, links: Sequence[Link | Citation]) -> tuple[int, int]:
        """Add relations, all or none; answers how many are new and how many stood already."""
        source = self._source(user, source_id, links)
        for link in links:
            if isinstance(link, Link):
                self._check_new(user, source, link)
        new = dict.fromkeys(link for link in links if link.key not in _standing(source))
        if not all(map(_is_policy, new)):
            self.before_change(source)
        for link in new:
            if not isinstance(link, Link):
                source.words.citations[link.key] = source.number
                continue
            numbers = (source.number, self.things[link.target].number)
            if link.kind is RelationKind.POLICY:
                source.policies[link.target] = numbers
            else:
                source.words.relations[link.key] = numbers
        return len(new), len(links) - len(new)

    def _source(self, user: str, source_id: int, links: Sequence[Link | Citation]) -> Thing:
        """The source; what is frozen can still be governed."""
        demand = self.demand if all(map(_is_policy, links)) else self.demand_to_change
        source = demand(user, source_id, Level.WRITE)
        self.check_alive(source)
        return source

    def _check_new(self, user: str, source: Thing, link: Link) -> None:
        if (link.kind is RelationKind.CUSTOM) != (link.name is not None):
            raise BadInput("a name is for CUSTOM relations")
        target = self.demand(user, link.target, Level.READ)
        if link.kind not in _ENDS:
            raise BadInput(f"{link.kind} is made by the system")
        source_level, target_level = _ENDS[link.kind]
        if link.kind is RelationKind.METADATA and source.kind is not Kind.OBJECT:
            raise Hierarchy("METADATA leads from an Object")
        if link.kind is RelationKind.POLICY and target.kind is not Kind.OBJECT:
            raise Hierarchy("POLICY leads to an Object")
        if source is target:
            raise Cycle("to itself")
        if link.kind is RelationKind.ORIGIN and source.kind is not target.kind:
            raise Hierarchy("ORIGIN stays within a kind")
        if link.kind is RelationKind.ORIGIN and target.id > source.id:
            raise Cycle("an origin is older")
        self.demand(user, source.id, source_level)
        self.demand(user, target.id, target_level)
        self.check_alive(target)
        if link.kind is RelationKind.POLICY and target.newest is None:
            raise FailedPrecondition("a policy has bytes")

    def unrelate(self, user: str, source_id: int, links: Sequence[Link | Citation]) -> tuple[int, int]:
        """Remove relations, all or none; answers how many are gone, and 0."""
        source = self._source(user, source_id, links)
        left = _standing(source)
        for link in links:
            if isinstance(link, Link):
                target = self.things.get(link.target)
                if link.key not in left or target is None or self.level(user, target) < Level.READ:
                    raise NotFound(f"{link}")
                source_level, target_level = _ENDS[link.kind]
                if self.level(user, source) < source_level or self.level(user, target) < target_level:
                    raise Forbidden(f"{link}")
            elif link.key not in left:
                raise NotFound(f"{link}")
            left.remove(link.key)
        if not all(map(_is_policy, links)):
            self.before_change(source)
        for link in links:
            if not isinstance(link, Link):
                del source.words.citations[link.key]
            elif link.kind is RelationKind.POLICY:
                del source.policies[link.target]
            else:
                del source.words.relations[link.key]
        return len(links), 0

    # -- grants

    def grant(self, user: str, thing_id: int, holder: str, level: Level) -> int:
        """Give a user a level."""
        thing = self._managed(user, thing_id)
        if level is Level.NONE or (thing.snapshot_of is not None and level > Level.READ):
            raise BadInput("that is no grant")
        self.check_alive(thing)
        if holder not in self.users:
            raise NotFound(holder)
        self._check_not_last_admin(thing, holder, level)
        thing.grants[holder] = level
        return thing.id

    def revoke(self, user: str, thing_id: int, holder: str) -> int:
        """Take a user's level away."""
        thing = self._managed(user, thing_id)
        if holder not in thing.grants:
            raise NotFound(holder)
        self._check_not_last_admin(thing, holder, Level.NONE)
        del thing.grants[holder]
        return thing.id

    def _managed(self, user: str, thing_id: int) -> Thing:
        """Grants on a snapshot are given by who may manage those of its original."""
        thing = self.demand(user, thing_id, Level.READ)
        if self.level(user, thing if thing.snapshot_of is None else self.things[thing.snapshot_of]) < Level.ADMIN:
            raise Forbidden(f"{thing_id}")
        return thing

    def _check_not_last_admin(self, thing: Thing, holder: str, level: Level) -> None:
        after = thing.grants | {holder: level}
        had = thing.grants.get(holder) is Level.ADMIN
        if thing.kind is Kind.PROJECT and had and Level.ADMIN not in after.values():
            raise FailedPrecondition("the last ADMIN")
