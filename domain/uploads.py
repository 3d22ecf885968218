"""Rules: uploads on their way, before they are published (domain/publishing.py)."""

from domain.access import Action, demand
from domain.changes import (
    Change,
    Decision,
    EventKind,
    ObjectStateChanged,
    PartAdded,
    UploadAdded,
    UploadFailed,
)
from domain.contents import Declared, ObjectHeaders, PartFacts, check_declared
from domain.creation import BegunUpload
from domain.errors import BadInput, FailedPrecondition, Immutable, NotFound
from domain.lifecycle import LifecycleEvent, next_state
from domain.limits import PART_NUMBER_MAX
from domain.names import check_key_length
from domain.publishing import (
    KeyFacts,
    UploadFacts,
    check_key_not_frozen,
    check_new_key,
    check_upload_right,
)
from domain.resources import ObjectFacts, State
from domain.stamps import Stamp


def begin_upload(
    existing: ObjectFacts | None,
    object_id: str,
    place: tuple[str, str, str],
    headers: ObjectHeaders,
    declared: Declared,
    *,
    stamp: Stamp,
    is_multipart: bool,
) -> Decision[BegunUpload]:
    """Begin an upload of an Object's next revision; `place` is the home's project id, project name and the key.

    The Object keeps showing what it shows until the upload is published.

    Raises: NotFound, Forbidden, BadInput, FailedPrecondition.
    """
    check_declared(declared, field=("input",))
    if existing is None:
        raise NotFound(f"there is no object {object_id} that you may see", field=("id",))
    check_upload_right(existing, stamp.caller.user_id)
    state = next_state(existing.state, LifecycleEvent.UPLOAD_BEGUN, name=existing.id, field=("id",))
    project_id, project_name, key = place
    upload_id = stamp.new_id()
    changes: list[Change] = [
        UploadAdded(
            id=upload_id,
            project_id=project_id,
            key=key,
            object_id=existing.id,
            is_multipart=is_multipart,
            headers=headers,
            declared=declared,
            checksum_algorithm=None,
            checksum_type=None,
            at=stamp.now,
            by=stamp.caller.user_id,
        )
    ]
    before = after = None
    if state is not existing.state:
        changes.append(ObjectStateChanged(existing.id, state, None, stamp.now))
        before, after = existing.revision, existing.revision + 1
    changes.append(stamp.event(EventKind.UPLOAD_BEGUN, existing.id, before=before, after=after))
    return Decision(tuple(changes), BegunUpload(upload_id, existing.id, project_name, key))


def begin_key_upload(
    facts: KeyFacts,
    bucket: str,
    key: str,
    headers: ObjectHeaders,
    checksum: tuple[str | None, str | None],
    stamp: Stamp,
) -> Decision[str]:
    """Begin a multipart upload to a key (S3); `checksum` is the declared algorithm and type. Answers the upload's id.

    Raises: NotFound, Forbidden, Immutable, BadInput.
    """
    if facts.project is None:
        raise NotFound(f"there is no project {bucket}")
    check_key_length(key)
    if facts.object is not None:
        check_upload_right(facts.object, stamp.caller.user_id)
        check_key_not_frozen(facts, None)
    else:
        demand(facts.lowest, bucket, Action.UPLOAD_NEW_KEY)
        check_new_key(facts, key)
    upload_id = stamp.new_id()
    change = UploadAdded(
        id=upload_id,
        project_id=facts.project.id,
        key=key,
        object_id=None,
        is_multipart=True,
        headers=headers,
        declared=Declared(),
        checksum_algorithm=checksum[0],
        checksum_type=checksum[1],
        at=stamp.now,
        by=stamp.caller.user_id,
    )
    return Decision((change,), upload_id)


def check_open_upload(upload: UploadFacts | None, upload_id: str, caller_id: str) -> UploadFacts:
    """Return the upload if it is open and the caller's own.

    Raises: NotFound.
    """
    if upload is None or not upload.is_open or upload.created_by != caller_id:
        raise NotFound(f"there is no open upload {upload_id} of yours")
    return upload


def add_part(upload: UploadFacts | None, upload_id: str, part: PartFacts, stamp: Stamp) -> Decision[str]:
    """Add a part whose bytes are durable, replacing an earlier one of its number; answers the part's MD5.

    Raises: NotFound, BadInput, Immutable, FailedPrecondition.
    """
    existing = check_open_upload(upload, upload_id, stamp.caller.user_id)
    if existing.is_frozen:
        raise Immutable(f"upload {upload_id} was for a project that is archived now; abort it")
    if not existing.is_multipart:
        raise FailedPrecondition(f"upload {upload_id} takes its bytes in one piece")
    if not 1 <= part.number <= PART_NUMBER_MAX:
        raise BadInput(f"part numbers go from 1 to {PART_NUMBER_MAX}")
    return Decision((PartAdded(upload_id, part, stamp.now),), part.blob.md5)


def fail_upload(
    upload: UploadFacts | None, target: ObjectFacts | None, upload_id: str, reason: str, stamp: Stamp
) -> Decision[str]:
    """End an upload without a revision; an Object that waited for it goes to ERROR. Answers the upload's id.

    In an archive the upload ends all the same, and the Object stays as it is.

    Raises: NotFound.
    """
    existing = check_open_upload(upload, upload_id, stamp.caller.user_id)
    changes: list[Change] = [UploadFailed(existing.id, reason, stamp.now)]
    if target is not None and target.state is State.INITIALIZING and not target.is_frozen:
        state = next_state(target.state, LifecycleEvent.UPLOAD_FAILED, name=target.id)
        changes.append(ObjectStateChanged(target.id, state, reason, stamp.now))
        changes.append(
            stamp.event(EventKind.UPLOAD_FAILED, target.id, before=target.revision, after=target.revision + 1)
        )
    return Decision(tuple(changes), existing.id)
