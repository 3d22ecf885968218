from pathlib import Path

from app.s3_page import PAGE, main, s3_page
from proxy.routing import ROUTES

ROOT = Path(__file__).parent.parent.parent


def test_the_committed_page_is_up_to_date() -> None:
    assert (ROOT / PAGE).read_text() == s3_page(), "run `make docs`"


def test_the_page_names_every_operation(tmp_path: Path) -> None:
    main(tmp_path / "s3.md")

    page = (tmp_path / "s3.md").read_text()
    assert [operation.name for operation in ROUTES.values() if f"| {operation.name} |" not in page] == []
