"""GetBucketVersioning: nothing while it was never turned on, as in S3.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html
"""

from collections.abc import Mapping
from typing import Final

from domain.access import Action
from domain.resources import Versioning
from proxy.authorising import existing_project
from proxy.calling import Call, Need, Operation, Place
from proxy.responses import Response, xml_response
from proxy.xml import tag

_STATUSES: Final[Mapping[Versioning, tuple[str, ...]]] = {
    Versioning.OFF: (),
    Versioning.ENABLED: (tag("Status", "Enabled"),),
    Versioning.SUSPENDED: (tag("Status", "Suspended"),),
}


async def _run(call: Call) -> Response:
    return xml_response("VersioningConfiguration", _STATUSES[existing_project(call).versioning])


GET_BUCKET_VERSIONING: Final = Operation("GetBucketVersioning", Need(Place.BUCKET, Action.READ), _run)
