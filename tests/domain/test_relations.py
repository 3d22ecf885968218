import itertools

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from domain.errors import BadInput, Cycle, DomainError, Hierarchy
from domain.identifiers import encode_ulid
from domain.relations import (
    ALLOWED_RELATIONS,
    ExternalReference,
    ExternalType,
    RelationKind,
    check_relation,
    check_relation_facts,
    external_reference,
)
from domain.resources import Kind

OLD, YOUNG = encode_ulid(1), encode_ulid(2)


def name_for(kind: RelationKind) -> str | None:
    return "cites" if kind is RelationKind.CUSTOM else None


@pytest.mark.parametrize(("kind", "source", "target"), list(itertools.product(ALLOWED_RELATIONS, Kind, Kind)))
def test_a_relation_stands_exactly_between_the_kinds_of_the_table(
    kind: RelationKind, source: Kind, target: Kind
) -> None:
    rule = ALLOWED_RELATIONS[kind]
    fits = source in rule.sources and target in rule.targets and (source is target or not rule.same_kind)

    if fits:
        assert check_relation(kind, (YOUNG, source), (OLD, target), name_for(kind), None) is rule
    else:
        with pytest.raises(Hierarchy, match=kind.value):
            check_relation(kind, (YOUNG, source), (OLD, target), name_for(kind), None)


@pytest.mark.parametrize("kind", sorted(set(RelationKind) - ALLOWED_RELATIONS.keys()))
def test_what_the_system_makes_users_may_not(kind: RelationKind) -> None:
    with pytest.raises(BadInput, match=f"{kind.value} relations are made by the system"):
        check_relation(kind, (YOUNG, Kind.OBJECT), (OLD, Kind.OBJECT), None, None)


@pytest.mark.parametrize("kind", ALLOWED_RELATIONS)
def test_nothing_relates_to_itself(kind: RelationKind) -> None:
    with pytest.raises(Cycle, match="to itself"):
        check_relation(kind, (OLD, Kind.OBJECT), (OLD, Kind.OBJECT), name_for(kind), None)


@given(st.lists(st.integers(0, 2**128 - 1), min_size=2, max_size=6, unique=True), st.data())
def test_no_chain_of_accepted_origins_returns_to_where_it_began(ages: list[int], data: st.DataObject) -> None:
    ids = [encode_ulid(age) for age in ages]
    edges: set[tuple[str, str]] = set()
    for source, target in data.draw(st.lists(st.tuples(st.sampled_from(ids), st.sampled_from(ids)), max_size=12)):
        try:
            check_relation(RelationKind.ORIGIN, (source, Kind.OBJECT), (target, Kind.OBJECT), None, None)
        except Cycle:
            continue
        edges.add((source, target))

    assert all(target < source for source, target in edges)


@pytest.mark.parametrize("name", ["a", "Z9_-", "a" * 63])
def test_a_custom_relation_bears_a_name(name: str) -> None:
    check_relation_facts(RelationKind.CUSTOM, name, "note")


@pytest.mark.parametrize("name", [None, "", "9a", "_a", "a b", "a" * 64, "ä", "a\n"])
def test_a_custom_relation_without_a_good_name_is_refused(name: str | None) -> None:
    with pytest.raises(BadInput, match="takes a name") as refused:
        check_relation_facts(RelationKind.CUSTOM, name, None, field=("relations", "0"))
    assert refused.value.field == ("relations", "0", "name")


def test_other_relations_bear_none_and_notes_are_bounded_text() -> None:
    with pytest.raises(BadInput, match="leave it out for METADATA"):
        check_relation_facts(RelationKind.METADATA, "x", None)
    for note in ("x" * 4097, "a\0b", "\ud800"):
        with pytest.raises(BadInput) as refused:
            check_relation_facts(RelationKind.METADATA, None, note)
        assert refused.value.field == ("note",)


@pytest.mark.parametrize(
    ("kind", "value", "normalised"),
    [
        (ExternalType.DOI, "10.1234/ABC", "10.1234/abc"),
        (ExternalType.DOI, "https://doi.org/10.1234/ABC", "10.1234/abc"),
        (ExternalType.DOI, "HTTP://dx.doi.org/10.1000.5/x;y(z)<1>", "10.1000.5/x;y(z)<1>"),
        (ExternalType.DOI, " doi: 10.1234/a ", "10.1234/a"),
        (ExternalType.URL, "HTTPS://Example.ORG", "https://example.org/"),
        (ExternalType.URL, "http://EXAMPLE.org:80/A?B=C#D", "http://example.org:80/A?B=C#D"),
        (ExternalType.URL, "ftp://Me:SeCret@Host/x", "ftp://Me:SeCret@host/x"),
        (ExternalType.URL, "http://[2001:DB8::1]/x", "http://[2001:db8::1]/x"),
        (ExternalType.IDENTIFIER, " ORCID:0000-0002-1825-0097 ", "ORCID:0000-0002-1825-0097"),
    ],
)
def test_an_external_identifier_is_normalised(kind: ExternalType, value: str, normalised: str) -> None:
    assert external_reference(kind, value, None) == ExternalReference(kind, normalised)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        *(
            (ExternalType.DOI, value)
            for value in ("", "11.1234/a", "10.1/a", "10.1234/", "10.1234/a b", "doi:doi:10.1234/a")
        ),
        *(
            (ExternalType.URL, value)
            for value in ("example.org", "http://", "mailto:a@b", "http://a b/", "http://h:x/")
        ),
        *(
            (ExternalType.URL, value)
            for value in ("javascript://h/", "file:///etc/passwd", "http://[::1/", "http://h\n/")
        ),
        (ExternalType.IDENTIFIER, "x" * 2049),
        (ExternalType.IDENTIFIER, "a\0b"),
        (ExternalType.IDENTIFIER, "\ud800"),
        (ExternalType.URL, "http://h/\ud800"),
    ],
)
def test_what_is_no_such_identifier_is_refused(kind: ExternalType, value: str) -> None:
    with pytest.raises(BadInput) as refused:
        external_reference(kind, value, None, field=("external", "0"))
    assert refused.value.field == ("external", "0", "value")


URL_TEXT = st.text("aAzZ09-._~:/?#[]@!$&'()*+,;=% \u00e4\u0130\u212a\uff0f\u2100\ufe0f", max_size=20)


@given(st.sampled_from(ExternalType), st.text(max_size=20) | URL_TEXT)
@example(ExternalType.DOI, "10.1234/\u212a")
@example(ExternalType.URL, "http://\u0130@\u212a/")
@example(ExternalType.URL, "s3://b#?")
def test_normalising_twice_changes_nothing_more(kind: ExternalType, text: str) -> None:
    prefix = {ExternalType.DOI: "10.1234/", ExternalType.URL: "http://h"}.get(kind, "")
    name = "n" if kind is ExternalType.CUSTOM else None
    for value in (text, prefix + text):
        try:
            once = external_reference(kind, value, name)
        except DomainError:
            continue
        assert external_reference(once.type, once.value, once.name) == once


@given(st.tuples(st.sampled_from(ExternalType), st.text(min_size=1, max_size=5), st.none() | st.just("a")))
def test_different_references_have_different_keys(drawn: tuple[ExternalType, str, str | None]) -> None:
    kind, value, name = drawn
    assume("\n" not in value)
    key = ExternalReference(kind, value, name).key

    assert key.split("\n") == [kind.value, name or "", value]


def test_only_custom_external_references_bear_a_name() -> None:
    assert external_reference(ExternalType.CUSTOM, "v", "n") == ExternalReference(ExternalType.CUSTOM, "v", "n")
    for kind, name in ((ExternalType.CUSTOM, None), (ExternalType.IDENTIFIER, "n")):
        with pytest.raises(BadInput, match="name"):
            external_reference(kind, "v", name)
