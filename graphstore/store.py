"""The store: reads named queries, and runs rules as lock, load, decide, apply in one transaction.

A rule is a pure function of facts loaded under its locks. When the transaction is retried, the whole of it runs again.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import TypeVar

from domain.changes import Decision
from graphstore.bolt import Engine, Transaction
from graphstore.cypher import facts as cypher
from graphstore.statements import Query
from graphstore.writing import apply_changes

F = TypeVar("F")
G = TypeVar("G")
T = TypeVar("T")


async def load_under_locks(transaction: Transaction, load: Query[F], locks_of: Callable[[F], Collection[str]]) -> F:
    """Load, lock what the facts say, and load again until the locks cover the facts."""
    return await load_all_under_locks(transaction, lambda: transaction.run(load), locks_of)


async def load_all_under_locks(
    transaction: Transaction, load: Callable[[], Awaitable[F]], locks_of: Callable[[F], Collection[str]]
) -> F:
    """Do what `load_under_locks` does for facts that take several statements."""
    held: set[str] = set()
    while True:
        facts = await load()
        missing = set(locks_of(facts)) - held
        # Where no other writer can cross, what was loaded stays true; the changes themselves raise the counters.
        if not missing or transaction.is_alone:
            return facts
        # Locking later than in id order may cross another writer: the engine then runs the whole again.
        await transaction.run(cypher.lock(sorted(missing)))
        held |= missing


class GraphStore:
    """The graph in domain words, on either engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def read(self, query: Query[T]) -> T:
        """Answer a query.

        Raises: Unavailable.
        """
        return await self.engine.read(query)

    async def run_rule(
        self, name: str, *, lock: Sequence[str], load: Query[F], decide: Callable[[F], Decision[T]]
    ) -> T:
        """Lock resources, load facts, decide, apply the changes and commit; answers what the rule answers.

        Raises: what the rule raises (nothing is changed then); Unavailable.
        """

        async def work(transaction: Transaction) -> T:
            if lock:
                await transaction.run(cypher.lock(lock))
            decision = decide(await transaction.run(load))
            await apply_changes(transaction, decision.changes)
            return decision.result

        return await self.engine.write(name, work)

    async def run_rule_on_two(
        self, name: str, *, lock: Sequence[str], load: tuple[Query[F], Query[G]], decide: Callable[[F, G], Decision[T]]
    ) -> T:
        """Do what `run_rule` does for a rule that needs two loads.

        Raises: what the rule raises (nothing is changed then); Unavailable.
        """

        async def work(transaction: Transaction) -> T:
            if lock:
                await transaction.run(cypher.lock(lock))
            first = await transaction.run(load[0])
            decision = decide(first, await transaction.run(load[1]))
            await apply_changes(transaction, decision.changes)
            return decision.result

        return await self.engine.write(name, work)

    async def run_rule_above(
        self,
        name: str,
        *,
        load: Query[F],
        locks_of: Callable[[F], Collection[str]],
        decide: Callable[[F], Decision[T]],
    ) -> T:
        """Run a rule whose locks depend on what it finds: load, lock, load again until the locks cover the facts.

        Raises: what the rule raises (nothing is changed then); Unavailable.
        """

        async def work(transaction: Transaction) -> T:
            decision = decide(await load_under_locks(transaction, load, locks_of))
            await apply_changes(transaction, decision.changes)
            return decision.result

        return await self.engine.write(name, work)

    async def run_rule_above_then(
        self,
        name: str,
        *,
        load: Query[F],
        locks_of: Callable[[F], Collection[str]],
        then: Callable[[F], Query[G]],
        decide: Callable[[F, G], Decision[T]],
    ) -> T:
        """Do what `run_rule_above` does for a rule with a second load, which may depend on what the first one found.

        Raises: what the rule raises (nothing is changed then); Unavailable.
        """

        async def work(transaction: Transaction) -> T:
            first = await load_under_locks(transaction, load, locks_of)
            decision = decide(first, await transaction.run(then(first)))
            await apply_changes(transaction, decision.changes)
            return decision.result

        return await self.engine.write(name, work)
