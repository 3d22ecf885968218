"""Marks the graph as one keyring's, and as a part of a restore: each in one transaction that two can't both win."""

from collections.abc import Mapping
from typing import Any

from graphstore.bolt import Engine, Transaction
from graphstore.cypher.installation import (
    lock_installation,
    marks,
    remove_restoring,
    set_fingerprint,
    set_restoring,
    take_over,
)


async def claim(engine: Engine, fingerprint: str) -> str:
    """Mark the graph as that keyring's unless it is another's already; answers whose it is.

    Raises: Unavailable.
    """
    return await engine.write("claim the graph", lambda tx: _claim(tx, fingerprint))


async def _claim(transaction: Transaction, fingerprint: str) -> str:
    await transaction.run(lock_installation())
    known = (await transaction.run(marks())).fingerprint
    if known is not None:
        return known
    await transaction.run(set_fingerprint(fingerprint))
    return fingerprint


async def begin_restore(engine: Engine) -> bool:
    """Mark an empty graph as a part of a restore, and as nobody's yet; answers False where it is a part already.

    Raises: Unavailable.
    """

    async def work(transaction: Transaction) -> bool:
        await transaction.run(lock_installation())
        if (await transaction.run(marks())).is_restoring:
            return False
        await transaction.run(set_restoring())
        return True

    return await engine.write("begin a restore", work)


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
        owner = await _claim(transaction, fingerprint)
        if owner == fingerprint:
            await transaction.run(remove_restoring())
        return owner

    return await engine.write("end a restore", work)
