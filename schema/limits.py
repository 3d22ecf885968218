"""Bounds on documents, checked before anything runs: depth and aliases after fragments are spread, and tokens.

The rules are classes made once: Strawberry's own limiters make a new class for each request, and so defeat its cache of
validations. A fragment is measured once, however often it is spread, so measuring costs by the length of the document.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValidationContext,
    ValidationRule,
)

from domain.errors import Code

DEPTH_MAX: Final = 15
ALIASES_MAX: Final = 30
TOKENS_MAX: Final = 5000
_INTROSPECTION: Final = "__"


@dataclass(frozen=True, slots=True)
class Measure:
    """How deep a selection set goes, and how many aliases it has when its fragments are spread."""

    depth: int = 0
    aliases: int = 0


class Meter:
    """Measures selection sets of one document. A fragment that spreads itself, which is invalid, counts once."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._measured: dict[str, Measure] = {}

    def measure(self, selection_set: SelectionSetNode | None) -> Measure:
        """Measure a selection set. Introspection has a rule of its own in GraphQL and counts as no depth."""
        depth = aliases = 0
        for selection in selection_set.selections if selection_set else ():
            if isinstance(selection, FieldNode):
                below = self.measure(selection.selection_set)
                own_depth = 0 if selection.name.value.startswith(_INTROSPECTION) else below.depth + 1
                own_aliases = below.aliases + (selection.alias is not None)
            elif isinstance(selection, FragmentSpreadNode):
                spread = self._spread(selection.name.value)
                own_depth, own_aliases = spread.depth, spread.aliases
            else:
                assert isinstance(selection, InlineFragmentNode), "GraphQL has three kinds of selections"
                inline = self.measure(selection.selection_set)
                own_depth, own_aliases = inline.depth, inline.aliases
            depth = max(depth, own_depth)
            aliases += own_aliases
        return Measure(depth, aliases)

    def _spread(self, name: str) -> Measure:
        if name not in self._measured:
            self._measured[name] = Measure()
            fragment = self._fragments.get(name)
            if fragment is not None:
                self._measured[name] = self.measure(fragment.selection_set)
        return self._measured[name]


class LimitRule(ValidationRule):
    """Refuses documents that go too deep or have too many aliases."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        definitions = context.document.definitions
        self._meter = Meter(
            {found.name.value: found for found in definitions if isinstance(found, FragmentDefinitionNode)}
        )

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> None:
        """Measure an operation."""
        measured = self._meter.measure(node.selection_set)
        for what, amount, most in (
            ("levels", measured.depth, DEPTH_MAX),
            ("aliases", measured.aliases, ALIASES_MAX),
        ):
            if amount > most:
                message = f"the operation has {amount} {what} and may have {most}; ask in several requests"
                self.report_error(GraphQLError(message, node, extensions={"code": Code.COST_EXCEEDED.value}))
