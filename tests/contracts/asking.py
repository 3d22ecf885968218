"""Asks the store as the S3 face does: who signs, what stands at a key, what a prefix lists; and what S3 would say."""

from collections.abc import Sequence

from domain.access import Level
from domain.frozen_keys import cut_frozen_key
from domain.keys import cut_key
from domain.resources import State
from graphstore.cypher import resolving
from graphstore.cypher.resolving import KeyRequest, Resolution
from graphstore.frozen_resolving import as_it_was
from graphstore.listing import Listing, list_cut, list_frozen_cut, list_keys
from tests.world import World


async def signer(world: World, name: str) -> str:
    """Make a user whose key pair the resolve statement finds."""
    user = await world.user(name)
    await world.do(
        "MATCH (u:User {id: $user}) CREATE (c:S3Credential {accessKeyId: $key, userId: $user, name: 'k', "
        "sealedSecret: 'x', createdAt: 0})-[:OF]->(u)",
        user=user,
        key=f"AK{user}",
    )
    return user


async def _resolved(world: World, request: KeyRequest) -> Resolution:
    return await as_it_was(world.store, request, (await world.store.read(resolving.resolve([request])))[0])


async def at_key(world: World, user: str, bucket: str, key: str) -> Resolution:
    """Resolve a key for a GET."""
    frozen = cut_frozen_key(key)
    return await _resolved(
        world, KeyRequest(f"AK{user}", bucket, cut_key(key), world.now_ms, wants_content=True, frozen=frozen)
    )


async def version_at(world: World, user: str, bucket: str, key: str) -> str | None:
    """VersionId that a GET of the key answers; None where there is nothing to be seen."""
    resolution = await at_key(world, user, bucket, key)
    found = resolution.object
    if found is None or found.level < Level.READ or found.state is not State.AVAILABLE or found.published is None:
        return None
    assert resolution.content is not None, "what can be read brings its bytes"
    assert resolution.content.length_bytes == found.published.length_bytes
    return found.published.version_id


async def listed(
    world: World, user: str, bucket: str, prefix: str = "", delimiter: str = "", marker: str = "", limit: int = 1000
) -> Listing:
    """List below a prefix, with the user's own levels."""
    frozen = list_frozen_cut(prefix)
    request = KeyRequest(f"AK{user}", bucket, list_cut(prefix), world.now_ms, frozen=frozen, is_prefix=True)
    return await list_keys(
        world.store,
        await _resolved(world, request),
        prefix=prefix,
        delimiter=delimiter,
        marker=marker,
        limit=limit,
        caller=user,
        now=world.now_ms,
    )


def items_of(listing: Listing) -> list[str]:
    """Keys and common prefixes together, in the order of S3."""
    return sorted([*(key.key for key in listing.keys), *listing.common_prefixes], key=str.encode)


def expected(keys: Sequence[str], prefix: str, delimiter: str, marker: str, limit: int) -> tuple[list[str], bool]:
    """What S3 answers, from a sorted list: keys and common prefixes together, in order, and whether more follows."""
    items: list[str] = []
    for key in keys:
        if not key.startswith(prefix) or key <= marker:
            continue
        at = key.find(delimiter, len(prefix)) if delimiter else -1
        item = key if at < 0 else key[: at + len(delimiter)]
        if item not in items and item != marker:
            items.append(item)
    return items[:limit], len(items) > limit > 0
