"""Where a bucket says it is: what its creator said, echoed; regions mean nothing here."""

from domain.views import ContainerView
from graphstore.cypher.readings import resources
from proxy.authorising import existing_project
from proxy.calling import Call


async def location_of(call: Call) -> str | None:
    """LocationConstraint that the bucket was made with, None for the default region."""
    project_id = existing_project(call).id
    found = await call.services.store.read(resources([project_id], call.caller.user_id, call.now_ms))
    project = found.get(project_id)
    return project.location_constraint if isinstance(project, ContainerView) else None
