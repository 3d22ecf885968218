"""What master keys have wrapped in the graph, for the keyring's rotation: data keys of blobs, secrets of S3 key pairs.

Wrapped anew under the node's lock, so that a rotation never brings back a key that an erasure destroys meanwhile.
"""

import base64
from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from graphstore.cypher.locking import lock
from graphstore.statements import Query, Row, Statement, nothing


def wrapped_bytes(text: str) -> bytes:
    """What a master key wrapped, from its base64. Text that is damaged reads as nothing, which opens under no key.

    So damage in the graph is found where keys are opened, and named with its blob, and ends no walk over others.
    """
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""


class WrappedKey(NamedTuple):
    """The wrapped data key of a blob, as base64."""

    blob_id: str
    key_id: str
    text: str


class SealedSecret(NamedTuple):
    """The sealed secret of an S3 key pair (identity/access_keys.py)."""

    access_key_id: str
    text: str


_LOCK_BLOBS: Final = Statement(
    "lock blobs",
    "UNWIND $ids AS id MATCH (b:Blob {id: id}) " + lock("b"),
    nothing,
)


def lock_blobs(ids: Collection[str]) -> Query[None]:
    """Lock blobs, in id order."""
    return _LOCK_BLOBS.bind(ids=sorted(ids))


_WRAPPED_KEYS: Final = Statement(
    "wrapped keys",
    "UNWIND $ids AS id MATCH (b:Blob {id: id}) WHERE b.wrappedKey IS NOT NULL "
    "RETURN b.id AS id, b.keyId AS keyId, b.wrappedKey AS text",
    lambda rows: [WrappedKey(row["id"], row["keyId"], row["text"]) for row in rows],
)


def wrapped_keys(ids: Collection[str]) -> Query[list[WrappedKey]]:
    """Wrapped keys of those blobs that have one."""
    return _WRAPPED_KEYS.bind(ids=sorted(ids))


_SET_WRAPPED_KEYS: Final = Statement(
    "set wrapped keys",
    "UNWIND $rows AS row MATCH (b:Blob {id: row.id}) SET b.keyId = row.keyId, b.wrappedKey = row.text",
    nothing,
)


def set_wrapped_keys(keys: Sequence[WrappedKey]) -> Query[None]:
    """Replace wrapped keys."""
    return _SET_WRAPPED_KEYS.bind(rows=[{"id": key.blob_id, "keyId": key.key_id, "text": key.text} for key in keys])


_BLOBS_OF_OTHER_KEYS: Final = Statement(
    "blobs wrapped by other keys",
    "MATCH (b:Blob) WHERE b.id > $after AND b.id <= $upper AND b.wrappedKey IS NOT NULL AND b.keyId <> $keyId "
    "RETURN b.id AS id, b.keyId AS keyId",
    lambda rows: {str(row["id"]): str(row["keyId"]) for row in rows},
)


def blobs_of_other_keys(after: str, upper: str, key_id: str) -> Query[dict[str, str]]:
    """Blobs in (after, upper] that another master key wraps than this one, each with its key."""
    return _BLOBS_OF_OTHER_KEYS.bind(after=after, upper=upper, keyId=key_id)


def _upper(rows: Sequence[Row]) -> str | None:
    return rows[0]["upper"] if rows else None


_UPPER_CREDENTIAL: Final = Statement(
    "last of the next credentials",
    "MATCH (c:S3Credential) WHERE c.accessKeyId > $after WITH c.accessKeyId AS id LIMIT $size RETURN max(id) AS upper",
    _upper,
)


def upper_credential(after: str, size: int) -> Query[str | None]:
    """Access key id that ends the next page of S3 key pairs; None where there are no more."""
    return _UPPER_CREDENTIAL.bind(after=after, size=size)


def _sealed_secrets(rows: Sequence[Row]) -> list[SealedSecret]:
    # A secret that is gone from the graph reads as nothing, which opens under no key, as above.
    return [SealedSecret(row["id"], row["text"] or "") for row in rows]


_SECRETS: Final = Statement(
    "secrets sealed by other keys",
    "MATCH (c:S3Credential) WHERE c.accessKeyId > $after AND c.accessKeyId <= $upper "
    "AND NOT c.sealedSecret STARTS WITH $keyId RETURN c.accessKeyId AS id, c.sealedSecret AS text",
    _sealed_secrets,
)


def secrets_of_other_keys(after: str, upper: str, key_id: str) -> Query[list[SealedSecret]]:
    """Secrets in (after, upper] that another master key seals than this one."""
    return _SECRETS.bind(after=after, upper=upper, keyId=key_id + ".")


_ALL_SECRETS: Final = Statement(
    "sealed secrets",
    "MATCH (c:S3Credential) WHERE c.accessKeyId > $after AND c.accessKeyId <= $upper "
    "RETURN c.accessKeyId AS id, c.sealedSecret AS text",
    _sealed_secrets,
)


def sealed_secrets(after: str, upper: str) -> Query[list[SealedSecret]]:
    """Secrets of S3 key pairs in (after, upper]."""
    return _ALL_SECRETS.bind(after=after, upper=upper)


_LOCK_CREDENTIALS: Final = Statement(
    "lock credentials",
    "UNWIND $ids AS id MATCH (c:S3Credential {accessKeyId: id}) " + lock("c"),
    nothing,
)


def lock_credentials(ids: Collection[str]) -> Query[None]:
    """Lock S3 key pairs, in id order."""
    return _LOCK_CREDENTIALS.bind(ids=sorted(ids))


_SET_SECRETS: Final = Statement(
    "set sealed secrets",
    "UNWIND $rows AS row MATCH (c:S3Credential {accessKeyId: row.id}) WHERE c.sealedSecret = row.former "
    "SET c.sealedSecret = row.text",
    nothing,
)


def set_secrets(secrets: Sequence[tuple[SealedSecret, str]]) -> Query[None]:
    """Replace sealed secrets: (the new one, the text that it replaces)."""
    rows = [{"id": secret.access_key_id, "text": secret.text, "former": former} for secret, former in secrets]
    return _SET_SECRETS.bind(rows=rows)
