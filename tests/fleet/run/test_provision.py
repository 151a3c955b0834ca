"""A run in which all goes well."""

from __future__ import annotations

import pytest

from cds_eks.fleet.items import STATES
from cds_eks.fleet.run.events import ItemChanged, RunEnded, RunStarted, Step
from fleet.run.backends import BACKENDS
from fleet.run.world import World, in_world, plan_of


@pytest.mark.slow
@BACKENDS
def test_a_hundred_clusters_with_two_pools_each(backend: str) -> None:
    plan = plan_of(100, 2)

    async def body(world: World) -> None:
        async with world.client() as eks:
            run = world.provision(eks, plan)
            report = await run.report()
        assert report.ok, report.counts
        world.assert_once(plan, report)
        assert {item.origin for item in report.items} == {"created"}
        assert (world.count("CreateCluster"), world.count("CreateNodePool")) == (100, 100)
        assert len(report.items) == 300
        states = [moment.state for moment in report.items[0].history]
        assert [state for state in states if state in STATES] == ["planned", "sending", "accepted", "ready"]
        assert len([state for state in states if state not in STATES]) == 6  # five steps of its own, one of its pool
        one_poll_per_cluster = 100 * run.poller.rounds
        assert run.poller.lists + world.count("GetCluster") <= 0.05 * one_poll_per_cluster
        # The first pools are seen with one list of their cluster's, in which the second ones are looked for; those are
        # seen by their tasks.
        assert world.count("ListNodePools") == 100
        assert world.count("GetTaskStatus") <= 400, world.count("GetTaskStatus")

    in_world(body, backend)


@BACKENDS
def test_events_come_in_order_and_are_typed(backend: str) -> None:
    plan = plan_of(2, 1)

    async def body(world: World) -> None:
        async with world.client() as eks:
            run = world.provision(eks, plan)
            events = [event async for event in run]
            report = await run.report()
        assert report.ok
        assert isinstance(events[0], RunStarted)
        assert isinstance(events[-1], RunEnded)
        steps = [event for event in events if isinstance(event, Step) and event.item.name == "gpu-001"]
        assert {event.status for event in steps} == {"finish"}
        assert len(steps) == 5
        changes = [event for event in events if isinstance(event, ItemChanged)]
        states = [event.item.state for event in changes if event.item.name == "gpu-001"]
        assert states == ["sending", "accepted", "ready"]
        assert all(event.before.id == event.item.id for event in changes)

    in_world(body, backend)


@BACKENDS
def test_a_first_pool_is_built_since_its_cluster_was_accepted(backend: str) -> None:
    async def body(world: World) -> None:
        async with world.client() as eks:
            report = await world.provision(eks, plan_of(1, 2)).report()
        at = [{moment.state: moment.at for moment in item.history} for item in report.items]
        cluster, first, second = at
        assert first["planned"] <= cluster["accepted"] == first["accepted"] < cluster["ready"]
        assert "sending" not in first
        assert cluster["ready"] <= second["sending"] <= second["accepted"]
        assert report.throughput.most_building == 2  # the cluster and its first pool

    in_world(body, backend)


@BACKENDS
def test_a_report_has_the_ids_of_the_service_and_none_of_the_journal(backend: str) -> None:
    async def body(world: World) -> None:
        async with world.client() as eks:
            report = await world.provision(eks, plan_of(1, 2)).report()
        for item in report.items:
            assert set(item.ids) <= {"cluster_id", "node_pool_id", "task_id"}
            assert not any(id_.startswith("node_pool/") for id_ in item.ids.values())

    in_world(body, backend)
