"""Clocks that are wrong: this machine's, the service's, and one that steps while the program runs."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import anyio
import anyio.lowlevel
import attrs

from cds_eks import errors
from cds_eks.emulator import Fault
from cds_eks.signing import HmacSha1Signer
from faults.expected_results import AGAIN, WELL, ExpectedResult, check, check_create
from faults.scenarios import QUICK, Body, Matrix, Run, play
from support.socket_relay import Link, relaying

MATRIX = Matrix()

EXPIRED = ExpectedResult(1, errors.AuthenticationError, "refused")


def a_little(seconds: float) -> Body:
    async def scenario(run: Run) -> None:
        run.service.offset = seconds
        async with run.client() as client:
            for call in (client.read, client.write, client.create):
                check(await call(), WELL)

    return scenario


def too_much(seconds: float) -> Body:
    async def scenario(run: Run) -> None:
        run.service.offset = seconds
        for first in ("read", "write", "create"):
            async with run.client() as client:
                check(await getattr(client, first)(), AGAIN)  # refused for its time: nothing was carried out
                for call in (client.create, client.read, client.write, client.create):
                    check(await call(), WELL)  # learnt once
                client.judge()
                assert [len(told.commits) for told in client.watch.calls] == [1] * 5

    return scenario


for minutes in (10, -10):
    MATRIX.scenario(f"clock off by {minutes:+} min, within the window")(a_little(minutes * 60.0))
MATRIX.scenario("clock off by a year")(too_much(365 * 86400.0))
for minutes in (20, -20):
    MATRIX.scenario(f"clock off by {minutes:+} min, out of the window")(too_much(minutes * 60.0))


@MATRIX.scenario("clock off by 20 min, many first calls at once")
async def all_at_once(run: Run) -> None:
    run.service.offset = 1200.0
    async with run.client() as client:
        if run.is_sync:
            with ThreadPoolExecutor(20) as pool:
                list(pool.map(lambda _: client.eks.network_interfaces.create("subnet-1"), range(20)))
        else:
            async with anyio.create_task_group() as group:
                for _ in range(20):
                    group.start_soon(client.do, "network_interfaces", "create", "subnet-1")
        assert {told.record.attempts for told in client.watch.calls} <= {1, 2}
        assert all(told.outcome == "accepted" for told in client.watch.calls)
        check(await client.create(), WELL)


@MATRIX.scenario("wall clock stepping in mid-run")
async def stepping(run: Run) -> None:
    """Forwards and back: each step costs one attempt of one call."""
    step = [0.0]
    signer = HmacSha1Signer(run.service.emulator.credentials, clock=lambda: time.time() + step[0])
    async with run.client(signer=signer) as client:
        for seconds, ends in ((0.0, WELL), (3600.0, AGAIN), (-3600.0, AGAIN), (0.0, AGAIN)):
            step[0] = seconds
            check(await client.create(), ends)
            for call in (client.read, client.write, client.create):
                check(await call(), WELL)


def with_date(date: bytes | None) -> Body:
    """RequestExpired, but with no Date to learn from."""

    def spoil(link: Link) -> None:
        while request := link.request():
            head, _, body = link.forward(request).partition(b"\r\n\r\n")
            lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"date:")]
            lines += [b"Date: " + date] if date is not None else []
            link.send(b"\r\n".join([*lines, b"", b""]) + body)

    async def scenario(run: Run) -> None:
        run.service.offset = 1200.0
        url = run.stack.enter_context(relaying(run.service.address, spoil, None, run.spoilt)).url
        async with run.client(endpoint=url) as client:
            for call in (client.read, client.write, client.create):
                told = await call()
                attempts = told.record.attempts
                check(told, attrs.evolve(EXPIRED, attempts=attempts))
                assert attempts == (1 if date in (None, b"soon") else QUICK.max_attempts)

    return scenario


MATRIX.scenario("RequestExpired without a Date")(with_date(None))
MATRIX.scenario("RequestExpired with a Date that is none")(with_date(b"soon"))
MATRIX.scenario("RequestExpired with an absurd Date")(with_date(b"Thu, 01 Jan 1970 00:00:00 GMT"))
MATRIX.scenario("RequestExpired with a Date that does not help")(with_date(b"Sat, 01 Jan 2022 00:00:00 GMT"))


@MATRIX.scenario("one server of many has a wrong clock")
async def one_of_many(run: Run) -> None:
    """Each time that it is met, the clock is learnt from it, and from the next one: nothing fails, nothing is twice."""
    async with run.client() as client:
        for _ in range(3):
            run.strike(Fault("skew", seconds=1200.0, count=1))
            told = await check_create(client, ExpectedResult(3), 1)
            assert [entry.code for entry in told.entries] == ["RequestExpired", "RequestExpired", "Success"]


@MATRIX.each()
def test_clocks(scenario: Body, run: Run, client_kind: str) -> None:
    play(scenario, run)
