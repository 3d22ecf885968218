"""Licences: anyone reads them, administrators add some."""

import asyncio
from typing import Any

import pytest

from domain.errors import Forbidden
from domain.licenses import PREDEFINED_LICENSES, NewLicense
from resolvers.context import open_context
from resolvers.licenses import make_license
from tests.schema.face import Face, Person

FIELDS = "spdxId name url text isPredefined createdAt createdBy { displayName }"
LIST = f"{{ licenses {{ {FIELDS} }} }}"
FIND = f"query ($id: String!) {{ license(spdxId: $id) {{ {FIELDS} }} }}"
CREATE = f"""mutation ($input: LicenseCreateInput!) {{
    licenseCreate(input: $input) {{ license {{ {FIELDS} }} userErrors {{ code field message }} }} }}"""


def predefined(license_id: str) -> dict[str, Any]:
    known = PREDEFINED_LICENSES[license_id]
    nothing = {"text": None, "isPredefined": True, "createdAt": None, "createdBy": None}
    return {"spdxId": known.id, "name": known.name, "url": known.url, **nothing}


async def added(face: Face, who: Person | None) -> list[dict[str, Any]]:
    """What the list has beyond the predefined licences, which come first."""
    found: list[dict[str, Any]] = (await face.ask(who, LIST))["licenses"]
    assert found[: len(PREDEFINED_LICENSES)] == [predefined(license_id) for license_id in sorted(PREDEFINED_LICENSES)]
    return found[len(PREDEFINED_LICENSES) :]


async def test_anyone_finds_the_predefined_licences(face: Face) -> None:
    assert (await face.ask(None, FIND, id="MIT"))["license"] == predefined("MIT")
    assert (await face.ask(None, FIND, id="cc0-1.0"))["license"] == predefined("CC0-1.0")
    assert (await face.ask(None, FIND, id="AllRightsReserved"))["license"]["url"] is None
    for unknown in ("LicenseRef-unknown", "", "no id", "\u00e4"):
        assert (await face.ask(None, FIND, id=unknown))["license"] is None
    await added(face, None)


async def test_a_licence_that_an_administrator_added_is_everyones(face: Face, admin: Person, ada: Person) -> None:
    given = {"spdxId": "LicenseRef-Lab", "name": "Lab terms", "url": "https://example.org/lab", "text": "Be kind.\n"}

    made = (await face.ask(admin, CREATE, input=given))["licenseCreate"]

    license_ = {**given, "isPredefined": False, "createdBy": {"displayName": admin.name}}
    assert made["userErrors"] == []
    assert made["license"] == {**license_, "createdAt": made["license"]["createdAt"]}
    for who in (None, ada, admin):
        assert made["license"] in await added(face, who)
        assert (await face.ask(who, FIND, id="licenseref-LAB"))["license"] == made["license"]


async def test_added_licences_are_listed_by_id(face: Face, admin: Person) -> None:
    for license_id in ("0BSD", "LicenseRef-a", "EUPL-1.2"):
        made = (await face.ask(admin, CREATE, input={"spdxId": license_id, "name": "N"}))["licenseCreate"]
        assert made["license"]["url"] is made["license"]["text"] is None

    listed = [found["spdxId"] for found in await added(face, None)]

    assert listed == sorted(listed)
    assert {"0BSD", "LicenseRef-a", "EUPL-1.2"} <= set(listed)


async def test_several_found_at_once_take_one_statement(face: Face, admin: Person) -> None:
    ids = [f"LicenseRef-once-{n}" for n in range(3)]
    for license_id in ids:
        await face.ask(admin, CREATE, input={"spdxId": license_id, "name": "N"})
    document = " ".join(f'a{n}: license(spdxId: "{one}") {{ spdxId }}' for n, one in enumerate([*ids, "MIT", "x"]))
    before = face.world.engine.statement_count

    found = await face.ask(None, f"{{ {document} }}")

    assert face.world.engine.statement_count == before + 1
    assert [one and one["spdxId"] for one in found.values()] == [*ids, "MIT", None]


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"spdxId": "MIT"}, "ALREADY_EXISTS", "spdxId"),
        ({"spdxId": "apache-2.0"}, "ALREADY_EXISTS", "spdxId"),
        ({"spdxId": "MIT OR 0BSD"}, "BAD_USER_INPUT", "spdxId"),
        ({"spdxId": "LicenseRef-"}, "BAD_USER_INPUT", "spdxId"),
        ({"name": " "}, "BAD_USER_INPUT", "name"),
        ({"url": "ftp://example.org/"}, "BAD_USER_INPUT", "url"),
        ({"text": "x" * 65_537}, "BAD_USER_INPUT", "text"),
    ],
)
async def test_a_licence_that_cant_be_is_refused(
    face: Face, admin: Person, given: dict[str, str], code: str, field: str
) -> None:
    before = await added(face, None)

    refusals = await face.refusals(admin, CREATE, input={"spdxId": "LicenseRef-refused", "name": "N", **given})

    assert refusals == [(code, ["input", field])]
    assert await added(face, None) == before


async def test_a_licence_is_added_once_whoever_comes_first(face: Face, admin: Person) -> None:
    spellings = ["LicenseRef-Twice", "licenseref-twice"] * 2

    answers = await asyncio.gather(*(face.ask(admin, CREATE, input={"spdxId": one, "name": "N"}) for one in spellings))

    codes = [[error["code"] for error in answer["licenseCreate"]["userErrors"]] for answer in answers]
    assert sorted(codes) == [[], ["ALREADY_EXISTS"], ["ALREADY_EXISTS"], ["ALREADY_EXISTS"]]


async def test_only_administrators_add_licences(face: Face, ada: Person) -> None:
    before = await added(face, None)
    given = {"spdxId": "LicenseRef-stranger", "name": "N"}

    assert await face.refusals(ada, CREATE, input=given) == [("FORBIDDEN", None)]
    answer = await face.answer(None, CREATE, input=given)

    assert answer["data"] is None
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["UNAUTHENTICATED"]
    assert await added(face, None) == before


async def test_an_administrator_no_more_adds_no_licence(face: Face) -> None:
    """He is read again in the transaction that adds it, not as he was when the request came in."""
    former = await face.person("Former", is_administrator=True)
    context = await open_context(face.services, f"Bearer {former.token}", "request")
    assert context.caller.is_administrator

    await face.world.do("MATCH (u:User {id: $id}) SET u.administrator = false", id=former.id)

    with pytest.raises(Forbidden):
        await make_license(context, NewLicense("LicenseRef-former", "N"))
    assert (await face.ask(None, FIND, id="LicenseRef-former"))["license"] is None
