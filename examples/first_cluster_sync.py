"""A cluster brought to life, used and deleted, with the blocking client.

python examples/first_cluster_sync.py --emulated                 against an emulator on this machine
python examples/first_cluster_sync.py --config my_cluster.toml   against the cloud (CDS_SECRET_ID, CDS_SECRET_KEY)
"""

from __future__ import annotations

from progress import Options, Progress, options, request_from

from cds_eks import EksClient, errors, models


def first_cluster(eks: EksClient, request: models.CreateClusterRequest, progress: Progress) -> None:
    """Create a cluster, look at it, scale it, attach a network interface, and delete everything."""
    with progress.step(f"create cluster {request.cluster_name}"):
        created = eks.clusters.create(request).data
        progress.left[created.cluster_id] = "cluster"
        progress.say(f"cluster {created.cluster_id}, task {created.task_id}")
    with progress.step("wait for its task"):
        eks.wait.task(created.task_id, on_change=progress.task_changed)
    with progress.step("wait until it runs"):
        cluster = eks.wait.cluster_running(created.cluster_id, on_change=progress.cluster_changed)

    nodes = list(eks.nodes.iterate(cluster.cluster_id))
    progress.nodes(nodes)

    pool = eks.node_pools.list(cluster.cluster_id).data.node_pool[0]
    target = (pool.replicas or 0) + 2
    with progress.step(f"scale node pool {pool.name} to {target}"):
        scaling = eks.node_pools.scale(cluster.cluster_id, pool.id, target)
        eks.wait.node_pool_ready(cluster.cluster_id, pool.id, target, on_change=progress.pool_changed)
        eks.wait.task(scaling.data.task_id)  # until then the cluster takes no other operation

    node = list(eks.nodes.iterate(cluster.cluster_id, keyword=pool.name))[-1]
    with progress.step(f"attach a network interface to {node.node_name}"):
        interface = eks.network_interfaces.create(
            request.master_config.subnet_list[0].subnet_id, netcard_name="first-interface", vpc_id=request.vpc_id
        ).data
        progress.left[interface.netcard_id] = "network interface"
        eks.wait.event(interface.event_id)
        attached = eks.network_interfaces.attach(node.node_id, interface.netcard_id)
        eks.wait.event(attached.data.event_id)
        described = eks.network_interfaces.describe(interface.netcard_id).data
        progress.say(f"{described.netcard_name} {described.mac_address} {described.ip_address}/{described.mask}")

    with progress.step("detach and delete the network interface"):
        detached = eks.network_interfaces.detach(node.node_id, interface.netcard_id)
        eks.wait.event(detached.data.event_id)
        deleted = eks.network_interfaces.delete(interface.netcard_id)
        eks.wait.event(deleted.data.event_id)
        del progress.left[interface.netcard_id]
    with progress.step(f"delete cluster {request.cluster_name}"):
        eks.clusters.delete(cluster.cluster_id)
        eks.wait.cluster_deleted(cluster.cluster_id, on_change=progress.cluster_changed)
        del progress.left[cluster.cluster_id]


def emulated(request: models.CreateClusterRequest, chosen: Options, progress: Progress) -> None:
    """Run it against an emulator: real HTTP on a real socket of this machine."""
    from cds_eks.emulator import Emulator

    emulator = Emulator(speed=chosen.speed)
    with emulator.serve() as url, EksClient(emulator.credentials, endpoint=url) as eks:
        progress.say(f"an emulated service at {url}, where a minute takes {60 / chosen.speed:g} s")
        first_cluster(eks, request, progress)


def main() -> int:
    """Run it, and say what went wrong and what is left behind."""
    chosen = options("Create, use and delete a cluster.")
    progress = Progress()
    try:
        request = request_from(chosen.config)
        if chosen.emulated:
            emulated(request, chosen, progress)
        else:
            with EksClient() as eks:
                first_cluster(eks, request, progress)
    except errors.EksError as error:
        progress.say(f"[red]{type(error).__name__}[/]: {error}")
        return 1
    finally:
        progress.end()
    return 0


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except KeyboardInterrupt:
        raise SystemExit(130) from None
