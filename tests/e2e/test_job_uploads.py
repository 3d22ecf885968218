"""The main job with boto3: real files in any order, one in parts, revisions under a stable id."""

import random
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from hashlib import md5
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.clients import s3_client
from tests.e2e.job import Job, curl, facts_of, made, real_files, s3_refusal
from tests.processes import wait_until

pytestmark = pytest.mark.e2e

MIB = 2**20
BOTO_PART_BYTES = 8 * MIB
ORDERS = 3
PIECES = {"first": 5 * MIB, "second": 5 * MIB + 7, "small": 70_000}
COUNTED = ("objects", "bytes")
AWKWARD_KEYS = (
    "xml",
    "xml/dom",
    "xml/dom/",
    "xml//dom",
    "./x",
    "a b/c",
    "ümlaut/ß/x",
    "d/e/f/g/h",
    "folder/",
    "q?x=%20+&",
)
"""Keys that live beside those of real files; what can't be a container's name stays in the Object's."""

REVISIONS = """
query Revisions($id: ID!, $old: ID!) { node(id: $id) { ... on Object { id versionId downloadUrl
  revisions(first: 10) { nodes {
    versionId revisionNumber contentLength etag checksums { sha256 md5 } metadata { key value } } }
  revisionAt(versionId: $old) { versionId revisionNumber downloadUrl(expiresIn: 60) }
} } }
"""


def upload(job: Job, project: str, files: Mapping[str, Path], key: str) -> None:
    job.s3.upload_file(str(files[key]), project, key)


def shape(job: Job, project: str) -> list[tuple[Any, ...]]:
    """What doesn't depend on when and in which order things were made."""
    return sorted(
        (
            *(node["path"], node["kind"], node["name"], node["state"], node["dataClass"], node["revision"]),
            *(node.get("contentLength"), str(node.get("checksums")), node.get("etag"), node.get("contentType")),
            *(node.get("revisionNumber"), str([parent["name"] for parent in node["parents"]]), str(node["paths"][1:])),
            *(node["stats"][part][what] if "stats" in node else "" for part in ("own", "subtree") for what in COUNTED),
        )
        for node in job.dump(project)[1:]
    )


def test_files_in_any_order_four_at_a_time_give_the_same_graph(job: Job, tmp_path: Path) -> None:
    files = real_files(tmp_path)
    for number, key in enumerate(AWKWARD_KEYS):
        files[key] = tmp_path / f"awkward{number}"
        files[key].write_text(key, encoding="utf-8")
    seed = random.SystemRandom().randrange(2**32)
    print(f"order by seed {seed}")
    draw = random.Random(seed)
    shapes: list[list[tuple[Any, ...]]] = []

    for number in range(ORDERS):
        project = f"order-{number}"
        job.make_project(project)
        keys = draw.sample(sorted(files), len(files))
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(partial(upload, job, project, files), keys))
        assert {key: size for key, size, _ in job.keys(project)} == {
            key: path.stat().st_size for key, path in files.items()
        }
        shapes.append(shape(job, project))

    assert shapes[0] == shapes[1] == shapes[2]
    kinds = {path: kind for path, kind, *_ in shapes[0] if kind != "OBJECT"}
    assert kinds == {
        "xml/": "COLLECTION",
        "xml/dom/": "DATASET",
        "xml/etree/": "DATASET",
        "xml/parsers/": "DATASET",
        "xml/sax/": "DATASET",
        "urllib/": "COLLECTION",
        "d/": "COLLECTION",
        "d/e/": "DATASET",
    }


def test_each_object_has_size_path_and_digests(job: Job, tmp_path: Path) -> None:
    files = real_files(tmp_path)
    job.make_project("digests")
    for key, path in files.items():
        job.s3.upload_file(str(path), "digests", key)

    for key, path in files.items():
        content = path.read_bytes()
        found = job.object(job.id_of(f"digests/{key}"))
        expected: dict[str, Any] = {"paths": [f"digests/{key}"], "state": "AVAILABLE", **facts_of(content)}
        assert {name: found[name] for name in expected} == expected
        assert job.s3.get_object(Bucket="digests", Key=key)["Body"].read() == content


def test_an_empty_file_leaves_its_connection_in_order(job: Job) -> None:
    """An answer without 100 Continue to an empty PUT that expects one makes the next answer unreadable."""
    job.make_project("empty")
    client = s3_client(job.bootstrap)

    for number in range(3):
        client.put_object(Bucket="empty", Key=f"e{number}", Body=b"")
        client.put_object(Bucket="empty", Key=f"f{number}", Body=b"full")

    assert [(key, size) for key, size, _ in job.keys("empty")] == [
        *((f"e{number}", 0) for number in range(3)),
        *((f"f{number}", 4) for number in range(3)),
    ]


def test_a_large_file_goes_in_parts_into_the_existing_dataset(job: Job, tmp_path: Path) -> None:
    _, _, dataset = job.make_way("large")
    content = random.Random(65).randbytes(65 * MIB + 3)
    (tmp_path / "large").write_bytes(content)

    job.s3.upload_file(str(tmp_path / "large"), "large", "c/d/large.bin")

    found = job.object(job.id_of("large/c/d/large.bin"))
    parts = [content[start : start + BOTO_PART_BYTES] for start in range(0, len(content), BOTO_PART_BYTES)]
    assert found["etag"] == f"{md5(b''.join(md5(part).digest() for part in parts)).hexdigest()}-9"
    assert (found["state"], found["contentLength"]) == ("AVAILABLE", len(content))
    assert found["checksums"] == {"sha256": None, "md5": None}
    assert [node["id"] for node in job.dump("large") if node["kind"] == "DATASET"] == [dataset]

    job.s3.download_file("large", "c/d/large.bin", str(tmp_path / "again"))
    assert (tmp_path / "again").read_bytes() == content
    beyond = job.s3.get_object(Bucket="large", Key="c/d/large.bin", Range=f"bytes={8 * MIB - 5}-{8 * MIB + 4}")
    assert beyond["Body"].read() == content[8 * MIB - 5 : 8 * MIB + 5]


def test_overwriting_gives_a_revision_under_the_same_id_and_keeps_the_old_bytes(job: Job) -> None:
    job.make_way("again")
    key = {"Bucket": "again", "Key": "c/d/a file"}
    contents = (b"first", b"second!", b"")
    job.s3.put_object(**key, Body=contents[0], Metadata={"number": "0"})
    first = job.object(job.id_of("again/c/d/a file"))
    for number, content in enumerate(contents[1:], start=1):
        job.s3.put_object(**key, Body=content, Metadata={"number": str(number)})

    object_id = job.id_of("again/c/d/a file")
    assert object_id == first["id"]
    found = job.graphql.data(REVISIONS, id=object_id, old=first["versionId"])["node"]
    revisions = found["revisions"]["nodes"]
    assert [{name: it for name, it in revision.items() if name != "versionId"} for revision in revisions] == [
        {
            "revisionNumber": number,
            "metadata": [{"key": "number", "value": str(number)}],
            **facts_of(contents[number]),
        }
        for number in (2, 1, 0)
    ]
    assert found["versionId"] == revisions[0]["versionId"]
    for revision in revisions:
        content = contents[int(revision["revisionNumber"])]
        got = job.s3.get_object(**key, VersionId=revision["versionId"])
        assert (got["Body"].read(), got["Metadata"]) == (content, {"number": str(revision["revisionNumber"])})
    assert job.s3.get_object(**key)["Body"].read() == b""
    assert found["revisionAt"]["revisionNumber"] == 0
    assert curl(found["revisionAt"]["downloadUrl"]).body == b"first"
    assert curl(found["downloadUrl"]).body == b""
    assert job.keys("again") == [("c/d/a file", 0, f'"{md5(b"").hexdigest()}"')]
    assert s3_refusal(job.s3.get_object, **key, VersionId="01ARZ3NDEKTSV4RRFFQ69G5FAV") == (404, "NoSuchVersion")
    assert s3_refusal(job.s3.get_object, **key, VersionId="first") == (400, "InvalidArgument")


CLONE = """mutation($id: ID!, $input: ObjectCloneInput!) {
  made: objectClone(id: $id, input: $input) { userErrors { code field message } it: object { id } } }"""
SNAPSHOT = """mutation($id: ID!) {
  made: snapshotCreate(id: $id, version: "1.0.0") { userErrors { code field message } it: snapshot { id } } }"""


def test_copies_clones_snapshots_part_copies_and_equal_overwrites_leave_the_disk_as_it_is(job: Job) -> None:
    """All of it through the two faces; files are counted with their bytes, when those that came again have gone."""
    _, _, dataset = job.make_way("still")
    first, second, small = (random.Random(letter).randbytes(length) for letter, length in PIECES.items())

    def in_parts(key: str, *bodies: bytes) -> None:
        place = begun(job, "still", key)
        parts = [job.s3.upload_part(**place, PartNumber=n, Body=body)["ETag"] for n, body in enumerate(bodies, 1)]
        complete(job, place, parts)

    in_parts("c/d/parts", first, second)
    job.s3.put_object(Bucket="still", Key="c/d/small", Body=small)
    parts_id = job.id_of("still/c/d/parts")
    job.hashed(parts_id)
    before = job.blobs()

    for key in ("parts", "small"):
        job.s3.copy_object(Bucket="still", Key=f"c/copies/{key}", CopySource=f"still/c/d/{key}")
        made(job.graphql.data(CLONE, id=job.id_of(f"still/c/d/{key}"), input={"parent": dataset, "name": f"c-{key}"}))
    made(job.graphql.data(SNAPSHOT, id=dataset))
    place = begun(job, "still", "c/d/joined")
    sources = [("parts", f"bytes=0-{len(first) - 1}"), ("parts", f"bytes={len(first)}-{len(first + second) - 1}")]
    copied = [
        job.s3.upload_part_copy(
            **place, PartNumber=number, CopySource=f"still/c/d/{key}", **({"CopySourceRange": span} if span else {})
        )["CopyPartResult"]["ETag"]
        for number, (key, span) in enumerate([*sources, ("small", None)], 1)
    ]
    complete(job, place, copied)
    job.s3.put_object(Bucket="still", Key="c/d/small", Body=small)
    in_parts("c/d/parts", first, second)
    in_parts("c/d/one part", small)

    wait_until(lambda: job.blobs() == before, "the same files with the same lengths, and no others")
    shown = {
        "c/d/parts": first + second,
        "c/copies/parts": first + second,
        "c/d/c-parts": first + second,
        "c/d@1.0.0/parts": first + second,
        "c/d/joined": first + second + small,
        **dict.fromkeys(("c/d/small", "c/copies/small", "c/d/c-small", "c/d@1.0.0/small", "c/d/one part"), small),
    }
    for key, body in shown.items():
        assert job.s3.get_object(Bucket="still", Key=key)["Body"].read() == body, key


def begun(job: Job, bucket: str, key: str) -> dict[str, Any]:
    """Begin an upload in parts; answers where its calls go."""
    place = {"Bucket": bucket, "Key": key}
    return {**place, "UploadId": job.s3.create_multipart_upload(**place)["UploadId"]}


def complete(job: Job, place: Mapping[str, Any], etags: list[str]) -> None:
    listed = [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(etags, 1)]
    job.s3.complete_multipart_upload(**place, MultipartUpload={"Parts": listed})
