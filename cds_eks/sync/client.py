"""The blocking client."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Literal, NoReturn, Self, cast

from cds_eks import forks
from cds_eks.backend import Backend
from cds_eks.client import AsyncEksClient
from cds_eks.config import (
    REVISION_UNSAID,
    Limits,
    RetryPolicy,
    Timeouts,
    check_revision,
    credentials_from,
    endpoint_from,
)
from cds_eks.errors import ConfigurationError
from cds_eks.pipeline import Middleware
from cds_eks.signing import Credentials, Signer
from cds_eks.sync import resources
from cds_eks.sync.closing import TellWhenClosed
from cds_eks.sync.portal import Portal, is_ending


class EksClient:
    """The service, for code that blocks: scripts, threads, notebooks.

    It runs an `AsyncEksClient` on an event-loop thread of its own, which starts with the first call. Make one and keep
    it; any number of threads may use it. Close it with `close`, or use it in `with`. It works inside of a running event
    loop too (in Jupyter, say), though each call blocks that loop. A forked child gets connections of its own.

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
        per_call: Middlewares around each whole call, async; they run on the client's thread.
        per_attempt: Middlewares around each attempt, before it is signed; as above.
        user_agent: A word on your application, put before the SDK's own in the `User-Agent`.

    Raises:
        ConfigurationError: There are no credentials, or a setting can't be used.

    Attributes:
        clusters: CreateCluster, GetCluster, ListClusters, DeleteCluster, GetClusterEvents, AddClusterSubnet.
        tasks: GetTaskStatus.
        nodes: ListNodes, DeleteNode.
        node_pools: CreateNodePool, UpdateNodePoolConfig, ScalingNodePoolNum, ListNodePools, DeleteNodePool.
        network_interfaces: Create…, Delete…, Attach…, Detach… and DescribeNetworkInterface(s), IsAttachedECS.
        events: QueryEventStatus.
        scaling_groups: DescribeScalingGroup, AddScalingNode.
        wait: Waits for tasks, events, clusters and node pools.
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
        backend: Literal["httpx", "native"] | Backend | Any = "httpx",
        signer: Signer | None = None,
        per_call: Iterable[Middleware] = (),
        per_attempt: Iterable[Middleware] = (),
        user_agent: str | None = None,
    ) -> None:
        per_call, per_attempt = tuple(per_call), tuple(per_attempt)
        if credentials is None and signer is None:
            credentials = credentials_from()  # now, since the environment may be another one when a client is made
        if endpoint is None:
            endpoint = endpoint_from()
        api_revision = check_revision(api_revision)
        process = forks.process()

        def make() -> AsyncEksClient:
            if not isinstance(backend, str) and process != forks.process():
                raise ConfigurationError(
                    "a client with a backend of your own can't be used after a fork: make a new one"
                )
            return AsyncEksClient(
                credentials,
                endpoint=endpoint,
                api_revision=api_revision,
                timeouts=timeouts,
                retry=retry,
                limits=limits,
                backend=backend,
                signer=signer,
                per_call=(TellWhenClosed(is_ending), *per_call),
                per_attempt=per_attempt,
                user_agent=user_agent,
            )

        # Made here only to check the settings. The one that is used is made on the loop's thread: what is made inside
        # of a running trio loop, say, would belong to that.
        self._repr = repr(make()).replace("AsyncEksClient", type(self).__name__)
        self._portal = portal = Portal(make)

        def client() -> AsyncEksClient:
            return cast("AsyncEksClient", portal.resident())

        self._client = client
        self.clusters = resources.Clusters(portal, lambda: client().clusters)
        self.tasks = resources.Tasks(portal, lambda: client().tasks)
        self.nodes = resources.Nodes(portal, lambda: client().nodes)
        self.node_pools = resources.NodePools(portal, lambda: client().node_pools)
        self.network_interfaces = resources.NetworkInterfaces(portal, lambda: client().network_interfaces)
        self.events = resources.Events(portal, lambda: client().events)
        self.scaling_groups = resources.ScalingGroups(portal, lambda: client().scaling_groups)
        self.wait = resources.Waiters(portal, lambda: client().wait)

    def __repr__(self) -> str:
        return self._repr

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} is neither copied nor pickled: it holds connections; make a new one")

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
        return self._portal.call(lambda: self._client().call(action, method=method, params=params, body=body))
