"""Use cases of uploads begun in GraphQL: signed URLs that bring the bytes through S3, finishing and aborting.

An upload in one piece is published by the S3 face when its bytes are in and verified; one in parts when it is finished.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from domain.changes import Decision
from domain.contents import Declared, NewContent, ObjectHeaders, PartFacts, multipart_etag
from domain.creation import BegunUpload, ChildPlaceFacts, NewResource, create_object
from domain.errors import BadInput, ChecksumMismatch, FailedPrecondition, NotFound
from domain.keys import cut_key
from domain.limits import (
    OBJECT_BYTES_MAX,
    PART_BYTES_MAX,
    PART_BYTES_MIN,
    PART_NUMBER_MAX,
    PRESIGNED_SECONDS_DEFAULT,
    SINGLE_UPLOAD_BYTES_MAX,
)
from domain.publishing import NO_CONDITIONS, Publication, UploadFacts
from domain.resources import Kind, ObjectFacts, ResourceFacts
from domain.uploads import begin_upload, fail_upload
from domain.views import ResourceView
from graphstore.cypher import batched, facts, resolving
from graphstore.mentions import load_mentioned, load_targets, target_ids
from identity.access_keys import AccessKey
from resolvers.context import Context
from resolvers.urls import UPLOAD_PARAMETER, demand_signer, sign_url

SIGNED_PARTS_MAX: Final = 1024
"""Parts of one upload that URLs are signed for at once; of 5 GiB each they hold the largest Object."""

_PARTS_READ: Final = 1000
_METHOD: Final = "PUT"


@dataclass(frozen=True, slots=True)
class UploadRequest:
    """What a caller says of the bytes to come; `parts` None for one piece."""

    headers: ObjectHeaders
    declared: Declared
    parts: int | None


@dataclass(frozen=True, slots=True)
class PartUrl:
    """Where one part goes."""

    number: int
    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignedUpload:
    """An upload with the URLs that bring its bytes: `url` for one piece, `part_urls` for parts.

    `part_size_bytes` is what each part but the last may have so that all bytes fit, where their length was declared.
    """

    id: str
    object_id: str
    method: str
    url: str | None = field(repr=False)
    part_urls: tuple[PartUrl, ...] = field(repr=False)
    part_size_bytes: int | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class FinishedPart:
    """A part as the caller remembers it; the ETag is the MD5 that S3 answered, None to take it as it came."""

    number: int
    etag: str | None


@dataclass(frozen=True, slots=True)
class BegunObject:
    """An Object that waits for bytes, and how to bring them."""

    object: ResourceView | None
    upload: SignedUpload


def check_request(request: UploadRequest) -> None:
    """Refuse what no upload can be.

    Raises: BadInput.
    """
    length = request.declared.length_bytes
    if request.parts is None:
        if length is not None and length > SINGLE_UPLOAD_BYTES_MAX:
            message = f"one piece has at most {SINGLE_UPLOAD_BYTES_MAX} bytes; say in how many parts it comes"
            raise BadInput(message, field=("input", "parts"))
        return
    if not 1 <= request.parts <= SIGNED_PARTS_MAX:
        raise BadInput(f"parts goes from 1 to {SIGNED_PARTS_MAX}, not {request.parts}", field=("input", "parts"))
    for name, digest in (("md5", request.declared.md5), ("sha256", request.declared.sha256)):
        if digest is not None:
            message = f"a {name} of the whole can be checked for uploads in one piece only; leave it out"
            raise BadInput(message, field=("input", name))
    if length is None:
        return
    if length > min(OBJECT_BYTES_MAX, request.parts * PART_BYTES_MAX):
        message = f"{length} bytes don't fit into {request.parts} parts of at most {PART_BYTES_MAX}"
        raise BadInput(message, field=("input", "contentLength"))
    if request.parts > 1 and _part_size(length, request.parts) < PART_BYTES_MIN:
        message = f"all parts but the last have at least {PART_BYTES_MIN} bytes: take fewer than {request.parts}"
        raise BadInput(message, field=("input", "parts"))


async def make_object(context: Context, parent_id: str, new: NewResource, request: UploadRequest) -> BegunObject:
    """Make an Object that waits for its bytes, and sign the URLs that bring them.

    Raises: Unauthenticated, NotFound, Forbidden, Immutable, Hierarchy, Cycle, BadInput, FailedPrecondition,
    AlreadyExists, Unavailable.
    """
    check_request(request)
    signer = await demand_signer(context)

    mentioned = await load_mentioned(context.store, new)

    def decide(found: ChildPlaceFacts, targets: Mapping[str, ResourceFacts]) -> Decision[SignedUpload]:
        decision = create_object(
            found,
            parent_id,
            new,
            request.headers,
            request.declared,
            stamp=context.stamp(),
            is_multipart=request.parts is not None,
            mentioned=replace(mentioned, targets=targets),
        )
        return Decision(decision.changes, _sign(context, signer, decision.result, request))

    upload = await context.store.run_rule_on_two(
        "create object",
        lock=(parent_id, *target_ids(new)),
        load=(
            facts.child_place(parent_id, Kind.OBJECT, new.name, context.caller.user_id, context.now_ms),
            load_targets(new, context.caller, context.now_ms),
        ),
        decide=decide,
    )
    return BegunObject(await context.reread(upload.object_id), upload)


async def begin(context: Context, object_id: str, request: UploadRequest) -> BegunObject:
    """Begin an upload of an Object's next revision, or of its first one anew, and sign its URLs.

    Raises: Unauthenticated, NotFound, Forbidden, BadInput, FailedPrecondition, Unavailable.
    """
    check_request(request)
    signer = await demand_signer(context)

    def decide(found: Mapping[str, ResourceFacts], places: Mapping[str, batched.HomePlace]) -> Decision[SignedUpload]:
        existing = found.get(object_id)
        place = places.get(object_id)
        decision = begin_upload(
            existing if isinstance(existing, ObjectFacts) else None,
            object_id,
            # A tombstone has no place; the rule refuses it by its state.
            ("", "", "") if place is None else (place.project_id, place.bucket, place.key),
            request.headers,
            request.declared,
            stamp=context.stamp(),
            is_multipart=request.parts is not None,
        )
        return Decision(decision.changes, _sign(context, signer, decision.result, request))

    upload = await context.store.run_rule_on_two(
        "begin upload",
        lock=(object_id,),
        load=(
            facts.resources([object_id], context.caller.user_id, context.now_ms),
            batched.home_places([object_id]),
        ),
        decide=decide,
    )
    return BegunObject(await context.reread(upload.object_id), upload)


def _sign(context: Context, signer: AccessKey, begun: BegunUpload, request: UploadRequest) -> SignedUpload:
    """Sign inside the rule: a key that no URL can hold is refused before anything is written."""

    def url(*query: tuple[str, str]) -> str:
        return sign_url(context, signer, _METHOD, begun.project_name, begun.key, query=query)

    length = request.declared.length_bytes
    is_single = request.parts is None
    numbers = range(1, (request.parts or 0) + 1)
    return SignedUpload(
        id=begun.upload_id,
        object_id=begun.object_id,
        method=_METHOD,
        url=url((UPLOAD_PARAMETER, begun.upload_id)) if is_single else None,
        part_urls=tuple(
            PartUrl(number, url(("partNumber", str(number)), ("uploadId", begun.upload_id))) for number in numbers
        ),
        part_size_bytes=None if request.parts is None or length is None else _part_size(length, request.parts),
        expires_at=context.now + timedelta(seconds=PRESIGNED_SECONDS_DEFAULT),
    )


def _part_size(length: int, parts: int) -> int:
    return -(-length // parts)


async def finish(context: Context, upload_id: str, parts: Sequence[FinishedPart] | None) -> ResourceView | None:
    """Publish an upload in parts; of one in one piece, which S3 publishes, tell whether that has happened.

    `parts` names those to take, in ascending order (all that came, if None). Answers the Object; again for an upload
    that is finished already.

    Raises: NotFound, Forbidden, BadInput, FailedPrecondition, ChecksumMismatch, Unavailable.
    """
    upload = await _own_upload(context, upload_id)
    if upload.finished is None:
        await _publish(context, upload, parts)
    published = upload.finished.object_id if upload.finished else upload.object_id
    if published is None:
        # Begun over S3 by a key: what it became is known now.
        finished = (await _own_upload(context, upload_id)).finished
        assert finished is not None, "it has just been published"
        published = finished.object_id
    return await context.reread(published)


async def _publish(context: Context, upload: UploadFacts, wanted: Sequence[FinishedPart] | None) -> None:
    if not upload.is_open:
        message = f"upload {upload.id} has failed or was aborted; begin another with objectUploadBegin"
        raise FailedPrecondition(message, field=("id",))
    if not upload.is_multipart:
        message = f"no bytes of upload {upload.id} have come yet; send them to its URL first"
        raise FailedPrecondition(message, field=("id",))
    stamp = context.stamp()
    content = _content(upload, _chosen(await _uploaded(context, upload.id), wanted), stamp.new_id())
    # The Object may have moved to another project since.
    place = None if upload.object_id is None else await context.loaders.places.load(upload.object_id)
    publication = Publication(
        bucket=upload.bucket if place is None else place.bucket,
        key=upload.key,
        cut=cut_key(upload.key),
        object_id=upload.object_id,
        upload_id=upload.id,
        content=content,
        headers=upload.headers,
        conditions=NO_CONDITIONS,
        stamp=stamp,
    )
    try:
        await context.services.publisher.publish(publication)
    except NotFound:
        # Another call may have finished it meanwhile.
        if (await _own_upload(context, upload.id)).finished is None:
            raise


async def _own_upload(context: Context, upload_id: str) -> UploadFacts:
    upload = await context.store.read(batched.upload(upload_id))
    if upload is None or upload.created_by != context.caller.user_id:
        raise NotFound(f"there is no upload {upload_id} of yours", field=("id",))
    return upload


async def _uploaded(context: Context, upload_id: str) -> list[PartFacts]:
    parts: list[PartFacts] = []
    while True:
        after = parts[-1].number if parts else 0
        found = await context.store.read(resolving.uploaded_parts(upload_id, after, _PARTS_READ))
        parts += [part for part, _ in found]
        if len(found) < _PARTS_READ:
            return parts


def _chosen(uploaded: Sequence[PartFacts], wanted: Sequence[FinishedPart] | None) -> Sequence[PartFacts]:
    """Parts to make up the content.

    Raises: BadInput, FailedPrecondition, ChecksumMismatch.
    """
    if not uploaded or wanted == []:
        raise FailedPrecondition("no parts have come yet; send them to their URLs first", field=("parts",))
    if wanted is None:
        return uploaded
    by_number = {part.number: part for part in uploaded}
    chosen: list[PartFacts] = []
    for index, part in enumerate(wanted):
        place = ("parts", str(index))
        if chosen and part.number <= chosen[-1].number:
            raise BadInput("parts stand in ascending order of their numbers", field=(*place, "number"))
        found = by_number.get(part.number) if 1 <= part.number <= PART_NUMBER_MAX else None
        if found is None:
            raise FailedPrecondition(f"part {part.number} hasn't come; send it first", field=(*place, "number"))
        if part.etag is not None and part.etag.strip('"').lower() != found.blob.md5:
            message = f"part {part.number} has the ETag {found.blob.md5}; send it again"
            raise ChecksumMismatch(message, field=(*place, "etag"))
        chosen.append(found)
    return chosen


def _content(upload: UploadFacts, parts: Sequence[PartFacts], content_id: str) -> NewContent:
    """Content of the parts in order.

    Raises: FailedPrecondition (a part is too small), ChecksumMismatch (they don't have the declared length).
    """
    for part in parts[:-1]:
        if part.blob.length_bytes < PART_BYTES_MIN:
            message = (
                f"part {part.number} has {part.blob.length_bytes} bytes; all but the last have at least"
                f" {PART_BYTES_MIN}: send larger ones"
            )
            raise FailedPrecondition(message, field=("parts",))
    content = NewContent(
        id=content_id,
        parts=tuple(parts),
        etag=multipart_etag([part.blob.md5 for part in parts]),
        md5=None,
        sha256=None,
        checksums={},
        checksum_type="FULL_OBJECT",
        is_multipart=True,
    )
    declared = upload.declared.length_bytes
    if declared is not None and declared != content.length_bytes:
        message = f"the parts have {content.length_bytes} bytes and {declared} were declared; send what is missing"
        raise ChecksumMismatch(message, field=("id",))
    return content


async def abort(context: Context, upload_id: str) -> ResourceView | None:
    """End an upload without a revision; answers the Object that waited for it.

    Raises: NotFound, Unavailable.
    """

    def decide(found: tuple[UploadFacts | None, ObjectFacts | None]) -> Decision[str | None]:
        upload, target = found
        decision = fail_upload(upload, target, upload_id, "aborted by its owner", context.stamp())
        return Decision(decision.changes, None if target is None else target.id)

    object_id = await context.store.run_rule(
        "abort upload",
        # This load locks what it finds.
        lock=(),
        load=facts.upload(upload_id, context.caller.user_id, context.now_ms),
        decide=decide,
    )
    return None if object_id is None else await context.reread(object_id)
