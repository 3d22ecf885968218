"""Making Objects and bringing their bytes. A refusal becomes userErrors."""

from typing import Annotated

import strawberry

from domain.errors import DomainError
from resolvers import uploads
from schema.info import Info
from schema.inputs import (
    ObjectCreateInput,
)
from schema.nodes import shown
from schema.payloads import (
    ObjectCreatePayload,
    ObjectUploadAbortPayload,
    ObjectUploadBeginPayload,
    ObjectUploadFinishPayload,
)
from schema.problems import refused
from schema.uploads import ObjectUploadBeginInput, UploadPartInput

UploadId = Annotated[strawberry.ID, strawberry.argument(name="id", description="Id of the upload.")]


@strawberry.type
class ObjectMutations:
    """Making Objects and bringing their bytes."""

    @strawberry.mutation(
        description="Make an Object that waits for its bytes, and begin their upload. Takes APPEND on its parent."
    )
    async def object_create(
        self,
        info: Info,
        given: Annotated[ObjectCreateInput, strawberry.argument(name="input", description="The Object and its bytes.")],
    ) -> ObjectCreatePayload:
        """Make an Object and begin its upload."""
        try:
            begun = await uploads.make_object(info.context, str(given.parent), given.to_new(), given.to_request())
        except DomainError as error:
            return ObjectCreatePayload(user_errors=refused(error))
        return ObjectCreatePayload(object=shown(begun.object), upload=shown(begun.upload))

    @strawberry.mutation(
        description="Begin an upload of an Object's next revision. Takes WRITE, or APPEND on an Object that you made "
        "and that never had bytes."
    )
    async def object_upload_begin(
        self,
        info: Info,
        object_id: Annotated[strawberry.ID, strawberry.argument(name="id", description="Id of the Object.")],
        given: Annotated[
            ObjectUploadBeginInput | None, strawberry.argument(name="input", description="What you say of the bytes.")
        ] = None,
    ) -> ObjectUploadBeginPayload:
        """Begin an upload."""
        try:
            request = (given or ObjectUploadBeginInput()).to_request()
            begun = await uploads.begin(info.context, str(object_id), request)
        except DomainError as error:
            return ObjectUploadBeginPayload(user_errors=refused(error))
        return ObjectUploadBeginPayload(object=shown(begun.object), upload=shown(begun.upload))

    @strawberry.mutation(
        description="Publish an upload whose parts have come. One in one piece is published when its bytes are in: "
        "this then answers the Object, and FAILED_PRECONDITION before. Calling it again answers the same."
    )
    async def object_upload_finish(
        self,
        info: Info,
        upload_id: UploadId,
        parts: Annotated[
            list[UploadPartInput] | None,
            strawberry.argument(description="Parts to take, in ascending order; null for all that came."),
        ] = None,
    ) -> ObjectUploadFinishPayload:
        """Publish an upload."""
        try:
            wanted = None if parts is None else [part.to_part() for part in parts]
            found = await uploads.finish(info.context, str(upload_id), wanted)
        except DomainError as error:
            return ObjectUploadFinishPayload(user_errors=refused(error))
        return ObjectUploadFinishPayload(object=shown(found))

    @strawberry.mutation(
        description="End an upload of yours without a revision; an Object that waited for it goes to ERROR."
    )
    async def object_upload_abort(self, info: Info, upload_id: UploadId) -> ObjectUploadAbortPayload:
        """End an upload."""
        try:
            found = await uploads.abort(info.context, str(upload_id))
        except DomainError as error:
            return ObjectUploadAbortPayload(user_errors=refused(error))
        return ObjectUploadAbortPayload(object=shown(found))
