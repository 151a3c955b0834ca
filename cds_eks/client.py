"""The async client: wiring, lifetime, and the way of every call."""

from __future__ import annotations

import logging
import platform
from collections.abc import Callable, Coroutine, Iterable, Mapping
from datetime import UTC, datetime
from traceback import clear_frames
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Self, TypeVar, cast

from cds_eks import backend as backends
from cds_eks import clocks, codec, resources
from cds_eks._version import __version__
from cds_eks.config import (
    REVISION_UNSAID,
    Limits,
    RetryPolicy,
    Timeouts,
    check_credentials,
    check_revision,
    credentials_from,
    endpoint_from,
    service_url,
)
from cds_eks.errors import ConfigurationError, EksError, InvalidRequestError, TransportError, ambiguous
from cds_eks.home import Home
from cds_eks.kept import kept
from cds_eks.logs import log
from cds_eks.middleware import Deadline, LimitRate, Retry, Sign
from cds_eks.pipeline import Middleware, Send, chain
from cds_eks.signing import CallIds, Credentials, HmacSha1Signer, Signer
from cds_eks.wire import Kind, Operation, Request, Response

if TYPE_CHECKING:
    from cds_eks.waiting import Waiters

T = TypeVar("T")

logger = logging.getLogger("cds_eks.client")


class AsyncEksClient:
    """The service, for async code on asyncio or trio.

    Make one and keep it: it holds the connections. Close it with `aclose`, or use it in `async with`.

    Args:
        credentials: The access key, or a callable that returns the one to use now (called for every attempt, so that
            keys can be rotated). None reads `CDS_SECRET_ID` and `CDS_SECRET_KEY`.
        endpoint: Where the service is, such as `https://api.capitalonline.net` (the default). None reads
            `CDS_EKS_ENDPOINT`, or `CDS_API_HOST` and `CDS_API_SCHEMA`.
        api_revision: The revision of the API that the endpoint speaks, `"2025-09-08"` [D] or `"2025-10-11"` [O].
            Requests are written in it; answers of either are read. When it is not passed, `CDS_EKS_API_REVISION` says
            it, else it is `"2025-09-08"`.
        timeouts: How long things may take.
        retry: When and how calls are tried again.
        limits: How much is done at once.
        backend: What carries the requests: `"httpx"`; `"native"`, quicker, on asyncio alone (extra `native`); an
            `httpx.AsyncBaseTransport` (for an application in the same process); or any object with the methods of
            `cds_eks.backend.Backend`.
        signer: What signs each attempt, in place of the service's own scheme with `credentials`.
        per_call: Middlewares around each whole call: `async def __call__(self, request, send)`.
        per_attempt: Middlewares around each attempt, before it is signed.
        user_agent: A word on your application, put before the SDK's own in the `User-Agent`.

    Raises:
        ConfigurationError: There are no credentials, or a setting can't be used.
    """

    def __init__(
        self,
        credentials: Credentials | Callable[[], Credentials] | None = None,
        *,
        endpoint: str | None = None,
        api_revision: str = REVISION_UNSAID,
        timeouts: Timeouts = Timeouts(),  # noqa: B008 - a frozen value
        retry: RetryPolicy = RetryPolicy(),  # noqa: B008 - a frozen value
        limits: Limits = Limits(),  # noqa: B008 - a frozen value
        backend: Literal["httpx", "native"] | backends.Backend | Any = "httpx",
        signer: Signer | None = None,
        per_call: Iterable[Middleware] = (),
        per_attempt: Iterable[Middleware] = (),
        user_agent: str | None = None,
    ) -> None:
        for name, value, kind in (
            ("timeouts", timeouts, Timeouts),
            ("retry", retry, RetryPolicy),
            ("limits", limits, Limits),
        ):
            if not isinstance(value, kind):
                raise ConfigurationError(f"{name} must be a {kind.__name__}, not {type(value).__name__}")
        self._url = service_url(endpoint if endpoint is not None else endpoint_from())
        self._revision = check_revision(api_revision)
        self._timeouts = timeouts
        self._backend = backends.choose(backend, limits)
        self._user_agent = _user_agent(user_agent)
        self._call_id = CallIds().next
        self._secrets: Callable[[], frozenset[str]] = frozenset
        per_call, per_attempt = tuple(per_call), tuple(per_attempt)
        self._has_per_call = bool(per_call)
        # Middlewares and signers of others may wait for anything.
        keeps_deadline = getattr(self._backend, "keeps_deadline", False) and not per_attempt and signer is None
        secrets = None
        if signer is None:
            current = _provider(credentials)
            signer = own = HmacSha1Signer(current)
            self._secrets = lambda: current().texts
            secrets = own.secrets if callable(credentials) else None
        for middleware in (*per_call, *per_attempt):
            if not callable(middleware):
                raise ConfigurationError(f"a middleware must be callable, not {type(middleware).__name__}")
        self._send: Send = chain(
            [
                *per_call,
                Deadline(timeouts.total, is_kept_below=keeps_deadline),
                Retry(retry, codec.failure_of, set_clock=getattr(signer, "set_clock", None)),
                LimitRate(
                    # More than there are connections would only wait again, in the backend.
                    min(limits.max_in_flight or limits.max_connections, limits.max_connections),
                    limits.requests_per_second,
                    limits.adaptive,
                ),
                *per_attempt,
                Sign(signer, secrets=secrets),
            ],
            self._backend.send,
        )
        self._is_closed = False
        self._home: Home | None = None

    @kept
    def clusters(self) -> resources.Clusters:
        """CreateCluster, GetCluster, ListClusters, DeleteCluster, GetClusterEvents, AddClusterSubnet."""
        return cast("resources.Clusters", self._group("Clusters"))

    @kept
    def tasks(self) -> resources.Tasks:
        """GetTaskStatus."""
        return cast("resources.Tasks", self._group("Tasks"))

    @kept
    def nodes(self) -> resources.Nodes:
        """ListNodes, DeleteNode."""
        return cast("resources.Nodes", self._group("Nodes"))

    @kept
    def node_pools(self) -> resources.NodePools:
        """CreateNodePool, UpdateNodePoolConfig, ScalingNodePoolNum, ListNodePools, DeleteNodePool."""
        return cast("resources.NodePools", self._group("NodePools"))

    @kept
    def network_interfaces(self) -> resources.NetworkInterfaces:
        """Create…, Delete…, Attach…, Detach… and DescribeNetworkInterface(s), IsAttachedECS."""
        return cast("resources.NetworkInterfaces", self._group("NetworkInterfaces"))

    @kept
    def events(self) -> resources.Events:
        """QueryEventStatus."""
        return cast("resources.Events", self._group("Events"))

    @kept
    def scaling_groups(self) -> resources.ScalingGroups:
        """DescribeScalingGroup, AddScalingNode."""
        return cast("resources.ScalingGroups", self._group("ScalingGroups"))

    @kept
    def wait(self) -> Waiters:
        """Waits for tasks, events, clusters and node pools."""
        from cds_eks import waiting

        return waiting.Waiters(
            task=self.tasks.get_status,
            event=self.events.get_status,
            cluster=self.clusters.get,
            clusters=self.clusters.list,
            node_pools=lambda cluster_id, node_pool_id: self.node_pools.list(cluster_id, node_pool_id=node_pool_id),
        )

    def _group(self, name: str) -> Any:
        """Make a group of operations, whose module may be imported only now.

        Raises:
            TransportError: The module can't be read, for want of file descriptors, say.
        """
        try:
            return getattr(resources, name)(self.execute)
        except OSError as error:
            raise TransportError(f"a module can't be loaded ({error})", outcome="not_sent") from error

    def __repr__(self) -> str:
        return f"{type(self).__name__}(api_revision={self._revision!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} is neither copied nor pickled: it holds connections; make a new one")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections. Calls that are made afterwards raise `ConfigurationError`.

        Raises:
            ConfigurationError: The client belongs to another event loop, or process: its connections do as well.
        """
        if not self._is_closed and self._home is not None:
            self._home.check()
        self._is_closed = True
        await self._backend.aclose()

    def execute(
        self, operation: Operation[T], request: Any, extra: Mapping[str, Any] | None = None
    ) -> Coroutine[Any, Any, Response[T]]:
        """Send one operation through the pipeline; the resources' methods do this.

        Args:
            operation: The operation.
            request: The model of its arguments.
            extra: Undocumented wire fields to send along.

        Returns:
            The service's answer.

        Raises:
            EksError: See `cds_eks.errors`.
        """
        call = codec.encode(
            operation,
            request,
            extra,
            url=self._url,
            headers=self._call_headers(),
            secrets=self._secrets(),
            revision=self._revision,
            timeouts=self._timeouts,
        )
        return self._carry_out(operation, call, request if operation.kind is Kind.CREATE else None)

    async def call(
        self,
        action: str,
        *,
        method: Literal["GET", "POST"] = "GET",
        params: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Call any action of the service, also one that this package does not know.

        It is signed and retried like the others; a `POST` as a create, which is tried again only if it can't have been
        carried out.

        Args:
            action: The `Action` on the wire.
            method: `GET` or `POST`.
            params: Arguments in the query: texts, whole numbers or flags.
            body: The JSON body of a `POST`.

        Returns:
            The whole answer as plain data, under the names of the wire.

        Raises:
            InvalidRequestError: An argument can't be sent.
            EksError: As the other operations do; see `cds_eks.errors`.
        """
        if not isinstance(action, str) or not action.isprintable() or not action.strip():
            raise InvalidRequestError("action", "must be the name of an action")
        if method not in ("GET", "POST"):
            raise InvalidRequestError("method", "must be GET or POST")
        kind = Kind.READ if method == "GET" else Kind.CREATE
        operation = Operation[None](name=action, action=action, method=method, kind=kind, request=None, result=None)
        call = codec.encode_call(
            operation,
            params,
            body,
            url=self._url,
            headers=self._call_headers(),
            secrets=self._secrets(),
            timeouts=self._timeouts,
        )
        answer = await self._carry_out(operation, call, body)
        return dict(answer.raw)

    async def _carry_out(self, operation: Operation[T], call: Request, arguments: Any) -> Response[T]:
        """Send a call through the pipeline; a create whose fate stays unknown is raised as such.

        Args:
            operation: The operation.
            call: The request.
            arguments: What it was made of, if it is a create.
        """
        if self._is_closed:
            raise ConfigurationError("the client is closed")
        if self._home is None:
            self._home = Home()
        self._home.check()
        started, began = clocks.monotonic(), clocks.wall()
        try:
            response = await self._send(call)
            # A middleware's own answer may be one; the client's own have looked.
            if self._has_per_call and (refusal := codec.failure_of(call, response)) is not None:
                raise refusal
            answer = codec.decode(operation, call, response, elapsed=clocks.monotonic() - started)
        except EksError as error:
            _let_go(error)
            if error.outcome == "unknown":
                call.record.may_have_left()  # what it took for accepted may be an answer that names nothing
            if error.outcome == "accepted" and call.record.answer is not None and operation.kind is not Kind.READ:
                error.ids = {**codec.ids_of(operation, call)}
            if operation.kind is not Kind.CREATE or error.outcome != "unknown":
                raise
            key = codec.natural_key(operation, arguments)
            failure = ambiguous(error, natural_key=key, window=(_moment(began), _moment(clocks.wall())))
        else:
            if logger.isEnabledFor(logging.DEBUG):
                _log(operation, answer)
            return answer
        finally:
            call.record.failures = ()  # or else a failure would hold itself, by the frames that it came through
        try:
            raise failure
        finally:
            del failure

    def _call_headers(self) -> dict[str, str]:
        """The headers of one call; the service's own client sends the id as well [O]."""
        return {"User-Agent": self._user_agent, "cds-request-id": self._call_id()}


def _let_go(error: EksError) -> None:
    """Have the frames that a failure came through forget it: it holds them, and they hold sockets."""
    for each in (error, *error.previous):
        clear_frames(each.__traceback__)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _log(operation: Operation[T], answer: Response[T]) -> None:
    log(
        logger,
        logging.DEBUG,
        operation.name,
        "answered",
        code=answer.code,
        elapsed=round(answer.elapsed, 3),
        attempts=answer.attempts,
        request_id=answer.request_id,
    )


def _provider(credentials: Credentials | Callable[[], Credentials] | None) -> Callable[[], Credentials]:
    if callable(credentials):
        provide = credentials
        return lambda: check_credentials(provide())
    fixed = check_credentials(credentials if credentials is not None else credentials_from())
    return lambda: fixed


def _user_agent(prefix: str | None) -> str:
    own = f"cds-eks-python/{__version__} python/{platform.python_version()}"
    if prefix is None:
        return own
    if not isinstance(prefix, str) or not prefix.strip() or not prefix.isascii() or not prefix.isprintable():
        raise ConfigurationError("user_agent must be printable ASCII text")
    return f"{prefix.strip()} {own}"
