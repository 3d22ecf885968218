import json
from functools import cmp_to_key
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import BadInput
from domain.limits import VERSION_LENGTH_MAX
from domain.semver import SemanticVersion, highest_release, is_version, parse_version

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent.parent / "vectors" / "semantic_versions.json").read_text())
NUMBERS = st.integers(0, 12) | st.integers(0, 10**20)
WORDS = st.from_regex(r"[0-9A-Za-z-]{1,4}", fullmatch=True)
PRERELEASES = st.lists(NUMBERS.map(str) | WORDS.filter(lambda word: not word.isdigit()), max_size=3).map(tuple)
BUILDS = st.none() | st.lists(WORDS, min_size=1, max_size=3).map(".".join)
VERSIONS = st.builds(SemanticVersion, NUMBERS, NUMBERS, NUMBERS, PRERELEASES, BUILDS)
# Few values, so that equal ones are drawn often.
NEAR_VERSIONS = st.builds(
    SemanticVersion,
    st.integers(0, 1),
    st.integers(0, 1),
    st.just(0),
    st.lists(st.sampled_from(["0", "2", "11", "a", "B", "-", "a1"]), max_size=2).map(tuple),
    st.sampled_from([None, "b"]),
)


def written(version: SemanticVersion) -> str:
    return version.identity + (f"+{version.build}" if version.build is not None else "")


def compare_by_the_specification(one: SemanticVersion, other: SemanticVersion) -> int:
    """Section 11, point by point: negative, zero or positive."""
    for mine, theirs in ((one.major, other.major), (one.minor, other.minor), (one.patch, other.patch)):
        if mine != theirs:
            return -1 if mine < theirs else 1
    if not one.prerelease or not other.prerelease:
        return bool(other.prerelease) - bool(one.prerelease)
    for mine, theirs in zip(one.prerelease, other.prerelease, strict=False):
        if mine == theirs:
            continue
        if mine.isdigit() and theirs.isdigit():
            return -1 if int(mine) < int(theirs) else 1
        if mine.isdigit() != theirs.isdigit():
            return -1 if mine.isdigit() else 1
        return -1 if mine.encode("ascii") < theirs.encode("ascii") else 1
    return len(one.prerelease) - len(other.prerelease)


@pytest.mark.parametrize("texts", VECTORS["ascending"], ids=" < ".join)
def test_versions_ascend_as_the_specification_says(texts: list[str]) -> None:
    versions = [parse_version(text) for text in texts]

    assert all(lower < higher for lower, higher in combinations(versions, 2))
    shuffled = [*versions[1::2], *versions[::2]]
    assert sorted(shuffled) == versions


@pytest.mark.parametrize("text", VECTORS["pre_releases"])
def test_a_pre_release_stands_below_its_release(text: str) -> None:
    version = parse_version(text)

    assert not version.is_release
    assert version.identity == text
    assert version < parse_version("1.0.0")


@pytest.mark.parametrize(("text", "identity"), VECTORS["with_build_metadata"].items())
def test_build_metadata_is_read_and_counts_for_nothing(text: str, identity: str) -> None:
    version = parse_version(text)

    assert version.build == text.partition("+")[2]
    assert version.identity == identity
    assert version == parse_version(identity)
    assert hash(version) == hash(parse_version(identity))


@pytest.mark.parametrize(
    "text",
    [
        *VECTORS["no_versions"],
        *("", "1", "1.2", "1.2.3.4", "1.2.x", " 1.2.3", "1.2.3 ", "1.2.3\n", "-1.2.3", "1.-2.3", "latest"),
        *("01.2.3", "1.02.3", "1.2.03", "1.2.3-01", "1.2.3-a.00", "00.0.0"),
        *("1.2.3-", "1.2.3+", "1.2.3-+b", "1.2.3-a..b", "1.2.3-.a", "1.2.3+a..b", "1.2.3+a+b", "1.2.3-a_b"),
        *("\uff11.2.3", "1.2.3-ä", "1.2.3+ä", "1.2.3-\u0661", "\ud800"),
    ],
)
def test_what_is_no_version_is_refused(text: str) -> None:
    assert not is_version(text)
    with pytest.raises(BadInput, match="no semantic version") as refused:
        parse_version(text, ("input", "version"))
    assert refused.value.field == ("input", "version")


def test_a_version_has_a_bounded_length_with_all_its_parts() -> None:
    longest = "1.2.3+" + "b" * (VERSION_LENGTH_MAX - 6)

    assert is_version(longest)
    assert not is_version(longest + "b")
    with pytest.raises(BadInput, match="128"):
        parse_version(longest + "b")


@given(VERSIONS)
def test_what_is_written_is_read_again(version: SemanticVersion) -> None:
    found = parse_version(written(version))

    assert found == version
    assert found.build == version.build
    assert found.identity == parse_version(found.identity).identity
    assert found.is_release == (found.identity == f"{found.major}.{found.minor}.{found.patch}")


@given(NEAR_VERSIONS | VERSIONS, NEAR_VERSIONS | VERSIONS)
def test_the_order_is_the_specifications_and_equality_that_of_identities(
    one: SemanticVersion, other: SemanticVersion
) -> None:
    order = compare_by_the_specification(one, other)

    assert (one < other, one > other, one == other) == (order < 0, order > 0, order == 0)
    assert (one <= other, one >= other) == (order <= 0, order >= 0)
    assert (one == other) == (one.identity == other.identity)


@given(st.lists(NEAR_VERSIONS, max_size=12))
def test_sorting_agrees_with_every_pair(versions: list[SemanticVersion]) -> None:
    ascending = sorted(versions)

    assert ascending == sorted(versions, key=cmp_to_key(compare_by_the_specification))
    assert all(lower <= higher for lower, higher in pairwise(ascending))


@given(st.lists(NEAR_VERSIONS, max_size=8))
def test_latest_is_a_release_that_no_release_exceeds(versions: list[SemanticVersion]) -> None:
    latest = highest_release(versions)

    releases = [version for version in versions if version.is_release]
    assert (latest is None) == (releases == [])
    if latest is not None:
        assert latest in releases
        assert all(version <= latest for version in releases)


def test_pre_releases_alone_have_no_latest() -> None:
    assert highest_release([parse_version("2.0.0-rc.1")]) is None
    assert highest_release([parse_version("2.0.0-rc.1"), parse_version("1.0.0+b")]) == parse_version("1.0.0")


@given(st.text(max_size=12) | st.text("0123.-+aA", max_size=12))
def test_any_text_is_read_or_refused(text: str) -> None:
    if is_version(text):
        assert written(parse_version(text)) == text
    else:
        with pytest.raises(BadInput):
            parse_version(text)
