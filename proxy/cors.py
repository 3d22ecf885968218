"""Cross-origin requests: what browsers may do from the web front ends that the settings name.

They use presigned URLs, so only those are opened, to GET, HEAD and PUT. A preflight carries no signature of its own and
is answered before authentication.
Source: https://docs.aws.amazon.com/AmazonS3/latest/API/RESTOPTIONSobject.html
"""

from collections.abc import Collection
from typing import Final

from proxy.errors import S3Code, S3Error
from proxy.request import Request
from proxy.responses import Response, empty_response

METHODS: Final = ("GET", "HEAD", "PUT")
_MAX_AGE_S: Final = 3600
_EXPOSED: Final = (
    "ETag, Content-Range, Accept-Ranges, x-amz-request-id, x-amz-version-id, x-amz-checksum-type, "
    "x-amz-checksum-crc32, x-amz-checksum-crc32c, x-amz-checksum-crc64nvme, x-amz-checksum-sha1, x-amz-checksum-sha256"
)


def answer_preflight(request: Request, allowed_origins: Collection[str]) -> Response:
    """Answer what a browser asks before it sends a request from another origin.

    Raises: S3Error (BadRequest without an origin or method, AccessForbidden where no rule allows it).
    """
    origin = request.headers.get("origin")
    method = request.headers.get("access-control-request-method")
    if not origin:
        raise S3Error(S3Code.BAD_REQUEST, "Insufficient information. Origin request header needed.")
    if not method:
        raise S3Error(S3Code.BAD_REQUEST, "Invalid Access-Control-Request-Method: null")
    if not (request.is_presigned and origin in allowed_origins and method in METHODS):
        raise S3Error(
            S3Code.ACCESS_FORBIDDEN,
            "CORSResponse: This CORS request is not allowed. This is usually because the evaluation of Origin, request"
            " method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the"
            " resource's CORS spec.",
            details={"Method": method, "ResourceType": "OBJECT"},
        )
    headers = {
        "access-control-allow-origin": origin,
        "access-control-allow-methods": ", ".join(METHODS),
        "access-control-max-age": str(_MAX_AGE_S),
        "vary": "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
    }
    asked = request.headers.get("access-control-request-headers")
    if asked:
        headers["access-control-allow-headers"] = asked
    return empty_response(200, headers)


def allow_origin(request: Request, response: Response, allowed_origins: Collection[str]) -> None:
    """Let the browser show the answer of a presigned request, errors too, to an allowed front end."""
    origin = request.headers.get("origin")
    if origin is not None and origin in allowed_origins and request.is_presigned:
        response.headers["access-control-allow-origin"] = origin
        response.headers["access-control-expose-headers"] = _EXPOSED
        response.headers["vary"] = "Origin"
