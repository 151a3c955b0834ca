"""The emulator in a process of its own: it has a processor to itself, and its memory is not the client's."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterable, Mapping, Sequence
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

import attrs

from cds_eks import Credentials
from cds_eks.emulator import Emulator, Fault, RequestEntry

__all__ = ["Evidence", "Place", "ServiceProcess"]

CREDENTIALS = Credentials("soak-access-key-id", "soak-secret-access-key")

SPEED = 60.0
"""How fast resources live: a cluster is up after 5 s."""

CLUSTERS, MACHINES = 40, 10
"""What is there beforehand."""

WAIT_TIMEOUT = 120.0
"""Seconds within which the process must answer."""


@attrs.frozen(kw_only=True)
class Place:
    """Where the service is, and what is there beforehand.

    Attributes:
        url: Its URL.
        clusters: Ids of clusters that run, with a node pool each.
        machines: Ids of machines that network interfaces can be attached to.
    """

    url: str
    clusters: tuple[str, ...]
    machines: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Evidence:
    """What the ledger knows, by `call_id`.

    Attributes:
        requests: The requests of each call in their order, without their arguments.
        made: Kind and id of every resource that came of each call.
        struck: How often each kind of fault has struck.
    """

    requests: Mapping[str, Sequence[RequestEntry]]
    made: Mapping[str, Sequence[tuple[str, str]]]
    struck: Mapping[str, int]


class ServiceProcess:
    """Runs the emulator inside a `with` block.

    Args:
        seed: Of its ids and of the random numbers of its faults.
        faults: What goes wrong.
    """

    def __init__(self, seed: int, faults: Iterable[Fault]) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._theirs = theirs
        self._process = context.Process(target=_serve, args=(theirs, seed, list(faults)), daemon=True)
        self.place = Place(url="", clusters=(), machines=())

    def __enter__(self) -> Self:
        self._process.start()
        self._theirs.close()
        self.place = self._answer()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._pipe.close()  # at which it ends
        self._process.join(WAIT_TIMEOUT)
        self._process.close()

    def calm(self) -> None:
        """Have no faults from now on."""
        self._pipe.send("calm")
        self._answer()

    def evidence(self) -> Evidence:
        """Return what the ledger knows by now."""
        self._pipe.send("evidence")
        evidence: Evidence = self._answer()
        return evidence

    def _answer(self) -> Any:
        if not self._pipe.poll(WAIT_TIMEOUT):
            raise TimeoutError(f"the emulator's process did not answer within {WAIT_TIMEOUT:g} s")
        return self._pipe.recv()


def _serve(pipe: Connection, seed: int, faults: Sequence[Fault]) -> None:
    """Be the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the client's; then the pipe ends
    emulator = Emulator(seed=seed, speed=SPEED, credentials=CREDENTIALS, ledger_limit=1_000_000, faults=faults)
    clusters = tuple(emulator.add_cluster(name=f"there-{number}") for number in range(CLUSTERS))
    machines = tuple(emulator.add_machine() for _ in range(MACHINES))
    with emulator.serve() as url, pipe:
        pipe.send(Place(url=url, clusters=clusters, machines=machines))
        while True:
            try:
                command = pipe.recv()
            except EOFError:
                return
            if command == "calm":
                emulator.faults.clear()
            pipe.send(_evidence(emulator) if command == "evidence" else None)


def _evidence(emulator: Emulator) -> Evidence:
    ledger = emulator.ledger
    calls = ledger.calls()
    return Evidence(
        requests={call_id: [_short(entry) for entry in entries] for call_id, entries in calls.items()},
        made={call_id: [(made.kind, made.id) for made in ledger.created_by(call_id)] for call_id in calls},
        struck=emulator.faults.struck,
    )


def _short(entry: RequestEntry) -> RequestEntry:
    return attrs.evolve(entry, params={}, body=None)
