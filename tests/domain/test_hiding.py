from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from domain.changes import ContainerHidden, CountersChanged
from domain.hiding import changed_with_last_name, hide_upwards
from domain.resources import State
from tests.domain.making import COLLECTION, DATASET, PROJECT, collection, dataset, project, stamp


@given(
    counts=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    plain=st.tuples(st.booleans(), st.booleans()),
    frozen=st.booleans(),
    state=st.sampled_from([State.AVAILABLE, State.DELETED]),
)
def test_what_is_empty_plain_and_living_is_hidden_from_below_and_nothing_else_changes(
    counts: tuple[int, int], plain: tuple[bool, bool], state: State, *, frozen: bool
) -> None:
    containers = {
        DATASET: replace(dataset(entry_count=counts[0], is_plain=plain[0]), is_frozen=frozen),
        COLLECTION: replace(collection(entry_count=counts[1], is_plain=plain[1]), state=state),
        PROJECT: project(entry_count=2),
    }
    may_lock = changed_with_last_name(containers, DATASET)

    changes = hide_upwards(dict(containers), DATASET, stamp())

    wanted: list[str] = []
    if counts[0] == 1 and plain[0] and not frozen:
        wanted.append(DATASET)
        if counts[1] == 1 and plain[1] and state is State.AVAILABLE:
            wanted.append(COLLECTION)
    assert [change.id for change in changes if isinstance(change, ContainerHidden)] == wanted
    counted = [change for change in changes if isinstance(change, CountersChanged)]
    assert [(change.container_id, change.entries) for change in counted] == [
        (above, -1) for above in (COLLECTION, PROJECT)[: len(wanted)]
    ]
    assert {DATASET, *wanted, *(change.container_id for change in counted)} == may_lock
