"""Decides what an operation declares that it needs (spec: access.md), before its body is read.

Hidden means absent: what a caller may not see takes the same path as what isn't there, 404 where he may list the
place, else 403. Names of buckets are no secret. Writes are decided again in the rule that makes them.
"""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Final

from domain.access import Action, Level, allows, check_not_frozen
from domain.identifiers import is_ulid
from domain.publishing import UploadFacts
from domain.resources import ContainerFacts, State, Versioning
from domain.views import ObjectView, RevisionView
from graphstore.cypher.resolving import Resolution, version_at
from proxy.calling import Call, Found, Need, Place
from proxy.errors import S3Code, S3Error, access_denied
from proxy.request import MULTIPART_PARAMETER, UPLOAD_PARAMETER

NULL_VERSION: Final = "null"


async def authorise(need: Need, call: Call) -> None:
    """Let the call pass or refuse it; for a read of an Object, find its revision.

    Raises: S3Error (NoSuchBucket, NoSuchKey, NoSuchVersion, NoSuchUpload, AccessDenied, InvalidArgument), Unavailable.
    """
    await CHECKS[need.place](need, call)


def existing_project(call: Call) -> ContainerFacts:
    """Project of the bucket that the request names.

    Raises: S3Error (NoSuchBucket; AccessDenied where the client expects another owner).
    """
    project = call.resolution.project
    if project is None:
        raise S3Error(
            S3Code.NO_SUCH_BUCKET,
            "The specified bucket does not exist",
            details={"BucketName": call.request.bucket},
        )
    expected_owner = call.request.headers.get("x-amz-expected-bucket-owner")
    if expected_owner is not None and expected_owner != project.created_by:
        raise access_denied()
    return project


def may_list(resolution: Resolution) -> bool:
    """Whether the caller may list any container on the way: then he learns that a key isn't there."""
    return any(allows(container.level, Action.LIST) for container in resolution.containers)


def visible_object(resolution: Resolution) -> ObjectView | None:
    """Return the Object in the key's place if the caller may see it."""
    found = resolution.object
    return found if found is not None and allows(found.level, Action.READ) else None


def shown_object(resolution: Resolution) -> ObjectView | None:
    """Return the Object that the key shows the caller: one that is AVAILABLE."""
    found = visible_object(resolution)
    return found if found is not None and found.state is State.AVAILABLE else None


def authorise_key(need: Need, resolution: Resolution, user_id: str) -> None:
    """Decide a write to a key; the owner of a beginning that was never published finishes it with APPEND.

    The keys of snapshots and archives take no writes, whatever lives elsewhere and is shared into those.

    Raises: S3Error (AccessDenied), Immutable.
    """
    existing = visible_object(resolution)
    lowest = resolution.lowest
    if lowest is not None and allows(lowest.level, Action.READ):
        check_not_frozen(lowest)  # who sees the container hears why; the others are denied below
    if existing is None:
        _demand(Level.NONE if lowest is None else lowest.level, need.action_if_absent)
    elif not _may_unlink(need, lowest):
        is_own_beginning = existing.published is None and existing.created_by == user_id
        is_upload = need.action is Action.UPLOAD_REVISION
        _demand(existing.level, Action.FINISH_OWN_UPLOAD if is_own_beginning and is_upload else need.action)
    if lowest is not None:
        check_not_frozen(lowest)


def _may_unlink(need: Need, parent: ContainerFacts | None) -> bool:
    """Whether the caller may take any key of the container away: a share's key is unlinked, not its Object deleted."""
    return need.action is Action.DELETE_OBJECT and parent is not None and allows(parent.level, Action.UNLINK)


def _demand(level: Level, action: Action | None) -> None:
    assert action is not None, "this place takes an action"
    if not allows(level, action):
        raise access_denied()


async def _signed(_need: Need, call: Call) -> None:
    if call.caller.is_anonymous:
        raise access_denied()


async def _bucket(need: Need, call: Call) -> None:
    _demand(existing_project(call).level, need.action)


async def _each_key(_need: Need, call: Call) -> None:
    existing_project(call)
    if call.caller.is_anonymous:
        raise access_denied()  # before a thousand keys are looked up in vain


async def _prefix(_need: Need, call: Call) -> None:
    existing_project(call)
    if not may_list(call.resolution):
        raise access_denied()


async def _object(need: Need, call: Call) -> None:
    existing_project(call)
    call.found = await _readable(call)
    if need.action is not Action.READ:
        visible = visible_object(call.resolution)
        _demand(Level.NONE if visible is None else visible.level, need.action)


async def _key(need: Need, call: Call) -> None:
    existing_project(call)
    authorise_key(need, call.resolution, call.caller.user_id)


async def _upload(_need: Need, call: Call) -> None:
    existing_project(call)
    upload = open_upload(call)
    existing = visible_object(call.resolution)
    if existing is None or existing.id != upload.object_id:
        raise access_denied()
    is_own_beginning = existing.published is None and existing.created_by == call.caller.user_id
    _demand(existing.level, Action.FINISH_OWN_UPLOAD if is_own_beginning else Action.UPLOAD_REVISION)
    if call.resolution.lowest is not None:
        check_not_frozen(call.resolution.lowest)


def open_upload(call: Call) -> UploadFacts:
    """Return the upload in one piece that the query names: open, the caller's own, and for just this key.

    Raises: S3Error (NoSuchUpload).
    """
    upload, request = call.resolution.upload, call.request
    if (
        upload is None
        or not upload.is_open
        or upload.is_multipart
        or upload.created_by != call.caller.user_id
        or (upload.bucket, upload.key) != (request.bucket, request.key)
    ):
        raise no_such_upload(request.query[UPLOAD_PARAMETER])
    return upload


def no_such_upload(upload_id: str) -> S3Error:
    """Make the refusal of an upload that isn't there, isn't the caller's, or has ended."""
    return S3Error(
        S3Code.NO_SUCH_UPLOAD,
        "The specified upload does not exist. It may have been finished, failed or expired; begin a new one.",
        details={"UploadId": upload_id},
    )


async def _own_multipart(_need: Need, call: Call) -> None:
    upload = multipart_upload(call)
    if not upload.is_open:
        raise no_such_upload(upload.id)


async def _multipart(need: Need, call: Call) -> None:
    await _own_multipart(need, call)
    _multipart_key(need, call)


async def _completion(need: Need, call: Call) -> None:
    upload = multipart_upload(call)
    if upload.is_open:
        _multipart_key(need, call)
    elif upload.finished is None:
        raise no_such_upload(upload.id)


def multipart_upload(call: Call) -> UploadFacts:
    """Return the multipart upload that the query names: the caller's own, for just this key; it may have ended.

    Raises: S3Error (NoSuchBucket, AccessDenied, NoSuchUpload).
    """
    upload, request, project = call.resolution.upload, call.request, existing_project(call)
    if (
        upload is None
        or not upload.is_multipart
        or upload.created_by != call.caller.user_id
        or (upload.project_id, upload.key) != (project.id, request.key)
    ):
        raise no_such_upload(request.query[MULTIPART_PARAMETER])
    return upload


def _multipart_key(need: Need, call: Call) -> None:
    """Decide anew for each part what a PUT takes: a revoked grant stops the next one."""
    upload, existing = multipart_upload(call), visible_object(call.resolution)
    if upload.object_id is not None and (existing is None or existing.id != upload.object_id):
        raise access_denied()
    authorise_key(need, call.resolution, call.caller.user_id)


async def _readable(call: Call) -> Found:
    """Find the revision to read: the one the key shows, or the one that `versionId` names."""
    version_id = call.request.query.get("versionId")
    shown = shown_object(call.resolution)
    if version_id is not None:
        check_version_id(version_id)
    if shown is not None and shown.published is not None and _is_version(shown.published, version_id):
        return Found(shown.created_by, shown.published, call.resolution.content)
    if version_id is None:
        raise _absent(call, S3Code.NO_SUCH_KEY, "The specified key does not exist.")
    if version_id != NULL_VERSION and call.resolution.snapshot is None:
        query = version_at(call.request.bucket, call.key_request.cut, version_id, call.caller.user_id, call.now_ms)
        store = call.services.store
        # A read that crosses the next revision's commit may miss this one: a miss is looked at twice (decision 0010).
        version = await store.read(query) or await store.read(query)
        if version is not None and version.is_readable:
            return Found(version.object.created_by, version.revision, version.content)
    raise _absent(call, S3Code.NO_SUCH_VERSION, "The specified version does not exist.")


def _is_version(shown: RevisionView, version_id: str | None) -> bool:
    """Whether the revision that a key shows is the one that is asked for."""
    if version_id == NULL_VERSION:
        # Versioning can't be turned on yet, so the newest revision is the `null` one unless it says otherwise.
        return shown.shown is not Versioning.ENABLED
    return version_id in {None, shown.version_id}


def check_version_id(version_id: str) -> None:
    """Refuse what is neither `null` nor a ULID.

    Raises: S3Error (InvalidArgument).
    """
    if version_id != NULL_VERSION and not is_ulid(version_id):
        raise S3Error(
            S3Code.INVALID_ARGUMENT,
            "Invalid version id specified",
            details={"ArgumentName": "versionId", "ArgumentValue": version_id},
        )


def _absent(call: Call, code: S3Code, message: str) -> S3Error:
    if may_list(call.resolution):
        return S3Error(code, message, details={"Key": call.request.key})
    return access_denied()


CHECKS: Final[Mapping[Place, Callable[[Need, Call], Awaitable[None]]]] = MappingProxyType(
    {
        Place.SIGNED: _signed,
        Place.BUCKET: _bucket,
        Place.EACH_KEY: _each_key,
        Place.PREFIX: _prefix,
        Place.OBJECT: _object,
        Place.KEY: _key,
        Place.UPLOAD: _upload,
        Place.OWN_MULTIPART: _own_multipart,
        Place.MULTIPART: _multipart,
        Place.COMPLETION: _completion,
    }
)
"""How each place is decided."""
