"""DeleteBucket: an empty project becomes a tombstone and its name is free.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html
"""

from typing import Final

from domain.access import Action
from domain.changes import Decision
from domain.deletion import delete_container
from domain.errors import FailedPrecondition, NotFound
from domain.resources import ContainerFacts, ResourceFacts
from graphstore.cypher.facts import resources
from graphstore.instants import to_ms
from proxy.authorising import existing_project
from proxy.calling import Call, Need, Operation, Place
from proxy.errors import S3Code, S3Error
from proxy.responses import Response, empty_response


async def _run(call: Call) -> Response:
    project_id = existing_project(call).id
    stamp = call.stamp()

    def decide(found: "dict[str, ResourceFacts]") -> Decision[str]:
        project = found.get(project_id)
        assert project is None or isinstance(project, ContainerFacts), "a project is a container"
        return delete_container(project, project_id, stamp)

    try:
        await call.services.store.run_rule(
            "delete bucket",
            lock=(project_id,),
            load=resources([project_id], call.caller.user_id, to_ms(stamp.now)),
            decide=lambda found: decide(dict(found)),
        )
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
