"""Builds the demo project: each step looks at what is there and adds what is missing, so that it can be run again.

What differs from the manifest in its bytes gets a new revision; titles and descriptions that someone changed stay.
"""

import json
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from app.demo import manifest, operations
from app.demo.archives import read_member
from app.demo.derived import monthly_temperatures, temperature_chart
from app.demo.graphql_client import GraphQLClient, Json
from app.demo.http import send
from app.demo.manifest import CITATIONS, CONTAINERS, FILES, PROJECT, RELATIONS
from app.demo.s3_client import S3Client, accepted, etag_of


@dataclass(frozen=True, slots=True)
class Known:
    """What the server has at one path of the project; `etag` is None for containers and where no bytes came yet."""

    id: str
    title: str | None
    etag: str | None
    labels: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load has done; `reader_token` is there only when the reader was made just now."""

    changes: tuple[str, ...]
    tombstone_id: str
    reader_token: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Loader:
    """Builds the project on one server from the archives in a folder; `say` is told of every change as it is made."""

    graphql: GraphQLClient
    s3: S3Client
    archives: Path
    say: Callable[[str], None]
    changes: list[str] = field(default_factory=list[str])

    def load(self) -> Loaded:
        """Make what is missing.

        Raises: ServerRefusal, DemoError.
        """
        tree = self._tree() or self._make_project()
        self._make_containers(tree)
        self._put_files(tree)
        self._put_derived(tree)
        self._put_metadata(tree)
        self._copy(tree)
        tree = self._tree()
        self._set_titles(tree)
        self._set_labels(tree)
        self._relate(tree)
        tombstone_id = self._leave_tombstone(tree)
        reader_token = self._let_reader_in(tree)
        return Loaded(tuple(self.changes), tombstone_id, reader_token)

    def _changed(self, what: str) -> None:
        self.changes.append(what)
        self.say(what)

    def _tree(self) -> dict[str, Known]:
        """Everything in the project by path, a container's with its slash, the project's own empty; empty if none."""
        tree: dict[str, Known] = {}
        after: str | None = None
        while True:
            project = self.graphql.query(operations.TREE, project=f"{PROJECT}/", after=after)["resource"]
            if project is None:
                return {}
            tree[""] = Known(project["id"], None, None)
            page = project["descendants"]
            for edge in page["edges"]:
                node = edge["node"]
                labels = {label["key"]: label["value"] for label in node["labels"]}
                tree[edge["path"]] = Known(node["id"], node["title"], node.get("etag"), labels)
            if not page["pageInfo"]["hasNextPage"]:
                return tree
            after = page["pageInfo"]["endCursor"]

    def _make_project(self) -> dict[str, Known]:
        words = {"name": PROJECT, "title": manifest.TITLE, "description": manifest.DESCRIPTION}
        made = self.graphql.mutate(operations.MAKE_PROJECT, input=words)
        self._changed(f"project {PROJECT}")
        return {"": Known(made["project"]["id"], manifest.TITLE, None)}

    def _make_containers(self, tree: dict[str, Known]) -> None:
        for container in CONTAINERS:
            path = f"{container.path}/"
            if path in tree:
                continue
            parent, _, name = container.path.rpartition("/")
            words: Json = {
                "parent": tree[f"{parent}/" if parent else ""].id,
                "name": name,
                "title": container.title,
                "description": container.description,
                "dataClass": "PUBLIC" if container.is_public else None,
            }
            kind = "dataset" if container.is_dataset else "collection"
            document = operations.MAKE_DATASET if container.is_dataset else operations.MAKE_COLLECTION
            made = self.graphql.mutate(document, input=words)
            tree[path] = Known(made[kind]["id"], container.title, None)
            self._changed(f"{kind} {container.path}")

    def _put_files(self, tree: Mapping[str, Known]) -> None:
        for file in FILES:
            content = read_member(self.archives / file.archive.filename, file.member)
            if file.head_lines is not None and file.key not in tree:
                head = b"".join(content.splitlines(keepends=True)[: file.head_lines])
                self._put(tree, file.key, head, file.content_type)
            if file.key == manifest.WEATHER:
                self._take_snapshot(tree[f"{manifest.SNAPSHOT_OF}/"])
            self._put(tree, file.key, content, file.content_type)

    def _take_snapshot(self, container: Known) -> None:
        """Freeze the container as it is now, once."""
        if self.graphql.query(operations.SNAPSHOTS, id=container.id)["node"]["latestSnapshot"] is None:
            self.graphql.mutate(operations.TAKE_SNAPSHOT, id=container.id, version=manifest.SNAPSHOT_VERSION)
            self._changed(f"snapshot {manifest.SNAPSHOT_OF}@{manifest.SNAPSHOT_VERSION}")

    def _set_labels(self, tree: Mapping[str, Known]) -> None:
        missing = {
            key: wanted for key, wanted in manifest.LABELS.items() if not wanted.items() <= tree[key].labels.items()
        }
        for key, wanted in missing.items():
            labels = [{"key": name, "value": value} for name, value in wanted.items()]
            self.graphql.mutate(operations.SET_LABELS, id=tree[key].id, labels=labels)
        if missing:
            self._changed(f"labels of {len(missing)} objects")

    def _put_derived(self, tree: Mapping[str, Known]) -> None:
        months = monthly_temperatures(_weather(self.archives))
        self._put(tree, manifest.MONTHS, months, "text/csv")
        self._put(tree, manifest.CHART, temperature_chart(months), "image/svg+xml")

    def _put(self, tree: Mapping[str, Known], key: str, content: bytes, content_type: str) -> None:
        known = tree.get(key)
        if known is not None and known.etag == etag_of(content):
            return
        self.s3.put(PROJECT, key, content, content_type)
        self._changed(f"object {key}, {len(content):,} bytes by S3")

    def _put_metadata(self, tree: Mapping[str, Known]) -> None:
        """Begin an upload in GraphQL, bring the bytes to the URL that it answers, finish it in GraphQL."""
        content = json.dumps(manifest.METADATA_CONTENT, indent=2).encode("utf-8")
        known = tree.get(manifest.METADATA)
        if known is not None and known.etag == etag_of(content):
            return
        declared: Json = {
            "contentType": "application/json",
            "contentLength": str(len(content)),
            "sha256": sha256(content).hexdigest(),
        }
        if known is None:
            parent = {"parent": tree[f"{manifest.DESCRIBED}/"].id, "name": manifest.METADATA.rpartition("/")[2]}
            begun = self.graphql.mutate(operations.MAKE_OBJECT, input=declared | parent)
        else:
            begun = self.graphql.mutate(operations.BEGIN_UPLOAD, id=known.id, input=declared)
        upload = begun["upload"]
        accepted(send("PUT", upload["url"], {}, content), f"PUT {manifest.METADATA}")
        self.graphql.mutate(operations.FINISH_UPLOAD, id=upload["id"])
        self._changed(f"object {manifest.METADATA}, {len(content):,} bytes by GraphQL and a presigned URL")

    def _copy(self, tree: Mapping[str, Known]) -> None:
        if manifest.COPY in tree:
            return
        self.s3.copy(PROJECT, manifest.COPY_SOURCE, manifest.COPY)
        self._changed(f"object {manifest.COPY}, copied by the server from {manifest.COPY_SOURCE}")

    def _set_titles(self, tree: Mapping[str, Known]) -> None:
        titles = {file.key: file.title for file in FILES} | manifest.TITLES
        missing = [key for key in titles if tree[key].title is None]
        for key in missing:
            self.graphql.mutate(operations.SET_TITLE, id=tree[key].id, title=titles[key])
        if missing:
            self._changed(f"titles of {len(missing)} objects")

    def _relate(self, tree: Mapping[str, Known]) -> None:
        """Add each resource's relations in one call; the server counts those that stand already apart."""
        added = 0
        for source in dict.fromkeys(it.source for it in (*RELATIONS, *CITATIONS)):
            done = self.graphql.mutate(
                operations.RELATE,
                id=tree[source].id,
                relations=[
                    {"kind": it.kind, "target": tree[it.target].id, "name": it.name, "note": it.note}
                    for it in RELATIONS
                    if it.source == source
                ],
                external=[
                    {"type": it.type, "value": it.value, "note": it.note} for it in CITATIONS if it.source == source
                ],
            )
            added += done["changed"]
        if added:
            self._changed(f"{added} relations and citations")

    def _leave_tombstone(self, tree: Mapping[str, Known]) -> str:
        """Make a draft, say what replaces it, delete it; answers its id, by which it stays visible."""
        months = tree[manifest.MONTHS]
        for relation in self._custom_relations(months.id):
            if relation["name"] == manifest.REPLACES:
                draft = relation["other"]
                break
        else:
            year = b"".join(_weather(self.archives).splitlines(keepends=True)[: manifest.FIRST_YEAR_LINES])
            self._put(tree, manifest.DRAFT, monthly_temperatures(year), "text/csv")
            draft = {"id": self._tree()[manifest.DRAFT].id, "state": "AVAILABLE"}
            relation = {"kind": "CUSTOM", "target": draft["id"], "name": manifest.REPLACES}
            self.graphql.mutate(operations.RELATE, id=months.id, relations=[relation], external=[])
        if draft["state"] != "DELETED":
            self.graphql.mutate(operations.DELETE, id=draft["id"])
            self._changed(f"object {manifest.DRAFT} deleted")
        return draft["id"]

    def _custom_relations(self, resource_id: str) -> Generator[Json]:
        after: str | None = None
        while True:
            page = self.graphql.query(operations.RELATED, id=resource_id, after=after)["node"]["relations"]
            yield from page["nodes"]
            if not page["pageInfo"]["hasNextPage"]:
                return
            after = page["pageInfo"]["endCursor"]

    def _let_reader_in(self, tree: Mapping[str, Known]) -> str | None:
        """Make the reader and give him READ where he hasn't it; answers his token if he was made."""
        token: str | None = None
        user_id = next((user["id"] for user in self._users() if user["displayName"] == manifest.READER), None)
        if user_id is None:
            made = self.graphql.mutate(operations.MAKE_USER, name=manifest.READER)
            user_id, token = made["user"]["id"], made["secret"]
            self._changed(f"user {manifest.READER}")
        dataset = tree[manifest.READABLE]
        grants = self.graphql.query(operations.GRANTS, id=dataset.id)["node"]["grants"] or ()
        if not any(grant["user"] and grant["user"]["id"] == user_id for grant in grants):
            self.graphql.mutate(operations.GRANT_READ, id=dataset.id, user=user_id)
            self._changed(f"READ on {manifest.READABLE} for {manifest.READER}")
        return token

    def _users(self) -> Generator[Json]:
        after: str | None = None
        while True:
            page = self.graphql.query(operations.USERS, after=after)["users"]
            yield from page["nodes"]
            if not page["pageInfo"]["hasNextPage"]:
                return
            after = page["pageInfo"]["endCursor"]


def _weather(archives: Path) -> bytes:
    file = next(file for file in FILES if file.key == manifest.WEATHER)
    return read_member(archives / file.archive.filename, file.member)
