"""Assertions on what really happened in the service; each failure shows the ledger."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from cds_eks.emulator.protocol.api import OPERATIONS
from cds_eks.testing.tables import MOST_NAMED, cut, enumerated, ledger_table

if TYPE_CHECKING:
    from cds_eks.emulator import Faults, Ledger, ResourceEntry

__all__ = ["LedgerAssertions"]


class LedgerAssertions:
    """The assertions of an emulator under test. Actions are named as documented, or as on the wire.

    Each raises an `AssertionError` that says what was expected, what happened, and the whole ledger; a name of an
    action or of a kind of resources that does not exist is a `ValueError`.
    """

    if TYPE_CHECKING:

        @property
        def ledger(self) -> Ledger:
            """Every request that came."""
            ...

        @property
        def faults(self) -> Faults:
            """What goes wrong on purpose."""
            ...

    def assert_created_once(self, name: str, *, kind: str = "cluster") -> None:
        """Check that exactly one resource of a name was ever created through the API, and that it is there still.

        Args:
            name: Its name.
            kind: What it is: `cluster`, `node_pool`, `node`, `network_interface`, …
        """
        __tracebackhide__ = True
        found = [each for each in self._created(kind) if each.name == name]
        if len(found) != 1:
            self._fail(f"expected one {kind} {name!r} to be created, but {_count(len(found))}")
        if found[0].deleted_at is not None:
            self._fail(f"expected the {kind} {name!r} to be there, but it was deleted")

    def assert_nothing_created(self, *, kind: str | None = None) -> None:
        """Check that nothing was ever created through the API, or nothing of a kind."""
        __tracebackhide__ = True
        found = self.ledger.resources if kind is None else self._created(kind)
        if found:
            self._fail(f"expected no {kind or 'resource'} to be created, but there was {_named(found)}")

    def assert_deleted(self, name: str, *, kind: str = "cluster") -> None:
        """Check that whatever was created under a name through the API, at least one resource, is gone."""
        __tracebackhide__ = True
        found = [each for each in self._created(kind) if each.name == name]
        if not found:
            self._fail(f"expected the {kind} {name!r} to be deleted, but it was never created")
        if left := [each.id for each in found if each.deleted_at is None]:
            self._fail(f"expected the {kind} {name!r} to be deleted, but it is there still: {enumerated(left)}")

    def assert_nothing_left(self) -> None:
        """Check that all that was created through the API has been deleted again: the test leaks nothing."""
        __tracebackhide__ = True
        if left := [each for each in self.ledger.resources if each.deleted_at is None]:
            self._fail(f"expected all that was created to be deleted, but left behind is {_named(left)}")

    def assert_calls(self, action: str, times: int | None = None) -> None:
        """Check that requests for an action came: so many, all attempts counted, or, without a number, any at all."""
        __tracebackhide__ = True
        came = self._came(action)
        if times is None and not came:
            self._fail(f"expected requests for {action}, but none came")
        if times is not None and came != times:
            self._fail(f"expected {_requests(times)} for {action}, but {came or 'none'} came")

    def assert_no_calls(self) -> None:
        """Check that not a single request came."""
        __tracebackhide__ = True
        if requests := self.ledger.requests:
            self._fail(f"expected no requests, but {len(requests)} came")

    def assert_writes(self, *actions: str) -> None:
        """Check which writes were carried out, and in which order. Reads, and writes that were refused, are left out.

        Args:
            actions: All of them, one for each time.
        """
        __tracebackhide__ = True
        for each in dict.fromkeys(actions):
            self._came(each)  # raises for an action that is not known
        expected = [_documented(each) for each in actions]
        came = [_documented(each.action) for each in self.ledger.requests if each.committed and each.method == "POST"]
        if came != expected:
            words = f"expected the writes {enumerated(expected)}, but carried out were {enumerated(came)}"
            if max(len(came), len(expected)) > MOST_NAMED:
                pairs = itertools.zip_longest(expected, came, fillvalue="none")
                at, (one, other) = next(each for each in enumerate(pairs, 1) if each[1][0] != each[1][1])
                words += f"; the first that differs is number {at}: {one} and {other}"
            self._fail(words)

    def assert_faults_struck(self) -> None:
        """Check that each fault of the emulator was applied at least once: else the test shows little."""
        __tracebackhide__ = True
        if missed := [str(each) for each in self.faults.never_applied]:
            self._fail(f"expected each fault to be applied, but never applied was {enumerated(missed)}")

    def _created(self, kind: str) -> list[ResourceEntry]:
        __tracebackhide__ = True
        try:
            return self.ledger.created(kind)
        except ValueError as error:
            mistake = str(error)
        raise ValueError(mistake)  # from here, so that the test's own line is the last one shown

    def _came(self, action: str) -> int:
        __tracebackhide__ = True
        try:
            return self.ledger.count(action)
        except ValueError as error:
            mistake = str(error)
        raise ValueError(mistake)

    def _fail(self, words: str) -> None:
        __tracebackhide__ = True
        raise AssertionError(f"{words}\n\n{ledger_table(self.ledger)}")


def _documented(action: str) -> str:
    operation = OPERATIONS.get(action)
    return action if operation is None else operation.name


def _count(number: int) -> str:
    return {0: "none was", 1: "one was"}.get(number, f"{number} were")


def _requests(number: int) -> str:
    return "1 request" if number == 1 else f"{number} requests"


def _named(found: list[ResourceEntry]) -> str:
    return enumerated([f"{each.kind} {cut(each.name or each.id)!r}" for each in found])
