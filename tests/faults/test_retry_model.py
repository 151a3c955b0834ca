"""The retry middleware against a model of it, in any sequence of events."""

from __future__ import annotations

import json
from collections.abc import Coroutine
from typing import Any

import attrs
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from cds_eks import RetryPolicy, codec, errors
from cds_eks.middleware import Retry
from cds_eks.wire import Kind, Operation, RawResponse, Request

POLICY = RetryPolicy(
    max_attempts=3,
    base_delay=1.0,
    throttled_base_delay=4.0,
    max_delay=6.0,
    quota=60,
    retry_cost=14,
    throttled_retry_cost=5,
)
BUDGET = 4.0
"""Seconds that a call has, pauses and all."""

ORDER = ("not_sent", "refused", "unknown", "accepted")


def answer(status: int, code: str) -> RawResponse:
    return RawResponse(status=status, headers={}, content=json.dumps({"Code": code, "RequestId": "r"}).encode())


@attrs.frozen
class Event:
    """What an attempt meets: an answer or an error, and what the model knows of it."""

    what: RawResponse | errors.EksError
    outcome: str
    may_pass: bool
    has_left: bool = True


def events(kind: Kind) -> dict[str, Event]:
    failed = "refused" if kind is Kind.READ else "unknown"
    return {
        "not sent": Event(errors.ConnectFailed("x"), "not_sent", True, has_left=False),
        "lost": Event(errors.ConnectionLost("x"), "unknown", True),
        "refused": Event(answer(409, "ResourceInUse"), "refused", False),
        "bad argument": Event(answer(400, "InvalidParameter"), "refused", False),
        "throttled": Event(answer(429, "Throttling"), "refused", True),
        "throttled in a 200": Event(answer(200, "Throttling"), "refused", True),
        "fault": Event(answer(503, "Down"), failed, True),
        "fault in a 200": Event(answer(200, "InternalError"), failed, True),
        "page": Event(RawResponse(status=502, headers={}, content=b"<html>"), "unknown", True),
        "redirect": Event(RawResponse(status=302, headers={}, content=b""), "unknown", False),
        "replay": Event(answer(403, "NonceReplayed"), failed, False),
        "success": Event(answer(200, "Success"), "accepted", False),
    }


NAMES = sorted(events(Kind.READ))


class _Pause:
    """Hands a coroutine over to the machine until it says how to go on."""

    def __init__(self, what: object) -> None:
        self.what = what

    def __await__(self) -> Any:
        return (yield self.what)


class Cancelled(BaseException):
    """What a call that is cancelled sees."""


class RetryMachine(RuleBasedStateMachine):
    """Calls one after another through one middleware, each driven step by step: attempts, answers, pauses."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.die = 0.5
        self.quota = POLICY.quota
        self.retry = Retry(
            POLICY, codec.failure_of, clock=lambda: self.now, jitter=lambda: self.die, sleep=lambda s: _paused(s)
        )
        self.call: Coroutine[Any, Any, RawResponse] | None = None
        self.at: object = None

    # --- one call

    @precondition(lambda self: self.call is None)
    @rule(kind=st.sampled_from(Kind), has_deadline=st.booleans())
    def begin(self, kind: Kind, has_deadline: bool) -> None:
        operation = Operation[None](name="Do", action="Do", method="POST", kind=kind, request=None, result=None)
        self.request = Request(operation=operation, url="http://x", params={})
        self.request.record.deadline = self.now + BUDGET if has_deadline else None
        self.kind = kind
        self.sent = 0
        self.cost = 0
        self.outcome = "not_sent"
        self.is_open = False  # an attempt may have been carried out
        self.quota = self.retry._quota.left
        self.call = self.retry(self.request, self._send)
        self._go_on(None)

    async def _send(self, request: Request) -> RawResponse:
        assert not (self.kind is Kind.CREATE and self.is_open), "a create that may have been carried out is sent again"
        self.sent += 1
        event: Event = await _Pause("attempt")
        if event.has_left:
            request.record.mark_sent()
        if isinstance(event.what, errors.EksError):
            raise event.what
        return event.what

    @precondition(lambda self: self.at == "attempt")
    @rule(name=st.sampled_from(NAMES), took=st.floats(0, 3), die=st.floats(0, 1, exclude_max=True))
    def answered(self, name: str, took: float, die: float) -> None:
        event = events(self.kind)[name]
        self.now += took
        self.die = die
        self.outcome = max(self.outcome, event.outcome, key=ORDER.index)
        self.is_open = self.is_open or event.outcome in ("unknown", "accepted")
        quota = self.retry._quota.left
        end = self._go_on(event)
        if end is None:
            assert event.may_pass
            assert isinstance(self.at, float)
            assert self.request.deadline is None or self.now + self.at < self.request.deadline
            assert self.sent < POLICY.max_attempts
            assert self.kind is not Kind.CREATE or not self.is_open
            self.cost = quota - self.retry._quota.left
            assert self.cost == (5 if name.startswith("throttled") else 14)
        elif isinstance(end, RawResponse):
            assert name == "success"
            assert self.retry._quota.left == min(POLICY.quota, quota + (self.cost or 1))
        else:
            assert isinstance(end, errors.EksError), end
            assert end.outcome == self.request.record.outcome == self.outcome
            assert end.attempts == self.sent
            assert len(end.previous) == self.sent - 1
            assert self.retry._quota.left == quota  # what is not tried again costs nothing
            self._check_reason(name, event, quota, end)

    def _check_reason(self, name: str, event: Event, quota: int, end: errors.EksError) -> None:
        """A call is given up for a reason only."""
        is_throttled = name.startswith("throttled")
        base = POLICY.throttled_base_delay if is_throttled else POLICY.base_delay
        wait = self.die * min(POLICY.max_delay, base * 2.0 ** (self.sent - 1))
        reasons = (
            not event.may_pass,
            self.kind is Kind.CREATE and self.is_open,
            self.sent == POLICY.max_attempts,
            quota < (5 if is_throttled else 14),
            self.request.deadline is not None and wait >= self.request.deadline - self.now,
        )
        assert any(reasons), (name, end)

    @precondition(lambda self: isinstance(self.at, float))
    @rule()
    def slept(self) -> None:
        assert isinstance(self.at, float)
        self.now += self.at
        assert self.request.deadline is None or self.now < self.request.deadline, "it slept past the deadline"
        self._go_on(None)
        assert not isinstance(self.at, float)  # but in an attempt

    @precondition(lambda self: self.call is not None)
    @rule(has_left=st.booleans())
    def cancelled(self, has_left: bool) -> None:
        """By the caller, or by the deadline: in an attempt or in a pause."""
        assert self.call is not None
        if self.at == "attempt" and has_left:
            self.request.record.mark_sent()
            self.outcome = max(self.outcome, "unknown", key=ORDER.index)
        try:
            self.call.throw(Cancelled())
        except Cancelled:
            pass
        else:
            raise AssertionError("a cancelled call went on")
        self.call, self.at = None, None
        assert self.request.record.outcome == self.outcome
        assert self.request.record.attempts == self.sent

    def _go_on(self, event: Event | None) -> RawResponse | errors.EksError | None:
        """Let the call run until it waits for something (None), or has ended."""
        assert self.call is not None
        end: RawResponse | errors.EksError
        try:
            self.at = self.call.send(event)
        except StopIteration as stop:
            end = stop.value
        except errors.EksError as error:
            end = error
        else:
            return None
        self.call, self.at = None, None
        return end

    @invariant()
    def the_quota_is_never_below_0(self) -> None:
        assert 0 <= self.retry._quota.left <= POLICY.quota

    @invariant()
    def no_call_has_more_attempts_than_it_may(self) -> None:
        assert getattr(self, "sent", 0) <= POLICY.max_attempts

    def teardown(self) -> None:
        if self.call is not None:
            self.call.close()


async def _paused(seconds: float) -> None:
    await _Pause(float(seconds))


TestRetryModel = RetryMachine.TestCase
TestRetryModel.settings = settings(max_examples=200, stateful_step_count=40, deadline=None, derandomize=True)
