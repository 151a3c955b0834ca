"""The async client: wiring, lifetime, and what can be called."""

from __future__ import annotations

import os
import ssl
import warnings
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Self, TypeVar

from cds_eks import backend as backends
from cds_eks import codec
from cds_eks._runtime.cached_group import Group
from cds_eks._runtime.frames import clear_frames, unmasked
from cds_eks.client.calls import Calls
from cds_eks.client.encoder import Encoder
from cds_eks.client.open_creates import HoldsOpenCreates
from cds_eks.client.providers import signing_with
from cds_eks.client.telemetry import observer_of, telemetry_of
from cds_eks.client.wiring import NOT_PICKLED, check_kinds, make_look_up, make_waiters, pipeline, waiters_class
from cds_eks.config import (
    API_PATH,
    DEFAULT_BACKEND,
    DEFAULT_LIMITS,
    DEFAULT_RETRY,
    DEFAULT_REVISION,
    DEFAULT_TIMEOUTS,
    Limits,
    RetryPolicy,
    Timeouts,
    check_revision,
    endpoint_from,
    may_use_profile,
    resolve_settings,
    service_url,
)
from cds_eks.errors import ConfigurationError, EksError, TransportError
from cds_eks.outcome.deletions import Deletions
from cds_eks.outcome.intent import intended
from cds_eks.outcome.open_creates import OpenCreates
from cds_eks.pipeline import Middleware
from cds_eks.redaction import NO_SECRETS
from cds_eks.resources.groups import FINDING, Groups
from cds_eks.signing import Credentials, Signer
from cds_eks.wire import Kind, Operation, Response

if TYPE_CHECKING:
    from cds_eks.otel import Telemetry
    from cds_eks.waiting import Waiters

T = TypeVar("T")


class AsyncEksClient(HoldsOpenCreates, Groups):
    """The service, for async code on asyncio or trio.

    Make one and keep it: it holds the connections. Close it with `aclose`, or use it in `async with`.

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
        per_call: Middlewares around each whole call: `async def __call__(self, request, send)`.
        per_attempt: Middlewares around each attempt, before it is signed.
        user_agent: The name of your application, put before the SDK's own in the `User-Agent`.
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

    wait: Group[Waiters] = Group(waiters_class)

    def __init__(
        self,
        credentials: Credentials | Callable[[], Credentials | Awaitable[Credentials]] | None = None,
        *,
        endpoint: str | None = None,
        api_revision: str = DEFAULT_REVISION,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        retry: RetryPolicy = DEFAULT_RETRY,
        limits: Limits = DEFAULT_LIMITS,
        backend: Literal["httpx", "native"] | backends.Backend | Any = DEFAULT_BACKEND,
        signer: Signer | None = None,
        per_call: Iterable[Middleware] = (),
        per_attempt: Iterable[Middleware] = (),
        user_agent: str | None = None,
        tls: ssl.SSLContext | str | os.PathLike[str] | None = None,
        profile: str | None = None,
        telemetry: Telemetry | bool | None = None,
    ) -> None:
        resolved = None
        try:
            if may_use_profile(profile, has_credentials=signer is not None or credentials is not None):
                resolved = resolve_settings(
                    credentials, profile=profile, endpoint=endpoint, api_revision=api_revision, timeouts=timeouts,
                    retry=retry, limits=limits, backend=backend, user_agent=user_agent, tls=tls,
                    has_signer=signer is not None,
                )  # fmt: skip
                credentials, endpoint, api_revision = resolved.credentials, resolved.endpoint, resolved.api_revision
                timeouts, retry, limits = resolved.timeouts, resolved.retry, resolved.limits
                backend, user_agent, tls = resolved.backend, resolved.user_agent, resolved.tls
            url = service_url(endpoint if endpoint is not None else endpoint_from())
            own_signer, secrets = signing_with(credentials) if signer is None else (signer, lambda: NO_SECRETS)
        except ConfigurationError as error:
            del credentials, endpoint, resolved
            raise clear_frames(error) from None
        is_provided = signer is None and callable(credentials)
        del credentials, endpoint, resolved
        check_kinds(timeouts, retry, limits)
        self._settle = limits.settle
        revision = check_revision(api_revision)
        self._backend = backends.choose(backend, limits, tls)
        self._encoder = Encoder(url=url, revision=revision, user_agent=user_agent, timeouts=timeouts, secrets=secrets)
        per_call = tuple(per_call)
        self._telemetry = telemetry_of(telemetry)
        observer = observer_of(self._telemetry, url, self._backend)
        send = pipeline(
            per_call,
            tuple(per_attempt),
            timeouts=timeouts,
            retry=retry,
            limits=limits,
            signer=own_signer,
            secrets=secrets if is_provided else None,
            backend=self._backend,
            is_signer_ours=signer is None and not is_provided,
            observer=observer,
        )
        self._deletions = Deletions()
        self._open = self._keep_open_creates()
        self._calls = Calls(send, has_per_call=bool(per_call), open_creates=self._open)
        execute_call = self._calls.execute_call
        self._execute_call = execute_call if observer is None else observer.observed(execute_call)

    @property
    def endpoint(self) -> str:
        """Where the service is, as `endpoint` takes it."""
        return self._encoder.url.removesuffix(API_PATH)

    @property
    def api_revision(self) -> str:
        """The revision of the API in which requests are written."""
        return self._encoder.revision

    def _keep_open_creates(self) -> OpenCreates:
        """Return what stores the creates whose outcome is open."""
        return OpenCreates()

    def _group(self, name: str) -> Any:
        """Make a group of operations, whose module may be imported only now.

        Raises:
            TransportError: The module can't be read, for want of file descriptors, say.
        """
        try:
            if name == "wait":
                secrets = self._encoder.secrets
                waiters = make_waiters(
                    self.tasks, self.events, self.clusters, self.node_pools, self._deletions, secrets
                )
                if self._telemetry is not None:
                    self._telemetry.trace_waits(waiters, secrets)
                return waiters
            more = (make_look_up(self._settle),) if name in FINDING else ()
            return getattr(type(self), name)(self.execute, *more)
        except OSError as error:
            raise TransportError(f"a module can't be loaded ({error})", outcome="not_sent") from error

    def __repr__(self) -> str:
        return f"{type(self).__name__}(endpoint={self.endpoint!r}, api_revision={self.api_revision!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} {NOT_PICKLED}")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections. Calls that are made afterwards raise `ConfigurationError`.

        It works on another event loop as well, once that of the client's calls has ended.

        Raises:
            ConfigurationError: The client belongs to another event loop that still runs, or to another process.
        """
        if self._calls.end():
            backends.abandon(self._backend)
        await self._backend.aclose()

    def __del__(self) -> None:
        """Free the connections of a client that was never closed, and warn of it."""
        calls: Calls | None = vars(self).get("_calls")
        if calls is not None and calls.close_if_unclosed() and backends.abandon(self._backend):
            words = f"unclosed {type(self).__name__}: use it in `async with`, or await its `aclose()`"
            warnings.warn(words, ResourceWarning, stacklevel=2, source=self)

    def execute(
        self,
        operation: Operation[T],
        request: Any,
        extra: Mapping[str, Any] | None = None,
        *,
        timeout: float | None = None,
    ) -> Coroutine[Any, Any, Response[T]]:
        """Send one operation through the pipeline; the resources' methods do this.

        Args:
            operation: The operation.
            request: The model of its arguments.
            extra: Undocumented wire fields to send along.
            timeout: How long the whole call may take, in seconds; None for `Timeouts.total`.

        Returns:
            The service's answer.

        Raises:
            EksError: See `cds_eks.errors`.
        """
        try:
            call = self._encoder.encode(operation, request, None if extra is None else unmasked(extra), timeout)
        except EksError as error:
            del extra
            raise clear_frames(error)  # noqa: B904 - it is the same
        if operation.kind is not Kind.CREATE:
            request_of_create = None
        else:
            request_of_create, call.record.intent = request, intended.get()
        answer = self._execute_call(operation, call, request_of_create)
        return self._deletions.record_accepted(answer, request) if operation.name == "DeleteCluster" else answer

    async def call(
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
        try:
            call = self._encoder.encode_call(action, method, unmasked(params), unmasked(body), timeout)
            key = codec.natural_key(call.operation, unmasked(body))
        except EksError as error:
            raise clear_frames(error)  # noqa: B904 - it is the same
        finally:
            del params, body  # so that this frame does not hold them when an error passes
        answer = await self._execute_call(call.operation, call, key)
        return dict(answer.raw)
