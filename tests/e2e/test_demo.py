"""`aruna demo load` against a real server: what it builds, that it can be run again, and that the examples run on it.

The data comes from the package registry once and is kept in .tools/, where its digests are checked on every load.
"""

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, cast
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from app.bootstrap import write_bootstrap
from app.demo import manifest
from app.demo.archives import read_member
from app.demo.command import cache_folder
from app.demo.s3_client import etag_of
from schema.graphiql import REFERENCE_PREFIX, saved_examples
from tests.e2e.clients import GraphQL, s3_client
from tests.e2e.server import ROOT, RunningServer, aruna, running_server

pytestmark = pytest.mark.e2e

CACHE = {"XDG_CACHE_HOME": str(ROOT / ".tools" / "cache")}

TREE = """
query Tree { resource(ref: "demo") { revision ... on Container { descendants(first: 100) { edges { path node {
  kind name title state dataClass revision
  ... on Object { versionId revisionNumber contentLength contentType etag checksums { sha256 } }
} } } } } }
"""
RELATIONS = """
query Relations($ref: String!) { resource(ref: $ref) {
  relations(first: 20, direction: OUT) { nodes { kind name other { name } } }
  externalRelations { reference { type value } }
} }
"""
LINEAGE = """
query Lineage($ref: String!) { resource(ref: $ref) { lineage { depth node { name state } path { kind name } } } }
"""


@dataclass(frozen=True, slots=True)
class Demo:
    """A server with the demo in it, what the load printed, and its reader's token."""

    server: RunningServer
    printed: str
    reader_token: str

    @property
    def administrator(self) -> GraphQL:
        return GraphQL(self.server.bootstrap.graphqlUrl, self.server.bootstrap.adminToken)

    @property
    def reader(self) -> GraphQL:
        return GraphQL(self.server.bootstrap.graphqlUrl, self.reader_token)

    def load(self) -> CompletedProcess[str]:
        return aruna(self.server.data_dir, "demo", "load", environment=CACHE)

    def tree(self) -> dict[str, dict[str, Any]]:
        """All resources by path, once the uploads in parts are hashed as wholes."""
        deadline = time.monotonic() + 60
        while True:
            edges = self.administrator.data(TREE)["resource"]["descendants"]["edges"]
            nodes = {edge["path"]: edge["node"] for edge in edges}
            if all(node["checksums"]["sha256"] for node in nodes.values() if node.get("etag")):
                return nodes
            assert time.monotonic() < deadline, "there was a minute for hashing"
            time.sleep(0.1)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running_server(tmp_path_factory.mktemp("demo")) as server:
        done = aruna(server.data_dir, "demo", "load", environment=CACHE)
        assert done.returncode == 0, done.stderr + server.log.read_text()
        token = re.search(r"his token, shown this once: (\S+)", done.stdout)
        assert token is not None, done.stdout
        yield Demo(server, done.stdout, token[1])


def content(file: manifest.File) -> bytes:
    return read_member(cache_folder(CACHE) / file.archive.filename, file.member)


def test_every_file_is_there_byte_for_byte_with_its_digest(demo: Demo) -> None:
    tree = demo.tree()
    s3 = s3_client(demo.server.bootstrap)

    for file in manifest.FILES:
        expected = content(file)
        assert s3.get_object(Bucket="demo", Key=file.key)["Body"].read() == expected, file.key
        node = tree[file.key]
        assert (node["state"], node["title"], node["contentType"]) == ("AVAILABLE", file.title, file.content_type)
        assert (int(node["contentLength"]), node["etag"]) == (len(expected), etag_of(expected))
        assert node["checksums"]["sha256"] == sha256(expected).hexdigest()
    assert tree["astronomy/de421.bsp"]["etag"].endswith("-3")


def test_the_project_holds_what_the_manifest_says_and_nothing_else(demo: Demo) -> None:
    tree = demo.tree()

    expected = {f"{container.path}/" for container in manifest.CONTAINERS} | {file.key for file in manifest.FILES}
    expected |= {manifest.MONTHS, manifest.CHART, manifest.METADATA, manifest.COPY, "ecology/teaching/"}
    assert set(tree) == expected
    assert tree["ecology/teaching/"]["kind"] == "DATASET"
    assert {path for path, node in tree.items() if node["dataClass"] == "PUBLIC"} == {
        "ecology/palmer-penguins/",
        "ecology/palmer-penguins/README.json",
        "ecology/palmer-penguins/penguins-raw.csv",
        "ecology/palmer-penguins/penguins.csv",
    }


def test_a_second_load_changes_nothing_and_says_so(demo: Demo) -> None:
    before = demo.tree()

    done = demo.load()

    assert (done.returncode, done.stderr) == (0, "")
    assert "is there already; nothing was changed" in done.stdout
    assert "his token was shown when he was made" in done.stdout
    assert demo.reader_token not in done.stdout
    assert demo.tree() == before


def test_a_load_gives_a_new_revision_to_what_was_overwritten_and_leaves_titles_alone(demo: Demo) -> None:
    before = demo.tree()
    key = "ecology/iris/iris.json"
    s3_client(demo.server.bootstrap).put_object(Bucket="demo", Key=key, Body=b"[]", ContentType="application/json")
    retitle = """mutation Retitle($id: ID!) {
      resourceUpdate(id: $id, input: {title: "Mine"}) { userErrors { code } } }"""
    iris = demo.administrator.data('query Id { resource(ref: "demo/ecology/iris/iris.json") { id } }')["resource"]["id"]
    demo.administrator.data(retitle, id=iris)

    done = demo.load()

    assert done.returncode == 0, done.stderr
    assert "1 change; the project `demo` is complete." in done.stdout
    after = demo.tree()
    assert after[key]["revisionNumber"] == before[key]["revisionNumber"] + 2
    assert (after[key]["etag"], after[key]["title"]) == (before[key]["etag"], "Mine")
    assert {path: node for path, node in after.items() if path != key} == {
        path: node for path, node in before.items() if path != key
    }


def test_the_overwritten_file_has_two_revisions_and_the_old_bytes_are_readable(demo: Demo) -> None:
    query = """query Revisions { resource(ref: "demo/weather/seattle-weather.csv") { ... on Object {
      revisions(first: 10) { nodes { revisionNumber versionId } } } } }"""
    newest, oldest = demo.administrator.data(query)["resource"]["revisions"]["nodes"]

    assert (newest["revisionNumber"], oldest["revisionNumber"]) == (1, 0)
    weather = next(content(file) for file in manifest.FILES if file.key == manifest.WEATHER)
    answer = s3_client(demo.server.bootstrap).get_object(
        Bucket="demo", Key=manifest.WEATHER, VersionId=oldest["versionId"]
    )
    assert answer["Body"].read() == b"".join(weather.splitlines(keepends=True)[: manifest.FIRST_YEAR_LINES])


def test_relations_and_citations_stand_as_in_the_manifest(demo: Demo) -> None:
    for source in {it.source for it in (*manifest.RELATIONS, *manifest.CITATIONS)} - {manifest.MONTHS}:
        found = demo.administrator.data(RELATIONS, ref=f"demo/{source}")["resource"]

        relations = {
            (relation["kind"], relation["name"])
            for relation in found["relations"]["nodes"]
            if relation["kind"] != "ORIGIN"
        }
        assert relations == {(it.kind, it.name) for it in manifest.RELATIONS if it.source == source}
        citations = {(it["reference"]["type"], it["reference"]["value"]) for it in found["externalRelations"]}
        assert citations == {(it.type, it.value) for it in manifest.CITATIONS if it.source == source}


def test_the_chart_s_lineage_leads_to_the_weather_and_past_a_tombstone(demo: Demo) -> None:
    found = demo.administrator.data(LINEAGE, ref=f"demo/{manifest.CHART}")["resource"]["lineage"]

    ways = {
        (step["depth"], step["node"]["name"], step["node"]["state"], *(edge["name"] for edge in step["path"]))
        for step in found
    }
    assert ways == {
        (1, "monthly-temperatures.csv", "AVAILABLE", "plots"),
        (2, "seattle-weather.csv", "AVAILABLE", "plots", "derivedFrom"),
        (2, "draft.csv", "DELETED", "plots", "replaces"),
    }


def test_the_copy_has_its_origin_and_the_same_bytes(demo: Demo) -> None:
    tree = demo.tree()
    found = demo.administrator.data(LINEAGE, ref=f"demo/{manifest.COPY}")["resource"]["lineage"]

    assert [(step["node"]["name"], step["path"]) for step in found[:1]] == [
        ("penguins.csv", [{"kind": "ORIGIN", "name": None}])
    ]
    assert tree[manifest.COPY]["etag"] == tree[manifest.COPY_SOURCE]["etag"]


def test_the_tombstone_is_shown_by_its_id_and_gone_from_the_keys(demo: Demo) -> None:
    tombstone = re.search(r'tombstone is node\(id: "(\w+)"\)', demo.printed)
    assert tombstone is not None
    query = "query Tombstone($id: ID!) { node(id: $id) { ... on Object { name state } } }"

    assert demo.administrator.data(query, id=tombstone[1])["node"] == {"name": "draft.csv", "state": "DELETED"}
    assert manifest.DRAFT not in demo.tree()


def test_the_doi_is_cited_by_two_resources(demo: Demo) -> None:
    query = """query Citing { externalReference(type: DOI, value: "10.1371/JOURNAL.pone.0090081") {
      value resources(first: 10) { nodes { title } } } }"""

    found = demo.administrator.data(query)["externalReference"]

    assert found["value"] == "10.1371/journal.pone.0090081"
    titles = {node["title"] for node in found["resources"]["nodes"]}
    assert titles == {"Palmer Archipelago penguins", "Penguins, a copy for teaching"}


def test_the_reader_reads_his_dataset_and_the_public_one_writes_neither_and_sees_no_other(demo: Demo) -> None:
    look = "query Look($ref: String!) { resource(ref: $ref) { id viewerLevel } }"
    dataset = demo.reader.data(look, ref="demo/weather/")["resource"]
    retitle = "mutation Retitle($id: ID!) { resourceUpdate(id: $id, input: {title: null}) { userErrors { code } } }"

    assert dataset["viewerLevel"] == "READ"
    assert demo.reader.data(look, ref="demo/ecology/palmer-penguins/")["resource"]["viewerLevel"] == "READ"
    assert demo.reader.data(look, ref="demo/genomics/chip-seq/chipseq.bed")["resource"] is None
    refused = demo.reader.data(retitle, id=dataset["id"])["resourceUpdate"]["userErrors"]
    assert refused == [{"code": "FORBIDDEN"}]

    make = 'mutation Keys { s3CredentialCreate(input: {name: "demo"}) { credential { accessKeyId } secretAccessKey } }'
    keys = demo.reader.data(make)["s3CredentialCreate"]
    s3 = s3_client(demo.server.bootstrap, keys["credential"]["accessKeyId"], keys["secretAccessKey"])
    assert s3.head_object(Bucket="demo", Key=manifest.CHART)["ContentType"] == "image/svg+xml"
    with pytest.raises(s3.exceptions.ClientError, match="AccessDenied"):
        s3.put_object(Bucket="demo", Key=manifest.CHART, Body=b"")


def test_the_line_to_paste_fetches_the_public_file_without_a_token_and_others_stay_closed(demo: Demo) -> None:
    url = re.search(r"curl (\S+)", demo.printed)
    assert url is not None

    with urlopen(url[1], timeout=10) as answer:
        assert answer.read() == next(content(file) for file in manifest.FILES if file.key == manifest.COPY_SOURCE)
    with pytest.raises(HTTPError) as refusal:
        urlopen(url[1].replace(manifest.COPY_SOURCE, manifest.WEATHER), timeout=10)
    with refusal.value as answer:
        assert answer.code == 403


def test_the_tour_names_the_addresses_and_no_secret_of_the_administrator(demo: Demo) -> None:
    bootstrap = demo.server.bootstrap

    assert bootstrap.graphqlUrl in demo.printed
    assert f"aws --endpoint-url {bootstrap.s3Endpoint} s3 ls" in demo.printed
    assert bootstrap.adminToken not in demo.printed
    assert bootstrap.secretAccessKey not in demo.printed


def test_every_saved_operation_of_graphiql_runs_on_the_demo(demo: Demo) -> None:
    """In the order of the list, as someone who clicks through it; where it says so, an id is put in by hand."""
    graphql = demo.administrator
    by_hand: dict[str, dict[str, str]] = {"FinishUpload": {}, "Grant": {}}

    for example in saved_examples():
        variables = _resolved(graphql, dict(example.variables)) | by_hand.get(example.operation_name, {})
        data = graphql.data(example.query, **variables)
        (answer,) = data.values()

        assert answer is not None, example.operation_name
        assert answer.get("userErrors", []) == [], example.operation_name
        if example.operation_name == "CreateObject":
            by_hand["FinishUpload"] = {"upload": answer["upload"]["id"]}
            _put(answer["upload"]["url"], b"time,value\n")
        if example.operation_name == "CreateUser":
            by_hand["Grant"] = {"principal": answer["user"]["id"]}


def _put(url: str, body: bytes) -> None:
    with urlopen(Request(url, data=body, method="PUT"), timeout=10) as answer:
        assert answer.status == 200


def _resolved(graphql: GraphQL, variables: Any) -> Any:
    """Replace references as the page does (assets/references.js)."""
    if isinstance(variables, str) and variables.startswith(REFERENCE_PREFIX):
        query = "query Resolve($ref: String!) { resource(ref: $ref) { id } }"
        return graphql.data(query, ref=variables.removeprefix(REFERENCE_PREFIX))["resource"]["id"]
    if isinstance(variables, Mapping):
        items = cast("Mapping[str, Any]", variables).items()
        return {name: _resolved(graphql, item) for name, item in items}
    if isinstance(variables, list):
        return [_resolved(graphql, item) for item in cast("list[Any]", variables)]
    return variables


def test_without_a_server_the_load_says_so_and_fails(tmp_path: Path) -> None:
    done = aruna(tmp_path / "empty", "demo", "load", environment=CACHE)

    assert done.returncode == 1
    assert "start `aruna serve` on this data folder (ARUNA_DATA_DIR) first" in done.stderr
    assert not (tmp_path / "empty").exists()


def test_a_refusal_of_the_server_is_shown_with_its_code_and_message(demo: Demo, tmp_path: Path) -> None:
    stranger = replace(demo.server.bootstrap, adminToken="aruna_nobody")
    write_bootstrap(tmp_path / "bootstrap.json", stranger)

    done = aruna(tmp_path, "demo", "load", environment=CACHE)

    assert done.returncode == 1
    assert re.search(r"aruna demo load: Tree: UNAUTHENTICATED: \S", done.stderr), done.stderr
