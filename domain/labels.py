"""Labels: one value for each key of a resource; setting a key again replaces its value. A static label stays for good.

Rules here are plans: they say which labels go and which come, for rules that also know rights and revisions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from domain.errors import BadInput, FailedPrecondition, Immutable, NotFound
from domain.limits import (
    LABEL_KEY_LENGTH_MAX,
    LABEL_VALUE_LENGTH_MAX,
    LABELS_PER_CALL_MAX,
    LABELS_PER_RESOURCE_MAX,
)
from domain.metadata import check_line

SYSTEM_PREFIX: Final = "app."
"""Keys that begin so belong to the system."""


@dataclass(frozen=True, slots=True)
class LabelFacts:
    """A label that stands. `since` is the revisionNumber of its Object, or the epoch of its container, when it came."""

    id: str
    key: str
    value: str
    is_static: bool
    since: int


@dataclass(frozen=True, slots=True)
class NewLabel:
    """A label as a caller sets it."""

    key: str
    value: str
    is_static: bool = False


@dataclass(frozen=True, slots=True)
class LabelPlan:
    """What is to be done: a label that is replaced stands in `removed`, and what replaces it in `added`."""

    removed: tuple[LabelFacts, ...] = ()
    added: tuple[NewLabel, ...] = ()
    unchanged: tuple[LabelFacts, ...] = ()

    @property
    def changes_anything(self) -> bool:
        """Whether any label goes or comes."""
        return bool(self.removed or self.added)


def check_label_key(key: str, *, field: tuple[str, ...] = ()) -> None:
    """Refuse what can't be a key of users: 1 to 256 characters of one line, no white space at the ends, no `app.`.

    Raises: BadInput.
    """
    check_line(key, LABEL_KEY_LENGTH_MAX, "label key", field)
    if not key or key != key.strip():
        message = f"a label key has 1 to {LABEL_KEY_LENGTH_MAX} characters and no white space at its ends"
        raise BadInput(message, field=field)
    if key.startswith(SYSTEM_PREFIX):
        message = f"the label key {key[:80]!r} belongs to the system, as all that begin with {SYSTEM_PREFIX!r}"
        raise BadInput(f"{message}; take another key", field=field)


def check_label_value(value: str, *, field: tuple[str, ...] = ()) -> None:
    """Refuse what can't be a value: 0 to 1024 characters of one line.

    Raises: BadInput.
    """
    check_line(value, LABEL_VALUE_LENGTH_MAX, "label value", field)


def set_labels(
    existing: Mapping[str, LabelFacts], wanted: Sequence[NewLabel], *, field: tuple[str, ...] = ("input", "labels")
) -> LabelPlan:
    """Plan to set 1 to 100 labels on a resource; `existing` are all its labels by key. All or none.

    A label that stands just so is unchanged; a plain one may become static.

    Raises: BadInput, Immutable (a static label would change), FailedPrecondition (more labels than there may be).
    """
    _check_count(len(wanted), field)
    removed: list[LabelFacts] = []
    added: list[NewLabel] = []
    unchanged: list[LabelFacts] = []
    seen: set[str] = set()
    for index, label in enumerate(wanted):
        place = (*field, str(index))
        check_label_key(label.key, field=(*place, "key"))
        check_label_value(label.value, field=(*place, "value"))
        _check_once(label.key, seen, (*place, "key"))
        former = existing.get(label.key)
        if former is None:
            added.append(label)
        elif (former.value, former.is_static) == (label.value, label.is_static):
            unchanged.append(former)
        else:
            _check_not_static(former, (*place, "key"))
            removed.append(former)
            added.append(label)
    count = len(existing) - len(removed) + len(added)
    if count > max(LABELS_PER_RESOURCE_MAX, len(existing)):
        message = f"the resource would have {count} labels and may have {LABELS_PER_RESOURCE_MAX}; remove some first"
        raise FailedPrecondition(message, field=field)
    return LabelPlan(tuple(removed), tuple(added), tuple(unchanged))


def remove_labels(
    existing: Mapping[str, LabelFacts], keys: Sequence[str], *, field: tuple[str, ...] = ("input", "keys")
) -> LabelPlan:
    """Plan to remove the labels of 1 to 100 keys from a resource; `existing` are all its labels by key. All or none.

    Raises: BadInput, NotFound (no such label), Immutable (a static one).
    """
    _check_count(len(keys), field)
    removed: list[LabelFacts] = []
    seen: set[str] = set()
    for index, key in enumerate(keys):
        place = (*field, str(index))
        check_label_key(key, field=place)
        _check_once(key, seen, place)
        former = existing.get(key)
        if former is None:
            raise NotFound(f"there is no label {key[:80]!r}", field=place)
        _check_not_static(former, place)
        removed.append(former)
    return LabelPlan(removed=tuple(removed))


def _check_count(count: int, field: tuple[str, ...]) -> None:
    if not 1 <= count <= LABELS_PER_CALL_MAX:
        raise BadInput(f"one call names 1 to {LABELS_PER_CALL_MAX} labels; this one names {count}", field=field)


def _check_once(key: str, seen: set[str], field: tuple[str, ...]) -> None:
    if key in seen:
        raise BadInput(f"the call names the label {key[:80]!r} twice; name each key once", field=field)
    seen.add(key)


def _check_not_static(label: LabelFacts, field: tuple[str, ...]) -> None:
    if label.is_static:
        message = f"the label {label.key[:80]!r} is static: it stays as it is; take another key"
        raise Immutable(message, field=field)
