import json
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.authors import Author, authors_from_text, authors_to_text, check_authors, normalise_orcid
from domain.errors import BadInput
from domain.identifiers import encode_ulid
from domain.limits import AUTHORS_MAX

ORCIDS: list[str] = [
    found["orcid"]
    for found in json.loads((Path(__file__).parent.parent / "vectors" / "orcids.json").read_text())["orcids"]
]
CARBERRY = "0000-0002-1825-0097"

CHARACTERS = st.characters(exclude_categories=["Cs", "Cc"])
NAMES = st.text(CHARACTERS, min_size=1, max_size=20).filter(lambda name: bool(name.strip()))
AUTHORS = st.builds(
    Author,
    NAMES,
    st.none() | st.sampled_from(ORCIDS),
    st.sampled_from([None, "ada@example.org", "a@b"]),
    st.none() | st.integers(0, 2**128 - 1).map(encode_ulid),
)


@pytest.mark.parametrize("orcid", ORCIDS)
def test_an_orcid_is_kept_bare_however_it_is_written(orcid: str) -> None:
    for text in (
        orcid,
        f"https://orcid.org/{orcid}",
        f"http://orcid.org/{orcid.lower()}",
        f" HTTPS://ORCID.org/{orcid}",
    ):
        assert normalise_orcid(text) == orcid


@pytest.mark.parametrize("orcid", ORCIDS)
def test_one_mistyped_character_is_always_noticed(orcid: str) -> None:
    """What a check digit is for."""
    for place, character in enumerate(orcid):
        others = "0123456789X" if place == len(orcid) - 1 else "0123456789"
        for other in others.replace(character, "") if character != "-" else "":
            with pytest.raises(BadInput, match="check digit"):
                normalise_orcid(orcid[:place] + other + orcid[place + 1 :])


@given(st.sampled_from(ORCIDS), st.integers(0, 17))
def test_two_swapped_neighbours_are_always_noticed(orcid: str, place: int) -> None:
    first, second = orcid[place], orcid[place + 1]
    assume(first != second and {first, second} <= set("0123456789"))

    with pytest.raises(BadInput, match="check digit"):
        normalise_orcid(orcid[:place] + second + first + orcid[place + 2 :])


@pytest.mark.parametrize(
    "text",
    [
        *("", "0000000218250097", "0000-0002-1825-009", "0000-0002-1825-00970", "0000-0002-1825-0O97"),
        *("orcid.org/" + CARBERRY, "https://orcid.org/", "https://example.org/" + CARBERRY, f"{CARBERRY}/x"),
        *("https://orcid.org.example.org/" + CARBERRY, "https://orcidxorg/" + CARBERRY, "ORCID:" + CARBERRY),
        *("000X-0002-1825-0097", "\u0660000-0002-1825-0097", "\ud800"),
    ],
)
def test_what_is_no_orcid_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="is no ORCID") as refused:
        normalise_orcid(text, field=("input", "authors", "0", "orcid"))
    assert refused.value.field == ("input", "authors", "0", "orcid")


def test_authors_keep_their_order_and_what_is_said_of_them() -> None:
    user = encode_ulid(7)
    given_authors = [
        Author("Zoë Zuse", f"https://orcid.org/{CARBERRY}", "zoe@example.org", user),
        Author("Ada", None, None, None),
        Author("Ada"),
    ]

    assert check_authors(given_authors) == (
        Author("Zoë Zuse", CARBERRY, "zoe@example.org", user),
        Author("Ada"),
        Author("Ada"),
    )
    assert check_authors([]) == ()


@pytest.mark.parametrize(
    ("author", "member"),
    [
        *((Author(name), "name") for name in ("", " ", "x" * 257, "a\nb", "a\0", "a\x7f", "\ud800")),
        *(
            (Author("a", email=email), "email")
            for email in ("", "a", "@b", "a@", "a@b@c", "a b@c", "a@b\n", "a@\x01b", "x" * 250 + "@b.cd", "\ud800@b")
        ),
        (Author("a", orcid="0000-0002-1825-0098"), "orcid"),
        (Author("a", user_id="ada"), "user"),
    ],
)
def test_an_author_with_a_wrong_part_is_refused_naming_it(author: Author, member: str) -> None:
    with pytest.raises(BadInput) as refused:
        check_authors([Author("Ada"), author])
    assert refused.value.field == ("input", "authors", "1", member)


def test_there_are_only_so_many_authors() -> None:
    most = [Author("a")] * AUTHORS_MAX

    assert check_authors(most) == tuple(most)
    with pytest.raises(BadInput, match="at most 100 authors") as refused:
        check_authors([*most, Author("b")], field=("authors",))
    assert refused.value.field == ("authors",)


@given(st.lists(AUTHORS, max_size=4))
def test_authors_are_read_as_they_were_written(authors: list[Author]) -> None:
    checked = check_authors(authors)

    assert checked == tuple(authors)
    assert authors_from_text(authors_to_text(checked)) == checked


def test_the_text_is_compact_and_says_nothing_of_what_isnt_known() -> None:
    text = authors_to_text([Author("Zoë", CARBERRY), Author("Ada", user_id=encode_ulid(1))])

    assert text == f'[{{"name":"Zoë","orcid":"{CARBERRY}"}},{{"name":"Ada","userId":"{encode_ulid(1)}"}}]'
    assert authors_to_text([]) == "[]"


def test_a_node_without_the_property_has_no_authors() -> None:
    assert authors_from_text(None) == ()
    assert authors_from_text("[]") == ()
