"""Licences that administrators add, on the graph."""

from collections import Counter

import pytest

from domain.errors import AlreadyExists, DomainError, Forbidden
from domain.licenses import License, LicenseFacts, NewLicense
from graphstore.cypher import licenses
from tests.world import World, outcomes

TEXT = "First line.\n\tSecond line, longer: \u00e4\U0001f9ec\n" * 100


async def test_added_licences_are_read_as_they_were_given_by_id(world: World) -> None:
    root = await world.user("root", is_administrator=True)
    assert await world.store.read(licenses.facts("LicenseRef-b")) == LicenseFacts(is_taken=False, added=0)

    await world.add_license(root, NewLicense("LicenseRef-b", "B", "https://example.org/b", TEXT))
    at_b = world.now
    await world.add_license(root, NewLicense("0BSD", "BSD Zero Clause License"))
    at_0 = world.now

    full = License("LicenseRef-b", "B", "https://example.org/b", TEXT, at_b, root)
    bare = License("0BSD", "BSD Zero Clause License", None, None, at_0, root)
    assert await world.store.read(licenses.added()) == (bare, full)
    assert await world.store.read(licenses.some(["licenseREF-B", "MIT", "absent"])) == (full,)
    assert await world.store.read(licenses.some([])) == ()
    for spelled in ("LicenseRef-b", "licenseref-B"):
        assert await world.store.read(licenses.facts(spelled)) == LicenseFacts(is_taken=True, added=2)


async def test_a_refused_licence_isnt_there(world: World) -> None:
    ada = await world.user()
    before = await world.store.read(licenses.added())

    with pytest.raises(Forbidden):
        await world.add_license(ada, NewLicense("LicenseRef-refused", "R"), is_administrator=False)
    with pytest.raises(AlreadyExists):
        await world.add_license(ada, NewLicense("mit", "M"))

    assert await world.store.read(licenses.added()) == before


@pytest.mark.parametrize("round_number", range(3))
async def test_an_id_is_won_by_exactly_one_whatever_its_case(world: World, round_number: int) -> None:
    root = await world.user("root", is_administrator=True)
    spellings = [f"LicenseRef-race-{round_number}", f"LICENSEREF-RACE-{round_number}"] * 3

    results = await outcomes(
        *(world.add_license(root, NewLicense(license_id, f"from {n}")) for n, license_id in enumerate(spellings))
    )

    assert Counter(type(result).__name__ for result in results) == {"str": 1, "AlreadyExists": 5}, results
    (winner,) = [result for result in results if not isinstance(result, DomainError)]
    (kept,) = await world.store.read(licenses.some([spellings[0]]))
    assert kept.id == winner
    assert kept.name == f"from {results.index(winner)}"
