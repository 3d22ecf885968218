import sys
from pathlib import Path

import pytest

from graphstore.embedded.installation import InstallationMissing, find_installation


def test_the_installed_engine_is_found_without_importing_it() -> None:
    installation = find_installation()

    assert installation.java.is_file()
    assert list(installation.jars.glob("arcadedb-bolt-*.jar"))


def test_a_missing_package_is_named_with_the_way_out() -> None:
    with pytest.raises(InstallationMissing, match="arcadedb-embedded is not installed: run `make setup`"):
        find_installation("no_such_package_anywhere")


def test_a_package_without_its_jars_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "hollow_engine"
    (package / "jre" / "bin").mkdir(parents=True)
    (package / "jre" / "bin" / "java").touch()
    (package / "__init__.py").touch()
    monkeypatch.setattr("sys.path", [str(tmp_path), *sys.path])

    with pytest.raises(InstallationMissing, match="lacks jre/bin/java or the server's jars"):
        find_installation("hollow_engine")
