"""Every class of exceptions of the package is one that its users can name, or never reaches them."""

from __future__ import annotations

import importlib
import pkgutil

import cds_eks
from cds_eks import errors, fleet

COMBINED = {
    "AmbiguousAnswer",
    "AmbiguousConnectionLost",
    "AmbiguousDeadline",
    "AmbiguousServerFault",
    "AmbiguousTransport",
    "KeyUnavailable",
}
"""Errors that are several public ones at once: they are caught as any of them."""

OF_COMMAND_LINE = {"Incomplete", "RequestFaults", "ResultNotPrinted", "Terminated", "Declined"}
"""What ends a command: it is told on stderr, and nobody imports it."""

OF_EMULATOR = {"ControlError", "FaultError", "IncompleteEmulatorError", "Refusal", "WorldFileError"}
"""The emulator has errors of its own, as it imports nothing of the SDK: those that leave it are `ValueError`s."""

INSIDE = {
    "BadTemplate",
    "BlankList",
    "CommandStopped",
    "ConnectionBroken",
    "OutOfTime",
    "ShownAsAnother",
    "TimedOut",
    "Unreadable",
    "Unsent",
    "Unsolicited",
    "ValidationFailure",
}
"""What one part tells another that calls it, which turns it into one of the errors."""


def classes_below(base: type[BaseException]) -> set[type[BaseException]]:
    """Return the classes of the package that derive from another one."""
    found = {kind for kind in base.__subclasses__() if kind.__module__.partition(".")[0] == "cds_eks"}
    return found.union(*(classes_below(kind) for kind in base.__subclasses__()))


def all_classes() -> set[type[BaseException]]:
    for module in pkgutil.walk_packages(cds_eks.__path__, "cds_eks."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    return {kind for kind in classes_below(BaseException) if not kind.__name__.startswith("_")}


def test_every_error_that_users_see_has_a_public_name() -> None:
    public = {
        getattr(module, name) for module in (errors, fleet) for name in module.__all__ if name[:1].isupper()
    }  # fmt: skip
    others = {kind for kind in all_classes() if kind not in public}
    assert {kind.__name__ for kind in others if issubclass(kind, errors.EksError)} == (
        COMBINED | {"RequestFaults", "ResultNotPrinted"}
    )
    for kind in others:
        if kind.__name__ in COMBINED:
            bases = [base for base in kind.__mro__ if base in public and base is not errors.EksError]
            assert len(bases) > 1, kind
    assert {kind.__name__ for kind in others} == COMBINED | OF_COMMAND_LINE | OF_EMULATOR | INSIDE


def test_an_error_that_is_public_is_the_one_that_is_raised() -> None:
    there = vars(importlib.import_module("cds_eks.config.config_file"))
    assert errors.ConfigFileError is there["ConfigFileError"]
    assert errors.SecretUnavailable is vars(importlib.import_module("cds_eks.documents.secrets"))["SecretUnavailable"]
    assert errors.ConfigFileError.__module__ == errors.SecretUnavailable.__module__ == "cds_eks.errors"
