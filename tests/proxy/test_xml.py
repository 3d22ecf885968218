"""XML written and read back, and documents that are refused."""

from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.errors import S3Code, S3Error
from proxy.xml import DEPTH_MAX, ELEMENTS_MAX, document, error_document, group, instant, parse, tag

WRITABLE = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"))


@given(WRITABLE)
def test_any_text_of_xml_comes_back_from_another_reader_and_from_ours(text: str) -> None:
    written = document("R", [group("C", [tag("Key", text)])])

    assert ET.fromstring(written).findtext("{*}C/{*}Key") == text
    assert parse(written, "R").all("C")[0].text_of("Key") == text


def test_characters_that_xml_cant_hold_are_references_as_in_s3() -> None:
    assert tag("Key", "\x01a\rb\x7f") == "<Key>&#x1;a&#xD;b&#x7F;</Key>"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_an_error_document_is_readable_whatever_the_client_sent(text: str) -> None:
    assert ET.fromstring(error_document("Code", text, [("Resource", text)])).findtext("Code") == "Code"


def test_a_carriage_return_survives() -> None:
    assert parse(document("R", [tag("Key", "a\r\nb")]), "R").text_of("Key") == "a\r\nb"


def test_times_have_whole_seconds() -> None:
    assert instant(datetime(2026, 1, 2, 3, 4, 5, 999_999, tzinfo=UTC)) == "2026-01-02T03:04:05.000Z"


def test_a_namespace_makes_no_difference() -> None:
    assert parse(b'<D xmlns="urn:x"><K>1</K></D>', "D").text_of("K") == parse(b"<D><K>1</K></D>", "D").text_of("K")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"text",
        b"<D>",
        b"<D/><D/>",
        b"<E/>",
        b"<!DOCTYPE D><D/>",
        b'<!DOCTYPE D [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><D>&b;</D>',
        b'<!DOCTYPE D SYSTEM "file:///etc/passwd"><D/>',
        b"<D>&undefined;</D>",
        b'<?xml version="1.0" encoding="no-such"?><D/>',
        b"<D>\xff</D>",
        b"<D>" * (DEPTH_MAX + 1) + b"</D>" * (DEPTH_MAX + 1),
        b"<D>" + b"<a/>" * ELEMENTS_MAX + b"</D>",
    ],
)
def test_what_is_no_plain_document_is_malformed(body: bytes) -> None:
    with pytest.raises(S3Error) as refused:
        parse(body, "D")

    assert refused.value.code is S3Code.MALFORMED_XML


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(body: bytes) -> None:
    with pytest.raises(S3Error):
        parse(body, "NoSuchRoot")


def test_an_element_that_is_there_twice_is_malformed_where_one_is_asked_for() -> None:
    with pytest.raises(S3Error):
        parse(b"<D><K>1</K><K>2</K></D>", "D").text_of("K")
