"""Licences that resources name by SPDX id."""

from datetime import datetime

import strawberry

from domain.licenses import NewLicense
from schema.fields import answered_by
from schema.scalars import Url
from schema.users import User, creator


@strawberry.type(
    description="A licence. Resources name it by its SPDX id; upper and lower case mean the same one.",
)
class License:
    """A licence."""

    id: str = strawberry.field(
        name="spdxId",
        description="SPDX id, or AllRightsReserved. Those of licences that SPDX doesn't list: LicenseRef-…",
    )
    name: str = strawberry.field(description="What people call it.")
    url: Url | None = strawberry.field(description="Where it can be read.")
    text: str | None = strawberry.field(description="What it says, if its text was given when it was added.")
    is_predefined: bool = strawberry.field(description="Whether every installation has it.")
    created_at: datetime | None = strawberry.field(description="When it was added; null if predefined.")
    created_by: User | None = answered_by(creator, "Who added it; null if predefined.")


@strawberry.input(description="A licence to be added.")
class LicenseCreateInput:
    """A licence to be added."""

    spdx_id: str = strawberry.field(
        description="SPDX id: 1 to 64 of A-Z, a-z, 0-9, `.` and `-`; LicenseRef-Name for one that SPDX doesn't list."
    )
    name: str = strawberry.field(description="What people call it, at most 256 characters.")
    url: str | None = strawberry.field(default=None, description="Where it can be read: http or https.")
    text: str | None = strawberry.field(default=None, description="What it says, at most 65536 bytes of UTF-8.")

    def to_new(self) -> NewLicense:
        """Give the rule's words."""
        return NewLicense(self.spdx_id, self.name, self.url, self.text)
