from pathlib import Path

from app.rules_page import PAGE, main, rules_page

ROOT = Path(__file__).parent.parent.parent


def test_the_committed_page_is_up_to_date() -> None:
    assert (ROOT / PAGE).read_text() == rules_page(), "run `make docs`"


def test_writing_the_page_writes_what_is_rendered(tmp_path: Path) -> None:
    main(tmp_path / "rules.md")

    assert (tmp_path / "rules.md").read_text() == rules_page()


def test_the_page_tells_of_every_table() -> None:
    page = rules_page()

    for row in (
        "| Dataset | Project, Collection |",
        "| Project | nothing: it is a root |",
        "| METADATA | Object | any | WRITE | WRITE | — |",
        "| ORIGIN | any | any | WRITE | READ | both ends of one kind, the target is older |",
        "| — | upload begun | INITIALIZING |",
        "| READ | READ, LIST, SEE_IMPACT |",
        "| AllRightsReserved | All rights reserved | — |",
        "| MIT | MIT License | https://opensource.org/license/mit |",
        "| NOT_FOUND | It isn't there, or the caller may not see it: the two are never told apart. |",
    ):
        assert f"{row}\n" in page
