"""Use case of data classes: setting one, where asked with all that is below."""

from domain.resources import DataClass
from domain.views import ResourceView
from graphstore.describing import set_data_class
from resolvers.context import Context


async def set_class(
    context: Context, resource_id: str, wanted: DataClass, *, is_recursive: bool
) -> ResourceView | None:
    """Set how open a resource is; answers it as it is then.

    Raises: NotFound, Forbidden, Immutable, BadInput, FailedPrecondition, Unavailable.
    """
    await set_data_class(context.store, resource_id, wanted, context.stamp(), is_recursive=is_recursive)
    return await context.reread(resource_id)
