"""All jobs with a whole installation, by the words of their commands."""

from collections.abc import Mapping
from typing import Final

from app.backup import backup
from app.maintenance import Job, collect, drop_old_keys, rotate, show_keys, verify
from app.restoring import restore

JOBS: Final[Mapping[str, Job]] = {
    "verify": verify,
    "gc": collect,
    "backup": backup,
    "restore": restore,
    "keyring rotate": rotate,
    "keyring drop-old": drop_old_keys,
    "keyring show": show_keys,
}
