"""The blocking client."""

from __future__ import annotations

import os
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Self

from cds_eks._runtime import forks
from cds_eks._runtime.cached_group import Group
from cds_eks._runtime.frames import clear_frames, masked
from cds_eks.backend import Backend, context_for
from cds_eks.client.async_client import AsyncEksClient
from cds_eks.client.open_creates import HoldsOpenCreates
from cds_eks.client.telemetry import telemetry_of
from cds_eks.client.wiring import NOT_PICKLED
from cds_eks.config import (
    DEFAULT_BACKEND,
    DEFAULT_LIMITS,
    DEFAULT_RETRY,
    DEFAULT_REVISION,
    DEFAULT_TIMEOUTS,
    Limits,
    RetryPolicy,
    Timeouts,
    check_revision,
    credentials_from,
    endpoint_from,
    may_use_profile,
    resolve_settings,
)
from cds_eks.errors import ConfigurationError
from cds_eks.outcome.open_creates import OpenCreates
from cds_eks.pipeline import Middleware
from cds_eks.signing import Credentials, Signer
from cds_eks.sync import resources
from cds_eks.sync.event_loop_thread import current_client, is_stopping
from cds_eks.sync.groups import Groups
from cds_eks.sync.portal import Portal
from cds_eks.sync.shutdown import ReportClosedClient

if TYPE_CHECKING:
    from cds_eks.otel import Telemetry


class EksClient(HoldsOpenCreates, Groups):
    """The service, for code that blocks: scripts, threads, notebooks.

    It runs an `AsyncEksClient` on an event-loop thread of its own, which starts with the first call. Make one and keep
    it; any number of threads may use it. Close it with `close`, or use it in `with`. It works inside of a running event
    loop too (in Jupyter, say), though each call blocks that loop. A forked child gets connections of its own.

    The operations are in groups, each an attribute, such as `clusters`: `Groups` has the list.

    Args:
        credentials: The access key, or a callable that returns the one to use now or an awaitable of it (called for
            every attempt, so that keys can be rotated). None reads `CDS_SECRET_ID` and `CDS_SECRET_KEY`, or a profile.
        endpoint: Where the service is, such as `https://api.capitalonline.net` (the default). None reads
            `CDS_EKS_ENDPOINT`, or `CDS_API_HOST` and `CDS_API_SCHEMA`.
        api_revision: The revision of the API that the endpoint speaks, `"2025-09-08"` [D] or `"2025-10-11"` [O].
            Requests are written in it; answers of either are read. When it is not passed, `CDS_EKS_API_REVISION` sets
            it; the default is `"2025-09-08"`.
        timeouts: How long things may take.
        retry: When and how calls are tried again.
        limits: How much is done at once.
        backend: What carries the requests: `"httpx"`; `"native"`, quicker, on asyncio alone (extra `native`); an
            `httpx.AsyncBaseTransport` (for an application in the same process); or any object with the methods of
            `cds_eks.backend.Backend`.
        signer: What signs each attempt, in place of the service's own scheme with `credentials`.
        per_call: Middlewares around each whole call, async; they run on the client's thread.
        per_attempt: Middlewares around each attempt, before it is signed; as above.
        user_agent: A word on your application, put before the SDK's own in the `User-Agent`.
        tls: Whose certificates are trusted: the path of a file or directory of them, or an `ssl.SSLContext`, which may
            hold a client certificate as well. None trusts what `SSL_CERT_FILE` and the like name, or the usual
            authorities. It goes with `"httpx"` and `"native"`; a backend of your own has its own.
        profile: The name of a profile, an account's settings in a file; those that are passed here win. None takes
            the environment, then the profile that `CDS_PROFILE` names, or the default one.
        telemetry: OpenTelemetry's spans and metrics (extra `otel`): a `cds_eks.otel.Telemetry`; True for those of the
            process's own providers; False for none. None is for what `cds_eks.otel.instrument` or `CDS_EKS_TELEMETRY`
            has switched on.

    Raises:
        ConfigurationError: There are no credentials, or a setting can't be used.

    Attributes:
        wait: Waits for tasks, events, clusters and node pools.
    """

    wait: Group[resources.Waiters] = Group(lambda: resources.Waiters)

    def __init__(
        self,
        credentials: Credentials | Callable[[], Credentials | Awaitable[Credentials]] | None = None,
        *,
        endpoint: str | None = None,
        api_revision: str = DEFAULT_REVISION,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        retry: RetryPolicy = DEFAULT_RETRY,
        limits: Limits = DEFAULT_LIMITS,
        backend: Literal["httpx", "native"] | Backend | Any = DEFAULT_BACKEND,
        signer: Signer | None = None,
        per_call: Iterable[Middleware] = (),
        per_attempt: Iterable[Middleware] = (),
        user_agent: str | None = None,
        tls: ssl.SSLContext | str | os.PathLike[str] | None = None,
        profile: str | None = None,
        telemetry: Telemetry | bool | None = None,
    ) -> None:
        per_call, per_attempt = tuple(per_call), tuple(per_attempt)
        process = forks.process()
        self._open = open_creates = OpenCreates()  # it outlives the connections, and the client that has them

        def make_client() -> AsyncEksClient:
            if not isinstance(backend, str) and process != forks.process():
                raise ConfigurationError(
                    "a client with a backend of your own can't be used after a fork: make a new one"
                )
            return _LoopClient(
                open_creates,
                credentials,
                endpoint=endpoint,
                api_revision=api_revision,
                timeouts=timeouts,
                retry=retry,
                limits=limits,
                backend=backend,
                signer=signer,
                per_call=(ReportClosedClient(is_stopping), *per_call),
                per_attempt=per_attempt,
                user_agent=user_agent,
                tls=tls,
                telemetry=False if telemetry is None else telemetry,
            )

        # Made here only to check the settings. The one that is used is made on the event loop thread: what is made
        # inside of a running trio loop, say, would belong to that.
        try:
            # Environment and profile are read now: they may be others when a client is made, in a forked child too.
            if may_use_profile(profile, has_credentials=signer is not None or credentials is not None):
                resolved = resolve_settings(
                    credentials, profile=profile, endpoint=endpoint, api_revision=api_revision, timeouts=timeouts,
                    retry=retry, limits=limits, backend=backend, user_agent=user_agent, tls=tls,
                    has_signer=signer is not None,
                )  # fmt: skip
                credentials, endpoint, api_revision = resolved.credentials, resolved.endpoint, resolved.api_revision
                timeouts, retry, limits = resolved.timeouts, resolved.retry, resolved.limits
                backend, user_agent, tls = resolved.backend, resolved.user_agent, resolved.tls
                del resolved
            if credentials is None and signer is None:
                credentials = credentials_from()
            if endpoint is None:
                endpoint = endpoint_from()
            api_revision = check_revision(api_revision)
            if isinstance(backend, str):
                tls = context_for(tls)
            telemetry = telemetry_of(telemetry)
            made = make_client()
        except ConfigurationError as error:
            credentials = endpoint = None  # what can't be used may be a secret in the wrong place
            raise clear_frames(error)  # noqa: B904 - it is the same
        self._telemetry = telemetry
        self._endpoint, self._revision = made.endpoint, made.api_revision
        self._portal = Portal(make_client)

    def _group(self, name: str) -> Any:
        """Make a group of operations."""
        return getattr(type(self), name)(self._portal, lambda: getattr(current_client(), name))

    @property
    def endpoint(self) -> str:
        """Where the service is, as `endpoint` takes it."""
        return self._endpoint

    @property
    def api_revision(self) -> str:
        """The revision of the API in which requests are written."""
        return self._revision

    def __repr__(self) -> str:
        return f"{type(self).__name__}(endpoint={self._endpoint!r}, api_revision={self._revision!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} {NOT_PICKLED}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections and end the thread. Calls that are made afterwards raise `ConfigurationError`."""
        self._portal.close()

    def call(
        self,
        action: str,
        *,
        method: Literal["GET", "POST"] = "GET",
        params: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        timeout: float | None = None,
    ) -> dict[str, Any]:
        """Call any action of the service, also one that this package does not know.

        It is signed and retried like the others; a `POST` as a create, which is tried again only if it can't have been
        carried out.

        Args:
            action: The `Action` on the wire.
            method: `GET` or `POST`.
            params: Arguments in the query: texts, whole numbers or flags.
            body: The JSON body of a `POST`.
            timeout: How long the whole call may take, in seconds; None for the client's `Timeouts.total`.

        Returns:
            The whole answer as plain data, under the names of the wire.

        Raises:
            InvalidRequestError: An argument can't be sent.
            EksError: As the other operations do; see `cds_eks.errors`.
        """
        params, body = masked(params), masked(body)  # so that they do not stand in this frame when an error passes
        return self._portal.call(
            lambda: current_client().call(action, method=method, params=params, body=body, timeout=timeout)
        )


class _LoopClient(AsyncEksClient):
    """The async client on the event loop, whose open creates are those of the blocking one.

    Args:
        open_creates: The blocking client's.
        args: As `AsyncEksClient` takes them.
        settings: The same.
    """

    def __init__(self, open_creates: OpenCreates, *args: Any, **settings: Any) -> None:
        self._shared = open_creates
        super().__init__(*args, **settings)

    def _keep_open_creates(self) -> OpenCreates:
        return self._shared
