"""Snapshots with the AWS CLI and boto3: a version is downloaded whole while its original goes on, and never written."""

from pathlib import Path

import pytest

from tests.e2e.clients import s3_client
from tests.e2e.job import Job, made, real_files, s3_refusal
from tests.e2e.programs import Program

pytestmark = pytest.mark.e2e

SNAPSHOT = """mutation Snapshot($id: ID!, $version: String!) {
  made: snapshotCreate(id: $id, version: $version) { userErrors { code field message } it: snapshot { id } } }"""


def files_below(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_version_is_downloaded_whole_whatever_became_of_its_original(job: Job, aws: Program, tmp_path: Path) -> None:
    real_files(tmp_path)
    job.make_project("versioned")
    aws.output("s3", "cp", "--recursive", tmp_path / "xml", "s3://versioned/library/xml")
    before = files_below(tmp_path / "xml")
    made(job.graphql.data(SNAPSHOT, id=job.id_of("versioned/library/"), version="1.0.0"))
    aws.output("s3", "rm", "--recursive", "s3://versioned/library/xml/dom")
    aws.output("s3", "cp", "--recursive", tmp_path / "urllib", "s3://versioned/library/xml")

    aws.output("s3", "cp", "--recursive", "s3://versioned/library@1.0.0/xml/", tmp_path / "down")
    aws.output("s3", "sync", "s3://versioned/library@latest/xml", tmp_path / "synced")

    assert files_below(tmp_path / "down") == before
    assert files_below(tmp_path / "synced") == before
    folders = aws.output("s3", "ls", "s3://versioned/library@1.0.0/xml/").splitlines()
    assert [line.split()[-1] for line in folders if "PRE" in line] == ["dom/", "etree/", "parsers/", "sax/"]
    now = aws.output("s3", "ls", "--recursive", "s3://versioned/")
    assert ("parse.py" in now, "minidom.py" in now, "@" in now) == (True, False, False)
    aws.output("s3", "cp", "--recursive", "s3://versioned/library@1.0.0/", "s3://versioned/restored/")
    aws.output("s3", "cp", "--recursive", "s3://versioned/restored/xml", tmp_path / "restored")
    assert files_below(tmp_path / "restored") == before


def test_writes_into_a_version_are_denied_and_change_nothing(job: Job, aws: Program, tmp_path: Path) -> None:
    job.make_way("denied")
    (tmp_path / "a").write_bytes(b"a")
    aws.output("s3", "cp", tmp_path / "a", "s3://denied/c/d/a")
    made(job.graphql.data(SNAPSHOT, id=job.id_of("denied/c/"), version="1.0.0"))
    before = job.everything("denied")
    s3 = s3_client(job.bootstrap)
    key = {"Bucket": "denied", "Key": "c@1.0.0/d/a"}

    refusals = [
        s3_refusal(s3.put_object, **key, Body=b"evil"),
        s3_refusal(s3.create_multipart_upload, **key),
        s3_refusal(s3.delete_object, **key),
        s3_refusal(s3.copy_object, **key, CopySource="denied/c/d/a"),
    ]
    (error,) = s3.delete_objects(Bucket="denied", Delete={"Objects": [{"Key": key["Key"]}]})["Errors"]
    removed = aws.run("s3", "rm", "--recursive", "s3://denied/c@1.0.0/")

    assert refusals == [(403, "AccessDenied")] * 4
    assert error["Code"] == "AccessDenied"
    assert (removed.returncode, "AccessDenied" in removed.stderr) == (1, True)
    assert job.everything("denied") == before
    assert s3_refusal(s3.get_object, Bucket="denied", Key="c@2.0.0/d/a") == (404, "NoSuchKey")
    missing = aws.run("s3", "cp", "--recursive", "s3://denied/c@2.0.0/", tmp_path / "none")
    assert (missing.stdout, files_below(tmp_path / "none")) == ("", {})
