"""Fields that take more than an attribute of the value."""

from collections.abc import Callable
from typing import Any

import strawberry


def answered_by(resolver: Callable[..., Any], description: str, *, name: str | None = None) -> Any:
    """Field answered by a function of the value; what GraphQL sees of it is declared by the field's annotation."""
    return strawberry.field(resolver=resolver, description=description, name=name)
