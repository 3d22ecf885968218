"""Writes the parts of README.md that are generated, each between two markers: `<!-- name -->` and `<!-- /name -->`.

Run as `python -m app.readme` (`make docs`); a test compares.
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from app.settings import settings_table

PARTS: Final[Mapping[str, Callable[[], str]]] = {"settings": settings_table}


def with_parts(text: str, parts: Mapping[str, Callable[[], str]] = PARTS) -> str:
    """Replace what stands between each pair of markers by what is generated now.

    Raises: ValueError where a pair of markers is missing.
    """
    for name, render in parts.items():
        before, begin, rest = text.partition(f"<!-- {name} -->\n")
        _, end, after = rest.partition(f"<!-- /{name} -->\n")
        if not begin or not end:
            raise ValueError(f"the markers <!-- {name} --> and <!-- /{name} --> are missing, each on its own line")
        text = f"{before}{begin}{render()}{end}{after}"
    return text


def main(file: Path = Path("README.md")) -> None:
    """Rewrite the file where something changed."""
    text = file.read_text()
    renewed = with_parts(text)
    if renewed != text:
        file.write_text(renewed)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
