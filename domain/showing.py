"""How a resource's state reads: as it is stored, save that bytes which nobody can reach are UNAVAILABLE.

Source: the state machine of Objects in the specification (resources.md, section 4).
"""

from enum import StrEnum
from typing import Final

from domain.resources import Kind, State


class ShownState(StrEnum):
    """The states that a reader may see."""

    INITIALIZING = "INITIALIZING"
    VALIDATING = "VALIDATING"
    AVAILABLE = "AVAILABLE"
    UNAVAILABLE = "UNAVAILABLE"
    ERROR = "ERROR"
    DELETED = "DELETED"


UNREACHABLE: Final = "the store of the bytes doesn't answer at present; its metadata can be read, try the bytes later"
"""Why it is UNAVAILABLE, in words."""


def shown_state(kind: Kind, state: State, *, are_bytes_reachable: bool) -> ShownState:
    """State as it is shown. Containers have no bytes, and what has none yet isn't made worse."""
    if kind is Kind.OBJECT and state is State.AVAILABLE and not are_bytes_reachable:
        return ShownState.UNAVAILABLE
    return ShownState(state.value)
