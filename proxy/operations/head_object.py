"""HeadObject: what GetObject would answer, without the bytes.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
"""

from typing import Final

from domain.access import Action
from proxy.calling import Call, Need, Operation, Place
from proxy.responses import Response
from proxy.selecting import select


async def _run(call: Call) -> Response:
    selection = await select(call)
    return Response(selection.status, selection.headers)


HEAD_OBJECT: Final = Operation("HeadObject", Need(Place.OBJECT, Action.READ), _run, wants_content=True)
