"""Whether a keyring is the one that a graph was written with: asked at each start, before anything is wrapped by it.

A graph is marked with the fingerprint of its keyring at the first start, in the transaction that decides between two. A
graph without a mark is of an older program: there a keyring proves itself by opening something, once.
"""

from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Final

from graphstore.cypher.catalogue import page_of_blobs, upper_blob
from graphstore.cypher.installation import marks
from graphstore.cypher.wrapping import sealed_secrets, upper_credential
from graphstore.installing import claim
from graphstore.store import GraphStore
from identity.access_keys import open_sealed
from identity.keyring import Keyring, KeyringUnusable, KeyUnknown, WrappedDamaged

_PAGE: Final = 200

WAY_OUT: Final = (
    "put back the one that was in use (keyring.json in the data folder, or ARUNA_KEYRING), or restore graph, keyring "
    "and bytes together from a backup (`aruna restore`)"
)
"""What to do about a keyring that isn't the graph's."""


async def claim_graph(store: GraphStore, keyring: Keyring) -> None:
    """Check that the graph is this keyring's, and mark it where it is no one's yet.

    Raises: KeyringUnusable - it is another one's; FailedPrecondition - it is a part of a restore; Unavailable.
    """
    owner = (await store.read(marks())).fingerprint
    if owner is None:
        if await _opens_nothing(store, keyring):
            raise KeyringUnusable(f"this keyring opens nothing of what is wrapped in the graph; {WAY_OUT}")
        owner = await claim(store.engine, keyring.fingerprint)
    if owner != keyring.fingerprint:
        raise KeyringUnusable(f"this keyring is not the one that the graph was written with; {WAY_OUT}")


async def _opens_nothing(store: GraphStore, keyring: Keyring) -> bool:
    """Whether there is something wrapped and none of it opens. Raises: Unavailable."""
    is_any = False
    async for attempt in _attempts(store, keyring):
        is_any = True
        try:
            attempt()
        except (KeyUnknown, WrappedDamaged):
            continue
        return False
    return is_any


async def _attempts(store: GraphStore, keyring: Keyring) -> AsyncIterator[Callable[[], object]]:
    """Calls that open each of what is wrapped, secrets of key pairs first: there are few, and always some."""
    after = ""
    while (upper := await store.read(upper_credential(after, _PAGE))) is not None:
        for secret in await store.read(sealed_secrets(after, upper)):
            yield partial(open_sealed, secret.access_key_id, secret.text, keyring)
        after = upper
    after = ""
    while (upper := await store.read(upper_blob(after, _PAGE))) is not None:
        for blob in await store.read(page_of_blobs(after, upper)):
            if blob.key_id is not None and blob.wrapped_key is not None:
                yield partial(keyring.unwrap, blob.key_id, blob.wrapped_key, blob.id)
        after = upper
