"""The state machine of Objects, as a table; whatever isn't in it is refused."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from domain.errors import FailedPrecondition
from domain.resources import State


class LifecycleEvent(StrEnum):
    """What can happen to an Object's state."""

    PUBLISHED = "bytes published"
    PUBLISHED_TO_VALIDATE = "bytes published, hooks must validate"
    UPLOAD_FAILED = "upload failed"
    VALIDATED = "validated"
    VALIDATION_FAILED = "validation failed"
    UPLOAD_BEGUN = "upload begun"
    DELETED = "deleted"


TRANSITIONS: Final[Mapping[tuple[State | None, LifecycleEvent], State]] = {
    (None, LifecycleEvent.UPLOAD_BEGUN): State.INITIALIZING,
    (None, LifecycleEvent.PUBLISHED): State.AVAILABLE,
    (None, LifecycleEvent.PUBLISHED_TO_VALIDATE): State.VALIDATING,
    (State.INITIALIZING, LifecycleEvent.PUBLISHED): State.AVAILABLE,
    (State.INITIALIZING, LifecycleEvent.PUBLISHED_TO_VALIDATE): State.VALIDATING,
    (State.INITIALIZING, LifecycleEvent.UPLOAD_BEGUN): State.INITIALIZING,
    (State.INITIALIZING, LifecycleEvent.UPLOAD_FAILED): State.ERROR,
    (State.VALIDATING, LifecycleEvent.VALIDATED): State.AVAILABLE,
    (State.VALIDATING, LifecycleEvent.VALIDATION_FAILED): State.ERROR,
    (State.ERROR, LifecycleEvent.UPLOAD_BEGUN): State.INITIALIZING,
    (State.ERROR, LifecycleEvent.PUBLISHED): State.AVAILABLE,
    (State.AVAILABLE, LifecycleEvent.UPLOAD_BEGUN): State.AVAILABLE,
    (State.AVAILABLE, LifecycleEvent.PUBLISHED): State.AVAILABLE,
    (State.AVAILABLE, LifecycleEvent.UPLOAD_FAILED): State.AVAILABLE,
    (State.INITIALIZING, LifecycleEvent.DELETED): State.DELETED,
    (State.VALIDATING, LifecycleEvent.DELETED): State.DELETED,
    (State.AVAILABLE, LifecycleEvent.DELETED): State.DELETED,
    (State.ERROR, LifecycleEvent.DELETED): State.DELETED,
}
"""(state before, event) -> state after; None is an Object that isn't there yet.

An AVAILABLE Object keeps showing its revision while an upload of the next one begins or fails. A PUT onto an Object in
ERROR is an upload begun anew and published at once."""


RESTORED_STATES: Final[Mapping[State, State]] = {
    State.INITIALIZING: State.ERROR,
    State.VALIDATING: State.VALIDATING,
    State.AVAILABLE: State.AVAILABLE,
    State.ERROR: State.ERROR,
}
"""State before an Object was deleted -> state after it is restored: uploads don't wait for tombstones."""


def next_state(state: State | None, event: LifecycleEvent, *, name: str, field: tuple[str, ...] = ()) -> State:
    """State after the event; `name` names the Object in the refusal.

    Raises: FailedPrecondition.
    """
    after = TRANSITIONS.get((state, event))
    if after is None:
        before = state.value if state else "not there"
        way_out = "restore it first" if state is State.DELETED else "wait for the state to change, or begin anew"
        raise FailedPrecondition(
            f"object {name} is {before}: '{event.value}' can't happen to it; {way_out}", field=field
        )
    return after
