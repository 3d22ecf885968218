"""Making projects, collections and datasets. A refusal becomes userErrors."""

from typing import Annotated

import strawberry

from domain.errors import DomainError
from domain.resources import Kind
from resolvers import containers
from schema.info import Info
from schema.inputs import (
    CollectionCreateInput,
    DatasetCreateInput,
    ProjectCreateInput,
)
from schema.nodes import shown
from schema.payloads import (
    CollectionCreatePayload,
    DatasetCreatePayload,
    ProjectCreatePayload,
)
from schema.problems import refused


@strawberry.type
class ContainerMutations:
    """Making projects, collections and datasets."""

    @strawberry.mutation(description="Make a project; you get ADMIN on it.")
    async def project_create(
        self,
        info: Info,
        given: Annotated[ProjectCreateInput, strawberry.argument(name="input", description="The project.")],
    ) -> ProjectCreatePayload:
        """Make a project."""
        try:
            project = await containers.make_project(info.context, given.to_new())
        except DomainError as error:
            return ProjectCreatePayload(user_errors=refused(error))
        return ProjectCreatePayload(project=shown(project))

    @strawberry.mutation(description="Make a collection in a project. Takes APPEND on the project.")
    async def collection_create(
        self,
        info: Info,
        given: Annotated[CollectionCreateInput, strawberry.argument(name="input", description="The collection.")],
    ) -> CollectionCreatePayload:
        """Make a collection."""
        try:
            collection = await containers.make_container(
                info.context, Kind.COLLECTION, str(given.parent), given.to_new()
            )
        except DomainError as error:
            return CollectionCreatePayload(user_errors=refused(error))
        return CollectionCreatePayload(collection=shown(collection))

    @strawberry.mutation(description="Make a dataset in a project or collection. Takes APPEND on its parent.")
    async def dataset_create(
        self,
        info: Info,
        given: Annotated[DatasetCreateInput, strawberry.argument(name="input", description="The dataset.")],
    ) -> DatasetCreatePayload:
        """Make a dataset."""
        try:
            dataset = await containers.make_container(info.context, Kind.DATASET, str(given.parent), given.to_new())
        except DomainError as error:
            return DatasetCreatePayload(user_errors=refused(error))
        return DatasetCreatePayload(dataset=shown(dataset))
