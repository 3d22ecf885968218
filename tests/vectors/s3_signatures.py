"""Known answers of S3 request signatures, from the examples of AWS's own pages.

Sources, all below https://docs.aws.amazon.com/AmazonS3/latest/API/: sig-v4-header-based-auth.html (HEADER_EXAMPLES),
sigv4-query-string-auth.html (PRESIGNED_EXAMPLE), sigv4-streaming.html (CHUNKED_EXAMPLE),
sigv4-streaming-trailers.html (TRAILER_EXAMPLE), RESTAuthentication.html in its edition of 2013
(PRESIGNED_V2_EXAMPLE; the bucket of its text was renamed later, the signature was not).
"""

from dataclasses import dataclass
from datetime import UTC, datetime

ACCESS_KEY_ID = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
SIGNED_AT = datetime(2013, 5, 24, tzinfo=UTC)

_EMPTY = b"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
_HOST = (b"host", b"examplebucket.s3.amazonaws.com")
_AMZ_DATE = (b"x-amz-date", b"20130524T000000Z")
_CREDENTIAL = b"AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request"


def _authorization(signed_headers: bytes, signature: bytes) -> tuple[bytes, bytes]:
    return b"authorization", _CREDENTIAL + b",SignedHeaders=" + signed_headers + b",Signature=" + signature


@dataclass(frozen=True)
class RequestExample:
    """A signed request as it is on the wire."""

    method: str
    raw_path: bytes
    raw_query: bytes
    headers: tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True)
class ChunkedExample:
    """A signed upload in chunks: the request, and the body that belongs to it."""

    request: RequestExample
    seed_signature: str
    body: bytes
    data: bytes
    trailers: dict[str, str]


HEADER_EXAMPLES = {
    "get object": RequestExample(
        "GET",
        b"/test.txt",
        b"",
        (
            _HOST,
            (b"range", b"bytes=0-9"),
            (b"x-amz-content-sha256", _EMPTY),
            _AMZ_DATE,
            _authorization(
                b"host;range;x-amz-content-sha256;x-amz-date",
                b"f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
            ),
        ),
    ),
    "put object": RequestExample(
        "PUT",
        b"/test%24file.text",
        b"",
        (
            _HOST,
            (b"date", b"Fri, 24 May 2013 00:00:00 GMT"),
            (b"x-amz-content-sha256", b"44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"),
            _AMZ_DATE,
            (b"x-amz-storage-class", b"REDUCED_REDUNDANCY"),
            _authorization(
                b"date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
                b"98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
            ),
        ),
    ),
    "get bucket lifecycle": RequestExample(
        "GET",
        b"/",
        b"lifecycle",
        (
            _HOST,
            (b"x-amz-content-sha256", _EMPTY),
            _AMZ_DATE,
            _authorization(
                b"host;x-amz-content-sha256;x-amz-date",
                b"fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
            ),
        ),
    ),
    "list objects": RequestExample(
        "GET",
        b"/",
        b"max-keys=2&prefix=J",
        (
            _HOST,
            (b"x-amz-content-sha256", _EMPTY),
            _AMZ_DATE,
            _authorization(
                b"host;x-amz-content-sha256;x-amz-date",
                b"34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
            ),
        ),
    ),
}

PRESIGNED_SIGNATURE = "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
PRESIGNED_EXPIRES_S = 86400
PRESIGNED_EXAMPLE = RequestExample(
    "GET",
    b"/test.txt",
    b"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
    b"&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature="
    + PRESIGNED_SIGNATURE.encode(),
    (_HOST,),
)

PRESIGNED_V2_BUCKET = "johnsmith"
PRESIGNED_V2_EXPIRES_AT = datetime(2007, 3, 29, 3, 40, 20, tzinfo=UTC)
PRESIGNED_V2_EXAMPLE = RequestExample(
    "GET",
    b"/photos/puppy.jpg",
    b"AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=1175139620",
    ((b"host", b"johnsmith.s3.amazonaws.com"),),
)

_UPLOAD_HEADERS = (
    (b"host", b"s3.amazonaws.com"),
    _AMZ_DATE,
    (b"x-amz-storage-class", b"REDUCED_REDUNDANCY"),
    (b"content-encoding", b"aws-chunked"),
    (b"x-amz-decoded-content-length", b"66560"),
    (b"content-length", b"66824"),
)

CHUNKED_EXAMPLE = ChunkedExample(
    RequestExample(
        "PUT",
        b"/examplebucket/chunkObject.txt",
        b"",
        (
            *_UPLOAD_HEADERS,
            (b"x-amz-content-sha256", b"STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
            _authorization(
                b"content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;"
                b"x-amz-decoded-content-length;x-amz-storage-class",
                b"4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
            ),
        ),
    ),
    "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
    b"10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n"
    + b"a" * 65536
    + b"\r\n400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n"
    + b"a" * 1024
    + b"\r\n0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n",
    b"a" * 66560,
    {},
)

TRAILER_EXAMPLE = ChunkedExample(
    RequestExample(
        "PUT",
        b"/examplebucket/chunkObject.txt",
        b"",
        (
            *_UPLOAD_HEADERS,
            (b"x-amz-content-sha256", b"STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"),
            (b"x-amz-trailer", b"x-amz-checksum-crc32c"),
            _authorization(
                b"content-encoding;host;x-amz-content-sha256;x-amz-date;"
                b"x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer",
                b"106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
            ),
        ),
    ),
    "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
    b"10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2\r\n"
    + b"a" * 65536
    + b"\r\n400;chunk-signature=1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7\r\n"
    + b"a" * 1024
    + b"\r\n0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n"
    + b"x-amz-checksum-crc32c:sOO8/Q==\r\n"
    + b"x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n",
    b"a" * 66560,
    {"x-amz-checksum-crc32c": "sOO8/Q=="},
)
