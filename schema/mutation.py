"""What can be done: one mutation per intent. Each is input to command, call, wrap; a refusal becomes userErrors."""

from typing import TYPE_CHECKING, Any, cast

import strawberry

from schema.frozen_ids import FrozenIdsAreImmutable
from schema.mutations.accounts import AccountMutations
from schema.mutations.containers import ContainerMutations
from schema.mutations.describing import DescribingMutations
from schema.mutations.ending import EndingMutations
from schema.mutations.grants import GrantMutations
from schema.mutations.hierarchy import HierarchyMutations
from schema.mutations.licenses import LicenseMutations
from schema.mutations.objects import ObjectMutations
from schema.mutations.relations import RelationMutations
from schema.mutations.resources import ResourceMutations
from schema.mutations.snapshots import SnapshotMutations


@strawberry.type(
    description="What can be done. A refusal changes nothing and is told in `userErrors`; without a token most is "
    "answered by an error with the code UNAUTHENTICATED."
)
class Mutation(
    ContainerMutations,
    ObjectMutations,
    ResourceMutations,
    EndingMutations,
    DescribingMutations,
    HierarchyMutations,
    SnapshotMutations,
    RelationMutations,
    GrantMutations,
    AccountMutations,
    LicenseMutations,
):
    """What can be done."""


if TYPE_CHECKING:
    from strawberry.types.base import StrawberryObjectDefinition

_definition = cast("StrawberryObjectDefinition", cast("Any", Mutation).__strawberry_definition__)
for _field in _definition.fields:
    _field.extensions = [*_field.extensions, FrozenIdsAreImmutable()]
