"""S3 key pairs: their two texts, the secret sealed by the keyring, and whether a pair may be used.

An id is `AK` and 18 characters of base32 (RFC 4648), a secret 40 of URL-safe base64: the lengths that AWS's have, which
some clients insist on. Signature Version 4 needs secrets in clear, so they are sealed instead of hashed.
sealed = master key id, `.`, base64 of what `Keyring.seal_secret` makes with the access key id as its context.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from graphstore.cypher.accounts import CredentialRecord
from graphstore.cypher.wrapping import wrapped_bytes
from identity.keyring import Keyring

ID_PREFIX: Final = "AK"
ID_LENGTH: Final = 20
SECRET_LENGTH: Final = 40

_ID_BYTES: Final = 12
_SECRET_BYTES: Final = 30


@dataclass(frozen=True, slots=True)
class AccessKey:
    """An S3 key pair in clear."""

    id: str
    secret: str = field(repr=False)


def new_access_key(random_bytes: Callable[[int], bytes]) -> AccessKey:
    """Make a key pair: 90 random bits name it, 240 are its secret."""
    name = base64.b32encode(random_bytes(_ID_BYTES)).decode("ascii")[: ID_LENGTH - len(ID_PREFIX)]
    secret = base64.urlsafe_b64encode(random_bytes(_SECRET_BYTES)).decode("ascii")
    assert len(secret) == SECRET_LENGTH, "30 bytes are 40 characters without padding"
    return AccessKey(ID_PREFIX + name, secret)


def seal_access_key(access_key: AccessKey, keyring: Keyring) -> str:
    """Seal the secret for the graph."""
    wrapped = keyring.seal_secret(access_key.secret.encode("ascii"), access_key.id)
    return f"{wrapped.key_id}.{base64.b64encode(wrapped.ciphertext).decode('ascii')}"


def open_access_key(record: CredentialRecord, keyring: Keyring) -> AccessKey:
    """Key pair in clear.

    Raises: KeyUnknown, WrappedDamaged: both stay internal.
    """
    return open_sealed(record.access_key_id, record.sealed_secret, keyring)


def open_sealed(access_key_id: str, sealed_secret: str, keyring: Keyring) -> AccessKey:
    """Key pair in clear, from its id and what `seal_access_key` answered.

    Raises: KeyUnknown, WrappedDamaged.
    """
    key_id, _, sealed = sealed_secret.partition(".")
    secret = keyring.open_secret(key_id, wrapped_bytes(sealed), access_key_id)
    return AccessKey(access_key_id, secret.decode("ascii"))


def reseal(access_key_id: str, sealed_secret: str, keyring: Keyring) -> str:
    """Seal a secret from the graph anew, by the current master key.

    Raises: KeyUnknown, WrappedDamaged.
    """
    return seal_access_key(open_sealed(access_key_id, sealed_secret, keyring), keyring)
