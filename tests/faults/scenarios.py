"""One run of a scenario: an async or a blocking client, and an emulator on a socket whose ledger judges the calls."""

from __future__ import annotations

import contextlib
import functools
import inspect
import itertools
import signal
import socket
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from datetime import UTC, datetime
from typing import Any

import anyio
import attrs
import pytest

from cds_eks import AsyncEksClient, EksClient, Limits, Response, RetryPolicy, Timeouts, errors, models
from cds_eks.emulator import Emulator, Fault, ManualClock
from cds_eks.pipeline import Send
from cds_eks.wire import RawResponse, Request
from faults.ledger_judge import CallReport, judge
from support.backend_under_test import backend
from support.eventually import EVENT_TIMEOUT, until

CLIENT_KINDS = ("asyncio", "trio", "sync")

QUICK = RetryPolicy(max_attempts=4, base_delay=0.001, throttled_base_delay=0.002, max_delay=0.02)
PATIENT = Timeouts(connect=5.0, read=5.0, total=10.0)
"""For scenarios that are not about time: a busy machine must not add faults of its own."""
BRIEF_READ = 0.2
"""For attempts that hang, in seconds."""

_numbers = itertools.count(1)


class Service:
    """An emulator that serves all scenarios of a module; each looks at its own calls only."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.offset = 0.0
        self.emulator = Emulator(clock=self.clock, wall_clock=lambda: time.time() + self.offset)
        self.url = ""

    @property
    def address(self) -> tuple[str, int]:
        host, _, port = self.url.removeprefix("http://").partition(":")
        return host, int(port)


class Watch:
    """A per-call middleware: it keeps the id and the record of each call."""

    def __init__(self) -> None:
        self.calls: list[CallReport] = []

    async def __call__(self, request: Request, send: Send) -> RawResponse:
        operation = request.operation
        call_id = request.headers["cds-request-id"]
        self.calls.append(CallReport(operation.action, operation.kind, call_id, request.record, datetime.now(UTC)))
        return await send(request)


async def brief_first_attempt(request: Request, send: Send) -> RawResponse:
    """Give up a first attempt that hangs, as a per-attempt middleware. What follows has its time on a busy machine."""
    return await send(attrs.evolve(request, read_timeout=BRIEF_READ) if request.record.attempts == 1 else request)


class Run:
    """What a scenario is given.

    Scenarios are coroutines. With the blocking client nothing in them ever waits, so they need no event loop.
    """

    def __init__(self, client_kind: str, service: Service, cluster: models.CreateClusterRequest) -> None:
        self.client_kind = client_kind
        self.service = service
        self.faults = service.emulator.faults
        self._cluster = cluster
        self.stack = contextlib.ExitStack()
        self.spoilt: set[str] = set()
        """The calls whose answers something between the emulator and the client has spoilt."""

    @property
    def is_sync(self) -> bool:
        return self.client_kind == "sync"

    @property
    def ledger(self) -> Any:
        return self.service.emulator.ledger

    def strike(self, *faults: Fault) -> None:
        """Have these faults, and no others."""
        self.faults.clear()
        for fault in faults:
            self.faults.add(fault)

    @contextlib.asynccontextmanager
    async def client(self, **settings: Any) -> AsyncIterator[Client]:
        """Give a client; when it is closed, the ledger judges all its calls."""
        client = Client(self, settings)
        try:
            yield client
        finally:
            await client.close()
        client.judge()

    def cluster_request(self) -> models.CreateClusterRequest:
        number = next(_numbers)
        body = self._cluster.to_dict(wire_names=True) | {"ClusterName": f"gpu-{number}", "VpcId": f"vpc-{number}"}
        return models.CreateClusterRequest.from_dict(body)

    async def cut_short(
        self, client: Client, is_time: Callable[[], bool], call: Callable[[], Coroutine[Any, Any, Any]]
    ) -> CallReport:
        """Cancel a call when the time has come, or press Ctrl-C where the blocking client waits."""
        if self.is_sync:
            main = threading.main_thread().ident
            assert main is not None

            def press() -> None:
                until(is_time)
                signal.pthread_kill(main, signal.SIGINT)

            pressing = threading.Thread(target=press)
            pressing.start()
            with pytest.raises(KeyboardInterrupt):
                await call()
            pressing.join()
        else:
            async with anyio.create_task_group() as group:
                group.start_soon(call)
                with anyio.fail_after(EVENT_TIMEOUT):
                    while not is_time():  # noqa: ASYNC110 - what a scenario waits for has no event
                        await anyio.sleep(0.002)
                group.cancel_scope.cancel()
        told = client.watch.calls[-1]
        told.is_cut_short = True
        return told

    def sleep(self, seconds: float) -> Awaitable[None]:
        return _nothing(seconds) if self.is_sync else anyio.sleep(seconds)


async def _nothing(seconds: float) -> None:
    time.sleep(seconds)  # noqa: ASYNC251 - there is no loop to block


class Client:
    """A client of either kind, called in the same way."""

    def __init__(self, run: Run, settings: dict[str, Any]) -> None:
        self.run = run
        self.watch = Watch()
        service = run.service
        kind: Any = EksClient if run.is_sync else AsyncEksClient
        given: dict[str, Any] = {"endpoint": service.url, "retry": QUICK, "timeouts": PATIENT, "limits": Limits()}
        given["backend"] = backend()
        given |= settings
        if "signer" not in given:
            given.setdefault("credentials", service.emulator.credentials)
        given["per_call"] = (self.watch, *given.pop("per_call", ()))
        self.eks = kind(**given)

    async def close(self) -> None:
        if self.run.is_sync:
            self.eks.close()
        else:
            await self.eks.aclose()

    async def do(self, group: str, method: str, *arguments: Any, **named: Any) -> Any:
        """Call a method; it may raise."""
        result = getattr(getattr(self.eks, group), method)(*arguments, **named)
        return await result if inspect.isawaitable(result) else result

    async def call(self, group: str, method: str, *arguments: Any, **named: Any) -> CallReport:
        """Make one call, and return what the client told of it."""
        before = len(self.watch.calls)
        answer, error = None, None
        try:
            answer = await self.do(group, method, *arguments, **named)
        except errors.EksError as caught:
            error = caught
        [told] = self.watch.calls[before:]
        told.answer, told.error = answer, error
        assert error is None or error.outcome == told.record.outcome, (error, told.record)
        assert isinstance(answer, Response) or error is not None
        return told

    async def iterate(self, *arguments: Any, **named: Any) -> list[Any]:
        found = self.eks.nodes.iterate(*arguments, **named)
        return list(found) if self.run.is_sync else [each async for each in found]

    # One of each kind, which can be done any number of times.
    async def read(self) -> CallReport:
        return await self.call("tasks", "get_status", self.run.service.emulator.add_task())

    async def write(self) -> CallReport:
        """An idempotent write that succeeds when it is repeated."""
        emulator = self.run.service.emulator
        return await self.call("network_interfaces", "attach", emulator.add_machine(), emulator.add_network_interface())

    async def create(self) -> CallReport:
        told = await self.call("clusters", "create", self.run.cluster_request())
        if told.answer is not None:
            assert told.answer.data.cluster_id == told.made
        return told

    def judge(self) -> None:
        """Compare all that was told with the ledger."""
        judge(self.watch.calls, self.run.ledger, self.run.spoilt)


Body = Callable[[Run], Coroutine[Any, Any, None]]


class Matrix:
    """The scenarios of a module, by name. A scenario's name is its test's id and its row in docs/reliability.md."""

    def __init__(self) -> None:
        self.scenarios: dict[str, Body] = {}
        self.client_kinds: dict[str, tuple[str, ...]] = {}

    def scenario(self, name: str, *, client_kinds: tuple[str, ...] = CLIENT_KINDS) -> Callable[[Body], Body]:
        """Add a scenario."""
        assert name not in self.scenarios

        def add(body: Body) -> Body:
            self.scenarios[name] = body
            self.client_kinds[name] = client_kinds
            return body

        return add

    def each(self) -> pytest.MarkDecorator:
        """Parametrize the module's test."""
        cases = [
            pytest.param(body, client_kind, id=f"{name}-{client_kind}")
            for name, body in self.scenarios.items()
            for client_kind in self.client_kinds[name]
        ]
        return pytest.mark.parametrize(("scenario", "client_kind"), cases)


def play(scenario: Body, run: Run) -> None:
    """Run a scenario to its end."""
    run.strike()
    run.service.offset = 0.0
    try:
        with run.stack:
            if run.is_sync:
                _drive(scenario(run))
            else:
                anyio.run(functools.partial(scenario, run), backend=run.client_kind)
    finally:
        run.strike()


def _drive(scenario: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that never waits."""
    try:
        scenario.send(None)
    except StopIteration:
        return
    raise AssertionError("with the blocking client nothing waits")


@contextlib.contextmanager
def serving() -> Iterator[Service]:
    service = Service()
    serving = service.emulator.serve()
    with pytest.MonkeyPatch.context() as patch:
        # asyncio switches Nagle's algorithm off for sockets that say they are TCP only, and those of the emulator do
        # not: without this, every answer takes 40 ms. Sockets inherit it from the one that listens.
        patch.setattr(socket, "create_server", _without_nagle)
        url = serving.__enter__()
    with contextlib.ExitStack() as stack:
        stack.push(serving)
        service.url = url
        yield service


def _without_nagle(*arguments: Any, **named: Any) -> socket.socket:
    listening = _create_server(*arguments, **named)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


_create_server = socket.create_server
