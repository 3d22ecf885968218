"""Adding licences. A refusal becomes userErrors."""

from typing import Annotated

import strawberry

from domain.errors import DomainError
from resolvers import licenses
from schema.info import Info
from schema.licenses import LicenseCreateInput
from schema.nodes import shown
from schema.payloads import LicenseCreatePayload
from schema.problems import refused


@strawberry.type
class LicenseMutations:
    """Adding licences."""

    @strawberry.mutation(description="Add a licence that resources can name. For administrators; it stays for good.")
    async def license_create(
        self,
        info: Info,
        given: Annotated[LicenseCreateInput, strawberry.argument(name="input", description="The licence.")],
    ) -> LicenseCreatePayload:
        """Add a licence."""
        try:
            found = await licenses.make_license(info.context, given.to_new())
        except DomainError as error:
            return LicenseCreatePayload(user_errors=refused(error))
        return LicenseCreatePayload(license=shown(found))
