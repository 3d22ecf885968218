"""The same random calls on the model and on a real graph, and the stage that a state machine plays on.

Compared after each step: the outcome or its code, and every resource there is, as one user sees it. At the end of each
sequence the invariants of the graph are recounted. What a new operation takes: its method in driver.py.
"""

import asyncio
from collections.abc import Coroutine, Generator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from hypothesis import currently_in_test_context, note

from domain.access import Level
from domain.creation import BegunUpload
from domain.errors import Code, DomainError
from domain.linking import LinksChanged
from domain.publishing import Published as RealPublished
from domain.resources import State
from tests.graph_dump import check_invariants
from tests.graph_server import GraphServer
from tests.model.calls import ADMINISTRATORS, ANONYMOUS, USERS, Calls
from tests.model.driver import Driver
from tests.model.frozen_showing import frozen_of_model, read_frozen
from tests.model.showing import Graph, differences, of_model
from tests.model.things import Published, Thing
from tests.world import World, open_world

T = TypeVar("T")

_VIEWERS = (*USERS, ANONYMOUS)
_LEAVE_TASKS = frozenset(
    {"delete_container", "delete_recursively", "restore", "set_data_class", "delete_snapshot", "unarchive"}
)
"""Calls that leave something to be finished in the background, which the model does at once."""


class Stage:
    """A world, its users and a loop to run it in; each sequence of calls begins on it with users alone."""

    def __init__(self, loop: asyncio.AbstractEventLoop, world: World, users: Mapping[str, str]) -> None:
        self._loop = loop
        self.world = world
        self.users = users
        self._kept = [
            row["label"] for row in self.run(world.ask("MATCH (n) UNWIND labels(n) AS label RETURN DISTINCT label"))
        ]

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._loop.run_until_complete(work)

    def clear(self) -> None:
        """Remove all that wasn't there when the stage was set."""
        wipe = "MATCH (n) WHERE none(label IN labels(n) WHERE label IN $kept) DETACH DELETE n"
        self.run(self.world.do(wipe, kept=self._kept))


@contextmanager
def open_stage(server: GraphServer) -> Generator[Stage]:
    """Connect to a graph without nodes, from a test that isn't a coroutine, and make the users."""
    loop = asyncio.new_event_loop()
    opening = open_world(server)
    world = loop.run_until_complete(opening.__aenter__())
    try:
        users = {
            name: loop.run_until_complete(world.user(name, is_administrator=name in ADMINISTRATORS)) for name in USERS
        }
        yield Stage(loop, world, users)
    finally:
        loop.run_until_complete(opening.__aexit__(None, None, None))
        loop.close()


class Machine(Calls):
    """Calls on the model and on the stage's world."""

    known = frozenset(vars(Driver)) & frozenset(vars(Calls))

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage
        stage.clear()
        self._driver = Driver(stage.world, self.model, stage.users)
        self._graph = Graph(stage.world, self._driver.users)
        self._driver.ids, self._driver.versions = self._graph.ids, self._graph.versions
        self._steps = 0

    def call(self, name: str, *arguments: Any, **options: Any) -> Any:
        """Make a call on both, and compare what it answered and what stands afterwards."""
        real, real_code = self._stage.run(self._real(name, *arguments, **options))
        answer, code = self._modelled(name, *arguments, **options)
        if currently_in_test_context():
            note(f"{name} {arguments} {options}: {answer if code is None else code}")
        assert real_code == code, f"the graph answers {real_code or real!r}, the model {code or answer!r}"
        if code is None and name in _LEAVE_TASKS:
            self._stage.run(self._stage.world.finish_tasks())
        self._compare()
        if code is None:
            self._learn_upload(answer, real)
            assert self._in_words_of_the_model(real, answer) == answer
        return answer

    async def _real(self, name: str, *arguments: Any, **options: Any) -> tuple[Any, Code | None]:
        try:
            return await getattr(self._driver, name)(*arguments, **options), None
        except DomainError as error:
            return error, error.code

    def _modelled(self, name: str, *arguments: Any, **options: Any) -> tuple[Any, Code | None]:
        try:
            return getattr(self.model, name)(*arguments, **options), None
        except DomainError as error:
            return None, error.code

    def _compare(self) -> None:
        """Compare all resources, seen by one user after the other."""
        viewer = _VIEWERS[self._steps % len(_VIEWERS)]
        self._steps += 1
        graph = self._stage.run(self._graph.read(viewer, self.model))
        model = {thing.id: of_model(self.model, thing, viewer) for thing in self.model.things.values()}
        assert model == graph, f"seen by {viewer or 'nobody'}:\n{differences(model, graph)}"
        frozen = self._frozen()
        if frozen:
            self._compare_frozen(frozen[self._steps % len(frozen)])

    def _frozen(self) -> list[Thing]:
        return [thing for thing in self.model.things.values() if thing.view and thing.state is not State.DELETED]

    def _compare_frozen(self, holder: Thing) -> None:
        """Compare all that a snapshot or archive shows to somebody who may read it."""
        readers = [user for user in USERS if self.model.level(user, holder) >= Level.READ]
        if not readers or holder.view is None:
            return
        user = self._driver.users[readers[0]]
        graph = self._stage.run(read_frozen(self._stage.world, user, self._graph.ids[holder.id], self._graph.things))
        model = frozen_of_model(self.model, holder.view, readers[0])
        assert model == graph, f"frozen in {holder.id}: model {model}, graph {graph}"

    def _learn_upload(self, answer: Any, real: Any) -> None:
        if isinstance(real, BegunUpload):
            self._driver.uploads[answer[1] if isinstance(answer, tuple) else answer] = real

    def _in_words_of_the_model(self, real: Any, answer: Any) -> Any:
        match real:
            case str():
                return self._graph.things[real] if answer is not None else None
            case BegunUpload():
                return (self._graph.things[real.object_id], answer[1]) if isinstance(answer, tuple) else answer
            case RealPublished():
                return Published(self._graph.things[real.object_id], real.revision_number)
            case LinksChanged():
                return real.changed, real.unchanged
            case _:
                return real

    def teardown(self) -> None:
        """Look at all that is frozen, and recount what must hold of every graph."""
        for holder in self._frozen():
            self._compare_frozen(holder)
        self._stage.run(check_invariants(self._stage.world))
