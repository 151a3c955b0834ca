"""The emulator itself: an ASGI app over the service, with what tests need to look into it and to set it up."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.routing import Mount, Route

from cds_eks._runtime import clocks
from cds_eks.emulator.engine.clock import Clock, DrivenClock, WallClock, drivable
from cds_eks.emulator.engine.ledger import Ledger
from cds_eks.emulator.engine.seeding import Seeding
from cds_eks.emulator.engine.world import World
from cds_eks.emulator.faults.fault import Fault
from cds_eks.emulator.faults.schedule import Faults
from cds_eks.emulator.http.auth import CREDENTIALS, Verifier
from cds_eks.emulator.http.gateway import Gateway
from cds_eks.emulator.http.server import Serving
from cds_eks.emulator.http.service import Service
from cds_eks.signing import Credentials

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

__all__ = ["Emulator"]

_CONTROL = "/_emulator"


class Emulator(Seeding):
    """The EKS service on your own machine. It is an ASGI app, and serves itself on a socket.

    Several threads may use it. It keeps everything in memory, and the same writes give the same ids in
    every run. The `add_` methods put things there beforehand.

    Args:
        speed: How fast its resources live; 60 makes a minute a second.
        clock: Its own time, such as a `ManualClock`, in place of a clock that runs at `speed`. See `clock` below.
        credentials: The one key it knows; by default a fixed one, see `credentials`.
        seed: Another seed gives other ids, and other random numbers to the faults.
        wall_clock: The time that timestamps of requests are judged by, in seconds since the epoch.
        timestamp_window: How many seconds a timestamp may be off.
        ledger_limit: How many requests the ledger stores.
        faults: What is to go wrong on purpose, see `Fault`; more can be added to `faults` at any time.
        api_revision: The revision of the API that it speaks, `"2025-09-08"` [D] or `"2025-10-11"` [O]; it refuses
            requests of another. None takes either, request by request.
        setup: Puts there what is to be there from the start, by the `add_` methods; called again by each `reset`.
        allowed_hosts: By which names, other than localhost, what is below `/_emulator/` may be asked for on a socket.
        subnets_as_objects: Whether GetCluster sends `MasterSubnet`, `WorkerSubnet` and `SubnetList` as one object each:
            the vendor's Go client of revision 2025-09-08 can read nothing else [O]. By default they are lists.

    Raises:
        ValueError: `speed` is not above 0, or was given together with a clock; or the revision is not known, or is not
            the one of `subnets_as_objects`.

    Example:
        ```python
        emulator = Emulator(speed=60)
        async with emulator.serve() as url:  # or: with emulator.serve() as url
            ...
        assert emulator.ledger.count("CreateCluster", "Success") == 1
        ```
        Without a socket and without any waiting, in this process and at a time that the test says:
        ```python
        emulator = Emulator(clock=ManualClock())
        async with AsyncEksClient(emulator.credentials, backend=httpx.ASGITransport(emulator)) as eks:
            created = (await eks.clusters.create(request)).data
            emulator.clock.advance(300)
            assert (await eks.clusters.get(created.cluster_id)).data.cluster_status == "running"
        ```
        What waits by a `sleep` that it was handed is driven by `ManualClock.sleep`, which puts the clock ahead.
    """

    def __init__(
        self,
        *,
        speed: float = 1.0,
        clock: Clock | None = None,
        credentials: Credentials | None = None,
        seed: int = 0,
        wall_clock: Callable[[], float] = clocks.wall,
        timestamp_window: float = 900.0,
        ledger_limit: int = 100_000,
        faults: Iterable[Fault] = (),
        api_revision: str | None = None,
        subnets_as_objects: bool = False,
        setup: Callable[[Emulator], object] | None = None,
        allowed_hosts: Iterable[str] = (),
    ) -> None:
        if clock is not None and speed != 1.0:
            raise ValueError("speed is that of the default clock: give a clock or a speed")
        self._clock = WallClock(speed) if clock is None else drivable(clock)
        self._credentials = credentials or CREDENTIALS
        self._wall_clock = wall_clock
        self._timestamp_window = timestamp_window
        self._ledger_limit = ledger_limit
        self._seed = seed
        self._api_revision = api_revision
        self._subnets_as_objects = subnets_as_objects
        self._setup = setup
        self._resets = 0
        self._made_at = clocks.monotonic()
        self._allowed_hosts = {each.lower() for each in allowed_hosts}
        self._faults = Faults(faults, seed)
        lock = threading.RLock()
        super().__init__(self._new_world(lock), lock)
        self._begin()

    @cached_property
    def _app(self) -> Starlette:
        """All that is at any path. What few ask for is imported when it is asked for: most tests need the API alone."""
        from cds_eks.emulator.control.app import Control
        from cds_eks.emulator.control.handle import Handle

        handle = Handle(
            settled=self._settled,
            ledger=lambda: self._ledger,
            faults=self._faults,
            clock=self._clock,
            reset=self.reset,
            resets=lambda: self._resets,
            api_revision=self._api_revision,
            wall_clock=self._wall_clock,
            allowed_hosts=self._allowed_hosts,
            began=self._made_at,
        )
        control = Control(handle)
        routes = [Route(_CONTROL, control), Mount(_CONTROL, app=control), Mount("/", app=self._through_api)]
        return Starlette(routes=routes)

    def _new_world(self, lock: threading.RLock) -> World:
        """Make a world that has nothing, with a ledger of its own."""
        self._ledger = ledger = Ledger(limit=self._ledger_limit, lock=lock, settle=lambda: world.settle())
        world = World(self._clock, ledger, self._seed)
        return world

    def _begin(self) -> None:
        """Have a service of the world, which knows no nonce yet; and put there what is to be there from the start."""
        verifier = Verifier(self._credentials, window=self._timestamp_window, wall_clock=self._wall_clock)
        self._service = Service(
            self._world,
            verifier,
            self._ledger,
            lock=self._lock,
            seed=self._seed,
            api_revision=self._api_revision,
            subnets_as_objects=self._subnets_as_objects,
        )
        self._api = ServerErrorMiddleware(Gateway(self._service, self._ledger, self._faults, self._wall_clock))
        if self._setup is not None:
            self._setup(self)

    def reset(self) -> None:
        """Begin anew, as if it had just been made: the world as `setup` makes it, an empty ledger, the first faults.

        The clock begins anew too, if it has a method `reset`. `ledger` is another object from now on. A request that
        is under way ends in the world in which it began, and leaves no trace in the new one.
        """
        with self._lock:
            reset_clock = getattr(self._clock, "reset", None)
            if reset_clock is not None:
                reset_clock()
            self._faults.reset()
            self._world = self._new_world(self._lock)
            self._begin()
            self._resets += 1

    def __repr__(self) -> str:
        return f"Emulator(clusters={len(self._world.clusters)}, ledger={self._ledger!r})"

    @property
    def credentials(self) -> Credentials:
        """The key that it knows."""
        return self._credentials

    @property
    def clock(self) -> DrivenClock:
        """The service's time. `clock.advance(seconds)` puts it ahead, whatever clock it is: what is due happens."""
        return self._clock

    @property
    def ledger(self) -> Ledger:
        """Every request that came, and every resource that was created through the API."""
        return self._ledger

    @property
    def faults(self) -> Faults:
        """What goes wrong on purpose: `add()` and `clear()` may be called from any thread, at any time."""
        return self._faults

    def serve(self, host: str = "127.0.0.1", port: int = 0) -> Serving:
        """Return a context manager, for `with` and `async with`, that serves this emulator and gives its URL.

        Args:
            host: The address to listen on.
            port: The port; 0 for any that is free. Entering raises `OSError` if it is taken.
        """
        self._allowed_hosts.add(host.lower())
        return Serving(self, host, port, self._faults)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Be an ASGI app."""
        is_of_api = scope["type"] == "http" and scope["path"].startswith("/") and not scope["path"].startswith(_CONTROL)
        # What Starlette makes of any other path, without the way through its routes, which takes as long as a read.
        await (self._api if is_of_api and not scope.get("root_path") else self._app)(scope, receive, send)

    async def _through_api(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._api(scope, receive, send)
