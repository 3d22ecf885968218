from dataclasses import replace

import pytest

from domain.access import Caller, Level
from domain.changes import Event, EventKind, ObjectStateChanged, PartAdded, UploadAdded, UploadFailed
from domain.contents import Declared, ObjectHeaders, PartFacts
from domain.creation import BegunUpload
from domain.errors import BadInput, DomainError, FailedPrecondition, Forbidden, NotFound
from domain.publishing import KeyFacts, UploadFacts
from domain.resources import ObjectFacts, State
from domain.uploads import add_part, begin_key_upload, begin_upload, fail_upload
from tests.domain.making import (
    NOW,
    OBJECT,
    PROJECT,
    USER,
    an_object,
    collection,
    content,
    new_id,
    project,
    published,
    stamp,
)

HEADERS = ObjectHeaders("text/csv")
PLACE = (PROJECT, "proj", "coll/o")
OPEN = UploadFacts(
    id="U",
    project_id=PROJECT,
    bucket="proj",
    key="coll/o",
    object_id=None,
    is_open=True,
    is_multipart=True,
    headers=HEADERS,
    declared=Declared(),
    checksum_algorithm=None,
    checksum_type=None,
    created_by=USER,
    finished=None,
)
PART = PartFacts(1, content().parts[0].blob)


@pytest.mark.parametrize(
    ("state", "after"), [(State.AVAILABLE, None), (State.INITIALIZING, None), (State.ERROR, State.INITIALIZING)]
)
def test_a_begun_upload_leaves_what_the_object_shows(state: State, after: State | None) -> None:
    existing = an_object(Level.WRITE, state)

    decision = begin_upload(existing, OBJECT, PLACE, HEADERS, Declared(), stamp=stamp(), is_multipart=False)

    assert decision.result == BegunUpload(new_id(0), OBJECT, "proj", "coll/o")
    assert isinstance(decision.changes[0], UploadAdded)
    assert [change for change in decision.changes if isinstance(change, ObjectStateChanged)] == (
        [] if after is None else [ObjectStateChanged(OBJECT, after, None, NOW)]
    )
    revisions = (None, None) if after is None else (3, 4)
    assert decision.changes[-1] == Event(new_id(1), EventKind.UPLOAD_BEGUN, OBJECT, USER, NOW, *revisions)


@pytest.mark.parametrize(
    ("existing", "error"),
    [
        (None, NotFound),
        (an_object(Level.NONE), NotFound),
        (an_object(Level.APPEND), Forbidden),
        (an_object(Level.APPEND, State.INITIALIZING, created_by="OTHER"), Forbidden),
        (an_object(state=State.VALIDATING), FailedPrecondition),
        (an_object(state=State.DELETED, shown=published()), FailedPrecondition),
    ],
)
def test_an_upload_that_may_not_begin_is_refused(existing: ObjectFacts | None, error: type[DomainError]) -> None:
    with pytest.raises(error):
        begin_upload(existing, OBJECT, PLACE, HEADERS, Declared(), stamp=stamp(), is_multipart=False)


def test_an_upload_to_a_key_waits_without_an_object() -> None:
    facts = KeyFacts(project(Level.NONE), (collection(Level.APPEND),), (), None)

    decision = begin_key_upload(facts, "proj", "coll/o", HEADERS, ("CRC32", "COMPOSITE"), stamp())

    assert decision.changes == (
        UploadAdded(
            new_id(0),
            PROJECT,
            "coll/o",
            None,
            True,
            HEADERS,
            Declared(),
            "CRC32",
            "COMPOSITE",
            NOW,
            USER,
        ),
    )


@pytest.mark.parametrize(
    ("facts", "key", "error"),
    [
        (KeyFacts(None, (), (), None), "o", NotFound),
        (KeyFacts(project(Level.NONE), (), (), None), "o", NotFound),
        (KeyFacts(project(Level.READ), (), (), None), "o", Forbidden),
        (KeyFacts(project(), (collection(Level.READ),), (), None), "coll/o", Forbidden),
        (KeyFacts(project(), (), (), an_object(Level.APPEND)), "o", Forbidden),
        (KeyFacts(project(), (), (), None), "o" * 1025, BadInput),
    ],
)
def test_an_upload_to_a_key_that_may_not_begin_is_refused(facts: KeyFacts, key: str, error: type[DomainError]) -> None:
    with pytest.raises(error):
        begin_key_upload(facts, "proj", key, HEADERS, (None, None), stamp())


def test_a_part_joins_its_upload() -> None:
    assert add_part(OPEN, "U", PART, stamp()).changes == (PartAdded("U", PART, NOW),)


@pytest.mark.parametrize("upload", [None, replace(OPEN, is_open=False), replace(OPEN, created_by="OTHER")])
def test_only_ones_own_open_upload_takes_parts_or_ends(upload: UploadFacts | None) -> None:
    with pytest.raises(NotFound, match="no open upload U of yours"):
        add_part(upload, "U", PART, stamp())
    with pytest.raises(NotFound, match="no open upload U of yours"):
        fail_upload(upload, None, "U", "aborted", stamp())


@pytest.mark.parametrize("number", [0, -1, 10_001])
def test_part_numbers_are_bounded(number: int) -> None:
    with pytest.raises(BadInput):
        add_part(OPEN, "U", replace(PART, number=number), stamp())


def test_an_upload_in_one_piece_takes_no_parts() -> None:
    with pytest.raises(FailedPrecondition):
        add_part(replace(OPEN, is_multipart=False), "U", PART, stamp())


def test_a_failed_upload_takes_the_object_that_waited_for_it_to_error() -> None:
    decision = fail_upload(OPEN, an_object(state=State.INITIALIZING), "U", "wrong MD5", stamp())

    assert decision.changes == (
        UploadFailed("U", "wrong MD5", NOW),
        ObjectStateChanged(OBJECT, State.ERROR, "wrong MD5", NOW),
        Event(new_id(0), EventKind.UPLOAD_FAILED, OBJECT, USER, NOW, 3, 4),
    )


@pytest.mark.parametrize("target", [None, an_object(), an_object(state=State.DELETED, shown=published())])
def test_a_failed_upload_leaves_every_other_object_as_it_is(target: ObjectFacts | None) -> None:
    assert fail_upload(OPEN, target, "U", "aborted", stamp()).changes == (UploadFailed("U", "aborted", NOW),)


def test_append_is_enough_to_finish_what_one_began() -> None:
    begun = begin_upload(
        an_object(Level.APPEND, State.ERROR),
        OBJECT,
        PLACE,
        HEADERS,
        Declared(),
        stamp=stamp(Caller(USER)),
        is_multipart=False,
    )

    assert begun.result.object_id == OBJECT
