"""GetObject: the bytes of an Object, or of one of its revisions, streamed with bounded memory.

The blobs are open and the first chunk is proven before 200 is answered. Only segments that a range touches are read.
Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
"""

from typing import Final

from domain.access import Action
from proxy.calling import Call, Need, Operation, Place
from proxy.locating import extents_of, relocation
from proxy.responses import Response
from proxy.selecting import select


async def _run(call: Call) -> Response:
    selection = await select(call)
    if selection.status == 304:
        return Response(304, selection.headers)
    assert call.found is not None, "an operation on an Object runs when it is found"
    assert call.found.content is not None, "reads of an Object bring its content along"
    store, content, chosen = call.services.store, call.found.content, selection.slice
    extents = await extents_of(store, content, chosen)
    reader = await call.services.streams.read_plain(extents, chosen.start, chosen.length, relocation(store, content))
    return Response(selection.status, selection.headers, reader, chosen.length)


GET_OBJECT: Final = Operation("GetObject", Need(Place.OBJECT, Action.READ), _run, wants_content=True)
