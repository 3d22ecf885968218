"""DeleteBucket: an empty project becomes a tombstone and its name is free.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html
"""

from typing import Final

from domain.access import Action
from domain.errors import FailedPrecondition, NotFound
from graphstore.deleting import delete_container
from proxy.authorising import existing_project
from proxy.calling import Call, Need, Operation, Place
from proxy.errors import S3Code, S3Error
from proxy.responses import Response, empty_response


async def _run(call: Call) -> Response:
    project_id = existing_project(call).id
    try:
        await delete_container(call.services.store, project_id, call.stamp())
    except FailedPrecondition as error:
        raise S3Error(
            S3Code.BUCKET_NOT_EMPTY,
            "The bucket you tried to delete is not empty",
            details={"BucketName": call.request.bucket},
        ) from error
    except NotFound as error:
        raise S3Error(S3Code.NO_SUCH_BUCKET, "The specified bucket does not exist") from error
    return empty_response(204)


DELETE_BUCKET: Final = Operation("DeleteBucket", Need(Place.BUCKET, Action.DELETE_CONTAINER), _run)
