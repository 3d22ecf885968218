from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import BadInput, DomainError, FailedPrecondition, Immutable, NotFound
from domain.labels import (
    LabelFacts,
    LabelPlan,
    NewLabel,
    check_label_key,
    check_label_value,
    remove_labels,
    set_labels,
)
from domain.limits import LABELS_PER_RESOURCE_MAX


def standing(key: str, value: str = "v", *, is_static: bool = False) -> LabelFacts:
    return LabelFacts(f"id of {key}", key, value, is_static, since=3)


def by_key(*labels: LabelFacts) -> Mapping[str, LabelFacts]:
    return {label.key: label for label in labels}


PLAIN = standing("plain")
STATIC = standing("static", is_static=True)


# -- what a key and a value may be


@pytest.mark.parametrize("key", ["a", "x" * 256, "with space", "app", "APP.x", "xapp.", "ä/b:c=d", "\U0001f9ec", "-"])
def test_a_key_is_one_line_of_anything(key: str) -> None:
    check_label_key(key)


@pytest.mark.parametrize(
    "key",
    [
        *("", "x" * 257, " a", "a ", "\u00a0a", "a\u2003", "app.", "app.x"),
        *("a\0", "a\nb", "a\x1fb", "a\x7fb", "\ud800", "a\udfff"),
    ],
)
def test_what_can_be_no_key_is_refused(key: str) -> None:
    with pytest.raises(BadInput) as refused:
        check_label_key(key, field=("input", "labels", "3", "key"))
    assert refused.value.field == ("input", "labels", "3", "key")


@pytest.mark.parametrize("value", ["", "x" * 1024, " spaces stay ", "ä\U0001f9ec"])
def test_a_value_is_one_line_of_anything_or_empty(value: str) -> None:
    check_label_value(value)


@pytest.mark.parametrize("value", ["x" * 1025, "a\0", "a\nb", "\t", "\x1f", "\x7f", "\ud800"])
def test_what_can_be_no_value_is_refused(value: str) -> None:
    with pytest.raises(BadInput):
        check_label_value(value)


# -- setting


def test_a_label_is_added_replaced_or_left_as_it_stands() -> None:
    existing = by_key(PLAIN, STATIC, standing("same", "v"))
    wanted = (NewLabel("plain", "w"), NewLabel("same", "v"), NewLabel("static", "v", is_static=True), NewLabel("n", ""))

    plan = set_labels(existing, wanted)

    assert plan == LabelPlan(
        removed=(PLAIN,), added=(wanted[0], wanted[3]), unchanged=(existing["same"], existing["static"])
    )
    assert plan.changes_anything


def test_a_plain_label_may_become_static() -> None:
    wanted = NewLabel("plain", "v", is_static=True)

    assert set_labels(by_key(PLAIN), [wanted]) == LabelPlan(removed=(PLAIN,), added=(wanted,))


@pytest.mark.parametrize(
    "wanted", [NewLabel("static", "other", is_static=True), NewLabel("static", "v"), NewLabel("static", "other")]
)
def test_a_static_label_neither_changes_nor_becomes_plain(wanted: NewLabel) -> None:
    with pytest.raises(Immutable, match="'static'") as refused:
        set_labels(by_key(PLAIN, STATIC), [NewLabel("plain", "w"), wanted])
    assert refused.value.field == ("input", "labels", "1", "key")


def test_setting_what_stands_changes_nothing() -> None:
    plan = set_labels(by_key(PLAIN), [NewLabel("plain", "v")])

    assert plan == LabelPlan(unchanged=(PLAIN,))
    assert not plan.changes_anything


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ((NewLabel("a", "v"), NewLabel("", "v")), ("input", "labels", "1", "key")),
        ((NewLabel("app.a", "v"),), ("input", "labels", "0", "key")),
        ((NewLabel("a", "v\n"),), ("input", "labels", "0", "value")),
        ((NewLabel("a", "v"), NewLabel("b", "v"), NewLabel("a", "v")), ("input", "labels", "2", "key")),
        ((), ("input", "labels")),
        (tuple(NewLabel(f"k{n}", "v") for n in range(101)), ("input", "labels")),
    ],
)
def test_a_call_that_names_labels_wrongly_is_refused_where_it_does(
    wanted: Sequence[NewLabel], field: tuple[str, ...]
) -> None:
    with pytest.raises(BadInput) as refused:
        set_labels({}, wanted)
    assert refused.value.field == field


def test_a_resource_has_a_bounded_number_of_labels() -> None:
    almost_full = by_key(*(standing(f"k{n}") for n in range(LABELS_PER_RESOURCE_MAX - 1)))
    full = {**almost_full, "last": standing("last")}

    assert set_labels(almost_full, [NewLabel("new", "v")]).added == (NewLabel("new", "v"),)
    with pytest.raises(FailedPrecondition, match="1001 labels and may have 1000"):
        set_labels(full, [NewLabel("new", "v")])
    # What replaces takes no room.
    assert set_labels(full, [NewLabel("last", "w")]).removed == (full["last"],)


def test_the_field_is_where_the_caller_says() -> None:
    with pytest.raises(BadInput) as refused:
        set_labels({}, [NewLabel("", "v")], field=("labels",))
    assert refused.value.field == ("labels", "0", "key")


# -- removing


def test_labels_are_removed_in_the_order_named() -> None:
    other = standing("other")

    assert remove_labels(by_key(PLAIN, STATIC, other), ["other", "plain"]) == LabelPlan(removed=(other, PLAIN))


@pytest.mark.parametrize(
    ("keys", "error", "field"),
    [
        (["plain", "absent"], NotFound, ("input", "keys", "1")),
        (["static"], Immutable, ("input", "keys", "0")),
        (["app.hook"], BadInput, ("input", "keys", "0")),
        (["plain", "plain"], BadInput, ("input", "keys", "1")),
        ([], BadInput, ("input", "keys")),
        ([f"k{n}" for n in range(101)], BadInput, ("input", "keys")),
    ],
)
def test_what_cant_be_removed_is_refused_where_it_is_named(
    keys: list[str], error: type[DomainError], field: tuple[str, ...]
) -> None:
    with pytest.raises(error) as refused:
        remove_labels(by_key(PLAIN, STATIC, standing("app.hook")), keys)
    assert refused.value.field == field


# -- any sequence of calls

KEYS = st.sampled_from(["a", "b", "c", "d"])
WANTED = st.lists(st.builds(NewLabel, KEYS, st.sampled_from(["", "v", "w"]), st.booleans()), min_size=1, max_size=4)
CALLS = st.lists(WANTED | st.lists(KEYS, min_size=1, max_size=3), max_size=8)


def applied(existing: Mapping[str, LabelFacts], plan: LabelPlan) -> dict[str, LabelFacts]:
    left = {key: label for key, label in existing.items() if label not in plan.removed}
    for new in plan.added:
        assert new.key not in left
        left[new.key] = LabelFacts(f"id of {new.key}", new.key, new.value, new.is_static, since=4)
    return left


@given(CALLS)
def test_a_static_label_outlives_every_call_and_others_do_as_they_are_told(
    calls: Sequence[Sequence[NewLabel] | Sequence[str]],
) -> None:
    labels: dict[str, LabelFacts] = {}
    for call in calls:
        new = [one for one in call if isinstance(one, NewLabel)]
        keys = [one for one in call if isinstance(one, str)]
        before = dict(labels)
        try:
            plan = set_labels(labels, new) if new else remove_labels(labels, keys)
        except DomainError:
            continue
        labels = applied(labels, plan)

        for key, label in before.items():
            if label.is_static:
                assert labels[key] == label
        for one in new:
            assert (labels[one.key].value, labels[one.key].is_static) == (one.value, one.is_static)
        assert not set(keys) & set(labels)
        named = {one.key for one in new} | set(keys)
        assert {key: label for key, label in labels.items() if key not in named} == {
            key: label for key, label in before.items() if key not in named
        }


@given(st.lists(KEYS, unique=True), WANTED)
def test_every_label_named_is_told_of_once(keys: list[str], wanted: list[NewLabel]) -> None:
    existing = by_key(*(standing(key) for key in keys))
    if len({label.key for label in wanted}) < len(wanted):
        with pytest.raises(BadInput, match="twice"):
            set_labels(existing, wanted)
        return

    plan = set_labels(existing, wanted)

    told = [label.key for label in plan.added] + [label.key for label in plan.unchanged]
    assert sorted(told) == sorted(label.key for label in wanted)
    assert {label.key for label in plan.removed} == {label.key for label in plan.added} & set(existing)
