"""What the service, or a proxy before it, answers in its place: statuses, throttling, pages, broken answers."""

from __future__ import annotations

from email.utils import formatdate

import attrs
import pytest

from cds_eks import RetryPolicy, Timeouts, errors
from cds_eks.emulator import Fault
from faults.expected_results import (
    AGAIN,
    OPEN_FAULT,
    OPEN_LOST,
    OPEN_PAGE,
    WELL,
    ExpectedResult,
    check,
    check_create,
    strike_all,
)
from faults.scenarios import QUICK, Body, Matrix, Run, brief_first_attempt, play

MATRIX = Matrix()


def statuses(status: int, when: str) -> Body:
    async def scenario(run: Run) -> None:
        for body in ("json", "html", "empty"):
            fault = Fault("status", status=status, when=when, body=body, count=1)
            await strike_all(run, fault, OPEN_FAULT if body == "json" else OPEN_PAGE, when == "after")

    return scenario


for status in (500, 502, 503, 504):
    for when in ("before", "after"):
        MATRIX.scenario(f"{status} {when} commit, as JSON, HTML and empty")(statuses(status, when))


@MATRIX.scenario("500 that does not pass")
async def lasting_fault(run: Run) -> None:
    run.strike(Fault("status", status=500))
    async with run.client() as client:
        check(await client.read(), ExpectedResult(4, errors.ServerFault, "refused"))
        check(await client.write(), ExpectedResult(4, errors.ServerFault, "unknown"))
        await check_create(client, OPEN_FAULT, 0)


@MATRIX.scenario("InternalError inside a 200")
async def fault_in_a_200(run: Run) -> None:
    fault = Fault("throttle", status=200, code="InternalError", count=1)
    async with run.client() as client:
        for call in (client.read, client.write):
            run.strike(fault)
            check(await call(), AGAIN)
        # The ledger takes such an answer for an honest no; the SDK does not trust it that far.
        run.strike(fault)
        with pytest.raises(errors.AmbiguousCreate) as caught:
            await client.do("clusters", "create", run.cluster_request())
        assert (caught.value.outcome, caught.value.attempts) == ("unknown", 1)
        client.watch.calls.pop()


RETRY_AFTER = {
    "none": None,
    "zero": "0",
    "seconds": "0.01",
    "longer than the cap": "30",
    "absurd": "999999999",
    "negative": "-5",
    "not a number": "soon",
    "a date": formatdate(0, usegmt=True),
    "a date far away": "Fri, 31 Dec 9999 23:59:59 GMT",
    "a broken date": "Wed, 99 Foo 2026 77:00:00 GMT",
}


@MATRIX.scenario("429 with each form of Retry-After")
async def throttled(run: Run) -> None:
    for value in RETRY_AFTER.values():
        for body in ("json", "html"):
            await strike_all(run, Fault("throttle", retry_after=value, body=body, count=1), AGAIN, 1)


@MATRIX.scenario("Retry-After longer than the call's time")
async def asked_too_much(run: Run) -> None:
    run.strike(Fault("throttle", retry_after="30"))
    async with run.client(retry=RetryPolicy(), timeouts=Timeouts(total=3.0)) as client:
        for call in (client.read, client.write, client.create):
            check(await call(), ExpectedResult(1, errors.Throttled, "refused"))


@MATRIX.scenario("throttling code inside a 200")
async def throttled_in_a_200(run: Run) -> None:
    for code in ("Throttling", "RequestLimitExceeded", "TooManyRequests"):
        await strike_all(run, Fault("throttle", status=200, code=code, count=1), AGAIN, 1)


@MATRIX.scenario("throttled past the attempts")
async def throttled_for_ever(run: Run) -> None:
    run.strike(Fault("throttle"))
    async with run.client() as client:
        for call in (client.read, client.write):
            check(await call(), ExpectedResult(4, errors.Throttled, "refused"))
        await check_create(client, ExpectedResult(4, errors.Throttled, "refused"), 0)


@MATRIX.scenario("503 while throttled")
async def throttled_by_503(run: Run) -> None:
    await strike_all(run, Fault("throttle", status=503, count=1), ExpectedResult(1, errors.ServerFault, "unknown"), 0)


@MATRIX.scenario("proxy's HTML page with 200")
async def login_page(run: Run) -> None:
    await strike_all(run, Fault("status", status=200, body="html", count=1), OPEN_PAGE, 0)
    await strike_all(run, Fault("status", status=200, body="html", when="after", count=1), OPEN_PAGE, 1)


@MATRIX.scenario("proxy's 407")
async def proxy_wants_a_password(run: Run) -> None:
    for body in ("html", "empty"):
        other = ExpectedResult(1, errors.UnreadableResponse, "unknown")
        await strike_all(run, Fault("status", status=407, body=body), OPEN_PAGE, 0, other=other)


@MATRIX.scenario("truncation of the body")
async def cut_off(run: Run) -> None:
    for length in (0, 1, None):
        await strike_all(run, Fault("truncate", bytes=length, count=1), OPEN_LOST, 1)


@MATRIX.scenario("slow drip")
async def drip(run: Run) -> None:
    await strike_all(run, Fault("drip", bytes=60, seconds=0.005, count=1), WELL, 1, other=WELL)


@MATRIX.scenario("drip slower than the read timeout", client_kinds=("asyncio", "sync"))
async def slow_drip(run: Run) -> None:
    fault = Fault("drip", bytes=20, seconds=1.0, count=1)
    await strike_all(run, fault, OPEN_LOST, 1, per_attempt=[brief_first_attempt])


@MATRIX.scenario("drip past the deadline", client_kinds=("trio", "sync"))
async def endless_drip(run: Run) -> None:
    run.strike(Fault("drip", bytes=1, seconds=0.02))
    async with run.client(timeouts=Timeouts(connect=5.0, read=5.0, total=0.25)) as client:
        check(await client.read(), ExpectedResult(1, errors.DeadlineExceeded, "unknown"))
        await check_create(client, ExpectedResult(1, errors.DeadlineExceeded, "unknown"), 1)


@MATRIX.scenario("stall before commit", client_kinds=("trio", "sync"))
async def hang_before(run: Run) -> None:
    await strike_all(run, Fault("hang_before_commit", count=1), OPEN_LOST, 0, per_attempt=[brief_first_attempt])


@MATRIX.scenario("stall after commit")
async def hang_after(run: Run) -> None:
    await strike_all(run, Fault("hang_after_commit", count=1), OPEN_LOST, 1, per_attempt=[brief_first_attempt])


@MATRIX.scenario("stall past the deadline", client_kinds=("asyncio", "sync"))
async def hang_past_the_deadline(run: Run) -> None:
    run.strike(Fault("hang_after_commit"))
    async with run.client(timeouts=Timeouts(connect=5.0, read=5.0, total=0.25)) as client:
        check(await client.read(), ExpectedResult(1, errors.DeadlineExceeded, "unknown"))
        check(await client.write(), ExpectedResult(1, errors.DeadlineExceeded, "unknown"))
        await check_create(client, ExpectedResult(1, errors.DeadlineExceeded, "unknown"), 1)


@MATRIX.scenario("RST by the service when the head has come")
async def refused_request(run: Run) -> None:
    await strike_all(run, Fault("refuse", count=1), OPEN_LOST, 0)


@MATRIX.scenario("RST before commit")
async def reset_before(run: Run) -> None:
    await strike_all(run, Fault("reset_before_commit", count=1), OPEN_LOST, 0)


@MATRIX.scenario("RST after commit")
async def reset_after(run: Run) -> None:
    await strike_all(run, Fault("reset_after_commit", count=1), OPEN_LOST, 1)


@MATRIX.scenario("late delivery after a RST")
async def late(run: Run) -> None:
    """The service carries it out when the client has long heard that the connection is lost."""
    async with run.client() as client:
        run.strike(Fault("late", "create", seconds=30, count=1))
        request = run.cluster_request()
        told = await client.call("clusters", "create", request)
        check(told, OPEN_LOST)
        assert [each for each in run.ledger.created("cluster") if each.name == request.cluster_name] == []
        run.service.clock.advance(31)
        assert [each.name for each in run.ledger.created_by(told.call_id) if each.kind == "cluster"] == [
            request.cluster_name
        ]


@MATRIX.scenario("200 without data")
async def no_data(run: Run) -> None:
    async with run.client() as client:
        cluster_id = run.service.emulator.add_cluster()
        run.strike(Fault("status", status=200))
        told = await client.call("clusters", "get", cluster_id)
        assert isinstance(told.error, errors.UnreadableResponse)
        assert (told.record.attempts, told.outcome) == (1, "unknown")
        for when, commits in (("before", 0), ("after", 1)):
            run.strike(Fault("status", status=200, when=when))
            await check_create(client, OPEN_PAGE, commits)


@MATRIX.scenario("200 without ids, for every create")
async def no_ids(run: Run) -> None:
    emulator = run.service.emulator
    async with run.client() as client:
        run.strike(Fault("status", "create", status=200, when="after"))
        told = await client.call("network_interfaces", "create", "subnet-1", netcard_name="eth-lost")
        check(told, OPEN_PAGE)
        assert isinstance(told.error, errors.AmbiguousCreate)
        assert told.error.name == "eth-lost"
        group = emulator.add_scaling_group()
        check(await client.call("scaling_groups", "add_nodes", group, 1), OPEN_PAGE)


@MATRIX.scenario("empty retry quota")
async def empty_quota(run: Run) -> None:
    """A service that is down gets one request a call, once the quota is spent: not four."""
    policy = attrs.evolve(QUICK, quota=14 * 3)
    async with run.client(retry=policy) as client:
        run.strike(Fault("status", status=503))
        attempts = [(await client.read()).record.attempts for _ in range(5)]
        assert attempts == [4, 1, 1, 1, 1]
        run.strike()
        for _ in range(14):  # success earns it back, slowly
            check(await client.read(), WELL)
        run.strike(Fault("status", status=503, count=1))
        check(await client.read(), AGAIN)


@MATRIX.scenario("deadline shorter than the back-off")
async def no_time_to_wait(run: Run) -> None:
    """The last failure is raised at once: a pause that can't end in time is not begun."""
    run.strike(Fault("status", status=503))
    policy = RetryPolicy(base_delay=0.0, throttled_base_delay=1e9, max_delay=1e9)
    async with run.client(timeouts=Timeouts(total=5.0), retry=policy) as client:
        run.strike(Fault("throttle"))
        for call in (client.read, client.write, client.create):
            told = await call()
            check(told, ExpectedResult(1, errors.Throttled, "refused"))
            assert isinstance(told.error, errors.Throttled)


@MATRIX.scenario("retries switched off")
async def no_retries(run: Run) -> None:
    run.strike(Fault("throttle"))
    async with run.client(retry=RetryPolicy.none()) as client:
        for call in (client.read, client.write, client.create):
            check(await call(), ExpectedResult(1, errors.Throttled, "refused"))


@MATRIX.scenario("nonce replay refused")
async def replay(run: Run) -> None:
    """Each attempt has a nonce of its own: a refusal of a used one means that something has delivered it twice."""
    run.strike(Fault("replay"))
    async with run.client() as client:
        check(await client.read(), ExpectedResult(1, errors.PermissionDenied, "refused"))
        check(await client.write(), ExpectedResult(1, errors.PermissionDenied, "unknown"))
        await check_create(client, ExpectedResult(1, errors.ServiceError, "unknown"), 0)


@MATRIX.each()
def test_answers(scenario: Body, run: Run, client_kind: str) -> None:
    play(scenario, run)
