"""ListMultipartUploads: open uploads by key and age, in pages, grouped by a delimiter.

One sees one's own uploads; who has ADMIN on the bucket sees all: a key that isn't there yet is known to nobody else.
Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html
"""

from typing import Final

from domain.access import Action, allows
from graphstore.cypher.accounts import display_names
from graphstore.cypher.resolving import open_uploads
from proxy.authorising import existing_project
from proxy.calling import Call, Need, Operation, Place
from proxy.listing_pages import is_url_encoded, owner_element, read_encoder, read_whole_number
from proxy.listing_uploads import OpenUpload, page_of
from proxy.multipart import checksum_kind
from proxy.responses import Response, xml_response
from proxy.xml import group, instant, tag

UPLOADS_MAX: Final = 1000


async def _run(call: Call) -> Response:
    query, project, store = call.request.query, existing_project(call), call.services.store
    encode = read_encoder(query)
    limit = read_whole_number(query, "max-uploads", UPLOADS_MAX)
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    key_marker, id_marker = query.get("key-marker", ""), query.get("upload-id-marker", "")
    sees_all = allows(project.level, Action.CHANGE_BUCKET)
    uploads = [
        OpenUpload(upload, at)
        for upload, at in await store.read(open_uploads(project.id))
        if sees_all or upload.created_by == call.caller.user_id
    ]
    page = page_of(uploads, prefix, delimiter, key_marker, id_marker, limit)
    ids = sorted({upload.created_by for upload in page.uploads})
    names = await store.read(display_names(ids)) if ids else {}
    children = [
        tag("Bucket", call.request.bucket),
        tag("KeyMarker", encode(key_marker)),
        tag("UploadIdMarker", id_marker if key_marker else ""),
        tag("Prefix", encode(prefix)),
        tag("Delimiter", encode(delimiter)) if delimiter else "",
        tag("MaxUploads", str(limit)),
        tag("EncodingType", "url") if is_url_encoded(query) else "",
        tag("IsTruncated", "true" if page.is_truncated else "false"),
    ]
    if page.is_truncated:
        children += [tag("NextKeyMarker", encode(page.last_key)), tag("NextUploadIdMarker", page.last_id)]
    for upload in page.uploads:
        people = (names.get(upload.created_by, upload.created_by), upload.created_by)
        children.append(
            group(
                "Upload",
                (
                    tag("Key", encode(upload.key)),
                    tag("UploadId", upload.id),
                    owner_element(people[1], people[0], "Initiator"),
                    owner_element(people[1], people[0]),
                    tag("StorageClass", "STANDARD"),
                    tag("Initiated", instant(upload.begun_at)),
                    *checksum_kind(upload.facts),
                ),
            )
        )
    children.extend(group("CommonPrefixes", (tag("Prefix", encode(one)),)) for one in page.common_prefixes)
    return xml_response("ListMultipartUploadsResult", children)


LIST_MULTIPART_UPLOADS: Final = Operation("ListMultipartUploads", Need(Place.PREFIX, Action.LIST), _run)
