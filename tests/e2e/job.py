"""What the tests of the main job share: one server, its people, and whole views of a project to compare."""

import re
import shutil
import subprocess
import time
import urllib
import xml
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import md5, sha256
from pathlib import Path
from typing import Any, Final

import pytest
from botocore.exceptions import ClientError  # pyright: ignore[reportMissingTypeStubs]  boto3 has no types

from app.bootstrap import Bootstrap
from tests.e2e.clients import GraphQL, s3_client
from tests.e2e.programs import find_program
from tests.e2e.server import RunningServer, stored_files

CREATE_PROJECT: Final = """mutation Project($input: ProjectCreateInput!) {
  made: projectCreate(input: $input) { userErrors { code field message } it: project { id } } }"""
CREATE_COLLECTION: Final = """mutation Collection($input: CollectionCreateInput!) {
  made: collectionCreate(input: $input) { userErrors { code field message } it: collection { id } } }"""
CREATE_DATASET: Final = """mutation Dataset($input: DatasetCreateInput!) {
  made: datasetCreate(input: $input) { userErrors { code field message } it: dataset { id } } }"""
CREATE_OBJECT: Final = """mutation Object($input: ObjectCreateInput!) {
  made: objectCreate(input: $input) { userErrors { code field message } it: object { id state }
    upload { id method url partUrls { number url } } } }"""
BEGIN_UPLOAD: Final = """mutation Begin($id: ID!, $input: ObjectUploadBeginInput) {
  made: objectUploadBegin(id: $id, input: $input) { userErrors { code field message } it: object { id state }
    upload { id url } } }"""
DELETE: Final = """mutation Delete($id: ID!) {
  made: resourceDelete(id: $id) { userErrors { code field message } it: resource { id state } } }"""
UPDATE: Final = """mutation Update($id: ID!, $input: ResourceUpdateInput!) {
  made: resourceUpdate(id: $id, input: $input) { userErrors { code field message } it: resource { id } } }"""
ADD_RELATIONS: Final = """mutation Relate($id: ID!, $relations: [RelationInput!], $external: [ExternalRelationInput!]) {
  made: relationsAdd(id: $id, relations: $relations, external: $external) {
    userErrors { code field message } changed unchanged it: resource { id } } }"""
GRANT: Final = """mutation Grant($id: ID!, $principal: ID!, $level: Level!) {
  made: grantSet(id: $id, principal: $principal, level: $level) {
    userErrors { code field message } it: resource { id } } }"""
REMOVE_GRANT: Final = """mutation Ungrant($id: ID!, $principal: ID!) {
  made: grantRemove(id: $id, principal: $principal) { userErrors { code field message } it: resource { id } } }"""
CREATE_USER: Final = """mutation User($name: String!) {
  made: userCreate(input: {displayName: $name}) { userErrors { code field message } it: user { id } secret } }"""
CREATE_TOKEN: Final = """mutation Token {
  made: tokenCreate(input: {name: "second"}) { userErrors { code field message } it: token { id } secret } }"""
REVOKE_TOKEN: Final = """mutation Revoke($id: ID!) {
  made: tokenRevoke(id: $id) { userErrors { code field message } it: revokedId } }"""
CREATE_KEYS: Final = """mutation Keys {
  made: s3CredentialCreate(input: {name: "laptop"}) { userErrors { code field message }
    it: credential { accessKeyId } secretAccessKey } }"""
REVOKE_KEYS: Final = """mutation Revoke($id: String!) {
  made: s3CredentialRevoke(accessKeyId: $id) { userErrors { code field message } it: revokedAccessKeyId } }"""

ID_OF: Final = "query Id($ref: String!) { resource(ref: $ref) { id } }"
OBJECT: Final = """query Object($id: ID!) { node(id: $id) { id ... on Object {
  name state stateReason paths versionId revisionNumber contentLength contentType etag checksums { sha256 md5 }
  metadata { key value } } } }"""

_WHOLE: Final = """
fragment Whole on Resource {
  id kind name title description state stateReason dataClass metadataLicense dataLicense revision
  createdAt createdBy { id } updatedAt viewerLevel paths parents { name isHome container { id } }
  grants { user { id } level expiresAt }
  externalRelations { id reference { type value name } note }
  relations(first: 10) { nodes { id kind name note isOutgoing other { id } sourceVersionId targetVersionId } }
  ... on Object { versionId revisionNumber contentLength contentType etag
    checksums { sha256 md5 s3 { algorithm value } } metadata { key value }
    revisions(first: 10) { nodes { versionId revisionNumber contentLength etag publishedAt } } }
  ... on Container { stats { own { objects bytes lastChange } subtree { objects bytes lastChange } } }
}
query Dump($ref: String!, $after: String) { resource(ref: $ref) { ...Whole ... on Container {
  descendants(first: 20, after: $after) { pageInfo { hasNextPage endCursor } edges { path node { ...Whole } } } } } }
"""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a token and S3 keys."""

    id: str
    token: str = field(repr=False)
    access_key_id: str
    secret_access_key: str = field(repr=False)
    graphql: GraphQL
    s3: Any


@dataclass(frozen=True, slots=True)
class Job:
    """A running server as its administrator uses it."""

    server: RunningServer

    @property
    def bootstrap(self) -> Bootstrap:
        return self.server.bootstrap

    @property
    def graphql(self) -> GraphQL:
        return self.graphql_of(self.bootstrap.adminToken)

    @property
    def s3(self) -> Any:
        return s3_client(self.bootstrap)

    def graphql_of(self, token: str | None) -> GraphQL:
        return GraphQL(self.bootstrap.graphqlUrl, token)

    def make_person(self, name: str) -> Person:
        """A second user who makes a token and S3 keys himself with the token that he was handed."""
        user = made(self.graphql.data(CREATE_USER, name=name))
        token = made(self.graphql_of(user["secret"]).data(CREATE_TOKEN))["secret"]
        keys = made(self.graphql_of(token).data(CREATE_KEYS))
        pair = (keys["it"]["accessKeyId"], keys["secretAccessKey"])
        return Person(user["it"]["id"], token, *pair, self.graphql_of(token), s3_client(self.bootstrap, *pair))

    def make_project(self, name: str) -> str:
        """Make a project, answer its id."""
        return made(self.graphql.data(CREATE_PROJECT, input={"name": name}))["it"]["id"]

    def make_way(self, name: str) -> tuple[str, str, str]:
        """Make a project with a collection `c` and in that a dataset `d`; answers their ids."""
        project = self.make_project(name)
        collection = made(self.graphql.data(CREATE_COLLECTION, input={"parent": project, "name": "c"}))["it"]["id"]
        dataset = made(self.graphql.data(CREATE_DATASET, input={"parent": collection, "name": "d"}))["it"]["id"]
        return project, collection, dataset

    def id_of(self, ref: str) -> str:
        return self.graphql.data(ID_OF, ref=ref)["resource"]["id"]

    def object(self, object_id: str) -> dict[str, Any]:
        return self.graphql.data(OBJECT, id=object_id)["node"]

    def hashed(self, object_id: str) -> dict[str, Any]:
        """Answer an Object once its whole bytes are hashed: those of an upload in parts are so after completion."""
        deadline = time.monotonic() + 60
        while (found := self.object(object_id))["checksums"]["sha256"] is None:
            assert time.monotonic() < deadline, "there was a minute for hashing"
            time.sleep(0.1)
        return found

    def dump(self, project: str) -> list[dict[str, Any]]:
        """All that GraphQL shows of a project and of what is below it, in the order of paths."""
        nodes: list[dict[str, Any]] = []
        after = None
        while True:
            found = self.graphql.data(_WHOLE, ref=project, after=after)["resource"]
            page = found.pop("descendants")
            nodes += [] if nodes else [found]
            nodes += [{"path": edge["path"], **edge["node"]} for edge in page["edges"]]
            if not page["pageInfo"]["hasNextPage"]:
                return nodes
            after = page["pageInfo"]["endCursor"]

    def keys(self, project: str) -> list[tuple[str, int, str]]:
        """Key, size and ETag of all that S3 lists in a project."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=project)
        return [(it["Key"], it["Size"], it["ETag"]) for page in pages for it in page.get("Contents", [])]

    def blobs(self) -> dict[str, int]:
        """Files that hold bytes, with their lengths."""
        folder = self.server.data_dir / "blobs"
        return {str(path.relative_to(folder)): path.stat().st_size for path in stored_files(self.server.data_dir)}

    def everything(self, project: str) -> tuple[Any, ...]:
        """What must be the same before and after a refusal: both faces' views, and the bytes on disk."""
        return self.dump(project), self.keys(project), self.blobs()


def made(data: Mapping[str, Any]) -> dict[str, Any]:
    """The payload of a mutation that must not be refused."""
    payload = data["made"]
    assert payload["userErrors"] == [], payload
    return payload


def refused(data: Mapping[str, Any]) -> tuple[str, list[str] | None, str]:
    """Code, field and message of the one refusal of a mutation, which answers nothing else."""
    payload = data["made"]
    (error,) = payload["userErrors"]
    assert payload["it"] is None, payload
    return error["code"], error["field"], error["message"]


def s3_refusal(call: Callable[..., object], **arguments: Any) -> tuple[int, str]:
    """Status and code of a boto3 call that must be refused with a message (without a body: its status in words)."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error: Any = caught.value
    answer: dict[str, Any] = error.response
    assert answer["Error"]["Message"], answer
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What curl got."""

    status: int
    body: bytes

    @property
    def code(self) -> str:
        """S3's error code."""
        found = re.search(rb"<Code>(\w+)</Code><Message>[^<]+</Message>", self.body)
        assert found is not None, self.body
        return found[1].decode()


def curl(url: str, *options: str | Path) -> Answer:
    """Ask with the real curl."""
    done = subprocess.run(
        [find_program("curl"), "-sS", "--max-time", "60", "-w", "%{stderr}%{http_code}", *map(str, options), url],
        capture_output=True,
        check=False,
        timeout=90,
    )
    assert done.returncode == 0, done
    return Answer(int(done.stderr), done.stdout)


def real_files(folder: Path) -> dict[str, Path]:
    """Real files copied to `folder`, by their keys: two packages of Python's own library, one file of them empty."""
    for package in (xml, urllib):
        source = Path(package.__path__[0])
        shutil.copytree(source, folder / source.name, ignore=shutil.ignore_patterns("__pycache__"))
    files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    assert files["urllib/__init__.py"].stat().st_size == 0
    return files


def facts_of(content: bytes) -> dict[str, Any]:
    """What GraphQL says of bytes that came in one piece."""
    return {
        "contentLength": len(content),
        "etag": md5(content).hexdigest(),
        "checksums": {"sha256": sha256(content).hexdigest(), "md5": md5(content).hexdigest()},
    }
