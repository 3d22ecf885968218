"""The GraphiQL page and its files: local, unchanged, and served with headers that keep it so."""

import base64
import hashlib
import json
import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
import strawberry
from graphql import GraphQLSyntaxError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

import schema.graphiql
from schema.graphiql import (
    CONTENT_SECURITY_POLICY,
    REFERENCE_PREFIX,
    STATIC_PATH,
    VIEWER_QUERY,
    Example,
    graphiql_assets,
    graphiql_page,
    prefers_html,
    read_examples,
    render_page,
    saved_examples,
)

ASSETS = Path(schema.graphiql.__file__).parent / "static" / "graphiql" / "assets"
VENDOR = ASSETS / "vendor"
VENDORED = sorted(path for path in VENDOR.iterdir() if path.suffix in (".js", ".css"))


class Elements(HTMLParser):
    """Every element of a page with its attributes, and the text of its scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.script_texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.elements and self.elements[-1][0] == "script" and data.strip():
            self.script_texts.append(data)

    @property
    def addresses(self) -> list[str]:
        return [
            value
            for _, attributes in self.elements
            for key, value in attributes.items()
            if key in ("src", "href") and value
        ]


def settings_of(page: str) -> dict[str, object]:
    (text,) = Elements(page).script_texts
    return json.loads(text)


def sri(path: Path) -> str:
    return f"sha384-{base64.b64encode(hashlib.sha384(path.read_bytes()).digest()).decode()}"


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async def page(_: Request) -> Response:
        return graphiql_page()

    app = Starlette(routes=[Route("/graphql", page), Mount(STATIC_PATH, graphiql_assets())])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
        yield client


def test_every_vendored_file_has_the_hash_that_is_written_down() -> None:
    listed = dict(line.split("  ")[::-1] for line in (VENDOR / "HASHES.sha384").read_text().splitlines())
    assert listed == {path.name: sri(path) for path in VENDORED}


def test_vendored_files_are_those_of_strawberrys_own_page() -> None:
    """Another party has published these hashes: npm's files, not something that was changed on its way here."""
    theirs = (Path(strawberry.__file__).parent / "static" / "graphiql.html").read_text()
    integrity = set(re.findall(r'integrity="(sha384-[^"]+)"', theirs))
    assert {path.name for path in VENDORED if sri(path) not in integrity} == set()


def test_every_vendored_file_is_described_with_its_licence() -> None:
    readme = (VENDOR / "README.md").read_text()
    rows = dict(re.findall(r"^\| `([^`]+)` .* `(LICENSE-[a-z]+\.txt)` \|$", readme, re.MULTILINE))
    assert sorted(rows) == [path.name for path in VENDORED]
    assert {
        name for name in rows.values() if "Permission is hereby granted" not in (VENDOR / name).read_text()
    } == set()


@pytest.mark.parametrize("path", ["/graphql", f"{STATIC_PATH}/guide.html"])
async def test_a_page_loads_nothing_but_local_files_and_all_are_there(client: httpx.AsyncClient, path: str) -> None:
    page = await client.get(path)
    addresses = Elements(page.text).addresses
    assert addresses
    assert [address for address in addresses if ":" in address or address.startswith("/")] == []
    answers = {address: (await client.get(str(page.url.join(address)))).status_code for address in addresses}
    assert answers == dict.fromkeys(addresses, 200)


def test_style_sheets_refer_to_nothing_outside_themselves() -> None:
    sheets = "\n".join(path.read_text() for path in ASSETS.rglob("*.css"))
    assert re.findall(r"@import", sheets) == []
    assert [
        address for address in re.findall(r"url\(\s*[\"']?([^)]{1,40})", sheets) if not address.startswith("data:")
    ] == []


def test_modules_import_only_modules_that_are_there() -> None:
    imports = {
        (path.parent / target).resolve()
        for path in ASSETS.glob("*.js")
        for target in re.findall(r'from "([^"]+)"', path.read_text())
    }
    assert imports
    assert {path for path in imports if not path.is_file()} == set()


def test_the_page_has_no_inline_script_or_style() -> None:
    page = Elements(render_page(saved_examples()))
    scripts = [attributes for tag, attributes in page.elements if tag == "script"]
    assert [attributes for attributes in scripts if "src" not in attributes] == [
        {"type": "application/json", "id": "settings"}
    ]
    assert [tag for tag, attributes in page.elements if tag == "style" or "style" in attributes] == []


async def test_the_page_is_revalidated_and_allows_only_its_own_server(client: httpx.AsyncClient) -> None:
    page = await client.get("/graphql")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-cache"
    assert page.headers["vary"] == "Accept"
    assert page.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "default-src 'none'" in CONTENT_SECURITY_POLICY
    assert "http" not in CONTENT_SECURITY_POLICY


@pytest.mark.parametrize(
    ("name", "content_type", "cache_control"),
    [
        ("vendor/graphiql-3.8.3.min.js", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"),
        ("vendor/graphiql-3.8.3.min.css", "text/css; charset=utf-8", "public, max-age=31536000, immutable"),
        ("page.js", "text/javascript; charset=utf-8", "no-cache"),
        ("page.css", "text/css; charset=utf-8", "no-cache"),
        ("logo.svg", "image/svg+xml", "no-cache"),
        ("guide.html", "text/html; charset=utf-8", "no-cache"),
    ],
)
async def test_files_are_served_with_their_type_and_cached_by_their_kind(
    client: httpx.AsyncClient, name: str, content_type: str, cache_control: str
) -> None:
    answer = await client.get(f"{STATIC_PATH}/{name}")
    assert answer.status_code == 200
    assert answer.content == (ASSETS / name).read_bytes()
    assert answer.headers["content-type"] == content_type
    assert answer.headers["cache-control"] == cache_control
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY


async def test_a_file_that_the_browser_has_is_not_sent_again(client: httpx.AsyncClient) -> None:
    first = await client.get(f"{STATIC_PATH}/page.js")
    second = await client.get(f"{STATIC_PATH}/page.js", headers={"If-None-Match": first.headers["etag"]})
    assert (second.status_code, second.content) == (304, b"")
    assert second.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["../index.html", "%2e%2e/index.html", "../../../graphiql.py", "nothing.js", "vendor"])
async def test_what_is_not_an_asset_is_not_found(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(f"{STATIC_PATH}/{path}")).status_code == 404


@pytest.mark.parametrize(
    ("accept", "is_page"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", True),
        ("TEXT/HTML", True),
        ("application/json, text/html", True),
        ("application/json, text/html;q=0.9", False),
        ("application/graphql-response+json, application/json;q=0.9", False),
        ("application/graphql-response+json;q=0.5, text/html;q=0.8", True),
        ("text/html;q=0", False),
        ("text/html;q=nonsense", False),
        ("*/*", False),
        ("text/event-stream", False),
        ("", False),
    ],
)
def test_the_page_is_for_those_who_like_html_at_least_as_much_as_json(accept: str, *, is_page: bool) -> None:
    assert prefers_html(accept) is is_page


def test_an_example_is_read_with_its_place_its_description_and_its_variables() -> None:
    document = """
# A comment of the file.

# Walk: Down the tree
# Two lines
# of description.
# variables: {
#   "id": "ref:demo"
# }
query Down($id: ID!) {
  node(id: $id) { id } # kept
}
# Walk: Up
# No variables, and no blank line above.
query Up { viewer { id } }
"""
    assert read_examples(document) == (
        Example(
            group="Walk",
            title="Down the tree",
            description="Two lines of description.",
            operation_name="Down",
            query="query Down($id: ID!) {\n  node(id: $id) { id } # kept\n}",
            variables={"id": "ref:demo"},
        ),
        Example("Walk", "Up", "No variables, and no blank line above.", "Up", "query Up { viewer { id } }", {}),
    )


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ("# A: b\n# c\n{ viewer { id } }", "at line 3 has no operation name"),
        ("query Bare { viewer { id } }", "Bare needs a first comment line"),
        ("# No colon\n# c\nquery Plain { viewer { id } }", "Plain needs a first comment line"),
        ("# A: b\nquery Terse { viewer { id } }", "Terse needs a first comment line"),
        ("# A: b\n# c\n\nquery Apart { viewer { id } }", "Apart needs a first comment line"),
        ("# A: b\n# c\n# variables: {\nquery Broken { viewer { id } }", "Broken aren't JSON"),
        ("# A: b\n# c\n# variables: [1]\nquery Listed { viewer { id } }", "Listed must be a JSON object"),
    ],
)
def test_an_example_that_breaks_the_rules_is_refused_by_name(document: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=re.escape(complaint)):
        read_examples(document)


def test_examples_that_are_no_graphql_are_refused() -> None:
    with pytest.raises(GraphQLSyntaxError):
        read_examples("query {")


def test_saved_operations_have_names_of_their_own() -> None:
    """A tab bears the operation's name."""
    names = [example.operation_name for example in saved_examples()]
    assert len(names) > 5
    assert len(set(names)) == len(names)


def test_the_page_carries_the_examples_as_they_are_written() -> None:
    settings = settings_of(render_page(saved_examples()))
    assert settings["viewerQuery"] == VIEWER_QUERY
    assert settings["referencePrefix"] == REFERENCE_PREFIX
    assert settings["examples"] == [
        {
            "group": example.group,
            "title": example.title,
            "description": example.description,
            "operationName": example.operation_name,
            "query": example.query,
            "variables": dict(example.variables),
        }
        for example in saved_examples()
    ]


def test_no_text_of_an_example_can_end_the_settings_or_be_taken_for_a_placeholder() -> None:
    hostile = "</script><script>alert(1)</script><!-- $static ${settings} $$ \u2028 ü"
    page = render_page((Example("group", "title", hostile, "Name", hostile, {"text": hostile}),))
    assert settings_of(page)["examples"] == [
        {
            "group": "group",
            "title": "title",
            "description": hostile,
            "operationName": "Name",
            "query": hostile,
            "variables": {"text": hostile},
        }
    ]
