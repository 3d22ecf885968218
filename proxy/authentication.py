"""Who signs a request: what it claims, whose secret that takes, and whether it's true.

The secret comes with the statement that resolves the request, so nothing is known of the answer before the signature
is checked. A key pair with a token signs presigned URLs only, and ends with its token.
"""

from datetime import datetime

from domain.access import ANONYMOUS, Caller
from graphstore.cypher.accounts import CredentialRecord
from identity.access_keys import open_access_key
from identity.keyring import Keyring
from identity.signature.payload import Payload, UnsignedPayload
from identity.signature.request import Anonymous, Credentials, read_credentials, verify
from identity.signature.v2 import PresignedV2
from identity.signature.v4 import HeaderV4
from proxy.errors import S3Code, S3Error, access_denied
from proxy.request import UPLOAD_PARAMETER, Request


def claimed_credentials(request: Request) -> Credentials:
    """Read how the request is signed; nothing is proven yet.

    Raises: SignatureRefused; S3Error (AccessDenied) where Version 2 doesn't sign what the query asks for.
    """
    credentials = read_credentials(request.method, request.raw_path, request.raw_query, request.raw_headers)
    if isinstance(credentials, PresignedV2) and UPLOAD_PARAMETER in request.query:
        raise access_denied(f"Signature Version 2 does not cover {UPLOAD_PARAMETER}. Please use AWS4-HMAC-SHA256.")
    return credentials


def access_key_of(credentials: Credentials) -> str:
    """Access key id that is claimed, empty for anonymous requests."""
    return "" if isinstance(credentials, Anonymous) else credentials.access_key_id


def authenticate(
    credentials: Credentials, record: CredentialRecord | None, request: Request, keyring: Keyring, now: datetime
) -> tuple[Caller, Payload]:
    """Check the claim; answers who is calling and how the body is to be checked.

    Raises: SignatureRefused, S3Error (InvalidAccessKeyId, AccessDenied).
    """
    if isinstance(credentials, Anonymous):
        return ANONYMOUS, UnsignedPayload()
    if record is None:
        raise _unknown(credentials.access_key_id)
    secret = open_access_key(record, keyring).secret
    verified = verify(credentials, secret, now, virtual_bucket=request.virtual_bucket)
    # Only who holds the secret learns more.
    if record.expires_at is not None and record.expires_at <= now:
        raise _unknown(credentials.access_key_id)
    if not record.user.is_active:
        raise access_denied("The user of this access key is not active.")
    if record.token_id is not None and isinstance(credentials, HeaderV4):
        raise access_denied("This access key signs presigned URLs only.")
    caller = Caller(
        record.user.id,
        is_administrator=record.user.is_administrator,
        token_id=record.token_id,
        access_key_id=record.access_key_id,
    )
    return caller, verified.payload


def _unknown(access_key_id: str) -> S3Error:
    return S3Error(
        S3Code.INVALID_ACCESS_KEY_ID,
        "The AWS Access Key Id you provided does not exist in our records, or has expired.",
        details={"AWSAccessKeyId": access_key_id},
    )
