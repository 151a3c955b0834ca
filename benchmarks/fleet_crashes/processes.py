"""The processes: one is the service, all others carry the fleet out until they are killed."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any, Self

import anyio
import attrs

from benchmarks.fleet_crashes.faults import SPEED
from benchmarks.fleet_crashes.plans import plan_of
from cds_eks import AsyncEksClient, RetryPolicy
from cds_eks.emulator import Emulator, Fault
from cds_eks.emulator.http.auth import CREDENTIALS
from cds_eks.fleet.ensure.decide import Adopt
from cds_eks.fleet.journal.opening import open_journal
from cds_eks.fleet.run.limits import FleetLimits
from cds_eks.fleet.run.provision import provision

__all__ = ["SECRETS", "Made", "Provisioner", "Service", "Work"]

SECRETS = {
    "FLEET_NODE_PASSWORD": "Planted-Node-Pw-7391",
    "FLEET_CLUSTER_AK": "planted-cluster-ak-5527",
    "FLEET_CLUSTER_SK": "planted-cluster-sk-8846",
}
"""What the plan's references are resolved to; nowhere but in requests may it be found."""

LIMITS = FleetLimits(poll_interval=0.1, pool_fallback=1.0, create_timeout=1.0, lease=0.6, creates=4, batch=6, grace=2.0)
WAIT_TIMEOUT = 120.0

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["benchmarks.fleet_crashes.processes"])  # so that a new process begins at once


@attrs.frozen(kw_only=True)
class Made:
    """One cluster or node pool that the service has made.

    Attributes:
        kind, id, name: See the emulator's ledger.
    """

    kind: str
    id: str
    name: str


@attrs.frozen(kw_only=True)
class Work:
    """What a process is to do.

    Attributes:
        url: The service's.
        journal: The journal's path or address.
        clusters: How many clusters the plan has.
        settle: See `fleet.provision`; a second here is a minute in reality.
        adopt: See `fleet.provision`.
        wall_ahead: By how many seconds the machine's wall clock has been set forward.
    """

    url: str
    journal: str
    clusters: int
    settle: float = 1.0
    adopt: Adopt = "never"
    wall_ahead: float = 0.0


class Service:
    """The emulator in a process of its own, inside a `with` block: it is the judge."""

    def __init__(self, seed: int, faults: Iterable[Fault] = (), *, speed: float = SPEED) -> None:
        self._pipe, theirs = _processes.Pipe()
        self._theirs = theirs
        self._process = _processes.Process(target=_serve, args=(theirs, seed, list(faults), speed), daemon=True)
        self.url = ""

    def __enter__(self) -> Self:
        self._process.start()
        self._theirs.close()
        self.url = self._answer()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._pipe.close()  # at which it ends
        self._process.join(WAIT_TIMEOUT)
        self._process.close()

    def made(self) -> list[Made]:
        """Return every cluster and node pool that was ever made."""
        found: list[Made] = self._ask("made")
        return found

    def requests(self, action: str | None = None) -> int:
        """Return how many requests came."""
        return int(self._ask("requests", action))

    def creates(self) -> int:
        """Return how many creates came."""
        return self.requests("CreateCluster") + self.requests("CreateNodePool")

    def set_faults(self, faults: Iterable[Fault]) -> None:
        """Have these faults from now on."""
        self._ask("faults", list(faults))

    def _ask(self, command: str, given: Any = None) -> Any:
        self._pipe.send((command, given))
        return self._answer()

    def _answer(self) -> Any:
        if not self._pipe.poll(WAIT_TIMEOUT):
            raise TimeoutError(f"the emulator's process did not answer within {WAIT_TIMEOUT:g} s")
        return self._pipe.recv()


def _serve(pipe: Connection, seed: int, faults: Iterable[Fault], speed: float) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the others'; then the pipe ends
    emulator = Emulator(seed=seed, speed=speed, ledger_limit=1_000_000, faults=faults)

    def set_faults(given: Iterable[Fault]) -> None:
        emulator.faults.clear()
        for fault in given:
            emulator.faults.add(fault)

    commands: dict[str, Callable[[Any], Any]] = {
        "made": lambda _: [
            Made(kind=each.kind, id=each.id, name=each.name)
            for each in emulator.ledger.resources
            if each.kind in ("cluster", "node_pool")
        ],
        "requests": lambda action: emulator.ledger.count(action),
        "faults": set_faults,
    }
    with emulator.serve() as url, pipe:
        pipe.send(url)
        while True:
            try:
                command, given = pipe.recv()
            except EOFError:
                return
            pipe.send(commands[command](given))


class Provisioner:
    """A process that carries the fleet out, and has a report at its end."""

    def __init__(self, work: Work) -> None:
        self._pipe, theirs = _processes.Pipe(duplex=False)
        self._process: BaseProcess = _processes.Process(target=_provision, args=(theirs, work), daemon=True)
        self._process.start()
        theirs.close()

    @property
    def pid(self) -> int:
        """The process's id."""
        assert self._process.pid is not None
        return self._process.pid

    @property
    def is_over(self) -> bool:
        """Whether it has ended by itself."""
        return not self._process.is_alive()

    def kill(self) -> None:
        """End it without any warning."""
        self._process.kill()
        self._process.join(WAIT_TIMEOUT)

    def interrupt(self) -> None:
        """Send what Ctrl-C sends."""
        os.kill(self.pid, signal.SIGINT)

    def wait(self, seconds: float) -> bool:
        """Wait until it has ended; return whether it has."""
        self._process.join(seconds)
        return self.is_over

    def report(self, seconds: float = WAIT_TIMEOUT) -> dict[str, Any]:
        """Return its report when it has ended.

        Raises:
            RuntimeError: It has ended without one, or does not end.
        """
        try:
            if not self._pipe.poll(seconds):
                raise RuntimeError(f"a run does not end within {seconds:g} s")
            told: dict[str, Any] | str = self._pipe.recv()
        except EOFError:
            raise RuntimeError(f"a run has ended with {self._process.exitcode} and without a report") from None
        self._process.join(WAIT_TIMEOUT)
        if isinstance(told, str):
            raise RuntimeError(told)  # noqa: TRY004 - it tells of an error
        return told


def _provision(pipe: Connection, work: Work) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.update(SECRETS)
    true_time = time.time
    time.time = lambda: true_time() + work.wall_ahead
    try:
        told: Any = anyio.run(_provisioned, work)
    except Exception as error:  # noqa: BLE001 - the other process tells it
        told = f"{type(error).__name__}: {error}"
    pipe.send(told)


async def _provisioned(work: Work) -> dict[str, Any]:
    retry = RetryPolicy(max_attempts=3, base_delay=0.01, max_delay=0.2)
    async with (
        AsyncEksClient(CREDENTIALS, endpoint=work.url, retry=retry) as eks,
        open_journal(work.journal) as journal,
    ):
        run = provision(
            eks, plan_of(work.clusters), journal=journal, settle=work.settle, adopt=work.adopt, limits=LIMITS
        )
        return (await run.report()).to_dict()
