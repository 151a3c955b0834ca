"""Which errors are transient is known once: retries, waits and look-ups all go by `errors.may_pass`."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cds_eks import errors
from cds_eks.config import RetryPolicy
from cds_eks.errors import EksError, may_pass
from cds_eks.errors.creates import ambiguous
from cds_eks.lookup import LookUp
from cds_eks.middleware.retry import decide
from cds_eks.waiting.verdicts import Verdict
from cds_eks.waiting.watch import Watch
from cds_eks.wire import Kind

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 1, 2, tzinfo=UTC)

TRANSIENT: list[EksError] = [
    errors.ConnectFailed("x"),
    errors.ConnectionLost("x"),
    errors.TransportError("x"),
    errors.Throttled("x", http_status=429),
    errors.ServerFault("x", http_status=500),
    errors.UnreadableResponse("x", http_status=200),
    errors.UnreadableResponse("x", http_status=408),
    errors.UnreadableResponse("x", http_status=502),
    errors.DeadlineExceeded("x"),
]
FINAL: list[EksError] = [
    errors.AuthenticationError("x"),
    errors.BadArgument("x"),
    errors.ConfigurationError("x"),
    errors.Conflict("x"),
    errors.InvalidRequestError("field", "rule"),
    errors.PermissionDenied("x"),
    errors.QuotaExceeded("x"),
    errors.ServiceError("x"),
    errors.UnreadableResponse("x", http_status=404),
    ambiguous(errors.ConnectionLost("x"), natural_key={}, window=(NOW, NOW)),
    ambiguous(errors.ServerFault("x", http_status=500), natural_key={}, window=(NOW, NOW)),
]
ALL = [(error, True) for error in TRANSIENT] + [(error, False) for error in FINAL]
IDS = [f"{type(error).__name__}-{getattr(error, 'http_status', '')}" for error, _ in ALL]


@pytest.mark.parametrize(("error", "is_transient"), ALL, ids=IDS)
def test_an_error_is_transient_or_final(error: EksError, *, is_transient: bool) -> None:
    assert may_pass(error) == is_transient


@pytest.mark.parametrize(("error", "is_transient"), ALL, ids=IDS)
def test_a_read_is_retried_if_its_error_is_transient_and_its_time_is_not_over(
    error: EksError, *, is_transient: bool
) -> None:
    decision = decide(RetryPolicy(), kind=Kind.READ, failure=error, attempt=1, quota=500, time_left=None, jitter=0.5)
    is_over = isinstance(error, errors.DeadlineExceeded)
    assert (decision.wait is not None) == (is_transient and not is_over)


@pytest.mark.parametrize(("error", "is_transient"), ALL, ids=IDS)
async def test_a_wait_goes_on_if_the_error_of_a_poll_is_transient(error: EksError, *, is_transient: bool) -> None:
    async def fetch() -> str:
        raise error

    watch: Watch[str] = Watch(fetch, lambda _: Verdict(), {"task_id": "t"}, clock=lambda: 0.0)
    await watch.read()
    await watch.evaluate()
    assert (watch.has_ended, watch.error) == ((False, None) if is_transient else (True, error))


@pytest.mark.parametrize(("error", "is_transient"), ALL, ids=IDS)
async def test_a_look_up_goes_on_if_the_error_of_a_look_is_transient(error: EksError, *, is_transient: bool) -> None:
    looks: list[bool] = []

    async def look(is_last: bool) -> str | None:
        looks.append(is_last)
        if len(looks) == 1:
            raise error
        return "found"

    async def sleep(_: float) -> None:
        """Take no time."""

    look_up = LookUp(settle=60.0, clock=lambda: 0.0, rand=lambda: 0.0, sleep=sleep)
    if is_transient:
        assert await look_up(look, settle=None, poll_interval=None) == "found"
        assert looks == [False, False]
        return
    with pytest.raises(type(error)) as caught:
        await look_up(look, settle=None, poll_interval=None)
    assert caught.value is error
