"""CreateBucket: a project with its creator as ADMIN.

By its owner again it succeeds and changes nothing, as in us-east-1; by another it is BucketAlreadyExists.
Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
"""

from dataclasses import replace
from typing import Final

from domain.access import Level
from domain.creation import NewResource, create_project
from domain.errors import AlreadyExists
from domain.names import is_project_name
from graphstore.cypher import facts
from graphstore.instants import to_ms
from proxy.bodies import read_document
from proxy.calling import Call, Need, Operation, Place
from proxy.errors import S3Code, S3Error, not_implemented
from proxy.headers import check_canned_acl
from proxy.responses import Response, empty_response
from proxy.xml import malformed, parse

_BODY_BYTES_MAX: Final = 64 * 1024
_REGION_LENGTH_MAX: Final = 64


async def _run(call: Call) -> Response:
    name = call.request.bucket
    if not is_project_name(name):
        raise S3Error(S3Code.INVALID_BUCKET_NAME, "The specified bucket is not valid.", details={"BucketName": name})
    if call.request.headers.get("x-amz-bucket-object-lock-enabled", "false").lower() == "true":
        raise not_implemented("Object lock")
    check_canned_acl(call.request.headers)
    location = _location(await read_document(call.request, call.payload, call.body, _BODY_BYTES_MAX))
    stamp = call.stamp()
    query = facts.bucket(name, call.caller.user_id, to_ms(stamp.now))
    may_create = call.services.settings.may_everyone_create_projects or call.caller.is_administrator
    is_made = call.resolution.project is not None
    if not is_made:
        try:
            await call.services.store.run_rule(
                "create bucket",
                lock=(),
                load=query,
                decide=lambda found: create_project(
                    replace(found, may_create=may_create), NewResource(name), stamp, location_constraint=location
                ),
            )
        except AlreadyExists:
            is_made = True  # by another request, just now
    if is_made:
        owned = await call.services.store.read(query)
        if owned.owner_level is not Level.ADMIN:
            raise S3Error(
                S3Code.BUCKET_ALREADY_EXISTS,
                "The requested bucket name is not available. Please select a different name and try again.",
                details={"BucketName": name},
            )
    return empty_response(200, {"location": f"/{name}"})


def _location(body: bytes) -> str | None:
    """LocationConstraint of the body, None for the default region or without a body."""
    if not body.strip():
        return None
    location = parse(body, "CreateBucketConfiguration").text_of("LocationConstraint")
    if location and (len(location) > _REGION_LENGTH_MAX or not location.isprintable()):
        raise malformed("the LocationConstraint is none")
    return location or None


CREATE_BUCKET: Final = Operation("CreateBucket", Need(Place.SIGNED), _run)
