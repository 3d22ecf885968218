"""GetBucketAcl and GetObjectAcl: the owner with FULL_CONTROL and, where the data class is PUBLIC, all users with READ.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAcl.html
"""

from typing import Final

from domain.access import Action
from domain.resources import DataClass
from graphstore.cypher.accounts import display_names
from proxy.authorising import existing_project
from proxy.calling import Call, Need, Operation, Place
from proxy.listing_pages import owner_element
from proxy.responses import Response, xml_response
from proxy.xml import group, tag

_XSI: Final = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
_ALL_USERS: Final = (
    f'<Grant><Grantee {_XSI} xsi:type="Group"><URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee>'
    "<Permission>READ</Permission></Grant>"
)


async def _run_on_bucket(call: Call) -> Response:
    project = existing_project(call)
    return await _answer(call, project.created_by, project.data_class)


async def _run_on_object(call: Call) -> Response:
    assert call.found is not None, "an operation on an Object runs when it is found"
    return await _answer(call, call.found.owner_id, call.found.revision.data_class)


async def _answer(call: Call, owner_id: str, data_class: DataClass) -> Response:
    names = await call.services.store.read(display_names([owner_id]))
    name = names.get(owner_id, owner_id)
    grantee = f'<Grantee {_XSI} xsi:type="CanonicalUser">{tag("ID", owner_id)}{tag("DisplayName", name)}</Grantee>'
    grants = [group("Grant", (grantee, tag("Permission", "FULL_CONTROL")))]
    if data_class is DataClass.PUBLIC:
        grants.append(_ALL_USERS)
    return xml_response("AccessControlPolicy", (owner_element(owner_id, name), group("AccessControlList", grants)))


GET_BUCKET_ACL: Final = Operation("GetBucketAcl", Need(Place.BUCKET, Action.READ), _run_on_bucket)
GET_OBJECT_ACL: Final = Operation("GetObjectAcl", Need(Place.OBJECT, Action.READ), _run_on_object)
