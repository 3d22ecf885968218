"""How resources read while the store of the bytes doesn't answer."""

import pytest

from tests.schema.face import Face, Person, Tree

STATES = """query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Resource { state stateReason } } }"""
REASON = "the store of the bytes doesn't answer at present; its metadata can be read, try the bytes later"


async def test_while_no_bytes_answer_objects_read_unavailable_and_containers_as_ever(
    face: Face, ada: Person, tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = await face.world.begin_object(ada.id, tree.dataset, "waiting")
    ids = [tree.project, tree.dataset, tree.first, waiting.object_id]
    before = await face.ask(ada, STATES, ids=ids)

    with monkeypatch.context() as patched:
        patched.setattr(face, "are_bytes_reachable", False)
        meanwhile = await face.ask(ada, STATES, ids=ids)
    after = await face.ask(ada, STATES, ids=ids)

    assert [node["state"] for node in before["nodes"]] == ["AVAILABLE", "AVAILABLE", "AVAILABLE", "INITIALIZING"]
    assert [tuple(node.values()) for node in meanwhile["nodes"]] == [
        ("AVAILABLE", None),
        ("AVAILABLE", None),
        ("UNAVAILABLE", REASON),
        ("INITIALIZING", None),
    ]
    assert after == before


async def test_an_object_in_a_snapshot_is_as_unavailable_as_the_living_one(
    face: Face, ada: Person, tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    await face.world.snapshot(ada.id, tree.dataset)
    monkeypatch.setattr(face, "are_bytes_reachable", False)

    ref = f"{tree.name}/coll/data@1.0.0/a.txt"
    found = await face.ask(ada, "query ($ref: String!) { resource(ref: $ref) { state } }", ref=ref)

    assert found == {"resource": {"state": "UNAVAILABLE"}}
