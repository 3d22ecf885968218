"""Clients that store, copy, delete and erase, each on keys of its own, and know what must be there when all is cut off.

What a client was answered is certain. What it was just asking for when the server died is either done or not: so a key
shows its last acknowledged state, or the one that was being made.
"""

import hashlib
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError  # pyright: ignore[reportMissingTypeStubs]  boto3 has none

from app.bootstrap import Bootstrap
from tests.e2e.clients import GraphQL, s3_client
from tests.processes import wait_until

BUCKET: Final = "crash"
CLIENTS: Final = 6
KEYS: Final = 8

_MIB: Final = 1024 * 1024
_PART: Final = 5 * _MIB
_READ_ATTEMPTS: Final = 3
_ID_OF: Final = "query ($ref: String!) { resource(ref: $ref) { id } }"
_ERASE: Final = """mutation ($id: ID!, $name: String!) {
  objectErase(id: $id, confirmation: $name) { userErrors { code message } } }"""

_NOISE: Final = Random(5).randbytes(2 * _PART + 70_000)
COMMON: Final = (b"", b"x", _NOISE[:4096], b"a line of text\n" * 5000, _NOISE[: 2 * _MIB])
"""What all clients store: equal blobs, of which those that come later are spare."""
CUTS: Final = ((_PART, _PART + 5), (_PART + 7, _PART), (2 * _PART,))
"""Ways to cut the same bytes into parts: equal contents, of which those that are hashed later share."""

Shown = str | None
"""SHA-256 of what a key shows; None: there is nothing."""


@dataclass
class Key:
    """What is known of a key; `attempted` is what it may show instead, of the call that had no answer."""

    shown: Shown = None
    attempted: list[Shown] = field(default_factory=list[Shown])


def sha256_of(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


class Client:
    """One client in a thread. Its calls fail only when the server is being killed; else that is a failure."""

    def __init__(self, server: Bootstrap, name: str, keys: dict[str, Key], seed: int, over: threading.Event) -> None:
        self.failure: Exception | None = None
        self.calls: dict[str, int] = {}
        self._s3: Any = s3_client(server)
        self._graphql = GraphQL(server.graphqlUrl, server.adminToken)
        self._name = name
        self._keys = keys
        self._random = Random(seed)
        self._over = over
        self.thread = threading.Thread(target=self._run, name=name)

    def _run(self) -> None:
        ways: list[Callable[[str], None]] = [
            *(self.put, self.put, self.put_common, self.put_common),
            *(self.in_parts, self.in_parts, self.leave_parts),
            *(self.copy, self.copy_as_part, self.delete, self.erase, self.read),
        ]
        while not self._over.is_set():
            way = self._random.choice(ways)
            try:
                way(self._any_key())
            except Exception as error:  # noqa: BLE001  the test shows whatever it was
                if not self._over.is_set():
                    self.failure = error
                return
            self.calls[way.__name__] = self.calls.get(way.__name__, 0) + 1

    def _any_key(self) -> str:
        return f"coll{self._random.randrange(2)}/set/{self._name}-{self._random.randrange(KEYS)}"

    def _change(self, key: str, becomes: Shown, call: Callable[[], object]) -> None:
        """Note what a call makes of a key: as attempted before it, as certain when it was answered."""
        known = self._keys.setdefault(key, Key())
        known.attempted = [becomes]
        call()
        self._keys[key] = Key(becomes)

    def put(self, key: str) -> None:
        """Store bytes that nobody else has."""
        size = self._random.choice([1, 4096, 70_000, 2 * _MIB])
        like = self._random.choice([b"a line of text\n" * (size // 15 + 1), _NOISE])
        self._put(key, (self._random.randbytes(16) + like[:size])[:size])

    def put_common(self, key: str) -> None:
        """Store bytes that others store too."""
        self._put(key, self._random.choice(COMMON))

    def _put(self, key: str, body: bytes) -> None:
        self._change(key, sha256_of(body), lambda: self._s3.put_object(Bucket=BUCKET, Key=key, Body=body))

    def in_parts(self, key: str) -> None:
        """Store in parts what others have cut otherwise, one part of it twice."""
        upload_id, parts = self._send_parts(key)
        listed = [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(parts, 1)]
        call = self._s3.complete_multipart_upload
        place: dict[str, Any] = {"Bucket": BUCKET, "Key": key, "UploadId": upload_id}
        self._change(key, sha256_of(_NOISE), lambda: call(**place, MultipartUpload={"Parts": listed}))

    def leave_parts(self, key: str) -> None:
        """Begin an upload that is never finished, or aborted."""
        upload_id, _ = self._send_parts(key)
        if self._random.random() < 0.5:
            self._s3.abort_multipart_upload(Bucket=BUCKET, Key=key, UploadId=upload_id)

    def _send_parts(self, key: str) -> tuple[str, list[str]]:
        upload_id: str = self._s3.create_multipart_upload(Bucket=BUCKET, Key=key)["UploadId"]
        etags: list[str] = []
        cuts = [0, *self._random.choice(CUTS), len(_NOISE)]
        place: dict[str, Any] = {"Bucket": BUCKET, "Key": key, "UploadId": upload_id}
        start = 0
        for number, length in enumerate([*cuts[1:-1], None], 1):
            body = _NOISE[start:] if length is None else _NOISE[start : start + length]
            start += len(body)
            if number == 1 and self._random.random() < 0.3:
                self._s3.upload_part(**place, PartNumber=number, Body=b"sent again" + body[:70_000])
            if body:
                etags.append(self._s3.upload_part(**place, PartNumber=number, Body=body)["ETag"])
        return upload_id, etags

    def copy(self, key: str) -> None:
        """Copy a key of its own that is certain."""
        source = self._certain(key)
        if source is not None:
            call = self._s3.copy_object
            copied = f"{BUCKET}/{source}"
            self._change(key, self._keys[source].shown, lambda: call(Bucket=BUCKET, Key=key, CopySource=copied))

    def copy_as_part(self, key: str) -> None:
        """Make a content of one part that is another content as it stands."""
        source = self._certain(key)
        if source is None:
            return
        place: dict[str, Any] = {"Bucket": BUCKET, "Key": key}
        place["UploadId"] = self._s3.create_multipart_upload(**place)["UploadId"]
        made = self._s3.upload_part_copy(**place, PartNumber=1, CopySource=f"{BUCKET}/{source}")
        listed = [{"PartNumber": 1, "ETag": made["CopyPartResult"]["ETag"]}]
        call = self._s3.complete_multipart_upload
        self._change(key, self._keys[source].shown, lambda: call(**place, MultipartUpload={"Parts": listed}))

    def delete(self, key: str) -> None:
        """Delete a key, which may show nothing."""
        self._change(key, None, lambda: self._s3.delete_object(Bucket=BUCKET, Key=key))

    def erase(self, key: str) -> None:
        """Destroy the bytes of what a key shows."""
        if self._keys.get(key, Key()).shown is None:
            return
        found = self._graphql.data(_ID_OF, ref=f"{BUCKET}/{key}")["resource"]

        def call() -> None:
            erased = self._graphql.data(_ERASE, id=found["id"], name=key.rpartition("/")[2])["objectErase"]
            assert erased["userErrors"] == [], erased

        self._change(key, None, call)

    def read(self, key: str) -> None:
        """Read what it stored: right bytes. Who looks for bytes while they are replaced and removed may miss them."""
        known = self._keys.get(key, Key())
        if known.shown is None:
            return
        for attempt in range(_READ_ATTEMPTS):
            with suppress(*([] if attempt == _READ_ATTEMPTS - 1 else [ClientError, BotoCoreError])):
                body = self._s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
                assert sha256_of(body) == known.shown, key
                return

    def _certain(self, but: str) -> str | None:
        """Any key of its own that shows something, other than one."""
        certain = sorted(
            key for key, known in self._keys.items() if key != but and known.shown is not None and not known.attempted
        )
        return self._random.choice(certain) if certain else None


class Load:
    """All clients on one server, until `stop`; the keys are known on from server to server."""

    def __init__(self, server: Bootstrap, keys: Mapping[str, dict[str, Key]], seed: int) -> None:
        self._over = threading.Event()
        self.clients = [
            Client(server, name, keys[name], seed + number, self._over) for number, name in enumerate(sorted(keys))
        ]

    def start(self) -> None:
        """Let them begin."""
        for client in self.clients:
            client.thread.start()

    def wait_for_answers(self) -> None:
        """Wait until each was answered something: on a busy machine that takes a while."""
        wait_until(
            lambda: all(client.calls or client.failure for client in self.clients), "an answer to each", timeout_s=60
        )

    def expect_the_end(self) -> None:
        """From here on their calls may fail."""
        self._over.set()

    @property
    def is_over(self) -> bool:
        """Whether the end is expected."""
        return self._over.is_set()

    def join(self) -> None:
        """Wait until all have noticed the end; what failed before is the test's failure."""
        for client in self.clients:
            client.thread.join()
        failures = [client.failure for client in self.clients if client.failure is not None]
        assert not failures, failures


def new_keys() -> dict[str, dict[str, Key]]:
    """What is known of all clients' keys in the beginning."""
    return {f"c{number}": {} for number in range(CLIENTS)}


def check_and_settle(server: Bootstrap, keys: Mapping[str, dict[str, Key]]) -> None:
    """Read every key: what was acknowledged is there whole, and nothing else; what was open is known from here on."""
    s3 = s3_client(server)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    listed = {item["Key"]: item for page in pages for item in page.get("Contents", [])}
    for known_keys in keys.values():
        for key, known in known_keys.items():
            item = listed.pop(key, None)
            shown = None
            if item is not None:
                answer = s3.get_object(Bucket=BUCKET, Key=key)
                body = answer["Body"].read()
                shown = sha256_of(body)
                assert (answer["ETag"], len(body)) == (item["ETag"], item["Size"]), key
            assert shown in [known.shown, *known.attempted], (key, shown, known)
            known_keys[key] = Key(shown)
    assert not listed, "what nobody stored is shown"
