"""The main job with the AWS CLI: up, down, in sync, in parts, and away again."""

import json
import random
from pathlib import Path

import pytest

from tests.e2e.job import Job, facts_of, real_files
from tests.e2e.programs import Program

pytestmark = pytest.mark.e2e

MIB = 2**20


def test_files_go_up_one_by_one_and_by_folders(job: Job, aws: Program, tmp_path: Path) -> None:
    """Into the dataset that is there and by keys whose containers aren't; an empty file is among them."""
    _, _, dataset = job.make_way("going-up")
    files = real_files(tmp_path)

    aws.output("s3", "cp", tmp_path / "urllib" / "parse.py", "s3://going-up/c/d/")
    aws.output("s3", "cp", "--recursive", tmp_path / "urllib", "s3://going-up/python/urllib")
    aws.output("s3", "sync", tmp_path / "xml", "s3://going-up/xml")

    expected = {"c/d/parse.py": files["urllib/parse.py"]}
    expected |= {key if key.startswith("xml") else f"python/{key}": path for key, path in files.items()}
    nodes = {node["path"]: node for node in job.dump("going-up")[1:]}
    found = {path: node for path, node in nodes.items() if node["kind"] == "OBJECT"}
    assert set(found) == set(expected)
    for key, path in expected.items():
        facts = {**facts_of(path.read_bytes()), "state": "AVAILABLE"}
        del found[key]["checksums"]["s3"]
        assert {name: found[key][name] for name in facts} == facts
    assert nodes["c/d/"]["id"] == dataset
    assert {path: node["kind"] for path, node in nodes.items() if node["kind"] != "OBJECT"} == {
        "c/": "COLLECTION",
        "c/d/": "DATASET",
        "python/": "COLLECTION",
        "python/urllib/": "DATASET",
        "xml/": "COLLECTION",
        "xml/dom/": "DATASET",
        "xml/etree/": "DATASET",
        "xml/parsers/": "DATASET",
        "xml/sax/": "DATASET",
    }
    assert aws.output("s3", "sync", tmp_path / "xml", "s3://going-up/xml") == ""

    aws.output("s3", "sync", "s3://going-up/xml", tmp_path / "down")
    for key, path in files.items():
        if key.startswith("xml/"):
            assert (tmp_path / "down" / key.removeprefix("xml/")).read_bytes() == path.read_bytes()


def test_a_large_file_goes_up_and_down_in_parts(job: Job, aws: Program, tmp_path: Path) -> None:
    job.make_way("parts")
    content = random.Random(66).randbytes(66 * MIB + 1)
    (tmp_path / "large").write_bytes(content)

    aws.output("s3", "cp", "--no-progress", tmp_path / "large", "s3://parts/c/d/large")

    found = job.object(job.id_of("parts/c/d/large"))
    assert (found["state"], found["contentLength"], found["checksums"]) == (
        "AVAILABLE",
        len(content),
        {"sha256": None, "md5": None},
    )
    assert found["etag"].endswith("-9")
    aws.output("s3", "cp", "--no-progress", "s3://parts/c/d/large", tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == content


def test_streams_go_through_pipes(job: Job, aws: Program, tmp_path: Path) -> None:
    job.make_project("pipes")
    (tmp_path / "a").write_bytes(b"a\nb\n")

    aws.output("s3", "cp", tmp_path / "a", "s3://pipes/x/y/z")

    assert aws.output("s3", "cp", "s3://pipes/x/y/z", "-") == "a\nb\n"
    presigned = aws.output("s3", "presign", "s3://pipes/x/y/z").strip()
    assert presigned.startswith(f"{job.bootstrap.s3Endpoint}/pipes/x/y/z?")


def test_lists_heads_ranges_and_copies(job: Job, aws: Program, tmp_path: Path) -> None:
    job.make_project("listed")
    (tmp_path / "a").write_bytes(b"0123456789")
    for key in ("top", "c/d/one", "c/d/two", "c/three"):
        aws.output("s3", "cp", tmp_path / "a", f"s3://listed/{key}")

    assert "listed" in aws.output("s3", "ls")
    assert [line.split()[-1] for line in aws.output("s3", "ls", "s3://listed").splitlines()] == ["c/", "top"]
    everything = aws.output("s3", "ls", "--recursive", "s3://listed").splitlines()
    assert [line.split()[2:] for line in everything] == [
        ["10", "c/d/one"],
        ["10", "c/d/two"],
        ["10", "c/three"],
        ["10", "top"],
    ]
    paged = aws.output("s3api", "list-objects-v2", "--bucket", "listed", "--page-size", "1", "--output", "json")
    assert [it["Key"] for it in json.loads(paged)["Contents"]] == ["c/d/one", "c/d/two", "c/three", "top"]

    where = ("--bucket", "listed", "--key", "c/d/one", "--output", "json")
    assert json.loads(aws.output("s3api", "head-object", *where))["ContentLength"] == 10
    aws.output("s3api", "get-object", *where, "--range", "bytes=2-4", tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == b"234"

    bytes_before = job.blobs()
    aws.output("s3", "cp", "s3://listed/c/d/one", "s3://listed/e/copy")
    assert job.blobs() == bytes_before
    query = "query O($ref: String!) { resource(ref: $ref) { lineage { node { id } path { kind } } } }"
    assert job.graphql.data(query, ref="listed/e/copy")["resource"]["lineage"] == [
        {"node": {"id": job.id_of("listed/c/d/one")}, "path": [{"kind": "ORIGIN"}]}
    ]
    aws.output("s3", "mv", "s3://listed/top", "s3://listed/bottom")
    assert [key for key, _, _ in job.keys("listed")] == ["bottom", "c/d/one", "c/d/two", "c/three", "e/copy"]


def test_an_older_revision_is_fetched_by_its_version_id(job: Job, aws: Program, tmp_path: Path) -> None:
    job.make_project("versions")
    versions: list[str] = []
    for content in (b"old", b"new"):
        (tmp_path / "a").write_bytes(content)
        aws.output("s3", "cp", tmp_path / "a", "s3://versions/a")
        versions.append(job.object(job.id_of("versions/a"))["versionId"])

    where = ("--bucket", "versions", "--key", "a", "--version-id", versions[0])
    aws.output("s3api", "get-object", *where, tmp_path / "old")

    assert (tmp_path / "old").read_bytes() == b"old"
    assert aws.output("s3", "cp", "s3://versions/a", "-") == "new"


def test_all_is_removed_and_then_the_bucket(job: Job, aws: Program, tmp_path: Path) -> None:
    real_files(tmp_path)
    aws.output("s3", "mb", "s3://removed")
    aws.output("s3", "cp", "--recursive", tmp_path / "xml", "s3://removed/xml")
    object_id = job.id_of("removed/xml/dom/minidom.py")
    full = aws.run("s3", "rb", "s3://removed")
    assert (full.returncode, "BucketNotEmpty" in full.stderr) == (1, True)

    aws.output("s3", "rm", "--recursive", "s3://removed")

    assert job.object(object_id)["state"] == "DELETED"
    assert aws.output("s3", "ls", "--recursive", "s3://removed") == ""
    aws.output("s3", "rb", "s3://removed")
    gone = aws.run("s3", "ls", "s3://removed")
    assert "NoSuchBucket" in gone.stderr


def test_a_forced_removal_of_a_full_bucket_works(job: Job, aws: Program, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    aws.output("s3", "mb", "s3://forced")
    aws.output("s3", "cp", tmp_path / "a", "s3://forced/c/d/a")

    aws.output("s3", "rb", "--force", "s3://forced")

    assert "forced" not in aws.output("s3", "ls")
