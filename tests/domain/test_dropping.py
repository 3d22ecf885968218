from hypothesis import given
from hypothesis import strategies as st

from domain.changes import TaskAdded, TaskKind
from domain.dropping import CONTAINERS_PER_TASK, drop_pasts, is_needed
from tests.domain.making import NOW, PROJECT, USER, new_id, stamp


@given(st.sets(st.integers(0, 12)), st.integers(0, 12), st.integers(1, 5))
def test_what_an_epoch_sees_is_needed(epochs: set[int], since: int, length: int) -> None:
    seen = any(since <= epoch < since + length for epoch in epochs)

    assert is_needed(since, since + length, sorted(epochs)) is seen


def test_many_containers_are_looked_through_by_several_tasks() -> None:
    ids = [f"c{number}" for number in range(CONTAINERS_PER_TASK + 1)]

    tasks = drop_pasts(PROJECT, ids, stamp())

    assert tasks == [
        TaskAdded(new_id(0), TaskKind.DROP_PASTS, PROJECT, {"containers": " ".join(ids[:-1])}, NOW, USER),
        TaskAdded(new_id(1), TaskKind.DROP_PASTS, PROJECT, {"containers": ids[-1]}, NOW, USER),
    ]
    assert drop_pasts(PROJECT, [], stamp()) == []
