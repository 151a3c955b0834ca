"""How much a run does at once, and for how long."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import anyio
import attrs

from cds_eks._runtime.numbers import MOST, is_finite, shown_number
from cds_eks.errors import ConfigurationError, EksError
from cds_eks.fleet.journal.base import JournalError
from cds_eks.fleet.run.outage import Outage
from cds_eks.fleet.run.shared_rate import SharedRate
from cds_eks.outcome.pacing import pacing_retries


def _positive(_: Any, field: attrs.Attribute[Any], value: object) -> None:
    if value is None and field.default is None:
        return
    if not is_finite(value) or value <= 0:
        raise ConfigurationError(f"{field.name} must be a number above 0, not {shown_number(value)}")


def _count(_: Any, field: attrs.Attribute[Any], value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value < MOST:
        raise ConfigurationError(f"{field.name} must be a whole number of at least 1, not {shown_number(value)}")


@attrs.frozen(kw_only=True)
class FleetLimits:
    """How much a run does at once, and for how long. Times are in seconds.

    Args:
        creates: Writes under way at once.
        reads: Look-ups under way at once.
        polls: Polls under way at once.
        requests_per_second: Requests that all runners of the journal together begin per second, retries included; None
            for no limit. All runners must have the same lease. One that joins others begins after half a lease.
        poll_interval: The pause between two rounds of polls; one list serves all clusters. It is three times as long
            while each cluster that is waited for lacks nodes, and so can't be running yet.
        pool_fallback: After how long a node pool is polled even if its cluster's number of nodes does not show that it
            may be ready.
        create_timeout: How long a create may take, with all its attempts.
        cluster_timeout: How long a cluster may take until it is running.
        pool_timeout: How long a node pool may take until it is ready, including the wait for its cluster to be idle.
        attempts: How many creates an item may get in one run. Each but the first comes after it is known that the one
            before has made nothing.
        batch: How many clusters a runner claims at a time.
        lease: How long a runner keeps what it has claimed without a sign of life.
        steps: Whether to ask the service once for the steps that it took on each new cluster, for the report.
        grace: How long a run that is cancelled waits for the creates that are under way.
    """

    creates: int = attrs.field(default=32, validator=_count)
    reads: int = attrs.field(default=32, validator=_count)
    polls: int = attrs.field(default=16, validator=_count)
    requests_per_second: float | None = attrs.field(default=None, validator=_positive)
    poll_interval: float = attrs.field(default=5.0, validator=_positive)
    pool_fallback: float = attrs.field(default=60.0, validator=_positive)
    create_timeout: float = attrs.field(default=60.0, validator=_positive)
    cluster_timeout: float = attrs.field(default=3600.0, validator=_positive)
    pool_timeout: float = attrs.field(default=3600.0, validator=_positive)
    attempts: int = attrs.field(default=5, validator=_count)
    batch: int = attrs.field(default=100, validator=_count)
    lease: float = attrs.field(default=30.0, validator=_positive)
    steps: bool = True
    grace: float = attrs.field(default=20.0, validator=_positive)


def checked_limits(limits: FleetLimits | None) -> FleetLimits:
    """Return the limits that were passed, or the usual ones for None.

    Raises:
        ConfigurationError: They are something else.
    """
    if limits is not None and not isinstance(limits, FleetLimits):
        raise ConfigurationError(f"limits must be FleetLimits, not {type(limits).__name__}")
    return limits or FleetLimits()


class Budgets:
    """What a run may do at once: writes, reads and polls apart, so that neither starves the others.

    Args:
        limits: The numbers.
        outage: Is told how requests end.

    Attributes:
        rate: The account's rate, which all runners share.
    """

    def __init__(self, limits: FleetLimits, outage: Outage | None = None) -> None:
        self._outage = outage
        self.rate: SharedRate = SharedRate(limits.requests_per_second, lease=limits.lease)
        self._creates = anyio.CapacityLimiter(limits.creates)
        self._reads = anyio.CapacityLimiter(limits.reads)
        self._polls = anyio.CapacityLimiter(limits.polls)

    @asynccontextmanager
    async def create(self) -> AsyncIterator[None]:
        """Hold a permit to write. Whoever takes the error of a create for itself says so with `note`."""
        async with self._creates:
            await self.rate.acquire()
            with pacing_retries(self.rate.acquire), self._noted(is_answer=False):
                yield

    @asynccontextmanager
    async def read(self) -> AsyncIterator[None]:
        """Hold a permit to look something up."""
        async with self._reads:
            await self.rate.acquire()
            with pacing_retries(self.rate.acquire), self._noted():
                yield

    @asynccontextmanager
    async def poll(self) -> AsyncIterator[None]:
        """Hold a permit to poll."""
        async with self._polls:
            await self.rate.acquire()
            with pacing_retries(self.rate.acquire), self._noted():
                yield

    def note(self, error: BaseException | None, began: float) -> None:
        """Note how a request has ended: see `Outage.note`."""
        if self._outage is not None and not isinstance(error, JournalError):
            self._outage.note(error, began)

    @contextmanager
    def _noted(self, *, is_answer: bool = True) -> Iterator[None]:
        began = anyio.current_time()
        try:
            yield
        except EksError as error:
            self.note(error, began)
            raise
        if is_answer:
            self.note(None, began)
