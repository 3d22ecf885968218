"""What can change of licences: administrators add to the predefined ones."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class LicenseAdded:
    """A licence that resources of this installation can name by its SPDX id; there is none of that id yet."""

    id: str
    name: str
    url: str | None
    text: str | None
    at: datetime
    by: str


LicenseChange = LicenseAdded
