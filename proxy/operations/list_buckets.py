"""ListBuckets: the projects that the caller has a grant on.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html
"""

from typing import Final

from domain.views import ContainerView
from graphstore.cypher.readings import projects
from proxy.calling import Call, Need, Operation, Place
from proxy.listing_pages import DEFAULT_REGION, owner, read_token, read_whole_number, write_token
from proxy.responses import Response, xml_response
from proxy.xml import group, instant, tag

_BUCKETS_MAX: Final = 10_000


async def _run(call: Call) -> Response:
    query = call.request.query
    prefix = query.get("prefix", "")
    limit = read_whole_number(query, "max-buckets", _BUCKETS_MAX, least=1)
    after = read_token(query.get("continuation-token"))
    region = query.get("bucket-region")
    found = await call.services.store.read(projects(call.caller.user_id, call.now_ms))
    listed = [
        project
        for project in found
        if project.name.startswith(prefix)
        and project.name > after
        and region in {None, _region(project)}
        and not _is_snapshot(project)
    ]
    page = listed[:limit]
    children = [await owner(call.services.store, call.caller.user_id), group("Buckets", map(_bucket, page))]
    if prefix:
        children.append(tag("Prefix", prefix))
    if len(listed) > len(page):
        children.append(tag("ContinuationToken", write_token(page[-1].name)))
    return xml_response("ListAllMyBucketsResult", children)


def _is_snapshot(project: ContainerView) -> bool:
    """Whether it is a snapshot of a project: that is read in its original's bucket and has none of its own."""
    return project.frozen is not None and project.frozen.root_id is not None


def _region(project: ContainerView) -> str:
    return project.location_constraint or DEFAULT_REGION


def _bucket(project: ContainerView) -> str:
    return group(
        "Bucket",
        (
            tag("Name", project.name),
            tag("CreationDate", instant(project.created_at)),
            tag("BucketRegion", _region(project)),
        ),
    )


LIST_BUCKETS: Final = Operation("ListBuckets", Need(Place.SIGNED), _run)
