"""Faults as tables: of a file, or of a body in JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from cds_eks.emulator.faults.fault import Fault
from cds_eks.emulator.faults.kinds import KINDS, PARAMETERS, FaultError
from cds_eks.emulator.faults.text import parse_fault
from cds_eks.emulator.protocol.plain_values import similar

__all__ = ["fault_of", "parameters_of", "plain_fault"]

_NAMES = tuple(each.name for each in attrs.fields(Fault))


def fault_of(told: object) -> Fault:
    """Return the fault that a text or a table tells.

    Args:
        told: A text, as `--fault` takes it, or a table with `kind` and what else `Fault` takes.

    Raises:
        FaultError: Naming what makes no sense.
    """
    if isinstance(told, str):
        try:
            return parse_fault(told)
        except FaultError as error:
            raise FaultError(str(error)) from None  # what it names is a part of the text
        except ValueError as error:
            raise FaultError(str(error)) from None
    if not isinstance(told, Mapping):
        raise FaultError("must be a text such as create:reset_after_commit:count=1, or a table with a kind")
    for name in told:
        if name not in _NAMES:
            raise FaultError(f"is not known{similar(name, _NAMES)}", name)
    for name, known in (("kind", f"one of {', '.join(KINDS)}"), ("action", "the name of an action or class, or *")):
        if name in told and not isinstance(told[name], str):
            raise FaultError(f"{name} must be {known}", name)
    if "kind" not in told:
        raise FaultError(f"kind is missing: one of {', '.join(KINDS)}", "kind")
    for name, value in told.items():
        if name in PARAMETERS and not PARAMETERS[name][1](value) and not (name == "seconds" and told["kind"] == "skew"):
            raise FaultError(f"{name} must be {PARAMETERS[name][0]}", name)
    return Fault(**told)


def plain_fault(fault: Fault) -> dict[str, Any]:
    """Return a fault as the table that tells it."""
    return {"kind": fault.kind, "action": fault.action, **fault.given()}


def parameters_of(kind: str) -> dict[str, str]:
    """Return what a kind may be told, and the rule of each in words."""
    names = [*KINDS[kind], "count", "skip", "probability"]
    rules = {name: PARAMETERS[name][0] for name in names}
    return rules | {"seconds": "a finite number"} if kind == "skew" else rules
