"""Wrong uses, each of which type checkers are to find: read by mypy and pyright, never run.

What a line is excused from is what has to be found there: both checkers complain of an excuse that is not needed,
pyright because the `pyrightconfig.json` beside this file says so.
"""

from __future__ import annotations

from cds_eks import AsyncEksClient, Credentials, EksClient, Timeouts, models


async def no_await(eks: AsyncEksClient) -> None:
    eks.clusters.delete("c-1")  # type: ignore[unused-coroutine]  # pyright: ignore[reportUnusedCoroutine]
    eks.clusters.list().data  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]  # noqa: B018
    for _ in eks.nodes.iterate("c-1"):  # type: ignore[attr-defined]  # pyright: ignore[reportGeneralTypeIssues]
        break
    async for _ in eks.nodes.list("c-1"):  # type: ignore[attr-defined]  # pyright: ignore[reportGeneralTypeIssues]
        break


async def an_await_of_what_blocks(eks: EksClient) -> None:
    await eks.clusters.get("c-1")  # type: ignore[misc]  # pyright: ignore[reportGeneralTypeIssues]


def arguments(eks: EksClient, pool: models.CreateNodePoolRequest) -> None:
    eks.clusters.get(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    eks.clusters.get()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    eks.clusters.get("c-1", 5)  # type: ignore[call-arg, arg-type]  # pyright: ignore[reportCallIssue]
    eks.clusters.create(pool)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    eks.clusters.list(name="gpu")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    eks.node_pools.scale("c-1", "p-1", "4")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    eks.node_pools.scale("c-1", "p-1", None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    eks.nodes.delete("c-1", ["n-1", 2])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    eks.clusters.find("c-1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    eks.wait.task("t-1", on_change=lambda: None)  # type: ignore[arg-type, misc]  # pyright: ignore[reportArgumentType]
    eks.call("AnyAction", method="PUT")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def results(eks: EksClient, request: models.CreateClusterRequest) -> None:
    eks.clusters.list().data.cluster_id  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]  # noqa: B018
    eks.clusters.get("c-1").data.cluster_nam  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]  # noqa: B018
    eks.clusters.find(request).cluster_id  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]  # noqa: B018
    found: models.ClusterDetail = eks.clusters.list().data[0]  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
    print(found)


def values(request: models.CreateClusterRequest) -> None:
    request.cluster_name = "gpu-2"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    Credentials("id")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Timeouts(5)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Timeouts(connect="5")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    models.ClusterSubnet(subnet_id=1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    AsyncEksClient("id", "key")  # type: ignore[call-arg, arg-type]  # pyright: ignore[reportCallIssue]
    AsyncEksClient(backend=5, retries=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
