"""What can be done: one mutation per intent. Each is input to command, call, wrap; a refusal becomes userErrors."""

import strawberry

from schema.mutations.accounts import AccountMutations
from schema.mutations.containers import ContainerMutations
from schema.mutations.grants import GrantMutations
from schema.mutations.licenses import LicenseMutations
from schema.mutations.objects import ObjectMutations
from schema.mutations.relations import RelationMutations
from schema.mutations.resources import ResourceMutations


@strawberry.type(
    description="What can be done. A refusal changes nothing and is told in `userErrors`; without a token most is "
    "answered by an error with the code UNAUTHENTICATED."
)
class Mutation(
    ContainerMutations,
    ObjectMutations,
    ResourceMutations,
    RelationMutations,
    GrantMutations,
    AccountMutations,
    LicenseMutations,
):
    """What can be done."""
