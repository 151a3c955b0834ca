"""Idempotent writes sent again after an attempt whose fate is unknown, and creates in every kind of trouble."""

from __future__ import annotations

import contextlib
import itertools
import pickle
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import attrs
import pytest

from cds_eks import Credentials, Limits, RetryPolicy, errors, models
from cds_eks.emulator import Emulator, Fault, ManualClock
from cds_eks.pipeline import Send
from cds_eks.wire import RawResponse, Request
from faults.expected_results import AGAIN, OPEN_LOST, WELL, ExpectedResult, check, check_create
from faults.ledger_judge import CallReport, judge, wait_for_commits
from faults.scenarios import PATIENT, Body, Client, Matrix, Run, brief_first_attempt, play
from support.contract_files import observed_body
from support.socket_relay import Link, relaying

MATRIX = Matrix()

# --- writes that are idempotent ---------------------------------------------------------------------------------------

Write = Callable[[Client], Awaitable[CallReport]]


def nodes_of(run: Run, cluster_id: str) -> tuple[str, str]:
    emulator = run.service.emulator
    pool = emulator.add_node_pool(cluster_id)
    return pool, emulator.add_node(cluster_id, node_pool_id=pool)


async def delete_cluster(client: Client) -> CallReport:
    return await client.call("clusters", "delete", client.run.service.emulator.add_cluster())


async def scale(client: Client) -> CallReport:
    cluster = client.run.service.emulator.add_cluster()
    return await client.call("node_pools", "scale", cluster, nodes_of(client.run, cluster)[0], 5)


async def delete_pool(client: Client) -> CallReport:
    cluster = client.run.service.emulator.add_cluster()
    return await client.call("node_pools", "delete", cluster, nodes_of(client.run, cluster)[0])


async def delete_node(client: Client) -> CallReport:
    cluster = client.run.service.emulator.add_cluster()
    return await client.call("nodes", "delete", cluster, [nodes_of(client.run, cluster)[1]])


async def attach(client: Client) -> CallReport:
    emulator = client.run.service.emulator
    return await client.call("network_interfaces", "attach", emulator.add_machine(), emulator.add_network_interface())


async def detach(client: Client) -> CallReport:
    emulator = client.run.service.emulator
    machine = emulator.add_machine()
    return await client.call("network_interfaces", "detach", machine, emulator.add_network_interface(ecs_id=machine))


async def delete_interface(client: Client) -> CallReport:
    return await client.call("network_interfaces", "delete", client.run.service.emulator.add_network_interface())


BUSY = ExpectedResult(2, errors.Conflict, "unknown")
"""The service is at what the first attempt began, and refuses the second. Whether the call was carried out is open."""

WRITES: dict[str, tuple[Write, ExpectedResult]] = {
    "delete a cluster": (delete_cluster, BUSY),
    "scale a node pool": (scale, BUSY),
    "delete a node pool": (delete_pool, BUSY),
    "delete a node": (delete_node, BUSY),
    "attach a network interface": (attach, AGAIN),
    "detach a network interface": (detach, AGAIN),
    "delete a network interface": (delete_interface, AGAIN),
}


def after_commit(write: Write, ends: ExpectedResult) -> Body:
    async def scenario(run: Run) -> None:
        faults = (
            Fault("reset_after_commit", count=1),
            Fault("truncate", count=1),
            Fault("status", status=502, body="html", when="after", count=1),
            Fault("status", status=503, when="after", count=1),
            *([Fault("hang_after_commit", count=1)] if write in (delete_cluster, scale, attach, detach) else []),
        )
        async with run.client() as patient, run.client(per_attempt=[brief_first_attempt]) as brief:
            for fault in faults:
                client = brief if fault.kind == "hang_after_commit" else patient
                run.strike(fault)
                told = await write(client)
                check(told, ends)
                client.judge()
                assert told.entries[0].committed  # the first attempt
                if told.error is not None:
                    assert isinstance(told.error, errors.EksError)
                    assert told.error.previous[0].outcome == "unknown"

    return scenario


for name, (write, ends) in WRITES.items():
    MATRIX.scenario(f"{name}, answer lost after commit")(after_commit(write, ends))


@MATRIX.scenario("delete that was carried out, found gone by the retry")
async def gone_by_then(run: Run) -> None:
    """NotFound, but not "refused": it is the first attempt that may have deleted it."""

    async def slow(request: Request, send: Send) -> RawResponse:
        if request.record.attempts == 2:
            run.service.clock.advance(3600)
        return await send(request)

    async with run.client(per_attempt=[slow]) as client:
        run.strike(Fault("reset_after_commit", count=1))
        told = await delete_cluster(client)
        check(told, ExpectedResult(2, errors.NotFound, "unknown"))
        assert isinstance(told.error, errors.EksError)
        assert [type(error) for error in told.error.previous] == [errors.ConnectionLost]
        run.strike(Fault("reset_after_commit", count=1))
        check(await delete_interface(client), ExpectedResult(2, errors.NotFound, "unknown"))


@MATRIX.scenario("busy conflict")
async def busy(run: Run) -> None:
    emulator = run.service.emulator
    cluster = emulator.add_cluster()
    pool = emulator.add_node_pool(cluster)
    async with run.client() as client:
        check(await client.call("node_pools", "scale", cluster, pool, 5), WELL)
        check(await client.call("node_pools", "scale", cluster, pool, 7), ExpectedResult(1, errors.Conflict, "refused"))
        check(await client.call("clusters", "delete", cluster), ExpectedResult(1, errors.Conflict, "refused"))


# --- creates ----------------------------------------------------------------------------------------------------------


async def create_pool(client: Client) -> CallReport:
    body = observed_body("CreateNodePool")
    cluster_id = client.run.service.emulator.add_cluster(vpc_id=body["VpcId"])
    request = models.CreateNodePoolRequest.from_dict(body | {"ClusterId": cluster_id})
    return await client.call("node_pools", "create", request)


async def create_interface(client: Client) -> CallReport:
    return await client.call("network_interfaces", "create", "subnet-1", netcard_name="eth-x")


async def add_nodes(client: Client) -> CallReport:
    return await client.call("scaling_groups", "add_nodes", client.run.service.emulator.add_scaling_group(), 1)


async def any_create(client: Client) -> CallReport:
    """CreateNetworkInterface as an action that the SDK knows nothing of."""
    before = len(client.watch.calls)
    answer, error = None, None
    try:
        made = client.eks.call("CreateNetworkInterface", method="POST", body={"SubnetId": "subnet-1"})
        answer = made if client.run.is_sync else await made
    except errors.EksError as caught:
        error = caught
    [told] = client.watch.calls[before:]
    told.error, told.answer = error, answer
    return told


CREATES: dict[str, Callable[[Client], Awaitable[CallReport]]] = {
    "CreateCluster": Client.create,
    "CreateNodePool": create_pool,
    "CreateNetworkInterface": create_interface,
    "AddScalingNode": add_nodes,
    "call() with POST": any_create,
}


def each_create(create: Callable[[Client], Awaitable[CallReport]]) -> Body:
    """Sent again when it was surely not carried out, and never when it may have been."""

    async def scenario(run: Run) -> None:
        async with run.client() as patient, run.client(per_attempt=[brief_first_attempt]) as brief:
            for kind, attempts, outcome, commits in (
                ("throttle", 2, "accepted", 1),
                ("skew", 3, "accepted", 1),  # refused; refused, since it believed the wrong time; accepted
                ("refuse", 1, "unknown", 0),
                ("reset_before_commit", 1, "unknown", 0),
                ("reset_after_commit", 1, "unknown", 1),
                ("hang_after_commit", 1, "unknown", 1),
                ("truncate", 1, "unknown", 1),
                ("status", 1, "unknown", 0),
            ):
                run.strike(Fault(kind, count=1, seconds=1200.0 if kind == "skew" else None))
                told = await create(brief if kind == "hang_after_commit" else patient)
                assert (told.record.attempts, told.outcome) == (attempts, outcome), (kind, told.error)
                assert isinstance(told.error, errors.AmbiguousCreate) == (outcome == "unknown")
                wait_for_commits(told, run.ledger, commits)
                judge([told], run.ledger)
                assert len(told.commits) == commits

    return scenario


for name, create in CREATES.items():
    MATRIX.scenario(f"{name} under every fault")(each_create(create))


@MATRIX.scenario("throttle, then success")
async def throttled_then_well(run: Run) -> None:
    for count in (1, 2, 3):
        run.strike(Fault("throttle", count=count))
        async with run.client() as client:
            await check_create(client, ExpectedResult(count + 1), 1)


@MATRIX.scenario("truncation after ClusterId")
async def cut_after_the_id(run: Run) -> None:
    """The id has arrived, though the answer has not: it can be found in what the error shows of the answer."""
    spoilt: list[bytes] = []

    def cut(link: Link) -> None:
        answer = link.spoil(link.request())
        end = answer.index(b"ClusterId") + len(b'ClusterId": "') + 36
        head, _, body = answer[:end].partition(b"\r\n\r\n")
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length")]
        spoilt.append(body)
        link.send(b"\r\n".join([*lines, b"Connection: close", b"", b""]) + body)

    url = run.stack.enter_context(relaying(run.service.address, cut, None, run.spoilt)).url
    async with run.client(endpoint=url) as client:
        told = await check_create(client, ExpectedResult(1, errors.UnreadableResponse, "unknown"), 1)
        assert isinstance(told.error, errors.AmbiguousCreate)
        assert isinstance(told.error, errors.UnreadableResponse)
        assert told.commits[0].created[0] in told.error.body
    run.strike(Fault("truncate", after="ClusterId", bytes=41))
    async with run.client() as client:  # with a length that is not kept, it is the connection that broke
        await check_create(client, OPEN_LOST, 1)


@MATRIX.scenario("proxy that repeats the POST")
async def repeated(run: Run) -> None:
    """The service sees the same nonce twice and refuses the second; whichever answer comes, one thing is made."""
    async with run.client() as client:
        run.strike(Fault("duplicate", count=1))
        told = await check_create(client, WELL, 1)
        assert [(entry.committed, entry.repeated) for entry in told.entries] == [(True, False), (False, True)]
        run.strike(Fault("duplicate", answer="second", count=1))
        told = await check_create(client, ExpectedResult(1, errors.ServiceError, "unknown"), 1)
        assert [(entry.committed, entry.repeated) for entry in told.entries] == [(True, False), (False, True)]


@MATRIX.scenario("proxy that repeats the POST to a service that does not look at nonces")
async def repeated_without_nonces(run: Run) -> None:
    """Two things are made, and no client could prevent it: but the SDK has sent one request, and names what it got."""
    async with run.client() as client:
        for answer in ("first", "second"):
            run.strike(Fault("duplicate", bypass_nonce=True, answer=answer, count=1))
            told = await create_interface(client)
            assert (told.outcome, told.record.attempts) == ("accepted", 1)
            entries = run.ledger.calls()[told.call_id]
            assert [entry.repeated for entry in entries] == [False, True]
            assert told.made in entries[answer == "second"].created
        client.watch.calls.pop()  # the ledger's answer to the request itself was not the one that came


@MATRIX.scenario("the network repeats an idempotent write")
async def repeated_write(run: Run) -> None:
    async with run.client() as client:
        run.strike(Fault("duplicate", count=1))
        check(await attach(client), WELL)
        run.strike(Fault("duplicate", answer="second", count=1))
        told = await attach(client)
        assert isinstance(told.error, errors.PermissionDenied)
        assert (told.outcome, told.record.attempts) == ("unknown", 1)


# --- creates that are cut short ---------------------------------------------------------------------------------------


class Gate:
    """A middleware that holds a request back, or its answer, for as long as it takes."""

    def __init__(self, *, after: bool) -> None:
        self.is_after = after
        self.is_reached = threading.Event()

    async def __call__(self, request: Request, send: Send) -> RawResponse:
        response = await send(request) if self.is_after else None
        self.is_reached.set()
        await anyio.sleep_forever()
        assert response is not None
        return response


@MATRIX.scenario("cancellation before sending")
async def cut_before(run: Run) -> None:
    gate = Gate(after=False)
    async with run.client(per_attempt=[gate]) as client:
        request = run.cluster_request()
        told = await run.cut_short(client, gate.is_reached.is_set, lambda: client.do("clusters", "create", request))
        assert (told.outcome, told.made) == ("not_sent", None)


def cut_during(kind: str, commits: int) -> Body:
    async def scenario(run: Run) -> None:
        run.strike(Fault(kind))
        async with run.client() as client:
            request = run.cluster_request()
            told = await run.cut_short(
                client,
                lambda: bool(client.watch.calls and run.ledger.calls().get(client.watch.calls[0].call_id)),
                lambda: client.do("clusters", "create", request),
            )
            client.judge()
            assert (told.outcome, told.made, len(told.commits)) == ("unknown", None, commits)

    return scenario


MATRIX.scenario("cancellation while the service does not answer, before commit")(cut_during("hang_before_commit", 0))
MATRIX.scenario("cancellation while the service does not answer, after commit")(cut_during("hang_after_commit", 1))


@MATRIX.scenario("cancellation after the answer has come")
async def cut_after(run: Run) -> None:
    """The caller never gets the answer, but the record has it, ids and all: nothing that arrived is lost."""
    gate = Gate(after=True)
    async with run.client(per_call=[gate]) as client:
        request = run.cluster_request()
        told = await run.cut_short(client, gate.is_reached.is_set, lambda: client.do("clusters", "create", request))
        client.judge()
        assert told.outcome == "accepted"
        assert told.made == told.commits[0].created[0]
        assert told.record.answer is not None
        assert told.record.answer["Data"]["TaskId"]


@MATRIX.scenario("cancellation in the back-off")
async def cut_in_back_off(run: Run) -> None:
    """The first attempt was refused, the second not begun: refused it is."""
    run.strike(Fault("throttle", retry_after="15"))
    async with run.client(retry=RetryPolicy(), timeouts=attrs.evolve(PATIENT, total=60.0)) as client:
        request = run.cluster_request()
        told = await run.cut_short(
            client,
            lambda: bool(client.watch.calls and client.watch.calls[0].record.failures),
            lambda: client.do("clusters", "create", request),
        )
        assert (told.outcome, told.record.attempts) == ("refused", 1)
        assert isinstance(told.record.failures[0], errors.Throttled)


@MATRIX.scenario("client closed while a create is under way")
async def closed_under_way(run: Run) -> None:
    run.strike(Fault("hang_after_commit", seconds=0.3))
    async with run.client() as client:

        def is_time() -> bool:
            return bool(client.watch.calls and run.ledger.calls().get(client.watch.calls[0].call_id))

        if run.is_sync:

            def close() -> None:
                while not is_time():
                    pass
                client.eks.close()

            closing = threading.Thread(target=close)
            closing.start()
            with pytest.raises(errors.AmbiguousCreate) as caught:
                await client.do("network_interfaces", "create", "subnet-1")
            closing.join()
            assert caught.value.natural_key["subnet_id"] == "subnet-1"
            assert issubclass(caught.type, errors.TransportError)
            assert caught.value.outcome == client.watch.calls[0].outcome == "unknown"
            return
        async with anyio.create_task_group() as group:  # the async client lets its calls end
            group.start_soon(create_interface, client)
            while not is_time():  # noqa: ASYNC110 - what a scenario waits for has no event
                await anyio.sleep(0.002)
            await client.close()
        assert client.watch.calls[0].outcome == "accepted"


def how_many(calls: list[CallReport]) -> dict[str, int]:
    found: dict[str, int] = dict.fromkeys(("not_sent", "refused", "accepted", "unknown"), 0)
    for told in calls:
        found[told.outcome] += 1
    return found


@MATRIX.scenario("sibling failure among 1,000 creates")
async def siblings(run: Run) -> None:
    """One of 1,000 creates in a task group fails, which cancels all others: each record agrees with the ledger."""
    size = 1000 if run.client_kind == "asyncio" else 300
    run.strike(
        Fault("status", "create", status=402, code="NotEnoughBalance", skip=size // 3, count=1),
        Fault("hang_after_commit", "create", probability=0.05),
        Fault("reset_after_commit", "create", probability=0.05),
    )
    async with run.client(limits=Limits(max_connections=50), timeouts=attrs.evolve(PATIENT, total=30.0)) as client:
        failure: BaseException | None = None

        async def create(number: int) -> None:
            with contextlib.suppress(errors.AmbiguousCreate):
                await client.do("network_interfaces", "create", "subnet-1", netcard_name=f"eth-{number}")

        def create_blocking(number: int) -> None:
            try:
                client.eks.network_interfaces.create("subnet-1", netcard_name=f"eth-{number}")
            except errors.AmbiguousCreate:
                pass
            except errors.QuotaExceeded:
                client.eks.close()  # which ends all others
                raise

        if run.is_sync:
            with ThreadPoolExecutor(50) as pool:
                ended = [pool.submit(create_blocking, number) for number in range(size)]
            kinds = {type(each.exception()) for each in ended}
            assert errors.QuotaExceeded in kinds
            assert kinds <= {type(None), errors.QuotaExceeded, errors.TransportError, errors.ConfigurationError}
        else:
            try:
                async with anyio.create_task_group() as group:
                    for number in range(size):
                        group.start_soon(create, number)
            except ExceptionGroup as group_of_one:
                [failure] = group_of_one.exceptions
            assert isinstance(failure, errors.QuotaExceeded)
        for told in client.watch.calls:
            told.is_cut_short = told.record.request_id is None
        client.judge()
        found = how_many(client.watch.calls)
        assert found["refused"] == 1
        assert found["accepted"] > size // 10
        assert found["unknown"] > 0
        # A closed client refuses what comes later at once: that is no call, and there is no record of it.
        assert run.is_sync or found["not_sent"] > size // 10
        assert run.is_sync or len(client.watch.calls) == size
        run.strike()
        if not run.is_sync:
            check(await create_interface(client), WELL)  # every slot is usable


@MATRIX.scenario("many calls at once under faults of all kinds")
async def crowd(run: Run) -> None:
    """16 tasks, or 16 threads on one blocking client."""
    run.strike(
        Fault("reset_after_commit", probability=0.08),
        Fault("reset_before_commit", probability=0.08),
        Fault("status", status=503, when="after", probability=0.08),
        Fault("throttle", probability=0.08),
        Fault("truncate", probability=0.08),
        Fault("duplicate", probability=0.08),
    )
    emulator = run.service.emulator
    machines = [(emulator.add_machine(), emulator.add_network_interface()) for _ in range(16)]
    async with run.client(limits=Limits(max_connections=8)) as client:

        def calls(number: int) -> list[tuple[str, str, tuple[Any, ...]]]:
            each: list[tuple[str, str, tuple[Any, ...]]] = [
                ("network_interfaces", "create", ("subnet-1",)),
                ("network_interfaces", "attach", machines[number]),
                ("network_interfaces", "describe", (machines[number][1],)),
            ]
            return each * 4

        async def work(number: int) -> None:
            for group, method, arguments in calls(number):
                with contextlib.suppress(errors.EksError):
                    await client.do(group, method, *arguments)

        def work_blocking(number: int) -> None:
            for group, method, arguments in calls(number):
                with contextlib.suppress(errors.EksError):
                    getattr(getattr(client.eks, group), method)(*arguments)

        if run.is_sync:
            with ThreadPoolExecutor(16) as pool:
                list(pool.map(work_blocking, range(16)))
        else:
            async with anyio.create_task_group() as group:
                for number in range(16):
                    group.start_soon(work, number)
        client.judge()
        assert len(client.watch.calls) == 16 * 12
        nonces = [each.nonce for told in client.watch.calls for each in told.entries if not each.repeated]
        assert len(set(nonces)) == len(nonces)
        found = how_many(client.watch.calls)
        assert found["accepted"] > 100
        assert found["unknown"] > 0


# --- credentials ------------------------------------------------------------------------------------------------------


@MATRIX.scenario("credentials rotated in mid-batch")
async def rotated(run: Run) -> None:
    """A key that is not known yet is refused and nothing is made; the calls that follow are signed with the next."""
    right, wrong = run.service.emulator.credentials, Credentials("not-known-yet-id", "not-known-yet-key")
    keys = iter([right] * 4 + [wrong] * 2 + [right] * 4)
    current = [right]
    async with run.client(credentials=lambda: current[0]) as client:
        outcomes = []
        for key in keys:
            current[0] = key
            told = await create_interface(client)
            outcomes.append(told.outcome)
            if key is wrong:
                check(told, ExpectedResult(1, errors.AuthenticationError, "refused"))
        assert outcomes == ["accepted"] * 4 + ["refused"] * 2 + ["accepted"] * 4


@MATRIX.scenario("credentials rotated between two attempts")
async def rotated_between(run: Run) -> None:
    """Each attempt is signed with the key of its own time."""
    old, new = Credentials("the-old-key-id", "the-old-secret-key"), Credentials("the-new-key-id", "the-new-secret-key")
    emulator = Emulator(clock=ManualClock(), credentials=new, faults=[Fault("throttle", count=1)])
    asked = itertools.count()
    with emulator.serve() as url:
        credentials = lambda: new if next(asked) else old  # noqa: E731 - asked for each attempt
        async with run.client(endpoint=url, credentials=credentials) as client:
            told = await create_interface(client)
            assert (told.outcome, told.record.attempts) == ("accepted", 2)
            client.watch.calls.clear()
        [entries] = emulator.ledger.calls().values()
        assert [(entry.status, entry.committed) for entry in entries] == [(429, False), (200, True)]
        assert told.made in entries[1].created


# --- errors as values -------------------------------------------------------------------------------------------------


@MATRIX.scenario("errors are pickled and copied")
async def pickled(run: Run) -> None:
    async with run.client() as client:
        for fault in (
            Fault("reset_after_commit"),
            Fault("status", status=500),
            Fault("status", status=502, body="html"),
            Fault("throttle"),
        ):
            run.strike(fault)
            for told in (await client.create(), await client.read()):
                assert isinstance(told.error, errors.EksError)
                again = pickle.loads(pickle.dumps(told.error))
                assert type(again) is type(told.error)
                assert str(again) == str(told.error)
                assert again.outcome == told.outcome


@MATRIX.each()
def test_writes(scenario: Body, run: Run, client_kind: str) -> None:
    play(scenario, run)
