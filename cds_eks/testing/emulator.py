"""The emulator as a test uses it: in this process, at a time that jumps, with clients, seeded worlds and assertions."""

from __future__ import annotations

import contextlib
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import httpx

from cds_eks._runtime import passing_time
from cds_eks.client import AsyncEksClient
from cds_eks.emulator.app import Emulator
from cds_eks.errors import ConfigurationError
from cds_eks.schema.revisions import API_REVISIONS
from cds_eks.sync.client import EksClient
from cds_eks.testing.assertions import LedgerAssertions
from cds_eks.testing.clock import JumpingClock
from cds_eks.testing.nowhere import NOWHERE

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

__all__ = ["DrivenEmulator"]


class DrivenEmulator(LedgerAssertions, Emulator):
    """An emulator for one test: what waits for it takes no real time. Use it in `with`; the fixture does so.

    While the block lasts, all waits of the SDK in this process (`eks.wait`, `find`, the pauses between attempts, the
    polls of fleets) jump to their end, and the emulator's clock with them; `clock.advance(seconds)` puts it ahead
    besides. Faults that hang or drip take real time, as do the timeouts of single calls. Several at once have their
    clocks jump together.

    Args:
        settings: As `Emulator` takes them, without `speed` and `clock`.

    Raises:
        TypeError: A `speed` or a `clock` was given.

    Example:
        ```python
        with DrivenEmulator() as emulator:
            provision(emulator.sync_client(), "gpu-1")
            emulator.assert_created_once("gpu-1")
        ```
    """

    def __init__(self, **settings: Any) -> None:
        if refused := {"clock", "speed"} & {*settings}:
            raise TypeError(f"a DrivenEmulator has a clock of its own, which jumps: {min(refused)}= is for Emulator")
        self._in_flight = 0
        self._in_flight_lock = threading.Lock()  # requests come on the loops of several threads
        self._is_open: bool | None = None  # until it is entered
        self._exit = contextlib.ExitStack()
        self._url: str | None = None
        self._jumping = JumpingClock(is_busy=lambda: self._in_flight > 0)
        self._speaks: str | None = settings.get("api_revision")
        super().__init__(clock=self._jumping, **settings)

    def __enter__(self) -> Self:
        if self._is_open is not None:
            raise ConfigurationError("a DrivenEmulator is for one `with`: make a new one")
        self._is_open = True
        self._exit.enter_context(passing_time.driven_by(self._jumping))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._is_open = False
        self._exit.close()

    @property
    def clock(self) -> JumpingClock:
        """The service's time, and that of all waits."""
        return self._jumping

    @property
    def url(self) -> str:
        """Where it is served on a socket, for code that makes a client itself; it is served from now on."""
        if self._url is None:
            self._check_open()
            self._url = self._exit.enter_context(self.serve())
        return self._url

    def client(self, **settings: Any) -> AsyncEksClient:
        """Return an async client of it, without a socket. It may be used on any one event loop, of asyncio or trio.

        Args:
            settings: As `AsyncEksClient` takes them, such as `retry` and `limits`.
        """
        return AsyncEksClient(**self._settings(settings))

    def sync_client(self, **settings: Any) -> EksClient:
        """Return a blocking client of it, without a socket. It is closed with the emulator.

        Args:
            settings: As `EksClient` takes them, such as `retry` and `limits`.
        """
        made = EksClient(**self._settings(settings))
        self._exit.callback(made.close)
        return made

    def _settings(self, given: dict[str, Any]) -> dict[str, Any]:
        """Return the settings of a client: what is not given is not looked for in the environment."""
        self._check_open()
        ours: dict[str, Any] = {"credentials": self.credentials, "endpoint": NOWHERE, "backend": _InProcess(self)}
        return {**ours, "api_revision": self._speaks or API_REVISIONS[0], **given}

    def _check_open(self) -> None:
        if self._is_open is None:  # waits would take real time, and its clock would stand still meanwhile
            raise ConfigurationError("a DrivenEmulator is used in `with`: with DrivenEmulator() as emulator: …")
        if not self._is_open:
            raise ConfigurationError("this emulator is closed: its test is over")

    def with_cluster(
        self, name: str, *, cluster_id: str | None = None, node_pools: dict[str, int] | None = None, **settings: Any
    ) -> Self:
        """Have a cluster in the service beforehand, up and running. Returns the emulator, for the next one.

        It belongs to no request, so the assertions on what was created do not count it.

        Args:
            name: Its name; `cluster_id(name)` is its id.
            cluster_id: Its id; None makes one.
            node_pools: More node pools, by name, with how many nodes they have.
            settings: As `Emulator.add_cluster` takes them, such as `vpc_id`, `workers` and `status`.
        """
        cluster_id = self.add_cluster(cluster_id, name=name, **settings)
        for pool, replicas in (node_pools or {}).items():
            self.add_node_pool(cluster_id, name=pool, replicas=replicas)
        return self

    def with_network_interface(self, name: str, *, netcard_id: str | None = None, ecs_id: str | None = None) -> Self:
        """Have a network interface in the service beforehand. Returns the emulator, for the next one.

        Args:
            name: Its name.
            netcard_id: Its id; None makes one.
            ecs_id: The machine that it is attached to, which is there from now on; None for none.
        """
        if ecs_id is not None:
            with contextlib.suppress(ValueError):  # it is there already
                self.add_machine(ecs_id)
        self.add_network_interface(netcard_id, name=name, ecs_id=ecs_id)
        return self

    def cluster_id(self, name: str) -> str:
        """Return the id of the cluster of a name, seeded or created.

        Raises:
            LookupError: There is none, or there are several.
        """
        with self._settled() as world:
            found = [each.id for each in world.clusters.values() if each.name == name]
            names = sorted({each.name for each in world.clusters.values()})
        if len(found) != 1:
            there = f"; there are {', '.join(names)}" if names else "; there is none at all"
            raise LookupError(f"{len(found) or 'no'} clusters are named {name!r}{there}")
        return found[0]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Be an ASGI app."""
        with self._in_flight_lock:
            self._in_flight += 1
        if scope.get("method") == "POST":
            self._jumping.begin_anew()
        try:
            await super().__call__(scope, receive, send)
        finally:
            with self._in_flight_lock:
                self._in_flight -= 1


class _InProcess(httpx.ASGITransport):
    """The way to an emulator in this process, until that is closed."""

    def __init__(self, emulator: DrivenEmulator) -> None:
        super().__init__(emulator)
        self._emulator = emulator

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, unless the test is over.

        Raises:
            ConfigurationError: It is.
        """
        if not self._emulator._is_open:  # noqa: SLF001 - its other half
            raise ConfigurationError("the emulator of this client is closed: its test is over")
        return await super().handle_async_request(request)
