"""A backend without any HTTP, for unit tests: each operation responds with what the test says."""

from __future__ import annotations

from cds_eks.errors import ConnectFailed
from cds_eks.testing.operation_routes import OperationRoutes
from cds_eks.testing.routes import RouteCall, no_route
from cds_eks.wire import RawResponse, Request

__all__ = ["FakeBackend"]


class FakeBackend(OperationRoutes):
    """Carries requests nowhere. Hand it to a client, async or blocking, as `backend=`.

    The client above it is the real one: requests are checked, encoded and signed, calls are tried again, and responses
    decoded. A request of an operation without a response is an `AssertionError`.

    Example:
        ```python
        backend = FakeBackend()
        backend.create_cluster.error("Throttling").respond(cluster_id="c-1", task_id="t-1")
        eks = EksClient(credentials, backend=backend)
        assert provision(eks, "gpu-1") == "c-1"
        assert backend.create_cluster.calls[-1].body["ClusterName"] == "gpu-1"
        ```
    """

    def __init__(self) -> None:
        super().__init__()
        self._requests: list[RouteCall] = []
        self._is_open = True

    @property
    def requests(self) -> tuple[RouteCall, ...]:
        """All requests, of all operations, in the order they came."""
        return tuple(self._requests)

    async def send(self, request: Request) -> RawResponse:
        """Answer a request.

        Raises:
            AssertionError: Its operation has no response, or the test is over.
            ConnectFailed: The route says so.
            ConnectionLost: The same.
        """
        __tracebackhide__ = True
        if not self._is_open:
            raise AssertionError(f"{request.operation.name} was called when the test of this FakeBackend was over")
        route = self.all().get(request.operation.name)
        if route is None or not route.has_outcome:
            raise no_route(request.operation.name, route, "FakeBackend")
        request.record.mark_sent()
        try:
            return route.take(request.query, request.content)
        except ConnectFailed:
            request.record.mark_not_sent()
            raise
        finally:
            self._requests.append(route.calls[-1])

    def close(self) -> None:
        """Refuse requests from now on: the test is over, and what it left behind is not to go on for ever."""
        self._is_open = False

    async def aclose(self) -> None:
        """Do nothing: there are no connections."""
