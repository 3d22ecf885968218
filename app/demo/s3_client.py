"""The few S3 operations that the demo needs, signed in the query (Signature Version 4).

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import md5, sha256
from http import HTTPStatus
from typing import Final
from urllib.parse import quote
from xml.etree import ElementTree as ET

from app.demo.errors import DemoError, ServerRefusal
from app.demo.http import Response, send
from identity.signature.presigned import presign

PART_BYTES: Final = 8 * 1024 * 1024
"""What is larger goes up in parts of this size."""

_REGION: Final = "us-east-1"
_EXPIRES_S: Final = 900


@dataclass(frozen=True, slots=True)
class S3Client:
    """Speaks to one endpoint with one key pair; `clock` gives the time of signing."""

    endpoint: str
    access_key_id: str
    secret: str = field(repr=False)
    clock: Callable[[], datetime]

    def put(self, bucket: str, key: str, body: bytes, content_type: str) -> None:
        """Store an object: in one piece up to PART_BYTES, in parts above.

        Raises: ServerRefusal, DemoError.
        """
        if len(body) > PART_BYTES:
            self._put_parts(bucket, key, body, content_type)
            return
        self._send_ok("PUT", bucket, key, body, headers={"content-type": content_type, **_digest(body)})

    def copy(self, bucket: str, source_key: str, key: str) -> None:
        """Copy an object of a bucket to another key there; no bytes leave the server.

        Raises: ServerRefusal, DemoError.
        """
        source = quote(f"{bucket}/{source_key}")
        answer = self._send_ok("PUT", bucket, key, headers={"x-amz-copy-source": source})
        _xml(answer, "ETag")  # a copy that fails late has the status 200 and an error in its body

    def delete(self, bucket: str, key: str) -> None:
        """Delete an object.

        Raises: ServerRefusal, DemoError.
        """
        self._send_ok("DELETE", bucket, key)

    def _put_parts(self, bucket: str, key: str, body: bytes, content_type: str) -> None:
        begun = self._send_ok("POST", bucket, key, query={"uploads": ""}, headers={"content-type": content_type})
        upload_id = _xml(begun, "UploadId")
        try:
            etags = [
                self._send_ok(
                    "PUT",
                    bucket,
                    key,
                    part,
                    query={"partNumber": str(number), "uploadId": upload_id},
                    headers=_digest(part),
                ).headers["etag"]
                for number, part in enumerate(cut(body), start=1)
            ]
            finish = _part_list(etags)
            _xml(
                self._send_ok("POST", bucket, key, finish, query={"uploadId": upload_id}, headers=_digest(finish)),
                "ETag",
            )
        except DemoError:
            self._send("DELETE", bucket, key, query={"uploadId": upload_id})
            raise

    def _send_ok(
        self,
        method: str,
        bucket: str,
        key: str,
        body: bytes = b"",
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        return accepted(self._send(method, bucket, key, body, query=query, headers=headers), f"{method} {bucket}/{key}")

    def _send(
        self,
        method: str,
        bucket: str,
        key: str,
        body: bytes = b"",
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        url = presign(
            method=method,
            endpoint=self.endpoint,
            bucket=bucket,
            key=key,
            access_key_id=self.access_key_id,
            secret=self.secret,
            region=_REGION,
            now=self.clock(),
            expires_s=_EXPIRES_S,
            query=(query or {}).items(),
            headers=(headers or {}).items(),
        )
        return send(method, url, headers, body)


def etag_of(body: bytes) -> str:
    """The ETag that `S3Client.put` gives these bytes: their MD5, or that of their parts' MD5s with the number."""
    if len(body) <= PART_BYTES:
        return _md5(body).hex()
    digests = [_md5(part) for part in cut(body)]
    return f"{_md5(b''.join(digests)).hex()}-{len(digests)}"


def cut(body: bytes) -> Iterable[bytes]:
    """The parts of a body, in order, all but the last of PART_BYTES."""
    return (body[start : start + PART_BYTES] for start in range(0, len(body), PART_BYTES))


def _md5(body: bytes) -> bytes:
    return md5(body, usedforsecurity=False).digest()


def _digest(body: bytes) -> dict[str, str]:
    """The header that has the server check that these are the bytes we meant."""
    return {"x-amz-content-sha256": sha256(body).hexdigest()}


def _part_list(etags: list[str]) -> bytes:
    root = ET.Element("CompleteMultipartUpload")
    for number, etag in enumerate(etags, start=1):
        part = ET.SubElement(root, "Part")
        ET.SubElement(part, "PartNumber").text = str(number)
        ET.SubElement(part, "ETag").text = etag
    return ET.tostring(root)


def accepted(answer: Response, what: str) -> Response:
    """The answer, if it isn't a refusal; `what` names the request in the message.

    Raises: ServerRefusal.
    """
    if answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return answer
    # Whatever stands between us and the endpoint may answer without a code of S3's.
    code = _find(answer, "Code") or str(answer.status)
    raise ServerRefusal(what, code, _find(answer, "Message") or HTTPStatus(answer.status).phrase)


def _xml(answer: Response, name: str) -> str:
    """The text of an element of the answer.

    Raises: ServerRefusal where it is an error; DemoError where it is something else.
    """
    text = _find(answer, name)
    if text:
        return text
    if code := _find(answer, "Code"):
        raise ServerRefusal("S3", code, _find(answer, "Message") or "no reason given")
    raise DemoError(f"the S3 endpoint answered {answer.status} and no {name}")


def _find(answer: Response, name: str) -> str | None:
    try:
        root = ET.fromstring(answer.body)  # noqa: S314  the server that we were told to trust with the data
    except ET.ParseError:
        return None
    return next((element.text for element in root.iter() if element.tag.rpartition("}")[2] == name), None)
