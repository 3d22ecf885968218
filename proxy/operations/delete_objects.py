"""DeleteObjects: up to a thousand keys in one request, each decided by itself.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
"""

import asyncio
from dataclasses import dataclass
from typing import Final

from domain.access import Action
from domain.errors import BadInput, DomainError
from domain.limits import KEY_BYTES_MAX
from domain.names import check_key_length
from domain.stamps import Stamp
from graphstore.cypher.resolving import Resolution
from proxy.authorising import authorise_key
from proxy.bodies import read_document
from proxy.calling import Call, Need, Operation, Place
from proxy.deleting import check_deletable, delete_at
from proxy.errors import S3Code, S3Error, not_implemented, problem_of
from proxy.resolving import at_key, resolve
from proxy.responses import Response, xml_response
from proxy.xml import Element, group, malformed, parse, tag

KEYS_MAX: Final = 1000
_CONDITIONS: Final = ("ETag", "LastModifiedTime", "Size")
_EACH: Final = Need(Place.KEY, Action.DELETE_OBJECT, action_if_absent=Action.DELETE_OBJECT)


@dataclass(frozen=True, slots=True)
class _Named:
    """One key of the request."""

    key: str
    version_id: str | None
    is_conditional: bool


async def _run(call: Call) -> Response:
    names, is_quiet = _read(parse(await read_document(call.request, call.payload, call.body), "Delete"))
    stamp = call.stamp()
    request = call.key_request
    usable = {name.key for name in names if len(name.key.encode("utf-8")) <= KEY_BYTES_MAX}
    keys = sorted(usable)
    requests = (at_key(request.access_key_id, request.bucket, key, request.now_ms) for key in keys)
    found = await asyncio.gather(*(resolve(call.services, one) for one in requests))
    resolutions = dict(zip(keys, found, strict=True))
    results: list[str] = []
    for name in names:
        # One after the other: deletions share containers, whose locks would make them wait for each other anyway.
        failure = await _delete(call, name, resolutions.get(name.key), stamp)
        if failure is not None:
            results.append(_error(name, failure))
        elif not is_quiet:
            results.append(_deleted(name))
    return xml_response("DeleteResult", results)


async def _delete(call: Call, name: _Named, resolution: Resolution | None, stamp: Stamp) -> Exception | None:
    """Delete one key; answers why it couldn't be, if so."""
    try:
        if resolution is None:
            check_key_length(name.key)
            raise AssertionError("a key that isn't too long is resolved")
        authorise_key(_EACH, resolution, call.caller.user_id)
        if name.is_conditional:
            raise not_implemented("A condition on a deletion")
        check_deletable(resolution, name.version_id)
        await delete_at(call.services.store, resolution, stamp)
    except BadInput as error:
        return S3Error(S3Code.KEY_TOO_LONG, error.message)
    except (S3Error, DomainError) as error:
        return error
    return None


def _read(root: Element) -> tuple[list[_Named], bool]:
    """Read the keys and whether only failures are to be answered.

    Raises: S3Error (MalformedXML).
    """
    objects = root.all("Object")
    if not 1 <= len(objects) <= KEYS_MAX:
        raise malformed(f"it names {len(objects)} objects; 1 to {KEYS_MAX} are allowed")
    names: list[_Named] = []
    for element in objects:
        key = element.text_of("Key")
        if not key:
            raise malformed("an Object has no Key")
        is_conditional = any(element.text_of(name) is not None for name in _CONDITIONS)
        names.append(_Named(key, element.text_of("VersionId"), is_conditional))
    return names, (root.text_of("Quiet") or "").strip() == "true"


def _deleted(name: _Named) -> str:
    version = "" if name.version_id is None else tag("VersionId", name.version_id)
    return group("Deleted", (tag("Key", name.key), version))


def _error(name: _Named, error: Exception) -> str:
    problem = problem_of(error)
    version = "" if name.version_id is None else tag("VersionId", name.version_id)
    return group("Error", (tag("Key", name.key), version, tag("Code", problem.code), tag("Message", problem.message)))


DELETE_OBJECTS: Final = Operation("DeleteObjects", Need(Place.EACH_KEY), _run)
