import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.access import ANONYMOUS, Caller
from domain.changes import LicenseAdded
from domain.errors import AlreadyExists, BadInput, DomainError, FailedPrecondition, Forbidden, NotFound, Unauthenticated
from domain.licenses import (
    PREDEFINED_LICENSES,
    License,
    LicenseFacts,
    NewLicense,
    all_licenses,
    check_license_id,
    create_license,
    is_license_id,
    known_license_id,
    license_key,
    predefined_license,
)
from domain.limits import LICENSES_ADDED_MAX
from domain.resources import DEFAULT_LICENSE
from tests.domain.making import NOW, USER, stamp

ADMINISTRATOR = Caller(USER, is_administrator=True)
FREE = LicenseFacts(is_taken=False, added=0)
IDS = st.from_regex(r"[A-Za-z0-9.-]{1,20}", fullmatch=True).filter(is_license_id)


def test_the_predefined_licences_are_those_of_the_contract() -> None:
    assert set(PREDEFINED_LICENSES) == {
        *("AllRightsReserved", "CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0", "MIT", "Apache-2.0"),
        *("GPL-2.0", "GPL-2.0-only", "GPL-2.0-or-later", "GPL-3.0", "GPL-3.0-only", "GPL-3.0-or-later"),
    }
    assert DEFAULT_LICENSE in PREDEFINED_LICENSES
    for license_id, known in PREDEFINED_LICENSES.items():
        check_license_id(license_id)
        assert known.id == license_id
        assert known.is_predefined
        assert known.name
        assert (known.url is None) == (license_id == DEFAULT_LICENSE)
    names = [known.name for known in PREDEFINED_LICENSES.values()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("text", ["0BSD", "MIT", "LicenseRef-a", "LicenseRef-My.Own-1", "x" * 64, "-", "."])
def test_an_id_follows_the_grammar_of_spdx(text: str) -> None:
    check_license_id(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "x" * 65, "LicenseRef-", "licenseref-", "GPL-2.0+", "MIT OR 0BSD", "DocumentRef-a:LicenseRef-b"),
        *("a_b", "a/b", " MIT", "MIT\n", "ä", "\ud800"),
    ],
)
def test_what_is_no_id_is_refused(text: str) -> None:
    assert not is_license_id(text)
    with pytest.raises(BadInput, match="no SPDX id") as refused:
        check_license_id(text, field=("input", "dataLicense"))
    assert refused.value.field == ("input", "dataLicense")


@given(st.sampled_from(sorted(PREDEFINED_LICENSES)), st.data())
def test_case_makes_no_other_licence(license_id: str, data: st.DataObject) -> None:
    """The SPDX specification has ids compared without regard to case."""
    spelled = "".join(data.draw(st.sampled_from([letter.lower(), letter.upper()])) for letter in license_id)

    assert predefined_license(spelled) == PREDEFINED_LICENSES[license_id]
    assert known_license_id(spelled, []) == license_id


@given(IDS, st.lists(IDS, max_size=3))
def test_a_known_licence_is_predefined_or_added_and_told_as_it_is_spelled_here(text: str, added: list[str]) -> None:
    keys = {license_key(one) for one in (*PREDEFINED_LICENSES, *added)}
    if license_key(text) not in keys:
        with pytest.raises(NotFound, match="ask an administrator") as refused:
            known_license_id(text, added, field=("input", "dataLicense"))
        assert refused.value.field == ("input", "dataLicense")
        return

    found = known_license_id(text, added)

    assert found in {*PREDEFINED_LICENSES, *added}
    assert license_key(found) == license_key(text)


def test_added_licences_follow_the_predefined_ones_each_by_id() -> None:
    added = [License(name, name, None, None, NOW, USER) for name in ("b", "A", "LicenseRef-a")]

    listed = [known.id for known in all_licenses(added)]

    assert listed == [*sorted(PREDEFINED_LICENSES), "A", "LicenseRef-a", "b"]
    assert not any(one.is_predefined for one in added)


def test_an_administrator_adds_a_licence() -> None:
    new = NewLicense("LicenseRef-Data", "Data terms", "https://example.org/terms?v=1", "All of it.\n\tAnd more.")

    decision = create_license(FREE, new, stamp(ADMINISTRATOR))

    assert decision.result == "LicenseRef-Data"
    assert decision.changes == (
        LicenseAdded("LicenseRef-Data", "Data terms", new.url, "All of it.\n\tAnd more.", NOW, USER),
    )
    bare = create_license(FREE, NewLicense("0BSD", "x" * 256), stamp(ADMINISTRATOR))
    assert bare.changes == (LicenseAdded("0BSD", "x" * 256, None, None, NOW, USER),)


@pytest.mark.parametrize(("caller", "error"), [(ANONYMOUS, Unauthenticated), (Caller(USER), Forbidden)])
def test_nobody_else_adds_one_nor_learns_whether_it_is_there(caller: Caller, error: type[DomainError]) -> None:
    for facts in (FREE, LicenseFacts(is_taken=True, added=LICENSES_ADDED_MAX)):
        with pytest.raises(error):
            create_license(facts, NewLicense("MIT", ""), stamp(caller))


@pytest.mark.parametrize(
    ("license_id", "is_taken"), [("MIT", False), ("mit", False), ("gpl-2.0-ONLY", False), ("0BSD", True)]
)
def test_a_taken_id_is_refused_whatever_its_case(license_id: str, is_taken: bool) -> None:  # noqa: FBT001  a table's row
    with pytest.raises(AlreadyExists, match=license_id) as refused:
        create_license(LicenseFacts(is_taken, added=1), NewLicense(license_id, "N"), stamp(ADMINISTRATOR))
    assert refused.value.field == ("input", "spdxId")


@pytest.mark.parametrize(
    ("new", "member"),
    [
        (NewLicense("a_b", "N"), "spdxId"),
        *((NewLicense("0BSD", name), "name") for name in ("", " ", "x" * 257, "a\nb", "\ud800")),
        *(
            (NewLicense("0BSD", "N", url), "url")
            for url in (
                *("", "example.org", "ftp://example.org/", "javascript:alert(1)", "https://", "https:///x"),
                *("https://a b/", " https://a/", "https://a/\n", "http://[::1/", "http://h:x/", "\ud800"),
                *("https://a/" + "x" * 2048, "https://a/\u2003"),
            )
        ),
        *((NewLicense("0BSD", "N", None, text), "text") for text in ("x" * 65_537, "ä" * 32_769, "a\0", "\ud800")),
    ],
)
def test_a_licence_with_a_wrong_part_is_refused_naming_it(new: NewLicense, member: str) -> None:
    with pytest.raises(BadInput) as refused:
        create_license(FREE, new, stamp(ADMINISTRATOR))
    assert refused.value.field == ("input", member)


@pytest.mark.parametrize("text", ["", "x" * 65_536, "ä" * 32_768])
def test_a_text_has_up_to_64_kib(text: str) -> None:
    decision = create_license(FREE, NewLicense("0BSD", "N", None, text), stamp(ADMINISTRATOR))

    assert [change.text for change in decision.changes if isinstance(change, LicenseAdded)] == [text]


def test_there_are_only_so_many_added_licences() -> None:
    new = NewLicense("0BSD", "N")

    last = create_license(LicenseFacts(is_taken=False, added=LICENSES_ADDED_MAX - 1), new, stamp(ADMINISTRATOR))
    assert last.result == "0BSD"
    with pytest.raises(FailedPrecondition, match="200 licences"):
        create_license(LicenseFacts(is_taken=False, added=LICENSES_ADDED_MAX), new, stamp(ADMINISTRATOR))
