import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.frozen_keys import FrozenCut, cut_frozen_key
from domain.keys import KeyCut, cut_key
from domain.names import is_container_name
from domain.resources import Kind
from domain.snapshots import versioned_beginning

SEGMENTS = st.sampled_from(
    ["", "a", "b-c", "a b", ".", "a@1.2.0", "@1.2.0", "b@latest", "@latest", "a@v1", "a@1.0.0+b"]
)
KEYS = st.lists(SEGMENTS, min_size=1, max_size=6).map("/".join)


@given(KEYS | st.text("ab@/10.+\u00e4", max_size=16))
@example("@1.0.0/")
@example("c/d@1.0.0/e/f")
def test_beginning_and_rest_give_the_key_back(key: str) -> None:
    cut = cut_frozen_key(key)

    if cut is not None:
        assert cut.beginning + cut.inside.rests[0] == key
        assert cut.inside == cut_key(cut.inside.rests[0])
        assert all(is_container_name(name) for name in cut.containers)


@given(KEYS)
def test_a_key_that_leads_into_a_snapshot_is_one_that_a_snapshot_would_hide(key: str) -> None:
    """Reading and the refusals of snapshots and writes speak of the same keys."""
    way = cut_key(key)
    in_project = versioned_beginning(way.rests[0], Kind.PROJECT)
    in_collection = versioned_beginning(way.rests[1], Kind.COLLECTION) if way.containers else None

    cut = cut_frozen_key(key)

    found = None if cut is None else (cut.containers, f"{cut.name}@{cut.version}")
    if in_project is not None:
        assert found == ((), in_project)
    elif in_collection is not None:
        assert found == (way.containers[:1], in_collection)
    else:
        assert found is None


@given(KEYS)
def test_what_stands_before_a_snapshot_is_what_the_live_key_has_on_its_way(key: str) -> None:
    """So one statement finds the live parent while the key is resolved as any other."""
    cut = cut_frozen_key(key)

    assert cut is None or cut_key(key).containers == cut.containers


@pytest.mark.parametrize(
    ("key", "cut"),
    [
        ("@1.2.0/a", FrozenCut((), "", "1.2.0", "@1.2.0/", KeyCut((), ("a",)))),
        ("c@1.2.0/d/e", FrozenCut((), "c", "1.2.0", "c@1.2.0/", KeyCut(("d",), ("d/e", "e")))),
        ("c@1.2.0+b.7/", FrozenCut((), "c", "1.2.0", "c@1.2.0+b.7/", KeyCut((), ("",)))),
        ("c@latest/x", FrozenCut((), "c", "latest", "c@latest/", KeyCut((), ("x",)))),
        ("c/d@1.0.0-rc.1/x", FrozenCut(("c",), "d", "1.0.0-rc.1", "c/d@1.0.0-rc.1/", KeyCut((), ("x",)))),
    ],
)
def test_the_forms_of_a_snapshots_keys(key: str, cut: FrozenCut) -> None:
    assert cut_frozen_key(key) == cut


@pytest.mark.parametrize(
    "key",
    [
        "",
        "c",
        "c/d",
        "c@1.2.0",
        "c/@1.2.0/x",
        "c/d/e@1.2.0/x",
        "c@1.2/x",
        "c d@1.2.0/x",
        " /d@1.2.0/x",
        "a@b/c@1.0.0/x",
    ],
)
def test_other_keys_never_lead_into_a_snapshot(key: str) -> None:
    assert cut_frozen_key(key) is None
