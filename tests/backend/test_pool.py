"""The pool that both backends have, with connections that only note what is done to them."""

from __future__ import annotations

import attrs
import pytest

from cds_eks import Limits
from cds_eks._runtime import clocks
from cds_eks.backend.pool import ConnectionPool
from cds_eks.pipeline import OutOfTime
from cds_eks.resources.clusters import GET_CLUSTER
from cds_eks.wire import Request


@attrs.define(eq=False)
class Noted:
    is_fit: bool = True
    is_closed: bool = False

    def is_reusable(self, request: Request) -> bool:
        return self.is_fit

    def close(self) -> None:
        self.is_closed = True


REQUEST = Request(operation=GET_CLUSTER, url="http://eks.test/eks/v1", params={}, query="Action=X")


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time on the clock that counts sleep; a test sets it."""
    times = [1000.0]
    monkeypatch.setattr(clocks, "since_boot", lambda: times[0])
    return times


@pytest.fixture
def pool() -> ConnectionPool[Noted]:
    return ConnectionPool(Limits(max_connections=2, keepalive_expiry=30))


def test_the_one_that_was_used_last_is_taken_first(pool: ConnectionPool[Noted]) -> None:
    first, second = Noted(), Noted()
    assert pool.put(first, {}) == pool.put(second, {}) == 30
    assert [pool.take(REQUEST), pool.take(REQUEST), pool.take(REQUEST)] == [second, first, None]
    assert not first.is_closed
    assert not second.is_closed


@pytest.mark.parametrize(("later", "is_taken"), [(30, True), (30.1, False)])
def test_one_that_was_idle_for_too_long_is_closed(
    later: float, is_taken: bool, pool: ConnectionPool[Noted], now: list[float]
) -> None:
    connection = Noted()
    pool.put(connection, {})
    now[0] += later
    assert (pool.take(REQUEST) is connection, connection.is_closed) == (is_taken, not is_taken)


def test_one_that_can_not_be_used_is_closed_and_the_next_one_taken(pool: ConnectionPool[Noted]) -> None:
    good, bad = Noted(), Noted(is_fit=False)
    pool.put(good, {})
    pool.put(bad, {})
    assert pool.take(REQUEST) is good
    assert (good.is_closed, bad.is_closed, pool.idle) == (False, True, {})


def test_a_server_says_how_long(pool: ConnectionPool[Noted], now: list[float]) -> None:
    connection = Noted()
    assert pool.put(connection, {"keep-alive": "timeout=5"}) == 4
    assert pool.put(Noted(), {"keep-alive": "timeout=1"}) == 0
    assert pool.idle == {connection: 1004.0}


def test_only_the_one_that_was_idle_for_longest_is_closed_at_a_time(
    pool: ConnectionPool[Noted], now: list[float]
) -> None:
    first, second = Noted(), Noted()
    pool.close_expired()
    pool.put(first, {})
    pool.put(second, {})
    pool.close_expired()
    assert (first.is_closed, second.is_closed) == (False, False)
    now[0] += 31
    pool.close_expired()
    assert (first.is_closed, second.is_closed) == (True, False)
    pool.close_expired()
    assert (second.is_closed, pool.idle) == (True, {})


def test_a_closed_pool_takes_nothing_back(pool: ConnectionPool[Noted]) -> None:
    connection = Noted()
    pool.put(connection, {})
    assert pool.close()
    assert connection.is_closed
    assert not pool.close()
    assert pool.put(Noted(), {}) == 0


def test_what_somebody_else_closes_is_let_go(pool: ConnectionPool[Noted]) -> None:
    connection, idle = Noted(), pool.idle
    pool.put(connection, {})
    pool.abandon_idle()
    assert (len(pool.idle), list(idle), connection.is_closed) == (0, [connection], False)


@pytest.mark.anyio
async def test_who_waits_for_a_permit_waits_until_the_deadline(pool: ConnectionPool[Noted]) -> None:
    assert pool.permits.try_acquire()
    assert pool.permits.try_acquire()
    late = attrs.evolve(REQUEST, record=type(REQUEST.record)())
    late.record.deadline = clocks.monotonic() + 0.01
    with pytest.raises(OutOfTime):
        await pool.wait_for_permit(late)
    pool.permits.release()
    await pool.wait_for_permit(late)
    assert pool.permits.available == 0


def test_below_a_client_s_limits_nobody_waits() -> None:
    pool: ConnectionPool[Noted] = ConnectionPool(Limits(max_connections=1), has_queue=False)
    assert all(pool.permits.try_acquire() for _ in range(1000))
