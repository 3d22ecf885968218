"""Signature Version 2 in the query, which boto3 still makes by default for endpoints other than AWS's own.

Weaker than Version 4, by its nature: the host isn't signed, nor are the parameters of lists. What would turn a signed
request into another operation is either signed (`SIGNED_SUBRESOURCES`) or refused (`REFUSED_SUBRESOURCES`).
Source: https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html
"""

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hmac import compare_digest, digest
from typing import Final

from identity.signature.canonical import RawRequest
from identity.signature.errors import RefusalCode, SignatureRefused
from identity.signature.matching import AMZ_PREFIX, MISMATCH
from identity.signature.payload import (
    CONTENT_SHA256_HEADER,
    SIGNED_CHUNKS,
    SIGNED_CHUNKS_TRAILER,
    UNSIGNED,
    UNSIGNED_CHUNKS_TRAILER,
    ChunkedPayload,
    ExactPayload,
    Payload,
    UnsignedPayload,
    Verified,
    parse_payload_hash,
)

ACCESS_KEY_PARAMETER: Final = b"AWSAccessKeyId"
SIGNATURE_PARAMETER: Final = b"Signature"
EXPIRES_PARAMETER: Final = b"Expires"

SIGNED_SUBRESOURCES: Final = frozenset(
    {
        b"accelerate",
        b"acl",
        b"analytics",
        b"cors",
        b"defaultObjectAcl",
        b"delete",
        b"inventory",
        b"lifecycle",
        b"location",
        b"logging",
        b"metrics",
        b"notification",
        b"object-lock",
        b"partNumber",
        b"policy",
        b"replication",
        b"requestPayment",
        b"response-cache-control",
        b"response-content-disposition",
        b"response-content-encoding",
        b"response-content-language",
        b"response-content-type",
        b"response-expires",
        b"restore",
        b"select",
        b"select-type",
        b"storageClass",
        b"tagging",
        b"torrent",
        b"uploadId",
        b"uploads",
        b"versionId",
        b"versioning",
        b"versions",
        b"website",
    }
)
"""The parameters that are part of the string to sign (what botocore's HmacV1Auth signs; the page lists a part)."""

REFUSED_SUBRESOURCES: Final = frozenset(
    {
        b"append",
        b"attributes",
        b"encryption",
        b"intelligent-tiering",
        b"legal-hold",
        b"metadataConfiguration",
        b"metadataTable",
        b"ownershipControls",
        b"policyStatus",
        b"publicAccessBlock",
        b"renameObject",
        b"retention",
        b"session",
    }
)
"""Parameters younger than Version 2 that choose another operation and that its clients leave unsigned."""

_SINGLE: Final = frozenset({ACCESS_KEY_PARAMETER, SIGNATURE_PARAMETER, EXPIRES_PARAMETER})
_POSITIONAL: Final = (b"content-md5", b"content-type")
_is_epoch_seconds: Final = re.compile(rb"0|[1-9][0-9]{0,17}").fullmatch


@dataclass(frozen=True, slots=True)
class PresignedV2:
    """A request whose query says who signed it and until when; nothing is proven yet.

    `signed_values` are the headers that Version 2 signs, with those that boto3 puts into the query instead.
    `expires_at_s` is in seconds since 1970.
    """

    access_key_id: str
    request: RawRequest = field(repr=False)
    parameters: Sequence[tuple[bytes, bytes]] = field(repr=False)
    signed_values: Mapping[bytes, bytes] = field(repr=False)
    expires_at_s: int
    payload: Payload
    signature: bytes = field(repr=False)

    def verify(self, secret: str, now: datetime, virtual_bucket: str | None = None) -> Verified:
        """Check the expiry and the signature; `virtual_bucket` is the bucket that the Host names, if it does.

        Raises: SignatureRefused (AccessDenied when expired, SignatureDoesNotMatch).
        """
        if now.timestamp() >= self.expires_at_s:
            raise SignatureRefused(
                RefusalCode.ACCESS_DENIED, "Request has expired", details={"Expires": str(self.expires_at_s)}
            )
        texts = [self._string_to_sign(path) for path in self._paths(virtual_bucket)]
        for text in texts:
            expected = b64encode(digest(secret.encode("utf-8"), text, "sha1"))
            if compare_digest(expected, self.signature):
                return Verified(self.access_key_id, self.payload)
        raise SignatureRefused(
            RefusalCode.SIGNATURE_DOES_NOT_MATCH,
            MISMATCH,
            details={
                "AWSAccessKeyId": self.access_key_id,
                "StringToSign": texts[0].decode("utf-8", "backslashreplace"),
                "SignatureProvided": self.signature.decode("ascii", "backslashreplace"),
            },
        )

    def _paths(self, virtual_bucket: str | None) -> tuple[bytes, ...]:
        """The paths that the signer may have signed, as sent and not decoded, the bucket always before the key.

        boto3 signs `/bucket/` for a bucket and sends `/bucket`, others sign what they send; both mean the bucket.
        """
        raw_path = self.request.raw_path or b"/"
        if virtual_bucket is not None:
            return (b"/" + virtual_bucket.encode("utf-8") + raw_path,)
        bucket = raw_path[1:].removesuffix(b"/")
        if bucket and b"/" not in bucket:
            return (b"/" + bucket, b"/" + bucket + b"/")
        return (raw_path,)

    def _string_to_sign(self, path: bytes) -> bytes:
        values = self.signed_values
        lines = [self.request.method.encode("utf-8")]
        lines += [values.get(name, b"") for name in _POSITIONAL]
        lines.append(str(self.expires_at_s).encode("ascii"))
        lines += [name + b":" + values[name] for name in sorted(values) if name[:6] == AMZ_PREFIX]
        lines.append(self._canonical_resource(path))
        return b"\n".join(lines)

    def _canonical_resource(self, path: bytes) -> bytes:
        """The path and the sub-resources, these decoded and sorted."""
        signed = sorted((item for item in self.parameters if item[0] in SIGNED_SUBRESOURCES), key=lambda item: item[0])
        return path + b"?" + _join_subresources(signed) if signed else path


def parse_query(request: RawRequest, parameters: Sequence[tuple[bytes, bytes]]) -> PresignedV2:
    """Read a request with V2 parameters; `parameters` are its decoded query.

    Raises: SignatureRefused (AccessDenied; InvalidRequest or InvalidArgument where the payload's hash is none).
    """
    single = {name: value for name, value in parameters if name in _SINGLE}
    if len(single) < len(_SINGLE) or sum(name in _SINGLE for name, _ in parameters) > len(_SINGLE):
        raise SignatureRefused(
            RefusalCode.ACCESS_DENIED,
            "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters, once each",
        )
    access_key_id = single[ACCESS_KEY_PARAMETER]
    if not access_key_id or not access_key_id.isascii():
        raise SignatureRefused(RefusalCode.ACCESS_DENIED, "AWSAccessKeyId must be an access key id")
    expires = single[EXPIRES_PARAMETER]
    if not _is_epoch_seconds(expires):
        text = expires.decode("utf-8", "replace")
        raise SignatureRefused(RefusalCode.ACCESS_DENIED, f"Invalid date (should be seconds since epoch): {text}")
    for name, _ in parameters:
        if name in REFUSED_SUBRESOURCES:
            raise SignatureRefused(
                RefusalCode.ACCESS_DENIED,
                f"Signature Version 2 does not cover {name.decode('ascii')}. Please use AWS4-HMAC-SHA256.",
            )
    values = _signed_values(request, parameters)
    return PresignedV2(
        access_key_id.decode("ascii"),
        request,
        parameters,
        values,
        int(expires),
        _payload(values),
        # base64 has pluses and no spaces: a space here is a plus that the client didn't escape.
        single[SIGNATURE_PARAMETER].replace(b" ", b"+"),
    )


def _signed_values(request: RawRequest, parameters: Sequence[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """The signed headers by name; boto3 signs as headers what it then puts into the query.

    Given in both places with two values, one of them would be unsigned, so that is refused.
    """
    values: dict[bytes, bytes] = {}
    for name, value in request.headers:
        if _is_signed(name):
            values[name] = values[name] + b"," + value.strip() if name in values else value.strip()
    from_query: dict[bytes, bytes] = {}
    for name, value in parameters:
        lowered = name.lower()
        if not _is_signed(lowered):
            continue
        if b"\n" in value or b"\r" in value:
            text = lowered.decode("latin-1")
            raise SignatureRefused(RefusalCode.ACCESS_DENIED, f"{text} holds a line break, so it can be no header")
        if from_query.setdefault(lowered, value.strip()) != value.strip():
            raise _given_twice(lowered)
    for name, value in from_query.items():
        if values.setdefault(name, value) != value:
            raise _given_twice(name)
    return values


def _join_subresources(signed: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Write the sub-resources of the string to sign: `acl` or `acl=` as `acl`, others as `name=value`.

    Values are signed decoded, so an ampersand in one could hide or make up another parameter; that is refused.
    """
    joined = b"&".join([name + b"=" + value if value else name for name, value in signed])
    read_back = [part.partition(b"=")[0] for part in joined.split(b"&")]
    if [name for name in read_back if name in SIGNED_SUBRESOURCES] != [name for name, _ in signed]:
        raise SignatureRefused(
            RefusalCode.ACCESS_DENIED, "What Signature Version 2 signs of this query can be read in two ways."
        )
    return joined


def _is_signed(name: bytes) -> bool:
    return name[:6] == AMZ_PREFIX or name in _POSITIONAL


def _given_twice(name: bytes) -> SignatureRefused:
    text = name.decode("latin-1")
    return SignatureRefused(RefusalCode.ACCESS_DENIED, f"{text} is given twice, with two values, and signed once")


def _payload(values: Mapping[bytes, bytes]) -> Payload:
    payload_hash = parse_payload_hash(values.get(CONTENT_SHA256_HEADER, UNSIGNED.encode("ascii")).decode("latin-1"))
    if payload_hash in (SIGNED_CHUNKS, SIGNED_CHUNKS_TRAILER):
        raise SignatureRefused(
            RefusalCode.INVALID_REQUEST, "Signature Version 2 has no signed chunks. Please use AWS4-HMAC-SHA256."
        )
    if payload_hash == UNSIGNED_CHUNKS_TRAILER:
        return ChunkedPayload(None, has_trailer=True)
    return UnsignedPayload() if payload_hash == UNSIGNED else ExactPayload(payload_hash)
