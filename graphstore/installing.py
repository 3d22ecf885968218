"""Marks the graph as one keyring's, and as a part of a restore: each in one transaction that two can't both win."""

from collections.abc import Mapping
from typing import Any

from domain.errors import FailedPrecondition
from graphstore.bolt import Engine, Transaction
from graphstore.cypher.accounts import user_count
from graphstore.cypher.installation import (
    Marks,
    lock_installation,
    marks,
    remove_restoring,
    set_fingerprint,
    set_id,
    set_restoring,
    take_over,
)


def refuse_part(found: Marks) -> None:
    """Refuse to use a graph that is a part of a restore.

    Raises: FailedPrecondition.
    """
    if found.is_restoring:
        raise FailedPrecondition(
            "a restore into this installation was cut off, or is still under way: it is a part, and can't be used; "
            "empty the data folder (and the Neo4j database, if ARUNA_GRAPH_URI names one), and run `aruna restore` "
            "again"
        )


async def lock_whole(transaction: Transaction) -> Marks:
    """Lock the node of the marks, so that no restore begins before the transaction ends; answers them.

    Raises: FailedPrecondition - one has begun already; Unavailable.
    """
    await transaction.run(lock_installation())
    found = await transaction.run(marks())
    refuse_part(found)
    return found


async def claim(engine: Engine, fingerprint: str) -> str:
    """Mark the graph as that keyring's unless it is another's already; answers whose it is.

    Raises: FailedPrecondition - it is a part of a restore; Unavailable.
    """

    async def work(transaction: Transaction) -> str:
        return await _claim(transaction, fingerprint, await lock_whole(transaction))

    return await engine.write("claim the graph", work)


async def _claim(transaction: Transaction, fingerprint: str, found: Marks) -> str:
    if found.fingerprint is not None:
        return found.fingerprint
    await transaction.run(set_fingerprint(fingerprint))
    return fingerprint


async def identify(engine: Engine, fresh_id: str) -> str:
    """Id of the installation that the graph is of: `fresh_id` where it has none yet.

    Raises: FailedPrecondition - it is a part of a restore; Unavailable.
    """

    async def work(transaction: Transaction) -> str:
        known = (await lock_whole(transaction)).installation_id
        if known is None:
            await transaction.run(set_id(fresh_id))
        return known or fresh_id

    return await engine.write("identify the installation", work)


async def begin_restore(engine: Engine) -> None:
    """Mark an empty graph as a part of a restore, and as nobody's yet.

    A first start that looked at the graph before gets no further: it locks the same node before it makes its user
    (app/bootstrap.py).
    Raises: FailedPrecondition - it is a part already, or a first start came first; Unavailable.
    """

    async def work(transaction: Transaction) -> None:
        await lock_whole(transaction)
        if await transaction.run(user_count()):
            raise FailedPrecondition("the graph has a user already; restore into an empty installation")
        await transaction.run(set_restoring())

    await engine.write("begin a restore", work)


async def take_over_version(engine: Engine, properties: Mapping[str, Any]) -> None:
    """Give the version's node what that of a dump has; the graph stays marked as a part.

    Raises: Unavailable.
    """
    await engine.write("take over the dump's version", lambda tx: tx.run(take_over(properties)))


async def end_restore(engine: Engine, fingerprint: str) -> str:
    """Claim the restored graph and mark it as whole; answers whose it is: if another's, the mark stays.

    Raises: Unavailable.
    """

    async def work(transaction: Transaction) -> str:
        await transaction.run(lock_installation())
        owner = await _claim(transaction, fingerprint, await transaction.run(marks()))
        if owner == fingerprint:
            await transaction.run(remove_restoring())
        return owner

    return await engine.write("end a restore", work)
