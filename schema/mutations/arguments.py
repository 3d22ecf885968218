"""Arguments that several mutations take."""

from typing import Annotated

import strawberry

ResourceId = Annotated[strawberry.ID, strawberry.argument(name="id", description="Id of the resource.")]
