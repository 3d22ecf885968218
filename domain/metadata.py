"""Words that describe a resource: checks of what users give."""

from domain.errors import BadInput, Conflict
from domain.limits import DESCRIPTION_LENGTH_MAX, DISPLAY_NAME_LENGTH_MAX, TITLE_LENGTH_MAX


def check_text(text: str, length_max: int, what: str, field: tuple[str, ...] = ()) -> None:
    """Refuse text that is over-long or that no store keeps as it is.

    Raises: BadInput.
    """
    if len(text) > length_max:
        raise BadInput(f"a {what} has at most {length_max} characters; this one has {len(text)}", field=field)
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise BadInput(f"a {what} holds no NUL and no lone surrogates", field=field)


def check_line(text: str, length_max: int, what: str, field: tuple[str, ...] = ()) -> None:
    """Refuse text that is over-long or isn't one line of plain characters; empty text is fine.

    Raises: BadInput.
    """
    check_text(text, length_max, what, field)
    if any(character < " " or character == "\x7f" for character in text):
        raise BadInput(f"a {what} is one line: it holds no control characters", field=field)


def check_title(title: str | None, *, field: tuple[str, ...] = ()) -> None:
    """Refuse an over-long title.

    Raises: BadInput.
    """
    if title is not None:
        check_text(title, TITLE_LENGTH_MAX, "title", field)


def check_description(description: str | None, *, field: tuple[str, ...] = ()) -> None:
    """Refuse an over-long description.

    Raises: BadInput.
    """
    if description is not None:
        check_text(description, DESCRIPTION_LENGTH_MAX, "description", field)


def check_display_name(name: str, *, field: tuple[str, ...] = ()) -> None:
    """Refuse an empty or over-long display name of a user, token or credential.

    Raises: BadInput.
    """
    if not name.strip():
        raise BadInput("a display name has at least one character", field=field)
    check_text(name, DISPLAY_NAME_LENGTH_MAX, "display name", field)


def check_email(email: str | None, *, field: tuple[str, ...] = ()) -> None:
    """Refuse what can't be an e-mail address; only mail to it would prove that it is one.

    Raises: BadInput.
    """
    if email is None:
        return
    check_text(email, 254, "e-mail address", field)
    local, at, domain = email.rpartition("@")
    if not at or not local or not domain or any(character.isspace() for character in email):
        raise BadInput(f"{email[:80]!r} is no e-mail address", field=field)


def check_revision(given: int | None, actual: int, name: str, *, field: tuple[str, ...] = ("ifRevision",)) -> None:
    """Refuse a change of something that has changed since the caller saw it.

    Raises: Conflict.
    """
    if given is not None and given != actual:
        raise Conflict(f"{name} is at revision {actual}, not {given}; read it again and retry", field=field)
