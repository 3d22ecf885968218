"""The table of operations."""

import pytest

from domain.access import Action
from proxy.authorising import CHECKS
from proxy.calling import Place
from proxy.errors import S3Code, S3Error
from proxy.request import COPY_SOURCE_HEADER, UPLOAD_PARAMETER, Request
from proxy.routing import ROUTES, SUBRESOURCES, route


def _request(method: str, bucket: str = "", key: str = "", query: str = "", **headers: str) -> Request:
    parameters = {pair.partition("=")[0]: pair.partition("=")[2] for pair in query.split("&") if pair}
    return Request(method, b"/", query.encode(), (), headers, parameters, bucket, key)


@pytest.mark.parametrize(
    ("request_of", "name"),
    [
        (_request("GET"), "ListBuckets"),
        (_request("GET", "b"), "ListObjects"),
        (_request("GET", "b", query="list-type=1"), "ListObjects"),
        (_request("GET", "b", query="list-type=2&prefix=x"), "ListObjectsV2"),
        (_request("GET", "b", query="location"), "GetBucketLocation"),
        (_request("POST", "b", query="delete"), "DeleteObjects"),
        (_request("PUT", "b", "k"), "PutObject"),
        (_request("PUT", "b", "k", query=f"{UPLOAD_PARAMETER}=1"), "UploadObject"),
        (_request("GET", "b", "k", query="versionId=x&partNumber=1&unknown=1"), "GetObject"),
        (_request("GET", "b", "k", query="acl&versionId=x"), "GetObjectAcl"),
        (_request("HEAD", "b", "k"), "HeadObject"),
        (_request("DELETE", "b", "k"), "DeleteObject"),
        (_request("PUT", "b", "k", **{"x-amz-copy-source": "a/b"}), "CopyObject"),
        (_request("GET", "b", "k", query="attributes&versionId=x"), "GetObjectAttributes"),
        (_request("GET", "b", query="uploads"), "ListMultipartUploads"),
        (_request("POST", "b", "k", query="uploads"), "CreateMultipartUpload"),
        (_request("PUT", "b", "k", query="uploadId=1&partNumber=1"), "UploadPart"),
        (_request("PUT", "b", "k", query="uploadId=1&partNumber=1", **{"x-amz-copy-source": "a/b"}), "UploadPartCopy"),
        (_request("GET", "b", "k", query="uploadId=1"), "ListParts"),
        (_request("POST", "b", "k", query="uploadId=1"), "CompleteMultipartUpload"),
        (_request("DELETE", "b", "k", query="uploadId=1"), "AbortMultipartUpload"),
        (_request("GET", "b", query="object-lock"), "GetObjectLockConfiguration"),
    ],
)
def test_a_request_is_its_operation(request_of: Request, name: str) -> None:
    assert route(request_of).name == name


@pytest.mark.parametrize(
    ("request_of", "code"),
    [
        (_request("PATCH", "b", "k", query="uploadId=1"), S3Code.METHOD_NOT_ALLOWED),
        (_request("POST", "b", "k", query="uploads&uploadId=1"), S3Code.INVALID_REQUEST),
        (_request("PUT", "b", "k", query="acl", **{"x-amz-copy-source": "a/b"}), S3Code.NOT_IMPLEMENTED),
        (_request("PUT", "b", query="policy"), S3Code.NOT_IMPLEMENTED),
        (_request("PUT", "b", query="versioning"), S3Code.NOT_IMPLEMENTED),
        (_request("POST", "b"), S3Code.NOT_IMPLEMENTED),
        (
            _request("PUT", "b", "k", query=f"{UPLOAD_PARAMETER}=1", **{"x-amz-copy-source": "a"}),
            S3Code.NOT_IMPLEMENTED,
        ),
        (_request("BREW", "b"), S3Code.METHOD_NOT_ALLOWED),
        (_request("GET", "b", query="acl&policy"), S3Code.INVALID_REQUEST),
    ],
)
def test_what_has_no_row_is_never_taken_for_something_else(request_of: Request, code: S3Code) -> None:
    with pytest.raises(S3Error) as refused:
        route(request_of)

    assert refused.value.code is code


def test_every_operation_says_what_it_needs() -> None:
    for operation in ROUTES.values():
        need = operation.need
        takes_action = need.place not in {Place.SIGNED, Place.EACH_KEY, Place.OWN_MULTIPART}
        makes_keys = need.place in {Place.KEY, Place.MULTIPART, Place.COMPLETION}
        assert isinstance(need.action, Action) == takes_action, operation.name
        assert isinstance(need.action_if_absent, Action) == makes_keys, operation.name
    assert set(CHECKS) == set(Place)


def test_every_subresource_of_the_table_is_recognised() -> None:
    written = {subresource for _, _, subresource in ROUTES} - {"", "list-type=2"}
    named = {name for subresource in written for name in subresource.split()} - {COPY_SOURCE_HEADER}

    assert named <= SUBRESOURCES


def test_no_name_stands_for_two_operations() -> None:
    names: dict[str, int] = {}
    for operation in {id(one): one for one in ROUTES.values()}.values():
        names[operation.name] = names.get(operation.name, 0) + 1

    assert {name for name, count in names.items() if count > 1} == set()
