"""Look-ups that fail or can't begin, and those of node pools and network interfaces."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from cds_eks import AsyncEksClient, Credentials, Limits, errors, models
from cds_eks.lookup import LookUp
from cds_eks.resources import NetworkInterfaces, NodePools
from cds_eks.wire import Response
from unit.listed_clusters import Entry, Service, Time, cluster, clusters, listed, lost

pytestmark = pytest.mark.anyio


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


async def test_one_list_alone_does_not_say_that_there_is_nothing() -> None:
    time = Time()

    def answer(now: float) -> Response[Any]:
        if now < 60:
            raise errors.ConnectionLost("reset")
        return listed() if now == 60 else listed(cluster())

    group, _ = clusters(answer, time)
    assert await group.find(lost()) == cluster()
    group, service = clusters(lambda _: listed(), Time())
    assert await group.find(lost(), settle=0.001) is None
    assert len(service.asked) == 3  # the first one was in time for a list that lags behind
    group, service = clusters(lambda _: listed(), Time())
    assert await group.find(lost(), settle=0) is None
    assert len(service.asked) == 1


async def test_lists_within_the_window_do_not_make_a_wrong_one_after_it_be_believed() -> None:
    time, wrong = Time(), [listed()]
    group, _ = clusters(lambda now: listed() if now < 60 else wrong.pop() if wrong else listed(cluster()), time)
    assert await group.find(lost()) == cluster()
    assert time.now == pytest.approx(60)


@pytest.mark.parametrize("blank", [1, 4])
async def test_blank_lists_are_believed_only_if_there_are_no_others(blank: int) -> None:
    nothing: Response[Any] = Response(data=[])
    late = [nothing] * blank
    group, _ = clusters(lambda now: nothing if now < 60 else late.pop() if late else listed(cluster()), Time())
    assert await group.find(lost()) == cluster()
    group, service = clusters(lambda _: nothing, time := Time())
    assert await group.find(lost()) is None
    assert len([pause for pause in time.pauses if pause]) == len(service.asked) - 5
    group, service = clusters(lambda _: nothing, Time())
    assert await group.find(lost(), settle=0) is None
    assert len(service.asked) == 1


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
