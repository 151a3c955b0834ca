"""What is wrong with a plan: each fault with its file, its line and its field."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import attrs

from cds_eks.errors import InvalidRequestError


@attrs.frozen(kw_only=True)
class PlanFault:
    """One thing that is wrong with a plan.

    Attributes:
        message: What is wrong. It never holds the value of a text.
        field: The path of the field (`clusters[0].node_pools[1].name`); empty if the text can't be read at all.
        file: The file; empty for a plan of Python values.
        line: The line in it, from 1, or None.
    """

    message: str
    field: str
    file: str
    line: int | None = None

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file or 'line '}{':' if self.file else ''}{self.line}"
        return ": ".join(part for part in (place, self.field, self.message) if part)


def place_of(fault: PlanFault) -> tuple[int, list[str | int]]:
    """Return what faults are ordered by: the line, then the field, the second entry of a list before the tenth."""
    steps = re.split(r"(\d+)", fault.field)  # every other one is a number, so that like is compared with like
    return fault.line or 0, [int(step) if index % 2 else step for index, step in enumerate(steps)]


class PlanError(InvalidRequestError):
    """A plan has faults, so that nothing of it was sent."""

    def __init__(self, faults: Iterable[PlanFault]) -> None:
        all_of_them = tuple(faults)
        count = len(all_of_them)
        told = "\n".join(f"  {fault}" for fault in all_of_them)
        super().__init__("plan", f"has {count} {'fault' if count == 1 else 'faults'}, and nothing was sent:\n{told}")
        self._of_plan = all_of_them
        self.message: str = f"the plan {self.rule}"
        self.args: tuple[Any, ...] = (self.message,)

    @property
    def faults(self) -> tuple[PlanFault, ...]:
        """All of them, by line."""
        return self._of_plan

    def __str__(self) -> str:
        return self.message  # the outcome is said in its first line: at its end it would seem to be of the last fault

    def __reduce__(self) -> tuple[type[PlanError], tuple[tuple[PlanFault, ...]]]:
        return type(self), (self.faults,)
