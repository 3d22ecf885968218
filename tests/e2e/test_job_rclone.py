"""The main job with rclone: a tree is copied, checked against its source, listed and deleted."""

import json
from hashlib import sha256
from pathlib import Path

import pytest

from tests.e2e.job import Job, real_files
from tests.e2e.programs import Program

pytestmark = pytest.mark.e2e


def test_a_tree_is_copied_checked_listed_and_deleted(job: Job, rclone: Program, tmp_path: Path) -> None:
    files = real_files(tmp_path / "here")
    (tmp_path / "here" / "large").write_bytes(b"0123456789abcdef" * 2**16 * 13)
    files["large"] = tmp_path / "here" / "large"

    rclone.run("mkdir", "aruna:tree")
    done = rclone.run("copy", "--s3-upload-cutoff", "8Mi", "--s3-chunk-size", "5Mi", tmp_path / "here", "aruna:tree")

    assert done.returncode == 0, done.stderr
    assert {key: size for key, size, _ in job.keys("tree")} == {key: path.stat().st_size for key, path in files.items()}
    for options in ((), ("--download",)):
        checked = rclone.run("check", *options, tmp_path / "here", "aruna:tree")
        assert (checked.returncode, "0 differences found" in checked.stderr) == (0, True), checked.stderr
    listed = json.loads(rclone.run("lsjson", "--recursive", "--files-only", "--hash", "aruna:tree").stdout)
    assert {it["Path"]: it["Size"] for it in listed} == {key: path.stat().st_size for key, path in files.items()}
    again = rclone.run("copy", "--verbose", tmp_path / "here", "aruna:tree")
    assert "There was nothing to transfer" in again.stderr
    # What S3 has no field for travels as user metadata: the modification time, and the MD5 of an upload in parts.
    large = job.hashed(job.id_of("tree/large"))
    assert [it["key"] for it in large["metadata"]] == ["md5chksum", "mtime"]
    assert large["checksums"]["sha256"] == sha256(files["large"].read_bytes()).hexdigest()

    done = rclone.run("purge", "aruna:tree")

    assert done.returncode == 0, done.stderr
    assert job.graphql.data('query Gone { resource(ref: "tree") { id } }') == {"resource": None}
    assert job.object(large["id"])["state"] == "DELETED"
