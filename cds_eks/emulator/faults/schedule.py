"""When faults apply: which one to which request, by action, count and probability, with seeded random numbers."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from copy import copy
from random import Random

import attrs

from cds_eks.emulator.faults.fault import Fault
from cds_eks.emulator.faults.kinds import matches

__all__ = ["Faults", "Scheduled"]


@attrs.define(eq=False)
class Scheduled:
    """A fault, its random numbers, and how often it has matched and been applied.

    Attributes:
        id: Its number, which no other fault of the same emulator ever has. A reset leaves the first ones theirs.
        enabled: Whether it is switched on. One that is not does not match anything.
    """

    id: int
    fault: Fault
    random: Random
    matched: int = 0
    applied: int = 0
    enabled: bool = True

    @property
    def is_over(self) -> bool:
        """Whether it has been applied as often as it is to be."""
        return self.fault.count is not None and self.applied >= self.fault.count

    def applies(self) -> bool:
        """Whether it applies to a request that it is for; it is counted."""
        fault = self.fault
        if not self.enabled or self.is_over:
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
        self._scheduled: list[Scheduled] = []
        self._added = 0
        self._struck: Counter[str] = Counter()
        self._first = tuple(_check_is_fault(each) for each in faults)
        self._ids = itertools.count(len(self._first) + 1)
        self.reset()

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

    def scheduled(self) -> list[Scheduled]:
        """Return the faults, in their order, with how often each has been applied by now."""
        with self._lock:
            return [copy(each) for each in self._scheduled]

    @property
    def never_applied(self) -> list[Fault]:
        """The faults that are there and have not been applied, not even once."""
        with self._lock:
            return [each.fault for each in self._scheduled if not each.applied]

    def add(self, fault: Fault) -> int:
        """Have one more fault, behind the others. Returns its number, for `enable` and `remove`.

        Raises:
            TypeError: It is not a `Fault`.
        """
        _check_is_fault(fault)
        with self._lock:
            return self._append(next(self._ids), fault)

    def _append(self, id: int, fault: Fault) -> int:  # noqa: A002
        self._scheduled.append(Scheduled(id, fault, Random(f"fault {self._added} {self._seed}")))
        self._added += 1
        return id

    def enable(self, id: int, enabled: bool = True) -> None:  # noqa: A002
        """Switch a fault on or off. It counts on from where it was.

        Raises:
            KeyError: There is none with this number.
        """
        with self._lock:
            self._find(id).enabled = enabled

    def remove(self, id: int) -> None:  # noqa: A002
        """Have a fault no longer. What it has begun goes on, as with `clear`.

        Raises:
            KeyError: There is none with this number.
        """
        with self._lock:
            self._scheduled.remove(self._find(id))

    def _find(self, id: int) -> Scheduled:  # noqa: A002
        for each in self._scheduled:
            if each.id == id:
                return each
        raise KeyError(id)

    def reset(self) -> None:
        """Have the first faults again, each by its number, switched on, and as if none had been applied yet."""
        with self._lock:
            self._scheduled.clear()
            self._struck.clear()
            self._added = 0
            for id_, fault in enumerate(self._first, 1):
                self._append(id_, fault)

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

    def may_refuse_connections(self) -> bool:
        """Whether there is a fault that may apply to a new connection; nothing is counted."""
        with self._lock:
            return any(
                each.fault.kind == "refuse_connection" and each.enabled and not each.is_over for each in self._scheduled
            )

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


def _check_is_fault(fault: Fault) -> Fault:
    if not isinstance(fault, Fault):
        raise TypeError("a fault must be a Fault; parse_fault() makes one of a text")
    return fault
