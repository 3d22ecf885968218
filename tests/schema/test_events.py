"""The stream of events over GraphQL: who sees what, in which order, and where to go on."""

import base64
from typing import Any

import pytest

from domain.access import Level
from domain.changes import EventCounts, EventKind
from graphstore.sequencing import Sequencer
from tests.schema.face import CORE, Face, Person, Tree

EVENTS = """query ($first: Int!, $after: String) { events(first: $first, after: $after) {
    edges { cursor node { id } }
    nodes { id number kind at actorId resourceId revisionBefore revisionAfter counts { collections datasets objects } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
} }"""


async def number_all(face: Face) -> None:
    sequencer = Sequencer(face.world.engine, "test", lambda: face.world.now)
    while await sequencer.number_once():
        pass


async def end(face: Face) -> str:
    """Cursor of what is the end of the stream now."""
    await number_all(face)
    return cursor((await face.world.ask("MATCH (e:Event) RETURN count(e) AS n"))[0]["n"])


def cursor(number: int) -> str:
    return base64.urlsafe_b64encode(f"events\n{number}".encode()).decode().rstrip("=")


async def page(face: Face, who: Person | None, first: int = 100, after: str | None = None) -> Any:
    await number_all(face)
    return (await face.ask(who, EVENTS, first=first, after=after))["events"]


async def rest(face: Face, who: Person | None, after: str, first: int = 100) -> list[Any]:
    """All events after the cursor, page by page."""
    nodes: list[Any] = []
    while True:
        found = await page(face, who, first, after)
        assert [edge["node"]["id"] for edge in found["edges"]] == [node["id"] for node in found["nodes"]]
        nodes += found["nodes"]
        after = found["pageInfo"]["endCursor"]
        if not found["pageInfo"]["hasNextPage"]:
            return nodes


async def test_an_event_says_what_happened_to_what_when_and_by_whom(face: Face, ada: Person, bob: Person) -> None:
    after = await end(face)
    project = await face.world.project(ada.id, face.fresh_name())
    at = face.world.now
    await face.share(ada, project, bob, Level.READ)

    created, *_, shared = await rest(face, ada, after)

    assert created["number"] + 2 == shared["number"]
    assert len(created["id"]) == 26
    assert {name: value for name, value in created.items() if name not in {"id", "number"}} == {
        "kind": "CREATED",
        "at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "actorId": ada.id,
        "resourceId": project,
        "revisionBefore": None,
        "revisionAfter": 0,
        "counts": None,
    }
    assert (shared["kind"], shared["revisionBefore"], shared["revisionAfter"]) == ("GRANT_SET", None, None)
    assert await rest(face, bob, after) == await rest(face, ada, after)


async def test_one_request_reads_the_stream_a_bounded_number_of_times(face: Face, ada: Person) -> None:
    document = "query {" + " ".join(f"e{n}: events(first: 1) {{ nodes {{ id }} }}" for n in range(26)) + "}"

    answer = await face.answer(ada, document)

    assert {error["extensions"]["code"] for error in answer["errors"]} == {"COST_EXCEEDED"}


async def test_a_recursive_call_says_what_it_counted(face: Face, ada: Person, tree: Tree) -> None:
    after = await end(face)
    counts = EventCounts(collections=1, datasets=2, objects=3_000_000_000)
    await face.world.apply(face.world.stamp(ada.id).event(EventKind.UPDATED, tree.project, counts=counts))

    (event,) = await rest(face, ada, after)

    assert event["counts"] == {"collections": 1, "datasets": 2, "objects": 3_000_000_000}


async def test_what_waits_for_its_number_is_not_told_yet(face: Face, ada: Person, tree: Tree) -> None:
    after = await end(face)
    await face.world.put(ada.id, tree.name, "new")

    before = (await face.ask(ada, EVENTS, first=10, after=after))["events"]

    assert before["nodes"] == []
    assert before["pageInfo"] == {
        "hasNextPage": False,
        "hasPreviousPage": True,
        "startCursor": after,
        "endCursor": after,
    }
    assert [event["kind"] for event in await rest(face, ada, before["pageInfo"]["endCursor"])] == ["PUBLISHED"]


@pytest.mark.parametrize("size", [1, 2, 5, 100])
async def test_pages_of_any_size_tell_the_same_in_the_order_of_numbers(
    face: Face, ada: Person, bob: Person, size: int
) -> None:
    after = await end(face)
    mine, others = face.fresh_name(), face.fresh_name()
    await face.world.project(ada.id, mine)
    await face.world.project(bob.id, others)
    for number in range(6):
        await face.world.put(ada.id, mine, f"o{number}")
        await face.world.put(bob.id, others, f"o{number}")

    told = await rest(face, ada, after, size)

    numbers = [event["number"] for event in told]
    assert [event["kind"] for event in told] == ["CREATED", "GRANT_SET", *["PUBLISHED"] * 6]
    assert numbers == sorted(numbers)
    assert {event["actorId"] for event in told} == {ada.id}
    first = await page(face, ada, size, after)
    assert first["pageInfo"]["hasNextPage"] is (size < 8)
    assert first["pageInfo"]["startCursor"] == first["edges"][0]["cursor"] == cursor(numbers[0])


async def test_a_page_of_rare_events_may_be_short_and_still_goes_on(face: Face, ada: Person, bob: Person) -> None:
    after = await end(face)
    others, mine = await face.world.project(bob.id, face.fresh_name()), face.fresh_name()
    stamp = face.world.stamp(bob.id)
    await face.world.apply(*(stamp.event(EventKind.UPDATED, others) for _ in range(700)))
    await number_all(face)
    await face.world.project(ada.id, mine)

    short = await page(face, ada, 10, after)
    whole = await page(face, ada, 10, short["pageInfo"]["endCursor"])

    assert short["nodes"] == []
    assert short["pageInfo"]["hasNextPage"] is True
    assert [event["kind"] for event in whole["nodes"]] == ["CREATED", "GRANT_SET"]
    assert whole["pageInfo"]["hasNextPage"] is False


async def test_administrators_and_strangers_hear_of_what_they_may_read_alone(
    face: Face, ada: Person, admin: Person
) -> None:
    after = await end(face)
    created = await face.ask(
        ada,
        "mutation ($n: String!) { projectCreate(input: {name: $n, dataClass: PUBLIC}) { project { id } } }",
        n=face.fresh_name(),
    )
    await face.tree(ada)

    told = await rest(face, ada, after)

    public = [event for event in told if event["resourceId"] == created["projectCreate"]["project"]["id"]]
    assert len(public) == 2 < len(told)
    for stranger in (None, admin):
        assert await rest(face, stranger, after) == public


async def test_what_is_gone_is_still_told_of_to_who_could_read_it(face: Face, ada: Person, tree: Tree) -> None:
    after = await end(face)
    await face.world.delete_object(ada.id, tree.first)

    told = await rest(face, ada, after)

    assert [(event["kind"], event["resourceId"]) for event in told] == [("DELETED", tree.first)]


@pytest.mark.parametrize("text", ["events\nx", "events\n-1", "events\n" + "9" * 19, "events\n\u0663", "children\n1"])
async def test_a_forged_cursor_is_refused(face: Face, ada: Person, text: str) -> None:
    forged = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    answer = await face.answer(ada, EVENTS, first=1, after=forged)

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]


@pytest.mark.parametrize("first", [0, 101])
async def test_a_page_has_one_to_a_hundred_events(face: Face, ada: Person, first: int) -> None:
    answer = await face.answer(ada, EVENTS, first=first)

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]


def test_every_kind_of_event_can_be_shown() -> None:
    """A kind that the schema doesn't know would fail the whole page that it is on."""
    shown: Any = CORE.type_map["EventKind"]

    assert set(shown.values) == {kind.name for kind in EventKind}
