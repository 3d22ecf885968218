"""Writes docs/rules.md: what the tables of the domain say, so that no page tells it differently.

Run as `python -m app.rules_page` (`make docs`); a test compares.
"""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from domain.access import NEEDED_LEVEL, Level
from domain.errors import DomainError
from domain.hierarchy import ALLOWED_PARENTS
from domain.licenses import PREDEFINED_LICENSES
from domain.lifecycle import RESTORED_STATES, TRANSITIONS
from domain.relations import ALLOWED_RELATIONS, RelationRule
from domain.resources import Kind, State

PAGE: Final = Path("docs/rules.md")
_NOTHING: Final = "—"
_HEAD: Final = """\
# Rules

Written by `make docs` from the tables in `domain/`; edit those. Whatever a table doesn't name is refused.
"""


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _named(kinds: Iterable[Kind]) -> str:
    found = set(kinds)
    if found == set(Kind):
        return "any"
    return ", ".join(kind.value.capitalize() for kind in Kind if kind in found) or "nothing: it is a root"


def _hierarchy() -> str:
    return _table(("kind", "may belong to"), ((_named([kind]), _named(ALLOWED_PARENTS[kind])) for kind in Kind))


def _limits(rule: RelationRule) -> str:
    said = {
        "both ends of one kind": rule.same_kind,
        "the target is older": rule.target_is_older,
        "bears a name": rule.has_name,
        "pins a revision of the target": rule.pins_target,
    }
    return ", ".join(limit for limit, holds in said.items() if holds) or _NOTHING


def _relations() -> str:
    rows = (
        (
            kind.value,
            _named(rule.sources),
            _named(rule.targets),
            rule.source_level.name,
            rule.target_level.name,
            _limits(rule),
        )
        for kind, rule in ALLOWED_RELATIONS.items()
    )
    return _table(("relation", "from", "to", "level at the source", "level at the target", "besides"), rows)


def _lifecycle() -> str:
    rows = (
        (state.value if state else _NOTHING, event.value, after.value) for (state, event), after in TRANSITIONS.items()
    )
    restored = (
        (State.DELETED.value, f"restored, was {before.value}", after.value) for before, after in RESTORED_STATES.items()
    )
    return _table(("from", "event", "to"), (*rows, *restored))


def _access() -> str:
    rows = (
        (level.name, ", ".join(action.value for action, needed in NEEDED_LEVEL.items() if needed is level))
        for level in Level
        if level is not Level.NONE
    )
    return _table(("level", "is enough for"), rows)


def _licenses() -> str:
    rows = ((known.id, known.name, known.url or _NOTHING) for known in PREDEFINED_LICENSES.values())
    return _table(("SPDX id", "name", "where"), rows)


def _refusals(base: type[DomainError] = DomainError) -> list[type[DomainError]]:
    return [found for child in base.__subclasses__() for found in (child, *_refusals(child))]


def _errors() -> str:
    own = [refusal for refusal in _refusals() if "code" in vars(refusal)]
    return _table(("code", "means"), ((refusal.code.value, str(refusal.__doc__).splitlines()[0]) for refusal in own))


def rules_page() -> str:
    """Render the page."""
    sections = {
        "What belongs to what": _hierarchy(),
        "Relations that users may add": _relations(),
        "States of an Object": _lifecycle(),
        "Levels, each including those above it": _access(),
        "Licences that every installation has": _licenses(),
        "Codes of refusals": _errors(),
    }
    return _HEAD + "".join(f"\n## {title}\n\n{body}" for title, body in sections.items())


def main(file: Path = PAGE) -> None:
    """Write the page."""
    file.write_text(rules_page())


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
