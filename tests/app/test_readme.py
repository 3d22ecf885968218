from pathlib import Path

import pytest

from app.readme import main, with_parts


def test_what_stands_between_the_markers_is_replaced() -> None:
    text = "a\n<!-- t -->\nold\nolder\n<!-- /t -->\nb\n"

    assert with_parts(text, {"t": lambda: "new\n"}) == "a\n<!-- t -->\nnew\n<!-- /t -->\nb\n"


def test_missing_markers_are_named() -> None:
    with pytest.raises(ValueError, match=r"<!-- t --> and <!-- /t --> are missing"):
        with_parts("<!-- t -->\nno end\n", {"t": lambda: ""})


def test_a_file_is_renewed_once(tmp_path: Path) -> None:
    file = tmp_path / "README.md"
    file.write_text("<!-- settings -->\n<!-- /settings -->\n")

    main(file)
    renewed = file.read_text()
    main(file)

    assert "| `ARUNA_HOST` |" in renewed
    assert file.read_text() == renewed
