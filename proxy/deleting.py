"""Deletes what stands at one key, for DELETE and for each key of a DeleteObjects."""

from domain.errors import FailedPrecondition, NotFound
from domain.resources import Versioning
from domain.stamps import Stamp
from graphstore.cypher.resolving import Resolution
from graphstore.removing import remove_key
from graphstore.store import GraphStore
from proxy.authorising import NULL_VERSION, check_version_id, shown_object
from proxy.errors import not_implemented


def check_deletable(resolution: Resolution, version_id: str | None) -> None:
    """Refuse deletions that would have to leave markers or take single revisions away.

    Raises: S3Error (InvalidArgument, NotImplemented).
    """
    if version_id is not None:
        check_version_id(version_id)
    assert resolution.project is not None, "a deletion is authorised in a bucket"
    if resolution.project.versioning is not Versioning.OFF:
        raise not_implemented("Deleting in a bucket with versioning")
    if version_id not in {None, NULL_VERSION}:
        raise not_implemented("Deleting a single version")


async def delete_at(store: GraphStore, resolution: Resolution, stamp: Stamp) -> None:
    """Delete the Object that the key shows, or unlink it where that is a share's key.

    Nothing there, or not any more, is deleted already.

    Raises: Forbidden, Unavailable.
    """
    shown, parent = shown_object(resolution), resolution.lowest
    if shown is None or parent is None:
        return
    try:
        await remove_key(store, shown.id, parent.id, stamp)
    except (NotFound, FailedPrecondition):
        return  # somebody else has deleted it just now: no other state refuses that
