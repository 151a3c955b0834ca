"""Looking for what a create may have made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import attrs
import httpx
import pytest

from cds_eks import AsyncEksClient, Credentials, Limits, errors, models
from cds_eks.errors.creates import ambiguous
from cds_eks.lookup import LookUp, OpenCreateLike
from cds_eks.resources import Clusters, NetworkInterfaces, NodePools
from cds_eks.wire import Operation, Response

pytestmark = pytest.mark.anyio

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


async def test_what_is_there_is_found_at_once() -> None:
    time = Time()
    group, service = clusters(lambda _: listed(cluster()), time)
    assert await group.find(lost()) == cluster()
    assert (service.asked[0].keyword, service.asked[0].vpc_id) == ("gpu-1", "v-1")
    assert time.pauses == []


async def test_what_is_listed_late_is_found_within_the_window() -> None:
    time = Time()
    group, _ = clusters(lambda now: listed(cluster()) if now >= 10 else listed(), time)
    assert await group.find(lost()) == cluster()
    assert 10 <= time.now <= 15


async def test_none_comes_only_of_a_look_after_the_window() -> None:
    time = Time()
    group, service = clusters(lambda _: listed(), time)
    assert await group.find(lost(), settle=20) is None
    assert time.now == pytest.approx(20)
    assert len(service.asked) >= 5
    # One that is listed in the very moment in which the window passes is found.
    late = Time()
    group, _ = clusters(lambda now: listed(cluster()) if now >= 20 else listed(), late)
    assert await group.find(lost(), settle=20) == cluster()


async def test_the_window_is_a_minute_if_nothing_is_said() -> None:
    time = Time()
    group, _ = clusters(lambda _: listed(), time)
    assert await group.find(lost()) is None
    assert time.now == pytest.approx(60)


async def test_no_window_looks_once() -> None:
    time = Time()
    group, service = clusters(lambda _: listed(), time)
    assert await group.find(lost(), settle=0) is None
    assert (len(service.asked), time.pauses) == (1, [])


async def test_pauses_grow_from_the_poll_interval() -> None:
    time = Time()
    group, _ = clusters(lambda _: listed(), time)
    await group.find(lost(), settle=1, poll_interval=0.1)
    assert time.pauses[:3] == pytest.approx([0.1, 0.15, 0.225])
    slow = Time()
    group, _ = clusters(lambda _: listed(), slow)
    await group.find(lost(), settle=60, poll_interval=20)
    assert slow.pauses == pytest.approx([20, 20, 20])


async def test_names_are_compared_exactly() -> None:
    time = Time()
    others = (cluster("c-2", "gpu-10"), cluster("c-3", "GPU-1"), cluster("c-4", "gpu-1", "v-2"))
    group, _ = clusters(lambda _: listed(*others), time)
    assert await group.find(lost(), settle=0) is None
    group, _ = clusters(lambda _: listed(*others, cluster()), time)
    assert await group.find(lost(), settle=0) == cluster()


async def test_a_missing_vpc_id_counts_as_equal() -> None:
    group, _ = clusters(lambda _: listed(cluster(vpc=None)), Time())
    assert await group.find(lost(), settle=0) == cluster(vpc=None)


async def test_several_are_an_error_with_all_ids() -> None:
    group, _ = clusters(lambda _: listed(cluster("c-1"), cluster("c-2"), cluster("c-3", "other")), Time())
    with pytest.raises(errors.DuplicateFound) as caught:
        await group.find(lost(), settle=0)
    assert caught.value.found == ("c-1", "c-2")
    assert "c-1" in str(caught.value)
    assert "c-2" in str(caught.value)
    assert caught.value.natural_key == {"cluster_name": "gpu-1", "vpc_id": "v-1"}


async def test_the_same_cluster_listed_twice_is_one() -> None:
    group, _ = clusters(lambda _: listed(cluster(), cluster()), Time())
    assert await group.find(lost(), settle=0) == cluster()


async def test_a_list_that_was_cut_is_an_error_that_keeps_what_it_found() -> None:
    time = Time()
    group, _ = clusters(lambda _: listed(cluster("c-9", "gpu-10"), total=2), time)
    with pytest.raises(errors.IncompleteList) as caught:
        await group.find(lost())
    assert (caught.value.seen, caught.value.total_count, caught.value.found) == (1, 2, ())
    assert time.pauses == []
    group, _ = clusters(lambda _: listed(cluster(), total=2), time)
    with pytest.raises(errors.IncompleteList) as caught:
        await group.find(lost())
    assert caught.value.found == ("c-1",)
    assert "c-1" in str(caught.value)


async def test_an_id_that_an_answer_named_decides() -> None:
    both = (cluster("c-1"), cluster("c-2"))
    group, _ = clusters(lambda _: listed(*both), Time())
    assert await group.find(lost({"cluster_id": "c-2"}), settle=0) == both[1]
    renamed = cluster("c-2", "renamed-since")
    group, _ = clusters(lambda _: listed(renamed), Time())
    assert await group.find(lost({"cluster_id": "c-2"}), settle=0) == renamed


async def test_an_id_that_an_answer_named_is_waited_for_though_another_has_its_name() -> None:
    older, made = cluster("c-1"), cluster("c-2")
    time = Time()
    group, _ = clusters(lambda now: listed(older) if now < 10 else listed(older, made), time)
    assert await group.find(lost({"cluster_id": "c-2"})) == made
    group, _ = clusters(lambda _: listed(older), Time())
    with pytest.raises(errors.DuplicateFound) as caught:  # neither chosen nor forgotten
        await group.find(lost({"cluster_id": "c-2"}))
    assert caught.value.found == ("c-2", "c-1")
    group, _ = clusters(lambda _: listed(), Time())
    assert await group.find(lost({"cluster_id": "c-2"})) is None


async def test_an_id_that_an_answer_named_is_found_in_a_list_that_was_cut() -> None:
    group, _ = clusters(lambda _: listed(cluster(), total=100), Time())
    assert await group.find(lost({"cluster_id": "c-1"})) == cluster()


async def test_a_namesake_that_is_being_deleted_hides_nothing() -> None:
    made = cluster("c-2")
    leaving = models.ClusterSummary(cluster_id="c-1", cluster_name="gpu-1", vpc_id="v-1", cluster_status="Deleting")
    group, _ = clusters(lambda _: listed(leaving, made), Time())
    assert await group.find(lost()) == made
    late = Time()
    group, _ = clusters(lambda now: listed(leaving) if now < 30 else listed(made), late)
    assert await group.find(lost()) == made
    group, _ = clusters(lambda now: listed(leaving) if now < 30 else listed(), Time())
    assert await group.find(lost()) is None
    late = Time()
    group, _ = clusters(lambda _: listed(leaving), late)
    assert await group.find(lost()) == leaving  # never None for what may be it
    assert late.now == pytest.approx(60)


@pytest.mark.parametrize("blank", [models.ClusterSummary(cluster_id=""), cluster("")])
async def test_what_is_listed_without_an_id_is_neither_found_nor_not_there(blank: models.ClusterSummary) -> None:
    group, _ = clusters(lambda now: listed(blank) if now < 5 else listed(cluster()), Time())
    assert await group.find(lost()) == cluster()
    group, _ = clusters(lambda _: listed(blank), Time())
    with pytest.raises(errors.UnreadableResponse, match="without its id"):
        await group.find(lost())


async def test_a_status_without_a_code_does_not_say_that_nothing_is_there() -> None:
    def answer(_: float) -> Response[Any]:
        raise errors.NotFound("a gateway's", http_status=404)

    time = Time()
    group, _ = clusters(answer, time)
    with pytest.raises(errors.NotFound):
        await group.find(lost())
    assert time.now == pytest.approx(60)


async def test_an_id_alone_is_searched_for() -> None:
    group, service = clusters(lambda _: listed(cluster()), Time())
    assert await group.find(lost({"cluster_id": "c-1"}, key={}), settle=0) == cluster()
    assert (service.asked[0].keyword, service.asked[0].vpc_id) == ("c-1", None)


async def test_a_request_and_an_open_create_are_looked_for_too(create_cluster_body: dict[str, Any]) -> None:
    request = models.CreateClusterRequest.from_dict(create_cluster_body)
    made = cluster(name=request.cluster_name, vpc=request.vpc_id)
    group, _ = clusters(lambda _: listed(made), Time())
    assert await group.find(request, settle=0) == made
    assert isinstance(Entry(), OpenCreateLike)
    group, _ = clusters(lambda _: listed(cluster()), Time())
    assert await group.find(Entry(), settle=0) == cluster()


async def test_a_failure_that_may_pass_is_looked_past_but_ends_no_look_up() -> None:
    time = Time()

    def answer(now: float) -> Response[Any]:
        if now < 5:
            raise errors.ConnectionLost("reset")
        if now < 8:
            raise errors.UnreadableResponse("a page", http_status=502)
        return listed(cluster())

    group, _ = clusters(answer, time)
    assert await group.find(lost()) == cluster()

    def broken(now: float) -> Response[Any]:
        if now >= 60:
            raise errors.ServerFault("down", http_status=503)
        return listed()

    group, _ = clusters(broken, Time())
    with pytest.raises(errors.ServerFault):  # not None: nobody knows
        await group.find(lost())


async def test_a_failure_that_does_not_pass_is_raised_at_once() -> None:
    time = Time()

    def answer(_: float) -> Response[Any]:
        raise errors.PermissionDenied("no", http_status=403)

    group, _ = clusters(answer, time)
    with pytest.raises(errors.PermissionDenied):
        await group.find(lost())
    assert time.pauses == []


@pytest.mark.parametrize("settle", [-1, float("nan"), float("inf"), True, "60", 10**400])
async def test_a_window_that_is_none_is_refused(settle: Any) -> None:
    group, service = clusters(lambda _: listed(), Time())
    with pytest.raises(errors.InvalidRequestError, match="settle"):
        await group.find(lost(), settle=settle)
    assert service.asked == []


@pytest.mark.parametrize("interval", [0, -1, float("nan"), True, "1", 10**400])
async def test_an_interval_that_is_none_is_refused(interval: Any) -> None:
    group, service = clusters(lambda _: listed(), Time())
    with pytest.raises(errors.InvalidRequestError, match="poll_interval"):
        await group.find(lost(), poll_interval=interval)
    assert service.asked == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("gpu-1", "must be a CreateClusterRequest"),
        (TimeoutError(), "must be a CreateClusterRequest"),
        (lost(key={}), "names no cluster_id and no cluster_name"),
        (errors.ConnectionLost("reset", action="CreateCluster"), "names no cluster_id"),
        (Entry(action="CreateNodePool"), "is of CreateNodePool, not of CreateCluster"),
    ],
)
async def test_what_names_nothing_to_look_for_is_refused(given: Any, words: str) -> None:
    group, service = clusters(lambda _: listed(), Time())
    with pytest.raises(errors.InvalidRequestError, match=words):
        await group.find(given)
    assert service.asked == []


def pool(pool_id: str = "p-1", name: str = "workers", cluster_id: str | None = "c-1") -> models.NodePool:
    return models.NodePool(id=pool_id, name=name, cluster_id=cluster_id)


def pools(answer: Callable[[float], Response[Any]], time: Time) -> tuple[NodePools, Service]:
    service = Service(time, answer)
    return NodePools(service, LookUp(clock=time.clock, sleep=time.sleep, rand=lambda: 1.0)), service


def of_pools(*found: models.NodePool, total: int | None = None) -> Response[Any]:
    return Response(data=models.NodePoolList(total=len(found) if total is None else total, node_pool=list(found)))


LOST_POOL = Entry(action="CreateNodePool", natural_key={"config.name": "workers", "cluster_id": "c-1", "vpc_id": "v"})


async def test_a_node_pool_is_looked_for_in_its_cluster() -> None:
    group, service = pools(lambda _: of_pools(pool("p-2", "workers-2"), pool()), Time())
    assert await group.find(LOST_POOL, settle=0) == pool()
    assert (service.asked[0].cluster_id, service.asked[0].filter) == ("c-1", "workers")
    group, _ = pools(lambda _: of_pools(pool(cluster_id="c-2")), Time())
    assert await group.find(LOST_POOL, settle=0) is None
    group, _ = pools(lambda _: of_pools(pool(), total=9), Time())
    with pytest.raises(errors.IncompleteList):
        await group.find(LOST_POOL, settle=0)


async def test_an_answer_that_is_no_known_list_does_not_say_that_no_pool_is_there() -> None:
    strange = Response(data=models.NodePoolList.from_dict({}).replace(extra={"Id": "p-1", "Name": "workers"}))
    group, _ = pools(lambda _: strange, Time())
    with pytest.raises(errors.UnreadableResponse, match="no list that is known"):
        await group.find(LOST_POOL)
    group, _ = pools(lambda _: Response(data=strange.data.replace(total=0)), Time())
    assert await group.find(LOST_POOL) is None


async def test_a_cluster_that_is_not_found_yet_may_still_come() -> None:
    time = Time()

    def answer(now: float) -> Response[Any]:
        if now < 5:
            raise errors.NotFound("no such cluster", http_status=404)
        return of_pools(pool())

    group, _ = pools(answer, time)
    assert await group.find(LOST_POOL) == pool()

    def gone(_: float) -> Response[Any]:
        raise errors.NotFound("no such cluster", code="ResourceNotFound", http_status=404)

    late = Time()
    group, _ = pools(gone, late)
    assert await group.find(LOST_POOL) is None
    assert late.now == pytest.approx(60)


async def test_a_node_pool_without_its_cluster_can_not_be_looked_for() -> None:
    group, service = pools(lambda _: of_pools(), Time())
    with pytest.raises(errors.InvalidRequestError, match="names no cluster_id"):
        await group.find(Entry(action="CreateNodePool", natural_key={"config.name": "w"}, ids={"node_pool_id": "p"}))
    assert service.asked == []


async def test_a_network_interface_is_looked_for_by_its_id_alone() -> None:
    time = Time()
    card = models.NetworkInterface(netcard_id="n-1")

    def answer(now: float) -> Response[Any]:
        if now < 5:
            raise errors.NotFound("not yet", http_status=404)
        return Response(data=card)

    service = Service(time, answer)
    group = NetworkInterfaces(service, LookUp(clock=time.clock, sleep=time.sleep))
    entry = Entry(action="CreateNetworkInterface", natural_key={"netcard_name": "n"}, ids={"netcard_id": "n-1"})
    assert await group.find(entry) == card
    assert service.asked[0].netcard_id == "n-1"
    blank = NetworkInterfaces(
        Service(time, lambda _: Response(data=models.NetworkInterface(netcard_id=""))),
        LookUp(clock=time.clock, sleep=time.sleep),
    )
    with pytest.raises(errors.UnreadableResponse, match="does not name"):
        await blank.find(entry)
    nameless = Entry(action="CreateNetworkInterface", natural_key={"netcard_name": "n", "subnet_id": "s"})
    with pytest.raises(errors.InvalidRequestError, match="can't be searched"):
        await group.find(nameless)


async def test_the_clients_own_window_is_that_of_its_limits() -> None:
    assert Limits().settle == LookUp().settle == 60.0
    with pytest.raises(errors.ConfigurationError, match="settle"):
        Limits(settle=-1)
    answer = b'{"Code": "Success", "RequestId": "r", "Data": [], "TotalCount": 0}'
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=answer))
    async with AsyncEksClient(Credentials("id", "key"), limits=Limits(settle=0), backend=transport) as eks:
        assert await eks.clusters.find(lost()) is None
