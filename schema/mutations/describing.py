"""Setting labels and data classes. A refusal becomes userErrors."""

from typing import Annotated

import strawberry

from domain.errors import DomainError
from domain.resources import DataClass
from resolvers import classes, labels
from schema.describing import LabelInput, to_labels
from schema.info import Info
from schema.mutations.arguments import ResourceId
from schema.nodes import shown
from schema.payloads import Payload
from schema.problems import refused
from schema.resources import Resource


@strawberry.type(description="What `labelsSet` and `labelsRemove` answer.")
class LabelsPayload(Payload):
    """Answer of labelsSet and labelsRemove."""

    resource: Resource | None = strawberry.field(default=None, description="The resource as it is then.")


@strawberry.type(description="What `dataClassSet` answers.")
class DataClassSetPayload(Payload):
    """Answer of dataClassSet."""

    resource: Resource | None = strawberry.field(default=None, description="The resource as it is then.")


@strawberry.type
class DescribingMutations:
    """Setting labels and data classes."""

    @strawberry.mutation(
        description="Set labels, all or none: one whose key the resource bears replaces its value. Takes WRITE. A "
        "resource has at most 1000."
    )
    async def labels_set(
        self,
        info: Info,
        resource_id: ResourceId,
        wanted: Annotated[list[LabelInput], strawberry.argument(name="labels", description="The labels: 1 to 100.")],
    ) -> LabelsPayload:
        """Set labels."""
        try:
            found = await labels.set_labels(info.context, str(resource_id), to_labels(wanted))
        except DomainError as error:
            return LabelsPayload(user_errors=refused(error))
        return LabelsPayload(resource=shown(found))

    @strawberry.mutation(description="Remove labels, all or none. Takes WRITE. Static labels stay.")
    async def labels_remove(
        self,
        info: Info,
        resource_id: ResourceId,
        keys: Annotated[list[str], strawberry.argument(description="Their keys: 1 to 100.")],
    ) -> LabelsPayload:
        """Remove labels."""
        try:
            found = await labels.remove_labels(info.context, str(resource_id), keys)
        except DomainError as error:
            return LabelsPayload(user_errors=refused(error))
        return LabelsPayload(resource=shown(found))

    @strawberry.mutation(
        description="Set how open a resource is. Relaxing (towards PUBLIC) takes ADMIN and happens in place, on what "
        "is archived or part of a snapshot too (of a snapshot: ADMIN on its original). Tightening is for Objects: it "
        "takes WRITE and makes a new revision."
    )
    async def data_class_set(
        self,
        info: Info,
        resource_id: ResourceId,
        data_class: Annotated[DataClass, strawberry.argument(description="How open it is to be; not WORKSPACE.")],
        recursive: Annotated[  # noqa: FBT002  an argument of GraphQL, given by name
            bool,
            strawberry.argument(
                description="Relax all that has its home below as well and is less open: containers at once, Objects "
                "soon after."
            ),
        ] = False,
    ) -> DataClassSetPayload:
        """Set a data class."""
        try:
            found = await classes.set_class(info.context, str(resource_id), data_class, is_recursive=recursive)
        except DomainError as error:
            return DataClassSetPayload(user_errors=refused(error))
        return DataClassSetPayload(resource=shown(found))
