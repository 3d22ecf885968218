"""Who may do what: levels, the table of what each action takes, and the one way to refuse.

The effective level is computed inside the statement that loads or locks the data (graphstore/cypher/rights.py);
`effective_level` here is the same rule as a pure function, the model that tests compare with.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Final, TypeVar

from domain.errors import Forbidden, Immutable, NotFound

if TYPE_CHECKING:
    from domain.resources import ResourceFacts

R = TypeVar("R", bound="ResourceFacts")


class Level(IntEnum):
    """What a grant gives; each level includes those below it."""

    NONE = 0
    READ = 1
    APPEND = 2
    WRITE = 3
    ADMIN = 4


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling. `user_id` is empty for anonymous callers; `token_id` names the API token, if one was used.

    `access_key_id` is the S3 key pair that signed: what it began is refused when the pair is gone before the end.
    """

    user_id: str
    is_administrator: bool = False
    token_id: str | None = None
    access_key_id: str | None = None

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody is known to be calling."""
        return not self.user_id


ANONYMOUS: Final = Caller(user_id="")


class Action(StrEnum):
    """What can be done with one resource; each takes one level on it."""

    READ = "READ"
    LIST = "LIST"
    CREATE_CHILD = "CREATE_CHILD"
    UPLOAD_NEW_KEY = "UPLOAD_NEW_KEY"
    UPLOAD_REVISION = "UPLOAD_REVISION"
    FINISH_OWN_UPLOAD = "FINISH_OWN_UPLOAD"
    UPDATE = "UPDATE"
    DELETE_OBJECT = "DELETE_OBJECT"
    DELETE_CONTAINER = "DELETE_CONTAINER"
    RENAME = "RENAME"
    RENAME_PROJECT = "RENAME_PROJECT"
    MOVE = "MOVE"
    SHARE = "SHARE"
    UNLINK = "UNLINK"
    SET_LABELS = "SET_LABELS"
    RELATE = "RELATE"
    RELAX_DATA_CLASS = "RELAX_DATA_CLASS"
    TIGHTEN_DATA_CLASS = "TIGHTEN_DATA_CLASS"
    SNAPSHOT = "SNAPSHOT"
    DELETE_SNAPSHOT = "DELETE_SNAPSHOT"
    ARCHIVE = "ARCHIVE"
    RESTORE_OBJECT = "RESTORE_OBJECT"
    RESTORE_CONTAINER = "RESTORE_CONTAINER"
    REMOVE_REVISION = "REMOVE_REVISION"
    ERASE = "ERASE"
    SEE_IMPACT = "SEE_IMPACT"
    MANAGE_GRANTS = "MANAGE_GRANTS"
    SEE_GRANTS = "SEE_GRANTS"
    CHANGE_BUCKET = "CHANGE_BUCKET"


NEEDED_LEVEL: Final[Mapping[Action, Level]] = {
    Action.READ: Level.READ,
    Action.LIST: Level.READ,
    Action.CREATE_CHILD: Level.APPEND,
    Action.UPLOAD_NEW_KEY: Level.APPEND,
    Action.UPLOAD_REVISION: Level.WRITE,
    Action.FINISH_OWN_UPLOAD: Level.APPEND,
    Action.UPDATE: Level.WRITE,
    Action.DELETE_OBJECT: Level.WRITE,
    Action.DELETE_CONTAINER: Level.ADMIN,
    Action.RENAME: Level.WRITE,
    Action.RENAME_PROJECT: Level.ADMIN,
    Action.MOVE: Level.ADMIN,
    Action.SHARE: Level.ADMIN,
    Action.UNLINK: Level.ADMIN,
    Action.SET_LABELS: Level.WRITE,
    Action.RELATE: Level.WRITE,
    Action.RELAX_DATA_CLASS: Level.ADMIN,
    Action.TIGHTEN_DATA_CLASS: Level.WRITE,
    Action.SNAPSHOT: Level.ADMIN,
    Action.DELETE_SNAPSHOT: Level.ADMIN,
    Action.ARCHIVE: Level.ADMIN,
    Action.RESTORE_OBJECT: Level.WRITE,
    Action.RESTORE_CONTAINER: Level.ADMIN,
    Action.REMOVE_REVISION: Level.WRITE,
    Action.ERASE: Level.ADMIN,
    Action.SEE_IMPACT: Level.READ,
    Action.MANAGE_GRANTS: Level.ADMIN,
    Action.SEE_GRANTS: Level.ADMIN,
    Action.CHANGE_BUCKET: Level.ADMIN,
}

ALLOWED_WHEN_FROZEN: Final = frozenset(
    {
        Action.READ,
        Action.LIST,
        Action.RELAX_DATA_CLASS,
        Action.SNAPSHOT,
        Action.DELETE_SNAPSHOT,
        Action.ERASE,
        Action.SEE_IMPACT,
        Action.MANAGE_GRANTS,
        Action.SEE_GRANTS,
    }
)
"""What can still be done with a snapshot and with what has its home in an archived project: nothing that they show
changes by it, save by erasing, the one exception to their immutability."""


def effective_level(paths: Iterable[tuple[Level, Sequence[Level]]]) -> Level:
    """Best level over all granting paths; each path is a grant and what every edge below it lets pass."""
    return max((min([grant, *passes]) for grant, passes in paths), default=Level.NONE)


def allows(level: Level, action: Action) -> bool:
    """Whether the level is enough for the action."""
    return level >= NEEDED_LEVEL[action]


def demand(resource: R | None, resource_id: str, action: Action, *, field: tuple[str, ...] = ()) -> R:
    """Return the resource if the caller may do this with it.

    Raises: NotFound where he may not see it (or it isn't there), Forbidden where he sees it but may not, Immutable
    where it is frozen and the action would change it.
    """
    if action not in ALLOWED_WHEN_FROZEN:
        seen = demand_level(resource, resource_id, Level.READ, field=field)
        # Of a snapshot nobody has more than READ: no grant is the way out.
        if seen.snapshot_of is not None or allows(seen.level, action):
            check_not_frozen(seen, field=field)
    return demand_level(resource, resource_id, NEEDED_LEVEL[action], field=field)


def check_not_frozen(resource: "ResourceFacts", *, field: tuple[str, ...] = ()) -> None:
    """Refuse to change what a snapshot or an archived project holds.

    Raises: Immutable.
    """
    if resource.is_frozen:
        kind = resource.kind.lower()
        message = (
            f"{kind} {resource.id} is part of a snapshot or an archived project and doesn't change any more; change or"
            " clone the original"
        )
        raise Immutable(message, field=field)


def demand_level(resource: R | None, resource_id: str, needed: Level, *, field: tuple[str, ...] = ()) -> R:
    """Return the resource if the caller has the needed level on it.

    A container that left with its last key (domain/deletion.py) isn't there until a PUT revives it.

    Raises: NotFound where he may not see it (or it isn't there), Forbidden where he sees it but has less.
    """
    if resource is None or resource.level < Level.READ or resource.is_hidden:
        message = f"there is no resource {resource_id} that you may see"
        raise NotFound(message, field=field)
    if resource.level < needed:
        message = (
            f"{resource.kind.lower()} {resource.id} takes {needed.name} for this and you have {resource.level.name};"
            f" ask someone with ADMIN on it for a grant"
        )
        raise Forbidden(message, field=field)
    return resource
