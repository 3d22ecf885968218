"""Finds the Java runtime and the jars that the `arcadedb-embedded` package carries, without importing it.

Importing that package would load a Java machine into our own process; all that is wanted is its folder.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

PACKAGE: Final = "arcadedb_embedded"
DISTRIBUTION: Final = "arcadedb-embedded"


class InstallationMissing(Exception):
    """The package isn't installed, or was installed without the files that make it run."""


@dataclass(frozen=True, slots=True)
class Installation:
    """The program files of the engine: the `java` program and the folder of jars."""

    java: Path
    jars: Path


def find_installation(package: str = PACKAGE) -> Installation:
    """Find the engine's files in an installed package.

    Raises: InstallationMissing.
    """
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise InstallationMissing(f"the Python package {DISTRIBUTION} is not installed: run `make setup`")
    folder = Path(spec.origin).parent
    found = Installation(java=folder / "jre" / "bin" / "java", jars=folder / "jars")
    # A release of this package is announced that holds no jars: say so here, not in a stack trace of Java's.
    if not found.java.is_file() or not any(found.jars.glob("arcadedb-server-*.jar")):
        raise InstallationMissing(
            f"{folder} lacks jre/bin/java or the server's jars: install the pinned {DISTRIBUTION}"
        )
    return found
