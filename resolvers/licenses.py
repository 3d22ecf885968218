"""Use cases of licences: anyone reads them, administrators add some."""

from domain.licenses import License, NewLicense, all_licenses, create_license, predefined_license
from graphstore.cypher import accounts, licenses
from resolvers.cancelling import uncancelled
from resolvers.context import Context
from resolvers.users import stamp_of


@uncancelled
async def list_licenses(context: Context) -> tuple[License, ...]:
    """All licences: the predefined ones, then those that were added, each by id.

    Raises: Unavailable.
    """
    return all_licenses(await context.store.read(licenses.added()))


async def find_license(context: Context, license_id: str) -> License | None:
    """Licence by its id, in whatever case.

    Raises: Unavailable.
    """
    return predefined_license(license_id) or await context.loaders.licenses.load(license_id)


async def make_license(context: Context, new: NewLicense) -> License | None:
    """Add a licence.

    Raises: Unauthenticated, Forbidden, BadInput, AlreadyExists, FailedPrecondition, Unavailable.
    """
    license_id = await context.store.run_rule_on_two(
        "create licence",
        lock=(),
        load=(accounts.user(context.caller.user_id), licenses.facts(new.id)),
        decide=lambda caller, found: create_license(found, new, stamp_of(context, caller)),
    )
    context.loaders.forget()
    return await find_license(context, license_id)
