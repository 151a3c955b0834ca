"""Creates that are cut off at random moments, and whether their callers can learn what became of them."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import threading
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from types import FrameType
from typing import Any

import anyio
import attrs

from benchmarks.chaos.service import CREDENTIALS, Evidence, Place, ServiceProcess
from benchmarks.chaos.traffic import SAMPLE
from cds_eks import AsyncEksClient, EksClient, Limits, Response, RetryPolicy, errors, models
from cds_eks.emulator import Fault
from cds_eks.pipeline import Send
from cds_eks.types import OpenCreate
from cds_eks.wire import RawResponse, Request

__all__ = ["WAYS", "InterruptionReport", "Verdict", "interrupt", "judge"]

WAYS = ("wait_for", "timeout", "scope", "cancel", "sigint")
"""How a create is cut off: `asyncio.wait_for`, `asyncio.timeout`, a cancel scope that swallows it, the cancellation of
its task, and Ctrl-C in a blocking call."""

LONGEST = 0.08
"""Seconds within which a create is cut off: some have ended by then."""

AT_ONCE = 24
"""How many are under way at once; with half as many connections, so that some are interrupted while queued."""

FAULTS = (
    Fault("hang_before_commit", "create", seconds=0.03, probability=0.2),
    Fault("hang_after_commit", "create", seconds=0.03, probability=0.4),
    Fault("drip", "create", bytes=50, seconds=0.004, probability=0.3),
    Fault("throttle", "create", probability=0.2),
    Fault("hang_after_commit", "read", seconds=0.05, probability=0.5),
)
"""What spreads the moments over all that a call does."""

SETTLING = 1.0
"""Seconds after which the service has done with all that was cut off."""


@attrs.frozen(kw_only=True)
class InterruptionReport:
    """What the caller of one create can learn.

    Attributes:
        way: How it was cut off, if it had not ended before.
        call_id: Of the call; empty if it was cut off before it had one.
        outcome: `answered`, or the one that its error, its note or its open create tells; `not_open` if there is none.
        ids: What it is told to have made.
        has_note: Whether what came out of it tells of it; None if nothing did.
    """

    way: str
    call_id: str
    outcome: str
    ids: tuple[str, ...] = ()
    has_note: bool | None = None


@attrs.define(kw_only=True)
class Verdict:
    """What came of all creates.

    Attributes:
        counts: How many there were, by the way, what was told and whether the cluster exists.
        violations: What must not be.
    """

    counts: Counter[tuple[str, str, str]] = attrs.field(factory=Counter)
    violations: list[str] = attrs.field(factory=list)


def judge(told: list[InterruptionReport], evidence: Evidence, siblings: list[str]) -> Verdict:
    """Hold what each caller can learn against the ledger: pure.

    Args:
        told: What they can learn.
        evidence: What the ledger knows.
        siblings: What became of the reads beside them, where it was not an answer.
    """
    verdict = Verdict(violations=[f"a sibling was struck: {fault}" for fault in siblings])
    for each in told:
        made = [id_ for kind, id_ in evidence.made.get(each.call_id, ()) if kind == "cluster"]
        verdict.counts[each.way, each.outcome, "made" if made else "not made"] += 1
        verdict.violations += [f"{rule}: {each}, made {made}" for rule in _broken(each, made)]
    return verdict


def _broken(told: InterruptionReport, made: list[str]) -> Iterator[str]:
    if len(made) > 1:
        yield "made twice"
    if made and told.outcome in ("not_open", "not_sent", "refused"):
        yield "silent, though it was made"
    if told.outcome in ("answered", "accepted") and list(told.ids) != made:
        yield "told to be made under another id"
    if told.outcome in ("accepted", "unknown") and told.has_note is False:
        yield "open, but what came out of the call does not say so"


async def interrupt(creates: int, sigints: int, *, seed: int = 1, backend: str = "httpx") -> Verdict:
    """Cut all creates off, and judge what their callers can learn.

    Args:
        creates: How many async ones.
        sigints: How many blocking ones.
        seed: Of the moments, and of the faults' random numbers.
        backend: Of the clients, by its name.
    """
    siblings: list[str] = []
    with ServiceProcess(seed, FAULTS) as service:
        told = await _Async(service.place, seed, backend, siblings).run(creates)
        told += _Blocking(service.place, seed, backend).run(sigints)
        await anyio.sleep(SETTLING)
        return judge(told, service.evidence(), siblings)


class _CallIds:
    """A middleware that takes down the id of each create's call, by the cluster's name."""

    def __init__(self) -> None:
        self.by_name: dict[str, str] = {}

    async def __call__(self, request: Request, send: Send) -> RawResponse:
        if request.content is not None:
            self.by_name[json.loads(request.content)["ClusterName"]] = request.headers["cds-request-id"]
        return await send(request)


def _settings(place: Place, backend: str, call_ids: _CallIds, connections: int) -> dict[str, Any]:
    return {
        "endpoint": place.url,
        "backend": backend,
        "limits": Limits(max_connections=connections),
        "retry": RetryPolicy(throttled_base_delay=0.03),
        "per_call": [call_ids],
    }


def _request(name: str) -> models.CreateClusterRequest:
    body = tomllib.loads(SAMPLE.read_text(encoding="utf-8"))
    return models.CreateClusterRequest.from_dict({**body, "cluster_name": name})


def _told(way: str, name: str, call_ids: _CallIds, ended: object, opened: tuple[OpenCreate, ...]) -> InterruptionReport:
    """Return what a caller can learn, who looks at what came out of the call, and at the client."""
    call_id = call_ids.by_name.get(name, "")
    if isinstance(ended, Response):
        return InterruptionReport(way=way, call_id=call_id, outcome="answered", ids=(ended.data.cluster_id,))
    found = next((each for each in opened if each.name == name), None)
    has_note = None if ended is None else any(name in text or "cluster_id=" in text for text in _texts(ended))
    if found is not None:
        ids = (found.ids["cluster_id"],) if found.ids else ()
        return InterruptionReport(way=way, call_id=call_id, outcome=found.outcome, ids=ids, has_note=has_note)
    outcome = ended.outcome if isinstance(ended, errors.EksError) else "not_open"
    return InterruptionReport(way=way, call_id=call_id, outcome=outcome, has_note=has_note)


def _texts(error: object) -> Iterator[str]:
    """What a traceback shows of an exception and of those behind it."""
    while isinstance(error, BaseException):
        yield from (str(error), *getattr(error, "__notes__", ()))
        error = error.__cause__ or error.__context__


class _Async:
    def __init__(self, place: Place, seed: int, backend: str, siblings: list[str]) -> None:
        self._random = random.Random(f"interrupts {seed} {backend}")
        self._place = place
        self._call_ids = _CallIds()
        self._client = AsyncEksClient(CREDENTIALS, **_settings(place, backend, self._call_ids, AT_ONCE // 2))
        self._siblings = siblings
        self._ended: list[tuple[str, str, object]] = []

    async def run(self, creates: int) -> list[InterruptionReport]:
        plan = [(number, WAYS[number % 4], self._random.uniform(0, LONGEST)) for number in range(creates)]
        async with self._client as eks:
            async with anyio.create_task_group() as group:
                for _ in range(AT_ONCE):
                    group.start_soon(self._work, plan)
            opened = eks.open_creates
        return [_told(way, name, self._call_ids, ended, opened) for way, name, ended in self._ended]

    async def _work(self, plan: list[tuple[int, str, float]]) -> None:
        while plan:
            number, way, moment = plan.pop()
            name = f"cut-{number}"
            async with anyio.create_task_group() as group:
                group.start_soon(self._sibling, number)
                ended = await self._interrupt_call(way, moment, _request(name))
            self._ended.append((way, name, ended))

    async def _sibling(self, number: int) -> None:
        try:
            await self._client.node_pools.list(self._place.clusters[number % len(self._place.clusters)])
        except BaseException as error:
            self._siblings.append(repr(error))
            raise

    async def _interrupt_call(self, way: str, moment: float, request: models.CreateClusterRequest) -> object:
        """Make a create, cut it off, and return what came out of it; None if nothing did."""
        call = self._client.clusters.create(request)
        try:
            if way == "wait_for":
                return await asyncio.wait_for(call, moment)
            if way == "timeout":
                async with asyncio.timeout(moment):
                    return await call
            if way == "scope":
                with anyio.move_on_after(moment):
                    return await call
                return None
            task = asyncio.ensure_future(call)
            await asyncio.wait([task], timeout=moment)
            task.cancel()
            return await task  # not `gather`, which returns a CancelledError of its own, without a note
        except (errors.EksError, TimeoutError, asyncio.CancelledError) as error:
            return error


class _Blocking:
    """Creates of a blocking client, and a thread that sends this process a Ctrl-C at some moment of each."""

    def __init__(self, place: Place, seed: int, backend: str) -> None:
        self._random = random.Random(f"sigints {seed} {backend}")
        self._call_ids = _CallIds()
        self._settings = _settings(place, backend, self._call_ids, AT_ONCE)
        self._is_in_call = False
        self._ended: list[tuple[str, object]] = []

    def run(self, sigints: int) -> list[InterruptionReport]:
        before = signal.signal(signal.SIGINT, self._interrupt)
        try:
            with EksClient(CREDENTIALS, **self._settings) as eks:
                for number in range(sigints):
                    self._ended.append((f"int-{number}", self._interrupt_call(eks, f"int-{number}")))
            opened = eks.open_creates
        finally:
            signal.signal(signal.SIGINT, before)
        return [_told("sigint", name, self._call_ids, ended, opened) for name, ended in self._ended]

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        if self._is_in_call:  # or else it has ended meanwhile
            self._is_in_call = False
            raise KeyboardInterrupt

    def _interrupt_call(self, eks: EksClient, name: str) -> object:
        request, ended = _request(name), object()
        moment = self._random.uniform(0, LONGEST)
        thread = threading.Thread(target=self._send, args=(time.monotonic() + moment, threading.get_ident()))
        thread.start()
        try:
            self._is_in_call = True
            ended = eks.clusters.create(request)
            self._is_in_call = False
        except (KeyboardInterrupt, errors.EksError) as error:
            self._is_in_call = False
            ended = error
        thread.join()
        return ended

    @staticmethod
    def _send(when: float, whom: int) -> None:
        time.sleep(max(0.0, when - time.monotonic()))
        signal.pthread_kill(whom, signal.SIGINT)
