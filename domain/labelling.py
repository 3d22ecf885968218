"""Rules: setting and removing the labels of a resource."""

from collections.abc import Mapping, Sequence

from domain.access import Action, demand
from domain.changes import Change, Decision, EventKind, FieldsChanged, LabelAdded, LabelEnded, LabelRemoved
from domain.errors import FailedPrecondition
from domain.labels import LabelFacts, LabelPlan, NewLabel, remove_labels, set_labels
from domain.resources import ResourceFacts, State
from domain.revising import Opened, open_for_change
from domain.stamps import Stamp


def set_resource_labels(
    resource: ResourceFacts | None,
    resource_id: str,
    existing: Mapping[str, LabelFacts],
    wanted: Sequence[NewLabel],
    stamp: Stamp,
) -> Decision[str]:
    """Set labels on a resource, all or none; `existing` are all that it bears, by key. Answers the id.

    Labels that stand just so change nothing. Of an Object that a snapshot or archive may show, others make a new
    revision.

    Raises: NotFound, Forbidden, Immutable (frozen, or a static label would change), BadInput, FailedPrecondition.
    """
    target = _changeable(resource, resource_id)
    return _applied(target, set_labels(existing, wanted, field=("labels",)), EventKind.LABELS_SET, stamp)


def remove_resource_labels(
    resource: ResourceFacts | None,
    resource_id: str,
    existing: Mapping[str, LabelFacts],
    keys: Sequence[str],
    stamp: Stamp,
) -> Decision[str]:
    """Remove labels from a resource, all or none; `existing` are all that it bears, by key. Answers the id.

    Raises: NotFound, Forbidden, Immutable (frozen, or a label is static), BadInput, FailedPrecondition.
    """
    target = _changeable(resource, resource_id)
    return _applied(target, remove_labels(existing, keys, field=("keys",)), EventKind.LABELS_REMOVED, stamp)


def labels_of_new(
    resource_id: str, labels: Sequence[NewLabel], stamp: Stamp, *, field: tuple[str, ...] = ("input", "labels")
) -> tuple[Change, ...]:
    """Labels that a new resource bears from the start.

    Raises: BadInput.
    """
    if not labels:
        return ()
    return _added(resource_id, set_labels({}, labels, field=field).added, Opened(0, None), stamp)


def _changeable(resource: ResourceFacts | None, resource_id: str) -> ResourceFacts:
    target = demand(resource, resource_id, Action.SET_LABELS, field=("id",))
    if target.state is State.DELETED:
        raise FailedPrecondition(f"{target.kind.lower()} {target.id} is DELETED; restore it first", field=("id",))
    return target


def _applied(target: ResourceFacts, plan: LabelPlan, kind: EventKind, stamp: Stamp) -> Decision[str]:
    if not plan.changes_anything:
        return Decision((), target.id)
    opened = open_for_change(target, stamp)
    return Decision(
        (
            *opened.changes,
            *(_gone(target.id, label, opened) for label in plan.removed),
            *_added(target.id, plan.added, opened, stamp),
            FieldsChanged(target.id, {}, stamp.now),
            stamp.event(kind, target.id, before=target.revision, after=target.revision + 1),
        ),
        target.id,
    )


def _gone(resource_id: str, label: LabelFacts, opened: Opened) -> Change:
    if label.since == opened.number:
        return LabelRemoved(resource_id, label.key, label.value)
    return LabelEnded(resource_id, label.key, label.value, opened.number)


def _added(resource_id: str, labels: Sequence[NewLabel], opened: Opened, stamp: Stamp) -> tuple[Change, ...]:
    return tuple(
        LabelAdded(
            stamp.new_id(),
            resource_id,
            label.key,
            label.value,
            label.is_static,
            opened.number,
            stamp.now,
            stamp.caller.user_id,
        )
        for label in labels
    )
