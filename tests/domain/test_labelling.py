from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.access import Level
from domain.changes import Decision, Event, EventKind, FieldsChanged, LabelAdded, LabelEnded, LabelRemoved
from domain.errors import BadInput, DomainError, FailedPrecondition, Forbidden, Immutable, NotFound
from domain.labelling import labels_of_new, remove_resource_labels, set_resource_labels
from domain.labels import LabelFacts, NewLabel
from domain.resources import ResourceFacts, State
from tests.domain.making import DATASET, NOW, OBJECT, USER, an_object, dataset, home, new_id, published, stamp

K = NewLabel("k", "new")


def standing(key: str, value: str = "old", since: int = 0, *, is_static: bool = False) -> LabelFacts:
    return LabelFacts(f"label {key}", key, value, is_static, since)


def by_key(*labels: LabelFacts) -> dict[str, LabelFacts]:
    return {label.key: label for label in labels}


def test_a_replaced_label_ends_where_an_older_number_shows_it() -> None:
    existing = by_key(standing("k", since=3), standing("j", since=4))
    wanted = (K, NewLabel("j", "new"), NewLabel("n", "", is_static=True))

    decision = set_resource_labels(an_object(shown=published(4)), OBJECT, existing, wanted, stamp())

    assert decision == Decision(
        (
            LabelEnded(OBJECT, "k", "old", 4),
            LabelRemoved(OBJECT, "j", "old"),
            LabelAdded(new_id(0), OBJECT, "k", "new", False, 4, NOW, USER),
            LabelAdded(new_id(1), OBJECT, "j", "new", False, 4, NOW, USER),
            LabelAdded(new_id(2), OBJECT, "n", "", True, 4, NOW, USER),
            FieldsChanged(OBJECT, {}, NOW),
            Event(new_id(3), EventKind.LABELS_SET, OBJECT, USER, NOW, 3, 4),
        ),
        OBJECT,
    )


def test_labels_of_a_container_last_by_its_epochs() -> None:
    existing = by_key(standing("k", since=1), standing("j", since=2))

    decision = remove_resource_labels(replace(dataset(), epoch=2), DATASET, existing, ("k", "j"), stamp())

    assert decision.changes == (
        LabelEnded(DATASET, "k", "old", 2),
        LabelRemoved(DATASET, "j", "old"),
        FieldsChanged(DATASET, {}, NOW),
        Event(new_id(0), EventKind.LABELS_REMOVED, DATASET, USER, NOW, 0, 1),
    )


labels = st.dictionaries(st.sampled_from("abc"), st.tuples(st.sampled_from("xy"), st.integers(0, 2)))


@given(
    before=labels,
    wanted=st.dictionaries(st.sampled_from("abcd"), st.sampled_from("xy"), min_size=1),
    held=st.booleans(),
)
def test_what_each_number_shows_is_what_was_set_by_then(
    before: dict[str, tuple[str, int]], wanted: dict[str, str], *, held: bool
) -> None:
    """Replayed, the changes give the present its new labels and leave every older number its own."""
    edge = replace(home(DATASET, "o"), parent_epoch=1 if held else 0)
    existing = by_key(*(standing(key, value, since) for key, (value, since) in before.items()))
    target = an_object(shown=published(2), parents=(edge,))

    changes = set_resource_labels(
        target, OBJECT, existing, [NewLabel(key, value) for key, value in wanted.items()], stamp()
    ).changes

    spans = {(label.key, label.value): [label.since, None] for label in existing.values()}
    for change in changes:
        match change:
            case LabelEnded():
                spans[change.key, change.value][1] = change.until
            case LabelRemoved():
                del spans[change.key, change.value]
            case LabelAdded():
                spans[change.key, change.value] = [change.since, None]
            case _:
                pass
    has_changed = any(before.get(key, (None,))[0] != value for key, value in wanted.items())
    present = 3 if held and has_changed else 2

    def shown(number: int) -> dict[str, str]:
        return {
            key: value
            for (key, value), (since, until) in spans.items()
            if since is not None and since <= number and (until is None or number < until)
        }

    assert shown(present) == {key: value for key, (value, _) in before.items()} | wanted
    for number in range(present):
        assert shown(number) == {key: value for key, (value, since) in before.items() if since <= number}
    assert (changes == ()) == (not has_changed)


@pytest.mark.parametrize(
    ("resource", "error"),
    [
        (None, NotFound),
        (dataset(Level.NONE), NotFound),
        (dataset(Level.APPEND), Forbidden),
        (replace(dataset(), is_frozen=True), Immutable),
        (replace(dataset(), state=State.DELETED), FailedPrecondition),
        (replace(dataset(), is_hidden=True), NotFound),
    ],
)
def test_labels_are_refused_where_they_cannot_be(resource: ResourceFacts | None, error: type[DomainError]) -> None:
    with pytest.raises(error) as not_set:
        set_resource_labels(resource, DATASET, {}, (K,), stamp())
    with pytest.raises(error) as not_removed:
        remove_resource_labels(resource, DATASET, by_key(standing("k")), ("k",), stamp())

    assert not_set.value.field == not_removed.value.field == ("id",)


def test_what_a_call_names_is_told_by_its_place() -> None:
    with pytest.raises(Immutable) as static:
        set_resource_labels(dataset(), DATASET, by_key(standing("k", is_static=True)), (K,), stamp())
    with pytest.raises(NotFound) as absent:
        remove_resource_labels(dataset(), DATASET, {}, ("k",), stamp())

    assert (static.value.field, absent.value.field) == (("labels", "0", "key"), ("keys", "0"))


def test_a_new_resource_begins_with_its_labels() -> None:
    assert labels_of_new(OBJECT, (K,), stamp()) == (LabelAdded(new_id(0), OBJECT, "k", "new", False, 0, NOW, USER),)
    assert labels_of_new(OBJECT, (), stamp()) == ()
    with pytest.raises(BadInput) as refused:
        labels_of_new(OBJECT, (K, K), stamp())
    assert refused.value.field == ("input", "labels", "1", "key")
