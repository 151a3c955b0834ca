"""Trying again: one pure decision, and the loop that carries it out."""

from __future__ import annotations

import logging
import random
from collections.abc import Awaitable, Callable

import anyio
import attrs

from cds_eks._runtime import clocks, passing_time
from cds_eks._runtime.logs import log
from cds_eks.codec.answer_ids import with_ids
from cds_eks.codec.envelope import parse, request_id_of
from cds_eks.codec.error_mapping import is_expired, parse_http_date
from cds_eks.config import RetryPolicy
from cds_eks.errors import DeadlineExceeded, EksError, Throttled, may_pass
from cds_eks.outcome import conclusion
from cds_eks.outcome.pacing import AcquireRate, rate_of_retries
from cds_eks.pipeline import OutOfTime, Send
from cds_eks.wire import Kind, RawResponse, Request

logger: logging.Logger = logging.getLogger("cds_eks.retry")

MAX_HONORED_RETRY_AFTER = 3600.0
"""A `Retry-After` of more seconds than this is ignored."""


@attrs.frozen
class Decision:
    """What to do after a failed attempt.

    Attributes:
        wait: Seconds to wait before the next attempt; None to stop.
        reason: Why, in words.
        cost: What the next attempt takes from the quota.
    """

    wait: float | None
    reason: str
    cost: int = 0


def decide(
    policy: RetryPolicy,
    *,
    kind: Kind,
    failure: EksError,
    attempt: int,
    quota: int,
    time_left: float | None,
    jitter: float,
    clock_was_wrong: bool = False,
) -> Decision:
    """Decide what to do after a failed attempt: pure.

    Args:
        policy: The numbers.
        kind: What repeating the operation does.
        failure: What went wrong, with what is known of the outcome.
        attempt: Which attempt failed; the first is 1.
        quota: What is left for retries.
        time_left: Seconds until the call's deadline, or None.
        jitter: From 0 (included) to 1.
        clock_was_wrong: Whether it was refused for its time, and is signed by the service's own from now on.
    """
    # A deadline below is the call's own, which is over, or a middleware's, which may set another one.
    if (not may_pass(failure) or isinstance(failure, DeadlineExceeded)) and not clock_was_wrong:
        return Decision(None, "it would fail again")
    if kind is Kind.CREATE and failure.outcome not in ("not_sent", "refused"):
        return Decision(None, "the create may have been carried out")
    if attempt >= policy.max_attempts:
        return Decision(None, "no attempt is left")
    is_throttled = isinstance(failure, Throttled)
    cost = policy.throttled_retry_cost if is_throttled else policy.retry_cost
    if cost > quota:
        return Decision(None, "the retry quota is spent")
    base = policy.throttled_base_delay if is_throttled else policy.base_delay
    # Full jitter: anywhere between nothing and the doubled base, so that calls that failed together part.
    wait = jitter * min(policy.max_delay, base * 2.0 ** min(attempt - 1, 60))
    asked = getattr(failure, "retry_after", None)
    if asked is not None and asked <= MAX_HONORED_RETRY_AFTER:
        # With jitter on top, or all calls with the same `Retry-After` would come back at the same moment.
        wait = max(wait, min(asked, policy.max_delay) + jitter * min(policy.max_delay, base))
    if time_left is not None and wait >= time_left:
        return Decision(None, "the next attempt would not fit into the call's time")
    return Decision(wait, "it may pass", cost)


class RetryQuota:
    """What the retries of all calls together may cost."""

    def __init__(self, size: int) -> None:
        self._size = size
        self.left: int = size

    def spend(self, cost: int) -> None:
        """Take the cost of a retry."""
        self.left -= cost

    def earn(self, last_cost: int) -> None:
        """A call succeeded: give back what its last retry cost, or 1 if it needed none."""
        if self.left < self._size:
            self.left = min(self._size, self.left + (last_cost or 1))


class Retry:
    """Sends a request until it succeeds or the decision says stop; each attempt is new to all that lies below.

    Args:
        policy: The numbers.
        failure_of: Returns what an answer says went wrong, or None.
        set_clock: Called with the service's time (its header `Date`, in seconds since the epoch) when the service
            refuses a request for its time; all later requests are signed by that. None if the signer has no clock.
        quota: What is left for retries; None for one of its own, of the policy's size.
        clock: Monotonic seconds, the deadline middleware's.
        jitter: Returns a number from 0 (included) to 1.
        sleep: Waits for some seconds.
    """

    def __init__(
        self,
        policy: RetryPolicy,
        failure_of: Callable[[Request, RawResponse], EksError | None],
        *,
        quota: RetryQuota | None = None,
        set_clock: Callable[[float], object] | None = None,
        clock: Callable[[], float] = clocks.monotonic,
        jitter: Callable[[], float] = random.random,
        sleep: Callable[[float], Awaitable[None]] = passing_time.sleep,
    ) -> None:
        self._policy = policy
        self._failure_of = failure_of
        self._set_clock = set_clock
        self._clock = clock
        self._jitter = jitter
        self._sleep = sleep
        self._quota = RetryQuota(policy.quota) if quota is None else quota

    async def __call__(self, request: Request, send: Send) -> RawResponse:
        """Send the request, again where that is sound."""
        record = request.record
        cost = 0
        while True:
            record.begin_attempt()
            try:
                response = await send(request)
            except EksError as error:
                failure = error
                conclusion.no_response(record, failure)
            except BaseException:
                if isinstance(record.arrived, RawResponse) and (found := self._record_answer(request, record.arrived)):
                    record.failures += (found,)  # it may name ids
                raise
            else:
                found = self._record_answer(request, response)
                if found is None:
                    self._quota.earn(cost)
                    return response
                failure = found
                self._adjust_clock(request, response)
            conclusion.attempt_failed(failure, record, is_create=request.operation.kind is Kind.CREATE)
            decision = decide(
                self._policy,
                kind=request.operation.kind,
                failure=failure,
                attempt=record.attempts,
                quota=self._quota.left,
                time_left=request.time_left(self._clock()),
                jitter=self._jitter(),
                clock_was_wrong=record.clock_was_wrong,
            )
            _log(request, failure, decision)
            if decision.wait is None:
                raise self._last(failure, request)
            record.failures += (failure,)
            cost = decision.cost
            self._quota.spend(cost)
            await self._sleep(decision.wait)
            if (acquire := rate_of_retries.get()) is not None:
                await self._acquire_rate(acquire, request)

    async def _acquire_rate(self, acquire: AcquireRate, request: Request) -> None:
        """Wait until a retry may begin, where calls share a rate limit.

        Raises:
            OutOfTime: It did not come before the request's deadline.
        """
        request.record.waits_for = "its turn to be sent again"
        began = self._clock()
        try:
            with anyio.move_on_after(request.time_left(began)):
                await acquire()
                request.record.waits_for = None
                return
        finally:
            request.record.queued += self._clock() - began
        raise OutOfTime

    def _record_answer(self, request: Request, response: RawResponse) -> EksError | None:
        """Put an answer on the record, and return its error if it is not a success response."""
        failure = self._failure_of(request, response)
        if failure is None:
            request_id = request_id_of(response, request.hidden)
            conclusion.success_response(request.record, request_id=request_id, answer=parse(response))
        else:
            conclusion.error_response(request.record, failure)
        return failure

    def _adjust_clock(self, request: Request, response: RawResponse) -> None:
        """Have requests signed by the service's time, if it refused this one for its time and sent its own."""
        if self._set_clock is None or not is_expired(response):
            return
        service_time = parse_http_date(response.headers.get("date", ""))
        # Another call may have set the clock since this one was signed. This one is tried again then as well, so what
        # `set_clock` returns does not matter.
        if service_time is not None:
            self._set_clock(service_time)
            request.record.clock_was_wrong = True

    def _last(self, failure: EksError, request: Request) -> EksError:
        """The failure that ends the call, with what is known of all attempts together."""
        record, operation = request.record, request.operation
        conclusion.attempts_ended(failure, record, action=operation.name, is_write=operation.kind is not Kind.READ)
        with_ids(failure, request)
        record.failures += (failure,)
        return failure


def _log(request: Request, failure: EksError, decision: Decision) -> None:
    """Log a failed attempt, and whether it is retried."""
    log(
        logger,
        logging.DEBUG if decision.wait is None else logging.INFO,
        request.operation.name,
        "failed" if decision.wait is None else "failed, and is sent again",
        attempt=request.record.attempts,
        error=type(failure).__name__,
        code=getattr(failure, "code", None),
        http_status=getattr(failure, "http_status", None),
        request_id=failure.request_id,
        outcome=failure.outcome,
        wait=None if decision.wait is None else round(decision.wait, 3),
        reason=decision.reason,
    )
