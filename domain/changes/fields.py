"""What can change of any resource's own fields."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class FieldsChanged:
    """New values of a resource's own descriptive fields (`title`, `description`)."""

    resource_id: str
    values: Mapping[str, str | None]
    at: datetime


FieldChange = FieldsChanged
