"""A service whose lists are set, for look-ups."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import attrs

from cds_eks import errors, models
from cds_eks.errors.creates import ambiguous
from cds_eks.lookup import LookUp
from cds_eks.resources import Clusters
from cds_eks.wire import Operation, Response

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        assert len(self.pauses) < 1000, "the look-up does not end"
        self.pauses.append(seconds)
        self.now += seconds


class Service:
    """Answers each read by a function of the time, and keeps what was asked."""

    def __init__(self, time: Time, answer: Callable[[float], Response[Any]]) -> None:
        self.time = time
        self.answer = answer
        self.asked: list[Any] = []

    async def __call__(self, operation: Operation[Any], request: Any, extra: Any = None, **_: Any) -> Any:
        assert operation.name in ("ListClusters", "ListNodePools", "DescribeNetworkInterfaces")
        self.asked.append(request)
        return self.answer(self.time.now)


def cluster(cluster_id: str = "c-1", name: str = "gpu-1", vpc: str | None = "v-1") -> models.ClusterSummary:
    return models.ClusterSummary(cluster_id=cluster_id, cluster_name=name, vpc_id=vpc)


def listed(*clusters: models.ClusterSummary, total: int | None = None) -> Response[Any]:
    return Response(data=list(clusters), total_count=len(clusters) if total is None else total)


def lost(ids: dict[str, str] | None = None, key: dict[str, str] | None = None) -> errors.AmbiguousCreate:
    error = errors.ConnectionLost("reset", action="CreateCluster")
    error.ids = dict(ids or {})
    natural_key = {"cluster_name": "gpu-1", "vpc_id": "v-1"} if key is None else key
    return ambiguous(error, natural_key=natural_key, window=(NOW, NOW))


@attrs.frozen
class Entry:
    """As in `open_creates`."""

    action: str | None = "CreateCluster"
    natural_key: dict[str, Any] = attrs.field(factory=lambda: {"cluster_name": "gpu-1", "vpc_id": "v-1"})
    ids: dict[str, Any] = attrs.field(factory=dict)


def clusters(answer: Callable[[float], Response[Any]], time: Time) -> tuple[Clusters, Service]:
    service = Service(time, answer)
    return Clusters(service, LookUp(clock=time.clock, sleep=time.sleep, rand=lambda: 1.0)), service
