"""Presigned S3 URLs: signed with the key pair of the token that the caller calls with, so they die with it."""

from collections.abc import Sequence
from typing import Final

from domain.errors import BadInput, Unauthenticated
from domain.limits import PRESIGNED_SECONDS_DEFAULT, PRESIGNED_SECONDS_MAX
from domain.resources import State
from domain.views import RevisionView
from identity.access_keys import AccessKey, open_access_key
from identity.signature.presigned import presign
from resolvers.context import REGION, Context
from resolvers.frozen import held_place

UPLOAD_PARAMETER: Final = "x-aruna-upload"
"""Query parameter of a presigned PUT that names the upload which it brings the bytes of."""


async def find_signer(context: Context) -> AccessKey | None:
    """Key pair that signs for the caller; None without a token.

    Raises: Unavailable.
    """
    if context.caller.token_id is None:
        return None
    record = await context.loaders.token_credentials.load(context.caller.token_id)
    return None if record is None else open_access_key(record, context.services.keyring)


async def demand_signer(context: Context) -> AccessKey:
    """Key pair that signs for the caller.

    Raises: Unauthenticated, Unavailable.
    """
    signer = await find_signer(context)
    if signer is None:
        raise Unauthenticated("sign in with a token to upload: it signs the URLs")
    return signer


def sign_url(
    context: Context,
    signer: AccessKey,
    method: str,
    bucket: str,
    key: str,
    *,
    query: Sequence[tuple[str, str]] = (),
    expires_s: int = PRESIGNED_SECONDS_DEFAULT,
) -> str:
    """URL for one request to a key, from now on for `expires_s` seconds.

    Raises: BadInput for a key that no URL can hold.
    """
    return presign(
        method=method,
        endpoint=context.services.settings.s3_public_url,
        bucket=bucket,
        key=key,
        access_key_id=signer.id,
        secret=signer.secret,
        region=REGION,
        now=context.now,
        expires_s=expires_s,
        query=query,
    )


async def download_url(context: Context, revision: RevisionView | None, expires_in: int | None) -> str | None:
    """URL that gets the bytes of a revision; None where there are none to be read, or without a token.

    What is seen in a snapshot or archive is read through it, as long as its original has a place.

    Raises: BadInput, Unavailable.
    """
    expires_s = PRESIGNED_SECONDS_DEFAULT if expires_in is None else expires_in
    if not 1 <= expires_s <= PRESIGNED_SECONDS_MAX:
        message = f"expiresIn goes from 1 to {PRESIGNED_SECONDS_MAX} seconds, not {expires_s}"
        raise BadInput(message, field=("expiresIn",))
    if revision is None or revision.state is not State.AVAILABLE or revision.erased_at is not None:
        return None
    signer = await find_signer(context)
    if signer is None:
        return None
    if revision.held is None:
        place = await context.loaders.places.load(revision.object_id)
        query = [("versionId", revision.version_id)]
    else:
        place = await held_place(context, revision.held)
        query = []
    if place is None:
        return None
    try:
        return sign_url(context, signer, "GET", place.bucket, place.key, query=query, expires_s=expires_s)
    except BadInput:
        # A key such as `..` is only reached by S3 clients that don't tidy paths.
        return None
