from pathlib import Path

from app.readme import with_parts

README = Path(__file__).parent.parent.parent / "README.md"


def test_the_generated_parts_of_the_readme_are_up_to_date() -> None:
    text = README.read_text()

    assert with_parts(text) == text, "run `make docs`"
