"""The emulator of a test: seeded worlds, clients, waits that run out of time, and its end."""

from __future__ import annotations

import contextlib
import time

import anyio
import pytest

from cds_eks import RetryPolicy, errors
from cds_eks._runtime import passing_time
from cds_eks.emulator import Fault, ManualClock
from cds_eks.testing import DrivenEmulator


def test_a_seeded_world() -> None:
    with DrivenEmulator() as emulator:
        emulator.with_cluster("one", cluster_id="c-1", workers=3, node_pools={"gpu": 2}).with_cluster(
            "two", status="error", vpc_id="vpc-2"
        ).with_network_interface("eth-1", netcard_id="n-1", ecs_id="ecs-1").with_network_interface(
            "eth-2", ecs_id="ecs-1"
        )
        eks = emulator.sync_client()
        assert {each.cluster_name for each in eks.clusters.list().data} == {"one", "two"}
        assert emulator.cluster_id("one") == "c-1"
        assert eks.clusters.get(emulator.cluster_id("two")).data.cluster_status == "error"
        pools = eks.node_pools.list("c-1").data.node_pool
        assert [(each.name, each.available_node_count) for each in pools] == [("node-pool-1", 3), ("gpu", 2)]
        assert eks.network_interfaces.is_attached("n-1").data.attached
        emulator.assert_nothing_created()


def test_a_name_that_no_cluster_has_or_several_have() -> None:
    emulator = DrivenEmulator()
    with pytest.raises(LookupError, match="no clusters are named 'one'; there is none at all"):
        emulator.cluster_id("one")
    emulator.with_cluster("twice").with_cluster("twice").with_cluster("other")
    with pytest.raises(LookupError, match="no clusters are named 'one'; there are other, twice"):
        emulator.cluster_id("one")
    with pytest.raises(LookupError, match="2 clusters are named 'twice'"):
        emulator.cluster_id("twice")


def test_a_wait_runs_out_of_its_time_without_taking_any() -> None:
    began = time.monotonic()
    with DrivenEmulator(faults=[Fault("task_never_ends", "DeleteCluster")]) as emulator:
        eks = emulator.with_cluster("one").sync_client()
        task = eks.clusters.delete(emulator.cluster_id("one")).data.task_id
        before = emulator.clock.ahead()
        with pytest.raises(errors.WaitTimeout):
            eks.wait.task(task, timeout=3600)
        assert 3590 < emulator.clock.ahead() - before < 3610
    assert time.monotonic() - began < 30


@pytest.mark.anyio
async def test_many_waits_overlap(anyio_backend: str) -> None:
    with DrivenEmulator() as emulator:
        for at in range(5):
            emulator.with_cluster(f"c-{at}")
        eks = emulator.client()

        async def delete(cluster_id: str) -> None:
            await eks.clusters.delete(cluster_id)
            await eks.wait.cluster_deleted(cluster_id, timeout=600)

        async with anyio.create_task_group() as group:
            for at in range(5):
                group.start_soon(delete, emulator.cluster_id(f"c-{at}"))
        emulator.assert_calls("DeleteCluster", 5)
        assert emulator.clock.ahead() < 300


def test_pauses_between_attempts_and_looks_take_no_real_time() -> None:
    began = time.monotonic()
    faults = [Fault("status", "read", status=503, count=6), Fault("reset_before_commit", "create", count=1)]
    with DrivenEmulator(faults=faults) as emulator:
        eks = emulator.sync_client(retry=RetryPolicy(max_attempts=9, base_delay=20.0, max_delay=60.0))
        assert eks.clusters.list().attempts == 7
        with pytest.raises(errors.AmbiguousCreate) as caught:
            eks.network_interfaces.create("subnet-1", netcard_name="one")
        assert emulator.clock.ahead() > 5
        emulator.faults.clear()
        assert isinstance(caught.value, errors.EksError)
    assert time.monotonic() - began < 30


def test_it_is_closed_with_its_block() -> None:
    with DrivenEmulator() as emulator:
        blocking, other = emulator.sync_client(), emulator.client()
        assert blocking.clusters.list().data == []
        assert len(passing_time._drivers) == 1
    assert passing_time._drivers == []
    with pytest.raises(errors.ConfigurationError, match="closed"):
        blocking.clusters.list()
    with pytest.raises(errors.ConfigurationError, match="the emulator of this client is closed: its test is over"):
        anyio.run(other.clusters.list)
    with pytest.raises(errors.ConfigurationError, match="this emulator is closed: its test is over"):
        emulator.client()


def test_what_is_not_used_as_it_should_be_is_told() -> None:
    emulator = DrivenEmulator()
    for make in (emulator.client, emulator.sync_client, lambda: emulator.url):
        with pytest.raises(errors.ConfigurationError, match="used in `with`: with DrivenEmulator\\(\\) as emulator"):
            make()
    with emulator:
        with pytest.raises(errors.ConfigurationError, match="is for one `with`: make a new one"):
            emulator.__enter__()
        assert emulator.sync_client().clusters.list().data == []
    with pytest.raises(errors.ConfigurationError, match="is for one `with`: make a new one"):
        emulator.__enter__()
    assert passing_time._drivers == []
    for settings in ({"speed": 60}, {"clock": ManualClock()}):
        with pytest.raises(TypeError, match=f"clock of its own, which jumps: {next(iter(settings))}= is for Emulator"):
            DrivenEmulator(**settings)


def test_several_at_once() -> None:
    with DrivenEmulator() as one, DrivenEmulator() as other:
        for emulator in (one, other, one):
            eks = emulator.with_cluster("a", cluster_id=None).sync_client()
            created = eks.network_interfaces.create("subnet-1", netcard_name="n").data
            eks.wait.event(created.event_id, timeout=600)
        assert one.clock.ahead() == other.clock.ahead() > 0
        one.assert_calls("CreateNetworkInterface", 2)
        other.assert_calls("CreateNetworkInterface", 1)
    assert passing_time._drivers == []


def test_the_first_of_two_may_end_first() -> None:
    one, other = DrivenEmulator(), DrivenEmulator()
    with contextlib.ExitStack() as ends_last, contextlib.ExitStack() as ends_first:
        ends_first.enter_context(one)
        eks = ends_last.enter_context(other).sync_client()
        ends_first.close()
        eks.wait.event(eks.network_interfaces.create("subnet-1").data.event_id, timeout=600)
    assert passing_time._drivers == []


def test_threads_and_a_loop_use_it_at_once() -> None:
    with DrivenEmulator() as emulator:
        blocking, other = emulator.sync_client(), emulator.client()

        async def on_the_loop() -> None:
            created = (await other.network_interfaces.create("subnet-1")).data
            await other.wait.event(created.event_id, timeout=600)

        def on_a_thread() -> None:
            blocking.wait.event(blocking.network_interfaces.create("subnet-1").data.event_id, timeout=600)

        async def main() -> None:
            async with anyio.create_task_group() as group:
                for _ in range(5):
                    group.start_soon(on_the_loop)
                    group.start_soon(anyio.to_thread.run_sync, on_a_thread)

        anyio.run(main)
        emulator.assert_calls("CreateNetworkInterface", 10)
        assert emulator._in_flight == 0


def test_its_clients_do_not_go_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("CDS_EKS_ENDPOINT", "CDS_API_HOST", "CDS_PROFILE", "CDS_EKS_API_REVISION", "CDS_SECRET_ID")
    for name in names:
        monkeypatch.setenv(name, "of no use")
    for revision in (None, "2025-09-08", "2025-10-11"):
        with DrivenEmulator(api_revision=revision) as emulator:
            assert emulator.sync_client().clusters.list().data == []
            assert anyio.run(emulator.client().clusters.list).data == []
            assert emulator.client().api_revision == revision or revision is None
            assert emulator.client(endpoint="https://other.invalid").endpoint == "https://other.invalid"
