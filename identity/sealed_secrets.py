"""Checks that the secrets of S3 key pairs open: whose doesn't can sign nothing any more."""

from collections.abc import AsyncIterator
from typing import Final, NamedTuple

from domain.errors import DomainError
from graphstore.cypher.accounts import credential
from graphstore.cypher.wrapping import sealed_secrets, upper_credential
from graphstore.store import GraphStore
from identity.access_keys import open_sealed
from identity.keyring import Keyring, KeyUnknown, WrappedDamaged

_PAGE: Final = 500


class SealedFault(NamedTuple):
    """A key pair whose secret doesn't open: KeyUnknown or WrappedDamaged."""

    access_key_id: str
    error: DomainError


async def unopened_secrets(store: GraphStore, keyring: Keyring) -> AsyncIterator[SealedFault]:
    """Every key pair whose secret doesn't open, looked at twice: it may have gone, or been sealed anew meanwhile.

    Raises: Unavailable.
    """
    after = ""
    while (upper := await store.read(upper_credential(after, _PAGE))) is not None:
        for secret in await store.read(sealed_secrets(after, upper)):
            if _fault_of(secret.access_key_id, secret.text, keyring) is None:
                continue
            current = await store.read(credential(secret.access_key_id))
            if current is None:
                continue
            fault = _fault_of(current.access_key_id, current.sealed_secret, keyring)
            if fault is not None:
                yield SealedFault(current.access_key_id, fault)
        after = upper


def _fault_of(access_key_id: str, sealed_secret: str, keyring: Keyring) -> DomainError | None:
    try:
        open_sealed(access_key_id, sealed_secret, keyring)
    except (KeyUnknown, WrappedDamaged) as error:
        return error
    return None
