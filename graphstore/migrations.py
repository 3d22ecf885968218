"""Numbered, idempotent steps that bring a graph up to what this program expects: constraints and indexes first.

A graph written by a newer program is refused: it may hold what this one would break.
"""

from collections.abc import Awaitable, Callable
from typing import Final, LiteralString, NamedTuple

from graphstore.bolt import Engine
from graphstore.errors import UnknownMigration
from graphstore.filling import fill_second
from graphstore.migrations_blobs import fill_third
from graphstore.migrations_events import EVENT_DEFINITIONS
from graphstore.statements import Query, Statement, all_rows, nothing

_FIRST: Final[tuple[LiteralString, ...]] = (
    "CREATE CONSTRAINT resource_id IF NOT EXISTS FOR (n:Resource) REQUIRE n.id IS UNIQUE",
    "CREATE CONSTRAINT project_bucket IF NOT EXISTS FOR (n:Project) REQUIRE n.bucket IS UNIQUE",
    "CREATE CONSTRAINT entry_sort IF NOT EXISTS FOR (n:Entry) REQUIRE n.sort IS UNIQUE",
    "CREATE INDEX container_entry_sort IF NOT EXISTS FOR (n:ContainerEntry) ON (n.sort)",
    "CREATE INDEX former_entry_sort IF NOT EXISTS FOR (n:FormerEntry) ON (n.sort)",
    "CREATE INDEX object_version_id IF NOT EXISTS FOR (n:Object) ON (n.versionId)",
    "CREATE CONSTRAINT revision_version_id IF NOT EXISTS FOR (n:Revision) REQUIRE n.versionId IS UNIQUE",
    "CREATE CONSTRAINT content_id IF NOT EXISTS FOR (n:Content) REQUIRE n.id IS UNIQUE",
    "CREATE CONSTRAINT blob_id IF NOT EXISTS FOR (n:Blob) REQUIRE n.id IS UNIQUE",
    "CREATE CONSTRAINT external_key IF NOT EXISTS FOR (n:External) REQUIRE n.key IS UNIQUE",
    "CREATE CONSTRAINT user_id IF NOT EXISTS FOR (n:User) REQUIRE n.id IS UNIQUE",
    "CREATE CONSTRAINT token_id IF NOT EXISTS FOR (n:Token) REQUIRE n.id IS UNIQUE",
    "CREATE CONSTRAINT credential_access_key_id IF NOT EXISTS FOR (n:S3Credential) REQUIRE n.accessKeyId IS UNIQUE",
    "CREATE CONSTRAINT upload_id IF NOT EXISTS FOR (n:Upload) REQUIRE n.id IS UNIQUE",
    "CREATE INDEX upload_state IF NOT EXISTS FOR (n:Upload) ON (n.state)",
    "CREATE INDEX blob_orphaned_at IF NOT EXISTS FOR (n:Blob) ON (n.orphanedAt)",
    "CREATE INDEX credential_token IF NOT EXISTS FOR (n:S3Credential) ON (n.tokenId)",
    "CREATE INDEX upload_project IF NOT EXISTS FOR (n:Upload) ON (n.projectId)",
    "CREATE CONSTRAINT event_id IF NOT EXISTS FOR (n:Event) REQUIRE n.id IS UNIQUE",
    "CREATE INDEX event_resource IF NOT EXISTS FOR (n:Event) ON (n.resourceId)",
    "CREATE CONSTRAINT graph_version IF NOT EXISTS FOR (n:GraphVersion) REQUIRE n.key IS UNIQUE",
)

_SECOND: Final[tuple[LiteralString, ...]] = (
    "CREATE INDEX past_entry_sort IF NOT EXISTS FOR (n:PastEntry) ON (n.sort)",
    "CREATE INDEX past_entry_child IF NOT EXISTS FOR (n:PastEntry) ON (n.childId)",
    "CREATE INDEX past_entry_version IF NOT EXISTS FOR (n:PastEntry) ON (n.versionId)",
    "CREATE INDEX past_entry_parent IF NOT EXISTS FOR (n:PastEntry) ON (n.parentId)",
    "CREATE INDEX entry_versioned IF NOT EXISTS FOR (n:Entry) ON (n.versioned)",
    "CREATE CONSTRAINT frozen_key IF NOT EXISTS FOR (n:Frozen) REQUIRE n.frozenKey IS UNIQUE",
    "CREATE INDEX frozen_original IF NOT EXISTS FOR (n:Frozen) ON (n.snapshotOf)",
    "CREATE INDEX frozen_root IF NOT EXISTS FOR (n:Frozen) ON (n.snapshotRoot)",
    "CREATE CONSTRAINT snapshot_version_key IF NOT EXISTS FOR (n:Snapshot) REQUIRE n.versionKey IS UNIQUE",
    "CREATE INDEX snapshot_sort IF NOT EXISTS FOR (n:Snapshot) ON (n.sort)",
    "CREATE INDEX labelling_sort IF NOT EXISTS FOR (n:Labelling) ON (n.sort)",
    "CREATE CONSTRAINT license_key IF NOT EXISTS FOR (n:License) REQUIRE n.key IS UNIQUE",
    "CREATE CONSTRAINT task_id IF NOT EXISTS FOR (n:Task) REQUIRE n.id IS UNIQUE",
    "CREATE INDEX upload_object IF NOT EXISTS FOR (n:Upload) ON (n.objectId)",
    "CREATE INDEX resource_deletion IF NOT EXISTS FOR (n:Resource) ON (n.deletionId)",
)


_THIRD: Final[tuple[LiteralString, ...]] = (
    "CREATE CONSTRAINT blob_sameness IF NOT EXISTS FOR (n:Blob) REQUIRE n.sameness IS UNIQUE",
    "CREATE INDEX content_sameness IF NOT EXISTS FOR (n:Content) ON (n.sameness)",
    "CREATE CONSTRAINT unhashed_id IF NOT EXISTS FOR (n:Unhashed) REQUIRE n.id IS UNIQUE",
)


class Step(NamedTuple):
    """One migration: indexes and constraints first, then what changes the data, in batches, safe to run again."""

    definitions: tuple[LiteralString, ...]
    fill: Callable[[Engine], Awaitable[None]] | None = None


MIGRATIONS: Final[tuple[Step, ...]] = (
    Step(_FIRST),
    Step((*_SECOND, *EVENT_DEFINITIONS), fill_second),
    Step(_THIRD, fill_third),
)
"""Step n brings version n to version n + 1."""


_GET_VERSION: Final = Statement(
    "graph version", "MATCH (v:GraphVersion {key: 'graph'}) RETURN v.version AS version", all_rows
)
_SET_VERSION: Final = Statement(
    "set graph version", "MERGE (v:GraphVersion {key: 'graph'}) SET v.version = $version", nothing
)


async def migrate(engine: Engine) -> int:
    """Apply what is missing; answers the graph's version.

    Raises: UnknownMigration, GraphUnavailable.
    """
    rows = await engine.read(_GET_VERSION.bind())
    version = int(rows[0]["version"]) if rows else 0
    if version > len(MIGRATIONS):
        raise UnknownMigration(
            f"the graph is at version {version} and this program knows {len(MIGRATIONS)}: start a newer program"
        )
    for number, step in enumerate(MIGRATIONS[version:], start=version + 1):
        for text in step.definitions:
            await engine.define(Query(f"migration {number}", text, {}, nothing))
        if step.fill is not None:
            await step.fill(engine)
        await engine.write(f"migration {number}", lambda tx, number=number: tx.run(_SET_VERSION.bind(version=number)))
    return len(MIGRATIONS)
