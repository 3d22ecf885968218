"""Tells who names an Object of a snapshot or archive in a mutation that it never changes, if he may see it.

Rules know living resources only: to them such an id names nothing.
"""

from typing import Any

from strawberry.extensions.field_extension import AsyncExtensionResolver, FieldExtension

from domain.errors import Code
from domain.frozen import FrozenId, parse_frozen_id
from schema.info import Info
from schema.payloads import Payload
from schema.problems import UserError


class FrozenIdsAreImmutable(FieldExtension):
    """Answers IMMUTABLE where a mutation is given the id of a frozen Object that the caller sees."""

    async def resolve_async(self, next_: AsyncExtensionResolver, source: Any, info: Info, **arguments: Any) -> Any:
        """Call the mutation and explain its NOT_FOUND."""
        payload = await next_(source, info, **arguments)
        if isinstance(payload, Payload) and any(error.code is Code.NOT_FOUND for error in payload.user_errors):
            named = [parse_frozen_id(given) for given in arguments.values() if isinstance(given, str)]
            for frozen_id in named:
                if frozen_id is not None and await info.context.loaders.resources.load(str(frozen_id)) is not None:
                    payload.user_errors = [_refusal(frozen_id)]
        return payload


def _refusal(frozen_id: FrozenId) -> UserError:
    message = (
        f"object {frozen_id.object_id} is seen here as it was in {frozen_id.holder_id}, which doesn't change any more;"
        f" change the living object {frozen_id.object_id}"
    )
    return UserError(code=Code.IMMUTABLE, field=["id"], message=message)
