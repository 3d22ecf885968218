"""Wraps anew by the current master key what older ones have wrapped in the graph; moves no bytes.

One batch is one transaction: lock, load, decide, apply. It can be cut off anywhere and run again, and others may read
and write meanwhile: whoever reads opens what he finds, by whichever key.
"""

import base64
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from graphstore.bolt import Transaction
from graphstore.cypher.catalogue import upper_blob
from graphstore.cypher.wrapping import (
    SealedSecret,
    WrappedKey,
    blobs_of_other_keys,
    lock_blobs,
    lock_credentials,
    secrets_of_other_keys,
    set_secrets,
    set_wrapped_keys,
    upper_credential,
    wrapped_bytes,
    wrapped_keys,
)
from graphstore.store import GraphStore
from identity.access_keys import reseal
from identity.keyring import Keyring, KeyUnknown, WrappedDamaged
from identity.keyring_file import FileKeyring

_PAGE: Final = 500


@dataclass(slots=True)
class Rewrapped:
    """What was wrapped anew, and blobs and access keys whose wrapping can't be opened, each with the reason."""

    keys: int = 0
    secrets: int = 0
    refused: dict[str, str] = field(default_factory=dict[str, str])


async def rewrap_all(store: GraphStore, keyring: Keyring) -> Rewrapped:
    """Walk over all blobs and S3 key pairs once.

    Raises: Unavailable - what was done stays done; run it again.
    """
    done = Rewrapped()
    after = ""
    while (upper := await store.read(upper_blob(after, _PAGE))) is not None:
        others = await store.read(blobs_of_other_keys(after, upper, keyring.current_id))
        if others:
            keys, refused = await store.engine.write(
                "wrap keys anew", lambda tx, ids=tuple(others): _rewrap_keys(tx, ids, keyring)
            )
            done.keys += keys
            done.refused |= refused
        after = upper
    after = ""
    while (upper := await store.read(upper_credential(after, _PAGE))) is not None:
        secrets = await store.read(secrets_of_other_keys(after, upper, keyring.current_id))
        if secrets:
            count, refused = await store.engine.write(
                "seal secrets anew", lambda tx, secrets=secrets: _reseal(tx, secrets, keyring)
            )
            done.secrets += count
            done.refused |= refused
        after = upper
    return done


async def _rewrap_keys(
    transaction: Transaction, blob_ids: Sequence[str], keyring: Keyring
) -> tuple[int, Mapping[str, str]]:
    await transaction.run(lock_blobs(blob_ids))
    fresh: list[WrappedKey] = []
    refused: dict[str, str] = {}
    for former in await transaction.run(wrapped_keys(blob_ids)):
        if former.key_id == keyring.current_id:
            continue
        try:
            data_key = keyring.unwrap(former.key_id, wrapped_bytes(former.text), former.blob_id)
        except (KeyUnknown, WrappedDamaged) as error:
            refused[former.blob_id] = error.message
            continue
        key_id, wrapped = keyring.wrap(data_key, former.blob_id)
        fresh.append(WrappedKey(former.blob_id, key_id, base64.b64encode(wrapped).decode("ascii")))
    if fresh:
        await transaction.run(set_wrapped_keys(fresh))
    return len(fresh), refused


async def _reseal(
    transaction: Transaction, secrets: Sequence[SealedSecret], keyring: Keyring
) -> tuple[int, Mapping[str, str]]:
    await transaction.run(lock_credentials([secret.access_key_id for secret in secrets]))
    fresh: list[tuple[SealedSecret, str]] = []
    refused: dict[str, str] = {}
    for secret in secrets:
        try:
            text = reseal(secret.access_key_id, secret.text, keyring)
        except (KeyUnknown, WrappedDamaged) as error:
            refused[secret.access_key_id] = error.message
            continue
        fresh.append((SealedSecret(secret.access_key_id, text), secret.text))
    if fresh:
        await transaction.run(set_secrets(fresh))
    return len(fresh), refused


async def wrapped_by_other_keys(store: GraphStore, key_id: str) -> Counter[str]:
    """How much each other master key than this one still wraps, by its id.

    Raises: Unavailable.
    """
    found: Counter[str] = Counter()
    after = ""
    while (upper := await store.read(upper_blob(after, _PAGE))) is not None:
        found.update((await store.read(blobs_of_other_keys(after, upper, key_id))).values())
        after = upper
    after = ""
    while (upper := await store.read(upper_credential(after, _PAGE))) is not None:
        secrets = await store.read(secrets_of_other_keys(after, upper, key_id))
        found.update(secret.text.partition(".")[0] for secret in secrets)
        after = upper
    return found


async def keys_lacking(store: GraphStore, keyring: Keyring) -> Mapping[str, int]:
    """Master keys that something in the graph is wrapped by and the keyring hasn't, with how much. Raises: Unavailable.

    The graph is looked at first: a key that it has by then was in the keyring's file before.
    """
    wrapped = await wrapped_by_other_keys(store, keyring.current_id)
    if isinstance(keyring, FileKeyring):
        keyring.refresh()
    return {key_id: number for key_id, number in wrapped.items() if key_id not in keyring.key_ids}
