import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.names import check_object_name, is_container_name
from domain.resources import Kind
from domain.semver import SemanticVersion, parse_version
from domain.snapshots import hiding_beginnings, version_identity, versioned_beginning

NAMES = st.from_regex(r"[A-Za-z0-9!_.*'()-]{1,8}", fullmatch=True).filter(is_container_name)
PARTS = st.integers(0, 20)
VERSIONS = st.builds(
    SemanticVersion,
    PARTS,
    PARTS,
    PARTS,
    st.sampled_from([(), ("rc", "1"), ("alpha",)]),
    st.sampled_from([None, "build.7"]),
)
HOLDERS = st.sampled_from([Kind.PROJECT, Kind.COLLECTION])


def written(version: SemanticVersion) -> str:
    return version.identity + (f"+{version.build}" if version.build is not None else "")


@given(NAMES, VERSIONS, st.text(max_size=20), HOLDERS)
def test_a_name_begins_as_the_snapshot_that_hides_it(
    container: str, version: SemanticVersion, rest: str, parent: Kind
) -> None:
    name = f"{container}@{written(version)}/{rest}"

    beginning = versioned_beginning(name, parent)

    assert beginning == f"{container}@{version.identity}"
    assert beginning in hiding_beginnings(container, version)


@given(VERSIONS, st.text(max_size=20))
def test_a_projects_own_snapshot_stands_in_the_project_alone(version: SemanticVersion, rest: str) -> None:
    name = f"@{written(version)}/{rest}"

    assert versioned_beginning(name, Kind.PROJECT) in hiding_beginnings("", version)
    assert versioned_beginning(name, Kind.COLLECTION) is None


@given(NAMES, VERSIONS, st.text(max_size=20))
def test_nothing_in_a_dataset_is_hidden(container: str, version: SemanticVersion, rest: str) -> None:
    assert versioned_beginning(f"{container}@{written(version)}/{rest}", Kind.DATASET) is None


@given(st.text(st.sampled_from("ab@/10.+v"), max_size=14), HOLDERS)
def test_what_might_be_hidden_is_a_name_that_an_object_may_bear(name: str, parent: Kind) -> None:
    """The `@` keeps the first segment from being a container's name."""
    beginning = versioned_beginning(name, parent)

    if beginning is not None:
        check_object_name(name, parent)
        container, _, version = beginning.rpartition("@")
        assert name.startswith(f"{container}@")
        assert version_identity(version) == version


@pytest.mark.parametrize(
    "name",
    ["c@1.0.0", "c@1.0/x", "c@v1.0.0/x", "c@/x", "c@1.0.0@2.0.0/x", "a b@1.0.0/x", "c/d@1.0.0/x", "..@1.0.0/x", "/x"],
)
def test_other_names_are_never_hidden(name: str) -> None:
    assert versioned_beginning(name, Kind.PROJECT) is None


def test_latest_is_hidden_by_releases_alone() -> None:
    assert versioned_beginning("c@latest/x", Kind.COLLECTION) == "c@latest"
    assert hiding_beginnings("c", parse_version("1.2.0+b")) == ("c@1.2.0", "c@latest")
    assert hiding_beginnings("c", parse_version("1.2.0-rc.1")) == ("c@1.2.0-rc.1",)
    assert hiding_beginnings("", parse_version("1.2.0")) == ("@1.2.0", "@latest")
