"""S3's XML: written by escaping, read by expat with bounds and without any document type or entity.

Texts may hold characters that XML 1.0 has no way to write (control characters in keys); S3 writes them as character
references all the same, and so is done here. Lists avoid it by `encoding-type=url`; error documents, which a client
must be able to read whatever it sent, have U+FFFD there.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from xml.parsers import expat

from proxy.errors import S3Code, S3Error

NAMESPACE: Final = "http://s3.amazonaws.com/doc/2006-03-01/"
DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
DEPTH_MAX: Final = 8
ELEMENTS_MAX: Final = 50_000

_ESCAPES: Final = str.maketrans(
    {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        '"': "&quot;",
        **{chr(code): f"&#x{code:X};" for code in (*range(0x20), 0x7F, 0xFFFE, 0xFFFF) if chr(code) not in "\t\n"},
    }
)
_UNREADABLE: Final = dict.fromkeys((*range(9), 11, 12, *range(14, 0x20), 0xFFFE, 0xFFFF), "\N{REPLACEMENT CHARACTER}")


def escape(text: str) -> str:
    """Escape a text for an element's content."""
    return text.translate(_ESCAPES)


def tag(name: str, text: str) -> str:
    """Write an element with a text, escaped; an empty text gives an empty element."""
    return f"<{name}>{text.translate(_ESCAPES)}</{name}>"


def group(name: str, children: Iterable[str]) -> str:
    """Write an element with elements already written."""
    return f"<{name}>{''.join(children)}</{name}>"


def document(name: str, children: Iterable[str]) -> bytes:
    """Write a whole document in S3's namespace."""
    return f'{DECLARATION}<{name} xmlns="{NAMESPACE}">{"".join(children)}</{name}>'.encode()


def error_document(code: str, message: str, details: Iterable[tuple[str, str]]) -> bytes:
    """Write an error; S3 gives it no namespace."""
    texts = [("Code", code), ("Message", message), *details]
    children = [tag(name, text.translate(_UNREADABLE)) for name, text in texts]
    return f"{DECLARATION}<Error>{''.join(children)}</Error>".encode()


def instant(at: datetime) -> str:
    """Write an aware instant as S3's lists do: whole seconds, which Last-Modified has too."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


@dataclass(slots=True)
class Element:
    """An element that was read: its name without namespace, its own text, its children in order."""

    name: str
    text: str = ""
    children: "list[Element]" = field(default_factory=list["Element"])

    def all(self, name: str) -> "list[Element]":
        """Children of this name, in order."""
        return [child for child in self.children if child.name == name]

    def text_of(self, name: str) -> str | None:
        """Text of the one child of this name, None if there is none.

        Raises: S3Error (MalformedXML) if there are several.
        """
        found = self.all(name)
        if len(found) > 1:
            raise malformed(f"{self.name} has more than one {name}")
        return found[0].text if found else None


def malformed(why: str) -> S3Error:
    """Make the refusal of a document."""
    return S3Error(
        S3Code.MALFORMED_XML,
        f"The XML you provided was not well-formed or did not validate against our published schema: {why}.",
    )


class _Reader:
    """Collects the tree of one document while expat reads it."""

    def __init__(self) -> None:
        self.root: Element | None = None
        self._open: list[Element] = []
        self._texts: list[list[str]] = []
        self._count = 0

    def begin(self, name: str, _attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) >= DEPTH_MAX or self._count > ELEMENTS_MAX:
            raise malformed("it is nested too deeply or has too many elements")
        element = Element(name.rpartition(" ")[2])
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)
        self._texts.append([])

    def end(self, _name: str) -> None:
        self._open.pop().text = "".join(self._texts.pop())

    def take(self, text: str) -> None:
        if self._texts:
            self._texts[-1].append(text)


def _refuse_doctype(*_: object) -> None:
    raise malformed("it has a document type")


def parse(body: bytes, root_name: str) -> Element:
    """Read a document; its root must have this name, in whatever namespace.

    The caller bounds the length of the body. Raises: S3Error (MalformedXML).
    """
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = reader.begin
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.take
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.EntityDeclHandler = _refuse_doctype
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise malformed("it can't be read") from error
    if reader.root is None or reader.root.name != root_name:
        raise malformed(f"{root_name} is expected")
    return reader.root
