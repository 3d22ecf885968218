import importlib
import pkgutil

import domain
from domain.errors import Code, ConditionFailed, DomainError, FailedPrecondition


def refusals(base: type[DomainError] = DomainError) -> list[type[DomainError]]:
    return [
        found for child in base.__subclasses__() for found in (child, *refusals(child)) if "domain." in child.__module__
    ]


def test_every_refusal_has_a_code_of_its_own_that_is_not_internal() -> None:
    """A refinement (ConditionFailed) keeps its parent's code; every code is somebody's."""
    own = {refusal: refusal.code for refusal in refusals() if "code" in vars(refusal)}

    assert sorted(own.values()) == sorted(set(Code) - {Code.INTERNAL})
    assert [refusal for refusal in refusals() if refusal not in own] == [ConditionFailed]
    assert ConditionFailed.code is FailedPrecondition.code


def test_every_code_is_its_own_name() -> None:
    assert all(code.name == code.value for code in Code)


def test_no_module_but_errors_makes_refusals() -> None:
    for module in pkgutil.iter_modules(domain.__path__):
        importlib.import_module(f"domain.{module.name}")

    assert {refusal.__module__ for refusal in refusals()} == {"domain.errors"}


def test_a_refusal_carries_its_words_and_its_argument() -> None:
    refusal = FailedPrecondition("not now", field=("input", "id"))

    assert (str(refusal), refusal.message, refusal.field) == ("not now", "not now", ("input", "id"))
