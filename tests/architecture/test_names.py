"""Some of our top-level names are also names on PyPI: nothing else installed here may own or shadow one."""

import sys
import tomllib
from importlib.metadata import packages_distributions
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
OURS = "aruna-graph"

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGED: list[str] = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
# Not packaged, but imported by their names when tests and benchmarks run.
BESIDE = ["tests", "bench"]


def test_every_folder_of_code_is_packaged_and_under_the_layer_contracts() -> None:
    folders = sorted(file.parent.name for file in ROOT.glob("[a-z]*/__init__.py"))

    assert sorted(PACKAGED) == sorted(set(folders).difference(BESIDE))
    assert sorted(PROJECT["tool"]["importlinter"]["root_packages"]) == sorted(PACKAGED)


@pytest.mark.parametrize("name", PACKAGED + BESIDE)
def test_no_other_installed_distribution_owns_one_of_our_names(name: str) -> None:
    # Installed editable, our own distribution lists no modules at all.
    assert set(packages_distributions().get(name, ())) <= {OURS}
    assert name not in sys.stdlib_module_names


@pytest.mark.parametrize("name", PACKAGED + BESIDE)
def test_importing_one_of_our_names_finds_our_folder(name: str) -> None:
    spec = find_spec(name)

    assert spec is not None
    assert spec.submodule_search_locations is not None
    # A set: a folder without __init__.py is found once for each time the root is on the path.
    assert {Path(place) for place in spec.submodule_search_locations} == {ROOT / name}
