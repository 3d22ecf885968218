"""One resource as the model has it and as the graph has it, in the same words, so that the two can be compared.

The graph is read by statements of its own; state, level and what else the rules see are read as the rules read them.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

from domain.access import Level
from domain.authors import authors_from_text
from domain.relations import ExternalType, RelationKind
from domain.resources import ContainerFacts, ObjectFacts, ResourceFacts, State
from tests.model.model import Model
from tests.model.things import Label, Thing, Words
from tests.world import World


@dataclass(frozen=True)
class Shown:
    """A resource with everything that can be compared. `parents`: parent -> (name, is home, passes).

    `words` are title, description, authors and licences. `counters` are names, AVAILABLE Objects and bytes, of a
    container that is there (of a snapshot: no names, as some are of what never had bytes). `revisions` are numbers,
    ETags, lengths and whether the bytes were erased, oldest first. `level` is one user's; `is_plain` and `is_held` are
    asked of what is there.
    """

    kind: str
    name: str
    state: State
    level: Level
    words: tuple[str | None, str | None, tuple[str, ...], str, str]
    data_class: str
    revision: int
    is_hidden: bool
    is_frozen: bool
    is_plain: bool
    is_held: bool
    parents: Mapping[int, tuple[str, bool, Level]]
    grants: Mapping[str, Level]
    labels: Mapping[str, Label]
    relations: Mapping[tuple[RelationKind, int, str | None], tuple[int | None, int | None]]
    citations: Mapping[tuple[ExternalType, str, str | None], int | None]
    counters: tuple[int, int, int] | None
    revisions: Sequence[tuple[int, str, int, bool]]


# -- the model


def of_model(model: Model, thing: Thing, viewer: str) -> Shown:
    """A thing of the model, as one user sees it; labels and relations of a snapshot are seen in what it shows."""
    words = thing.words if thing.snapshot_of is None else Words()
    is_alive = thing.state is not State.DELETED
    policies = {(RelationKind.POLICY, target, None): numbers for target, numbers in thing.policies.items()}
    return Shown(
        kind=thing.kind,
        name=thing.name,
        state=thing.state,
        level=model.level(viewer, thing),
        words=_words(thing.words),
        data_class=thing.data_class,
        revision=thing.revision,
        is_hidden=thing.is_hidden,
        is_frozen=model.is_frozen(thing),
        is_plain=thing.is_container and is_alive and model.is_plain(thing),
        is_held=is_alive and model.is_held(thing),
        parents={parent: (edge.name, edge.is_home, edge.passes) for parent, edge in thing.parents.items()},
        grants=thing.grants,
        labels=words.labels,
        relations=words.relations | policies,
        citations=words.citations,
        counters=_counters(model, thing) if thing.is_container and is_alive else None,
        revisions=[
            (revision.number, revision.bytes.etag, revision.bytes.length, revision.is_erased)
            for revision in thing.revisions
        ],
    )


def _words(words: Words) -> tuple[str | None, str | None, tuple[str, ...], str, str]:
    return words.title, words.description, words.authors, words.metadata_license, words.data_license


def _counters(model: Model, thing: Thing) -> tuple[int, int, int]:
    if thing.snapshot_of is None or thing.view is None:
        return model.counters(thing)
    shown = thing.view.objects.values()
    return 0, len(shown), sum(one.bytes.length for one in shown)


# -- the graph

_RESOURCES: LiteralString = (
    "MATCH (r:Resource) WHERE r.snapshotRoot IS NULL OR r.snapshotRoot = r.id RETURN r{.*} AS own, "
    "[(r)-[up:BELONGS_TO|DELETED]->(p:Resource) | [p.id, up.name, up.home, up.passes]] AS parents, "
    "[(r)-[g:GRANTED_TO]->(u:User) | [u.id, g.level]] AS grants, "
    "[(r)-[x:METADATA|ORIGIN|POLICY|CUSTOM]->(t:Resource) WHERE x.until IS NULL | "
    "[type(x), t.id, x.name, x.sourceVersionId, x.targetVersionId]] AS relations, "
    "[(r)-[c:CITES]->(d:External) WHERE c.until IS NULL | [d.type, d.value, d.name, c.sourceVersionId]] AS citations, "
    "[(r)-[:LABELLED]->(l:Labelling) WHERE l.until IS NULL | [l.key, l.value, l.static]] AS labels, "
    "[(r)-[:VERSION*1..50]->(v:Revision) | "
    "[v.revisionNumber, v.versionId, v.etag, v.contentLength, v.erasedAt IS NOT NULL]] AS older"
)


class Graph:
    """What the graph holds now, and which of the model's things its resources are.

    Both make things in the same order and give them rising ids: that tells which is which.
    """

    def __init__(self, world: World, users: Mapping[str, str]) -> None:
        self._world = world
        self._users = users
        self.ids: dict[int, str] = {}
        self.things: dict[str, int] = {}
        self.versions: dict[tuple[str, int], str] = {}
        self._numbers: dict[str, int] = {}

    async def read(self, viewer: str, model: Model) -> Mapping[int, Shown]:
        """All resources by the model's numbers, with the viewer's levels."""
        user = self._users[viewer]
        found, facts = await asyncio.gather(self._world.ask(_RESOURCES), self._world.facts_of(user, *self.things))
        rows = {row["own"]["id"]: row for row in found}
        new = rows.keys() - self.things.keys()
        self._learn(sorted(rows), sorted(model.things))
        if new:
            facts = {**facts, **await self._world.facts_of(user, *new)}
        for row in rows.values():
            for number, version, *_ in self._revisions(row):
                self._numbers[version] = number
                self.versions[row["own"]["id"], number] = version
        return {self.things[key]: self._shown(row, facts[key]) for key, row in rows.items()}

    def _learn(self, resources: Sequence[str], things: Sequence[int]) -> None:
        new = [resource for resource in resources if resource not in self.things]
        made = [thing for thing in things if thing not in self.ids]
        assert len(new) == len(made), f"the graph made {len(new)} resources and the model {len(made)}"
        for resource, thing in zip(new, made, strict=True):
            self.things[resource] = thing
            self.ids[thing] = resource

    @staticmethod
    def _revisions(row: Mapping[str, Any]) -> list[tuple[int, str, str, int, bool]]:
        own = row["own"]
        is_erased = own.get("erasedAt") is not None
        newest = (own.get("revisionNumber"), own.get("versionId"), own.get("etag"), own.get("contentLength"), is_erased)
        return sorted([*map(tuple, row["older"]), *([newest] if newest[1] is not None else [])])

    def _shown(self, row: Mapping[str, Any], facts: ResourceFacts) -> Shown:
        own = row["own"]
        is_alive = facts.state is not State.DELETED
        is_container = isinstance(facts, ContainerFacts)
        names = {user_id: name for name, user_id in self._users.items()}
        return Shown(
            kind=own["kind"],
            name=own["name"],
            state=facts.state,
            level=facts.level,
            words=(
                own.get("title"),
                own.get("description"),
                tuple(author.name for author in authors_from_text(own.get("authors"))),
                own["metadataLicense"],
                own["dataLicense"],
            ),
            data_class=own["dataClass"],
            revision=own["revision"],
            is_hidden=bool(own.get("hidden")),
            is_frozen=facts.is_frozen,
            is_plain=is_container and is_alive and facts.is_plain,
            is_held=is_alive and isinstance(facts, ObjectFacts) and facts.is_held,
            parents={
                self.things[parent]: (name, bool(home), Level(passes)) for parent, name, home, passes in row["parents"]
            },
            grants={names[user]: Level(level) for user, level in row["grants"]},
            labels={key: Label(value, is_static=bool(static)) for key, value, static in row["labels"]},
            relations={
                (RelationKind(kind), self.things[target], name): (self._number(source), self._number(other))
                for kind, target, name, source, other in row["relations"]
            },
            citations={
                (ExternalType(kind), value, name): self._number(source)
                for kind, value, name, source in row["citations"]
            },
            counters=self._counters(own) if is_container and is_alive else None,
            revisions=[(number, etag, length, erased) for number, _, etag, length, erased in self._revisions(row)],
        )

    @staticmethod
    def _counters(own: Mapping[str, Any]) -> tuple[int, int, int]:
        return 0 if own.get("snapshotRoot") else own["entries"], own["objects"], own["bytes"]

    def _number(self, version_id: str | None) -> int | None:
        return None if version_id is None else self._numbers[version_id]


def differences(model: Mapping[int, Shown], graph: Mapping[int, Shown]) -> str:
    """What differs, one line each, in words for whoever reads the failure."""
    lines: list[str] = []
    for thing in sorted(model.keys() | graph.keys()):
        ours, theirs = model.get(thing), graph.get(thing)
        if ours is None or theirs is None:
            lines.append(f"{thing}: model {ours}, graph {theirs}")
            continue
        lines += [
            f"{thing} ({ours.kind} {ours.name!r}) {name}: model {getattr(ours, name)}, graph {getattr(theirs, name)}"
            for name in Shown.__dataclass_fields__
            if getattr(ours, name) != getattr(theirs, name)
        ]
    return "\n".join(lines)
