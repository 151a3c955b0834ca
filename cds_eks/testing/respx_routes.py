"""Routes of respx by documented operation name."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import httpx
import respx

from cds_eks.config import API_PATH
from cds_eks.errors import ConnectFailed, ConnectionLost
from cds_eks.testing.operation_routes import OperationRoutes
from cds_eks.testing.routes import no_route

__all__ = ["EksRespx"]


class EksRespx(OperationRoutes):
    """Answers the requests of all clients in this process, at whatever endpoint, by respx. Use it in `with`.

    It sees what the default backend sends (`backend="httpx"`). A request of an operation without a response is
    an `AssertionError`.

    Example:
        ```python
        with EksRespx() as eks_respx, EksClient(credentials) as eks:
            eks_respx.list_clusters.respond([models.ClusterSummary(cluster_id="c-1")])
            assert eks.clusters.list().data[0].cluster_id == "c-1"
            assert eks_respx.list_clusters.call_count == 1
        ```

    Attributes:
        router: The router of respx, for routes of your own.
    """

    def __init__(self) -> None:
        super().__init__()
        self.router: respx.MockRouter = respx.MockRouter(assert_all_called=False)
        self._by_action = {action: (name, route) for name, route in self.all().items() for action in route.actions}
        self.router.route(path=API_PATH, params__contains={}).mock(side_effect=self._answer)

    def __enter__(self) -> Self:
        self.router.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.router.stop(quiet=True)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        __tracebackhide__ = True  # pytest would show the request, signature included
        action = request.url.params.get("Action", "")
        name, route = self._by_action.get(action, (action, None))
        if route is None or not route.has_outcome:
            raise no_route(name, route, "eks_respx")
        try:
            answer = route.take(request.url.query.decode(), request.content)
        except ConnectFailed as error:
            raise httpx.ConnectError(error.message, request=request) from None
        except ConnectionLost as error:
            raise httpx.ReadError(error.message, request=request) from None
        return httpx.Response(answer.status, headers=dict(answer.headers), content=answer.content)
