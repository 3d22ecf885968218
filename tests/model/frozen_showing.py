"""What a snapshot or archive shows, by the model's deep copy and by the store's readers, in the same words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from domain.relations import RelationKind
from domain.views import ContainerView, LabelView, ObjectView, ResourceView
from graphstore.cypher import batched, labels, readings
from graphstore.cypher.batched import RelationsRequest
from graphstore.cypher.views import resource_view
from tests.frozen_copies import names_of, read_all_frozen
from tests.model.model import Model
from tests.model.things import Bytes, Citation, FrozenContainer, Label, Link, Words
from tests.world import World

_FROZEN_KINDS: Final = (RelationKind.METADATA, RelationKind.ORIGIN, RelationKind.CUSTOM)
_RELATIONS_MAX: Final = 100


@dataclass(frozen=True)
class ShownFrozen:
    """One resource in a frozen view. `revision` is the number and the bytes of an Object, None of a container.

    Of relations only those are shown whose other end the viewer sees.
    """

    thing: int
    revision: tuple[int, Bytes] | None
    words: tuple[str | None, str | None, tuple[str, ...], str, str]
    labels: Mapping[str, Label]
    relations: frozenset[Link]
    citations: frozenset[Citation]


Paths = Mapping[tuple[str, ...], ShownFrozen]
"""By the names on the way down from the frozen container itself, which is at ('',); a container's end with `/`."""


# -- the model


def frozen_of_model(model: Model, view: FrozenContainer, viewer: str) -> Paths:
    """All that the view shows, down to the last Object."""
    found: dict[tuple[str, ...], ShownFrozen] = {}

    def add(way: tuple[str, ...], container: FrozenContainer) -> None:
        found[way] = _of_model(model, container.id, None, container.words, viewer)
        for name, shown in container.objects.items():
            found[*way, name] = _of_model(model, shown.id, (shown.number, shown.bytes), shown.words, viewer)
        for name, below in container.containers.items():
            add((*way, f"{name}/"), below)

    add(("",), view)
    return found


def _of_model(model: Model, thing: int, revision: tuple[int, Bytes] | None, words: Words, viewer: str) -> ShownFrozen:
    links = (Link(kind, target, name) for kind, target, name in words.relations)
    return ShownFrozen(
        thing=thing,
        revision=revision,
        words=(words.title, words.description, words.authors, words.metadata_license, words.data_license),
        labels=words.labels,
        relations=frozenset(link for link in links if model.level(viewer, model.things[link.target])),
        citations=frozenset(Citation(kind, value, name) for kind, value, name in words.citations),
    )


# -- the graph


@dataclass(frozen=True)
class _Seen:
    """A resource met in a frozen view, and the number by which its labels and relations are asked for."""

    way: tuple[str, ...]
    resource_id: str
    number: int
    view: ResourceView


async def read_frozen(world: World, user: str, frozen_id: str, things: Mapping[str, int]) -> Paths:
    """All that a snapshot or archive shows to a user who may read it; `things` are the model's numbers by id."""
    found = (await world.store.read(readings.resources([frozen_id], user, world.now_ms)))[frozen_id]
    assert isinstance(found, ContainerView), "only containers are frozen"
    assert found.frozen is not None, f"{frozen_id} isn't frozen"
    seen = [_Seen(("",), found.frozen.original_id, found.frozen.epoch, found)]
    await _read_names(world, user, frozen_id, ("",), seen)
    asked = [(one.resource_id, one.number) for one in seen]
    requests = [RelationsRequest(key, _FROZEN_KINDS, "", _RELATIONS_MAX, number) for key, number in asked]
    borne = await world.store.read(labels.labels_at(asked))
    related = await world.store.read(batched.relations(requests, user, world.now_ms, is_outgoing=True))
    cited = await world.store.read(readings.externals_at(asked))
    return {
        one.way: ShownFrozen(
            thing=things[one.resource_id],
            revision=_revision(one.view),
            words=_words(one.view),
            labels=_labels(borne.get(index, ())),
            relations=frozenset(Link(link.kind, things[link.other.id], link.name) for link in related.get(index, ())),
            citations=frozenset(
                Citation(link.reference.type, link.reference.value, link.reference.name)
                for link in cited.get(index, ())
            ),
        )
        for index, one in enumerate(seen)
    }


async def _read_names(world: World, user: str, holder_id: str, way: tuple[str, ...], seen: list[_Seen]) -> None:
    names = await names_of(world, user, holder_id)
    for row in await read_all_frozen(world, user, names, Random(0)):
        view = resource_view(row.columns[1])
        if row.names is None:
            assert isinstance(view, ObjectView), "what holds no names is an Object"
            seen.append(_Seen((*way, view.name), view.object_id, view.revision_number or 0, view))
            continue
        below = (*way, f"{view.name}/")
        seen.append(_Seen(below, row.names.original_id, row.names.epoch, view))
        await _read_names(world, user, row.names.holder_id, below, seen)


def _revision(view: ResourceView) -> tuple[int, Bytes] | None:
    if isinstance(view, ContainerView):
        return None
    assert view.published is not None, "only revisions are frozen"
    return view.published.revision_number, Bytes(view.published.etag, view.published.length_bytes)


def _words(view: ResourceView) -> tuple[Any, ...]:
    names = tuple(author.name for author in view.authors)
    return view.title, view.description, names, view.metadata_license, view.data_license


def _labels(found: Sequence[LabelView]) -> Mapping[str, Label]:
    return {label.key: Label(label.value, is_static=label.is_static) for label in found}
