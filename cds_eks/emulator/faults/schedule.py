"""When faults apply: which one to which request, by action, count and probability, with seeded random numbers."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from random import Random

import attrs

from cds_eks.emulator.faults.fault import Fault
from cds_eks.emulator.faults.kinds import matches

__all__ = ["Faults"]


@attrs.define(eq=False)
class _Scheduled:
    """A fault, its random numbers, and how often it has matched and been applied."""

    fault: Fault
    random: Random
    matched: int = 0
    applied: int = 0

    def applies(self) -> bool:
        fault = self.fault
        if fault.count is not None and self.applied >= fault.count:
            return False
        self.matched += 1
        if self.matched <= fault.skip or self.random.random() >= fault.probability:
            return False
        self.applied += 1
        return True


class Faults:
    """The faults of an emulator, in order. They may be changed from any thread, at any time.

    Args:
        faults: The first ones.
        seed: Of the random numbers: each fault has its own, so that one more does not change when the others apply.
    """

    def __init__(self, faults: Iterable[Fault], seed: int) -> None:
        self._seed = seed
        self._lock = threading.Lock()
        self._scheduled: list[_Scheduled] = []
        self._added = 0
        self._struck: Counter[str] = Counter()
        for fault in faults:
            self.add(fault)

    def __repr__(self) -> str:
        return f"Faults({[str(each) for each in self]})"

    def __len__(self) -> int:
        with self._lock:
            return len(self._scheduled)

    def __iter__(self) -> Iterator[Fault]:
        with self._lock:
            return iter([each.fault for each in self._scheduled])

    @property
    def struck(self) -> dict[str, int]:
        """How often a fault of each kind has been applied, faults that have been cleared too."""
        with self._lock:
            return dict(self._struck)

    @property
    def never_applied(self) -> list[Fault]:
        """The faults that are there and have not been applied, not even once."""
        with self._lock:
            return [each.fault for each in self._scheduled if not each.applied]

    def add(self, fault: Fault) -> None:
        """Have one more fault, behind the others.

        Raises:
            TypeError: It is not a `Fault`.
        """
        if not isinstance(fault, Fault):
            raise TypeError("a fault must be a Fault; parse_fault() makes one of a text")
        with self._lock:
            self._scheduled.append(_Scheduled(fault, Random(f"fault {self._added} {self._seed}")))
            self._added += 1

    def clear(self) -> None:
        """Have no faults from now on. What has begun goes on: late requests, stale clusters and tasks that fail."""
        with self._lock:
            self._scheduled.clear()

    def strike(self, action: str, method: str) -> Fault | None:
        """Return the fault that applies to a request, if any; it has been counted.

        Args:
            action: Its `Action`; empty if it can't be read.
            method: Its HTTP method.
        """
        return self._next_applying(lambda fault: matches(fault.kind, fault.action, action, method))

    def refuse_connection(self) -> bool:
        """Whether a fault applies to a new connection; it has been counted."""
        return self._next_applying(lambda fault: fault.kind == "refuse_connection") is not None

    def _next_applying(self, does_match: Callable[[Fault], bool]) -> Fault | None:
        with self._lock:
            for each in self._scheduled:
                if does_match(each.fault) and each.applies():
                    self._struck[each.fault.kind] += 1
                    return each.fault
        return None
