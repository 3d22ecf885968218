"""The plain-Python model: what the contract promises (resources.md, sections 1 to 6), done with dictionaries.

Each call changes the model and returns an outcome, or raises the DomainError that the real system would raise and
changes nothing. Snapshots are deep copies. Nothing is taken from the rules in domain/, so that a mistake there isn't
made twice: only words (kinds, levels, states, errors) are shared.
"""

from tests.model.ending import Ending
from tests.model.keeping import Keeping
from tests.model.placing import Placing
from tests.model.relating import Relating
from tests.model.wording import Wording


class Model(Wording, Relating, Placing, Keeping, Ending):
    """All calls."""
