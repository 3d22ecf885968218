"""The GraphiQL page at `/graphql` for browsers, with everything it loads served by this server: it works offline.

`static/graphiql/index.html` is the page, `assets/` holds what it loads (`assets/vendor/` is the work of others, see its
README), `examples.graphql` the saved operations. All addresses in the page are relative to `/graphql`, so it also works
behind a proxy that adds a path in front.
Source of the security headers: Content Security Policy Level 3 (W3C).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from os import PathLike, stat_result
from pathlib import Path
from string import Template
from typing import Final, cast

from graphql import OperationDefinitionNode, TokenKind, parse
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC_PATH: Final = "/graphql/static"
"""Where `graphiql_assets` must be mounted for the page to find them."""

VIEWER_QUERY: Final = "query Viewer { viewer { id name: displayName } }"
"""How the page finds out who is calling; it reads `id` and `name`."""

REFERENCE_PREFIX: Final = "ref:"
"""A variable "ref:project/collection" of an example becomes the id of that resource when the example is opened."""

# No script is inline or evaluated. The one inline style is what react-remove-scroll, inside GraphiQL, writes while a
# dialog or menu is open; its text is always the same on a page whose body has neither margins nor a scroll bar.
_SCROLL_LOCK_STYLE: Final = "'sha256-Y/huXlwoYkVyQlxwSVcCi1RCDGDCSVBzDt0hYP9qlTc='"
_CONTENT_SOURCES: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": f"'self' {_SCROLL_LOCK_STYLE}",
    "font-src": "data:",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
CONTENT_SECURITY_POLICY: Final = "; ".join(f"{directive} {source}" for directive, source in _CONTENT_SOURCES.items())

_SECURITY_HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

_PAGE_FOLDER: Final = Path(__file__).parent / "static" / "graphiql"
_VENDOR_MAX_AGE_S: Final = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Example:
    """A saved operation: where it stands in the list, what it is for, and what to run."""

    group: str
    title: str
    description: str
    operation_name: str
    query: str
    variables: Mapping[str, object]


def prefers_html(accept: str) -> bool:
    """Whether a GET with this Accept header wants the page: `text/html` is named and nothing JSON is liked better.

    `*/*`, no header at all (curl, health checks) or only JSON types are not enough.
    """
    weights = dict(_media_range_weight(media_range) for media_range in accept.split(","))
    html = weights.get("text/html", 0.0)
    best_json = max((weight for name, weight in weights.items() if name.endswith(("/json", "+json"))), default=0.0)
    return html > 0 and html >= best_json


def graphiql_page() -> HTMLResponse:
    """The page for `GET /graphql`. Revalidated by the browser each time; what it loads is cached longer.

    Raises: ValueError (where examples.graphql breaks its rules).
    """
    headers = {**_SECURITY_HEADERS, "Cache-Control": "no-cache", "Vary": "Accept"}
    return HTMLResponse(_saved_page(), headers=headers)


def graphiql_assets() -> StaticFiles:
    """What the page loads, as an application to mount at STATIC_PATH."""
    return _Assets(directory=_PAGE_FOLDER / "assets")


def saved_examples() -> tuple[Example, ...]:
    """The saved operations of the page, in the order of examples.graphql.

    Raises: ValueError (where examples.graphql breaks its rules).
    """
    return read_examples((_PAGE_FOLDER / "examples.graphql").read_text(encoding="utf-8"))


def read_examples(document: str) -> tuple[Example, ...]:
    """The operations of a GraphQL document, each described by the comment lines directly above it.

    The first line is `group: title`, the next ones the description; a line that begins with `variables:` ends it, and
    all from there on is a JSON object. A blank line above keeps other comments of the file apart.

    Raises: ValueError (an operation without name, title or description, or whose variables aren't a JSON object);
    GraphQLSyntaxError.
    """
    definitions = parse(document).definitions
    return tuple(_example(document, node) for node in definitions if isinstance(node, OperationDefinitionNode))


def render_page(examples: tuple[Example, ...]) -> str:
    """The HTML of the page with these examples in its list."""
    settings = {
        "viewerQuery": VIEWER_QUERY,
        "referencePrefix": REFERENCE_PREFIX,
        "examples": [
            {
                "group": example.group,
                "title": example.title,
                "description": example.description,
                "operationName": example.operation_name,
                "query": example.query,
                "variables": example.variables,
            }
            for example in examples
        ],
    }
    # "<" is written as an escape, so that no text of an example can end the script element around the settings.
    settings_json = json.dumps(settings, ensure_ascii=False).replace("<", "\\u003c")
    template = Template((_PAGE_FOLDER / "index.html").read_text(encoding="utf-8"))
    return template.substitute(static=STATIC_PATH.removeprefix("/"), settings=settings_json)


class _Assets(StaticFiles):
    """Static files with the headers that browsers need to cache them well and to read them as nothing else."""

    def file_response(
        self, full_path: PathLike[str] | str, stat_result: stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        # A vendored file has its version in its name, so it never changes; our own are revalidated by their ETag.
        is_vendored = Path(full_path).parent.name == "vendor"
        response.headers["Cache-Control"] = (
            f"public, max-age={_VENDOR_MAX_AGE_S}, immutable" if is_vendored else "no-cache"
        )
        response.headers.update(_SECURITY_HEADERS)
        return response


def _media_range_weight(media_range: str) -> tuple[str, float]:
    """Name and q of one range of an Accept header (RFC 9110, section 12.5.1); a q that is no number counts as 0."""
    name, *parameters = (part.strip().lower() for part in media_range.split(";"))
    weight = next((parameter[2:] for parameter in parameters if parameter.startswith("q=")), "1")
    try:
        return name, float(weight)
    except ValueError:
        return name, 0.0


@cache
def _saved_page() -> str:
    """The page of the saved examples, made once: nothing in it depends on the request."""
    return render_page(saved_examples())


def _example(document: str, node: OperationDefinitionNode) -> Example:
    assert node.loc is not None, "parse keeps locations unless told not to"
    name = node.name.value if node.name else ""
    if not name:
        raise ValueError(f"the example at line {node.loc.start_token.line} has no operation name; give it one")
    heading, description, variables = _split_comment(_comment_lines_above(node))
    group, _, title = (part.strip() for part in heading.partition(":"))
    if not (group and title and description):
        raise ValueError(f"the example {name} needs a first comment line `group: title` and a description below it")
    return Example(
        group=group,
        title=title,
        description=description,
        operation_name=name,
        query=document[node.loc.start : node.loc.end],
        variables=_variables(variables, name),
    )


def _comment_lines_above(node: OperationDefinitionNode) -> list[str]:
    """The comment lines that end directly above the operation, from top to bottom, without their `#`."""
    assert node.loc is not None, "parse keeps locations unless told not to"
    lines: list[str] = []
    below = node.loc.start_token
    comment = below.prev
    while comment is not None and comment.kind is TokenKind.COMMENT and comment.line == below.line - 1:
        lines.append((comment.value or "").strip())
        below, comment = comment, comment.prev
    return lines[::-1]


def _split_comment(lines: list[str]) -> tuple[str, str, str]:
    """Heading, description and the JSON text of the variables (empty where there is none)."""
    heading, body = (lines[0], lines[1:]) if lines else ("", [])
    at = next((index for index, line in enumerate(body) if line.startswith("variables:")), len(body))
    return heading, " ".join(body[:at]), "\n".join(body[at:]).removeprefix("variables:")


def _variables(text: str, operation_name: str) -> Mapping[str, object]:
    if not text:
        return {}
    try:
        variables: object = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"the variables of the example {operation_name} aren't JSON: {error}") from error
    if not isinstance(variables, dict):
        raise ValueError(f"the variables of the example {operation_name} must be a JSON object")  # noqa: TRY004  one error for a bad file
    return cast("dict[str, object]", variables)
