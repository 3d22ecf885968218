"""The main job in GraphQL: containers made and walked, uploads begun there and finished with curl, relations."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.job import (
    ADD_RELATIONS,
    BEGIN_UPLOAD,
    CREATE_OBJECT,
    Job,
    curl,
    facts_of,
    made,
    s3_refusal,
)

pytestmark = pytest.mark.e2e

WAY_DOWN = """
query Down($project: ID!) { node(id: $project) { id ... on Container {
  kind name children(first: 10) { totalCount edges { name node { id kind
    ... on Container { children(first: 10) { nodes { id kind name paths ancestors { id } } } } } } }
  descendants(first: 10) { edges { path node { id kind name } } pageInfo { hasNextPage } }
} } }
"""
FINISH = """
mutation Finish($id: ID!, $parts: [UploadPartInput!]) {
  made: objectUploadFinish(id: $id, parts: $parts) { userErrors { code field message } it: object { id state } } }
"""
WALK = """
query Walk($ref: String!) { resource(ref: $ref) { ... on Container {
  children(first: 10) { nodes { kind name } }
  descendants(first: 10) { edges { path node { name
    relations(first: 10) { nodes { kind name note isOutgoing other { name } sourceVersionId targetVersionId } }
    externalRelations { reference { type value resources(first: 10) { nodes { name } } } }
    lineage(direction: OUT) { depth node { name kind } path { kind name sourceId targetId } }
  } } }
} } }
"""


def test_a_project_a_collection_and_a_dataset_are_made_and_read_back(job: Job) -> None:
    project, collection, dataset = job.make_way("hierarchy")

    found = job.graphql.data(WAY_DOWN, project=project)["node"]

    lowest = {"id": dataset, "kind": "DATASET", "name": "d", "paths": ["hierarchy/c/d"]}
    assert found == {
        "id": project,
        "kind": "PROJECT",
        "name": "hierarchy",
        "children": {
            "totalCount": 1,
            "edges": [
                {
                    "name": "c",
                    "node": {
                        "id": collection,
                        "kind": "COLLECTION",
                        "children": {"nodes": [{**lowest, "ancestors": [{"id": collection}, {"id": project}]}]},
                    },
                }
            ],
        },
        "descendants": {
            "edges": [
                {"path": "c/", "node": {"id": collection, "kind": "COLLECTION", "name": "c"}},
                {"path": "c/d/", "node": {"id": dataset, "kind": "DATASET", "name": "d"}},
            ],
            "pageInfo": {"hasNextPage": False},
        },
    }
    assert [job.id_of(ref) for ref in ("hierarchy", "hierarchy/c/", "hierarchy/c/d", "s3://hierarchy", dataset)] == [
        project,
        collection,
        dataset,
        project,
        dataset,
    ]
    assert [bucket["Name"] for bucket in job.s3.list_buckets()["Buckets"]] == ["hierarchy"]


def test_an_upload_begun_in_graphql_waits_for_curl(job: Job, tmp_path: Path) -> None:
    """The file is large enough that curl asks with Expect before it sends."""
    _, _, dataset = job.make_way("waiting")
    content = b"sample,reads\nA,1\n" * 100_000
    (tmp_path / "reads.csv").write_bytes(content)
    wanted = {"parent": dataset, "name": "run 1/reads.csv", "sha256": sha256(content).hexdigest()}
    wanted |= {"contentType": "text/csv", "metadata": [{"key": "sample", "value": "A"}]}

    begun = made(job.graphql.data(CREATE_OBJECT, input=wanted))

    assert begun["it"]["state"] == "INITIALIZING"
    waiting = job.object(begun["it"]["id"])
    assert (waiting["contentLength"], waiting["versionId"], waiting["checksums"]) == (None, None, None)
    key = {"Bucket": "waiting", "Key": "c/d/run 1/reads.csv"}
    assert job.keys("waiting") == []
    assert s3_refusal(job.s3.get_object, **key) == (404, "NoSuchKey")

    sent = curl(begun["upload"]["url"], "-T", tmp_path / "reads.csv")

    assert (sent.status, sent.body) == (200, b"")
    finished = job.object(begun["it"]["id"])
    assert finished == {
        "id": begun["it"]["id"],
        "name": "run 1/reads.csv",
        "state": "AVAILABLE",
        "stateReason": None,
        "paths": ["waiting/c/d/run 1/reads.csv"],
        "versionId": finished["versionId"],
        "revisionNumber": 0,
        "contentType": "text/csv",
        "metadata": [{"key": "sample", "value": "A"}],
        **facts_of(content),
    }
    got = job.s3.get_object(**key)
    assert (got["Body"].read(), got["ContentType"], got["Metadata"]) == (content, "text/csv", {"sample": "A"})
    assert made(job.graphql.data(FINISH, id=begun["upload"]["id"]))["it"] == {
        "id": begun["it"]["id"],
        "state": "AVAILABLE",
    }


def test_a_url_takes_its_bytes_once(job: Job, tmp_path: Path) -> None:
    _, _, dataset = job.make_way("once")
    (tmp_path / "a").write_bytes(b"a")
    begun = made(job.graphql.data(CREATE_OBJECT, input={"parent": dataset, "name": "a"}))
    assert curl(begun["upload"]["url"], "-T", tmp_path / "a").status == 200
    before = job.everything("once")

    again = curl(begun["upload"]["url"], "-T", tmp_path / "a")

    assert (again.status, again.code) == (404, "NoSuchUpload")
    assert job.everything("once") == before


def test_a_next_revision_is_begun_in_graphql_too(job: Job, tmp_path: Path) -> None:
    _, _, dataset = job.make_way("next")
    (tmp_path / "empty").write_bytes(b"")
    begun = made(job.graphql.data(CREATE_OBJECT, input={"parent": dataset, "name": "a"}))
    assert curl(begun["upload"]["url"], "-T", tmp_path / "empty").status == 200
    (tmp_path / "more").write_bytes(b"more")

    second = made(job.graphql.data(BEGIN_UPLOAD, id=begun["it"]["id"]))

    assert second["it"] == {"id": begun["it"]["id"], "state": "AVAILABLE"}
    assert job.object(begun["it"]["id"])["contentLength"] == 0
    assert curl(second["upload"]["url"], "-T", tmp_path / "more").status == 200
    found = job.object(begun["it"]["id"])
    assert (found["revisionNumber"], found["contentLength"]) == (1, 4)


def test_an_upload_in_parts_is_finished_in_graphql(job: Job, tmp_path: Path) -> None:
    _, _, dataset = job.make_way("parts")
    parts = (b"a" * 5 * 2**20, b"the end")
    wanted = {"parent": dataset, "name": "whole", "parts": 2}
    begun = made(job.graphql.data(CREATE_OBJECT, input=wanted))
    for part, where in zip(parts, begun["upload"]["partUrls"], strict=True):
        (tmp_path / "part").write_bytes(part)
        assert curl(where["url"], "-T", tmp_path / "part").status == 200
    assert job.object(begun["it"]["id"])["state"] == "INITIALIZING"

    made(job.graphql.data(FINISH, id=begun["upload"]["id"]))

    found = job.object(begun["it"]["id"])
    assert (found["state"], found["contentLength"]) == ("AVAILABLE", sum(map(len, parts)))
    assert found["checksums"] == {"sha256": None, "md5": None}
    assert job.s3.get_object(Bucket="parts", Key="c/d/whole")["Body"].read() == b"".join(parts)


def test_relations_and_lineage_are_walked_in_one_query(job: Job) -> None:
    """chart -(CUSTOM plots)-> table -(CUSTOM derivedFrom)-> raw; notes -(METADATA)-> table; table cites a DOI."""
    job.make_way("walk")
    ids: dict[str, str] = {}
    for name in ("chart", "notes", "raw", "table"):
        job.s3.put_object(Bucket="walk", Key=f"c/d/{name}", Body=name.encode())
        ids[name] = job.id_of(f"walk/c/d/{name}")
    versions = {name: job.object(ids[name])["versionId"] for name in ids}
    doi = {"type": "DOI", "value": "https://doi.org/10.1371/journal.PONE.0090081"}

    for source, relation, external in (
        ("chart", {"kind": "CUSTOM", "name": "plots", "target": ids["table"], "note": "by hand"}, []),
        ("table", {"kind": "CUSTOM", "name": "derivedFrom", "target": ids["raw"]}, [doi]),
        ("notes", {"kind": "METADATA", "target": ids["table"]}, []),
    ):
        added = made(job.graphql.data(ADD_RELATIONS, id=ids[source], relations=[relation], external=external))
        assert (added["changed"], added["unchanged"]) == (1 + len(external), 0)

    found = job.graphql.data(WALK, ref="walk")["resource"]
    assert found["children"]["nodes"] == [{"kind": "COLLECTION", "name": "c"}]
    nodes = {edge["path"]: edge["node"] for edge in found["descendants"]["edges"]}
    assert list(nodes) == ["c/", "c/d/", "c/d/chart", "c/d/notes", "c/d/raw", "c/d/table"]

    def edge(source: str, target: str, kind: str, name: str | None, note: str | None, *, out: bool) -> dict[str, Any]:
        return {
            "kind": kind,
            "name": name,
            "note": note,
            "isOutgoing": out,
            "other": {"name": target if out else source},
            "sourceVersionId": versions[source],
            "targetVersionId": versions[target],
        }

    assert nodes["c/d/chart"]["relations"]["nodes"] == [edge("chart", "table", "CUSTOM", "plots", "by hand", out=True)]
    assert nodes["c/d/table"]["relations"]["nodes"] == [
        edge("chart", "table", "CUSTOM", "plots", "by hand", out=False),
        edge("table", "raw", "CUSTOM", "derivedFrom", None, out=True),
        edge("notes", "table", "METADATA", None, None, out=False),
    ]
    assert nodes["c/d/table"]["externalRelations"] == [
        {
            "reference": {
                "type": "DOI",
                "value": "10.1371/journal.pone.0090081",
                "resources": {"nodes": [{"name": "table"}]},
            }
        }
    ]
    plots = {"kind": "CUSTOM", "name": "plots", "sourceId": ids["chart"], "targetId": ids["table"]}
    derived = {"kind": "CUSTOM", "name": "derivedFrom", "sourceId": ids["table"], "targetId": ids["raw"]}
    assert nodes["c/d/chart"]["lineage"] == [
        {"depth": 1, "node": {"name": "table", "kind": "OBJECT"}, "path": [plots]},
        {"depth": 2, "node": {"name": "raw", "kind": "OBJECT"}, "path": [plots, derived]},
    ]
    assert nodes["c/d/raw"]["lineage"] == []
