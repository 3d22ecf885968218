"""Making and deleting snapshots, archiving projects. A refusal becomes userErrors."""

from typing import Annotated

import strawberry

from domain.errors import DomainError
from resolvers import snapshots
from schema.containers import Container, Project
from schema.info import Info
from schema.mutations.arguments import ResourceId
from schema.nodes import shown
from schema.payloads import Payload
from schema.problems import refused


@strawberry.type(description="What `snapshotCreate` answers.")
class SnapshotCreatePayload(Payload):
    """Answer of snapshotCreate."""

    snapshot: Container | None = strawberry.field(default=None, description="The snapshot, of its original's kind.")


@strawberry.type(description="What `snapshotDelete` answers.")
class SnapshotDeletePayload(Payload):
    """Answer of snapshotDelete."""

    snapshot: Container | None = strawberry.field(default=None, description="What is left of it: a tombstone.")


@strawberry.type(description="What `projectArchive` answers.")
class ProjectArchivePayload(Payload):
    """Answer of projectArchive."""

    project: Project | None = strawberry.field(default=None, description="The archived project.")


@strawberry.type(description="What `projectUnarchive` answers.")
class ProjectUnarchivePayload(Payload):
    """Answer of projectUnarchive."""

    project: Project | None = strawberry.field(
        default=None, description="The project; null if you have no level on it."
    )


@strawberry.type
class SnapshotMutations:
    """Making and deleting snapshots, archiving projects."""

    @strawberry.mutation(
        description="Keep a container, with all that is in it, as it is now, under a version. It takes milliseconds, "
        "whatever it holds. Takes ADMIN."
    )
    async def snapshot_create(
        self,
        info: Info,
        resource_id: ResourceId,
        version: Annotated[
            str,
            strawberry.argument(
                description="A semantic version, such as `1.2.0`: unique for this container for ever; build metadata "
                "doesn't count."
            ),
        ],
    ) -> SnapshotCreatePayload:
        """Make a snapshot."""
        try:
            found = await snapshots.create(info.context, str(resource_id), version)
        except DomainError as error:
            return SnapshotCreatePayload(user_errors=refused(error))
        return SnapshotCreatePayload(snapshot=shown(found))

    @strawberry.mutation(description="Delete a snapshot. Its version is never used again. Takes ADMIN on its original.")
    async def snapshot_delete(self, info: Info, resource_id: ResourceId) -> SnapshotDeletePayload:
        """Delete a snapshot."""
        try:
            found = await snapshots.delete(info.context, str(resource_id))
        except DomainError as error:
            return SnapshotDeletePayload(user_errors=refused(error))
        return SnapshotDeletePayload(snapshot=shown(found))

    @strawberry.mutation(
        description="Make a project, and all that has its home in it, immutable for good. Refused while containers "
        "are shared into it from elsewhere. Takes ADMIN."
    )
    async def project_archive(self, info: Info, resource_id: ResourceId) -> ProjectArchivePayload:
        """Archive a project."""
        try:
            found = await snapshots.archive(info.context, str(resource_id))
        except DomainError as error:
            return ProjectArchivePayload(user_errors=refused(error))
        return ProjectArchivePayload(project=shown(found))

    @strawberry.mutation(description="Let an archived project change again. For administrators; it is recorded.")
    async def project_unarchive(self, info: Info, resource_id: ResourceId) -> ProjectUnarchivePayload:
        """Take an archive back."""
        try:
            found = await snapshots.unarchive(info.context, str(resource_id))
        except DomainError as error:
            return ProjectUnarchivePayload(user_errors=refused(error))
        return ProjectUnarchivePayload(project=shown(found))
