"""A create that the service has carried out twice: both ids are kept, and told for as long as both are there."""

from __future__ import annotations

import anyio

from cds_eks.fleet.ensure.decide import CANDIDATES, noted_ids
from cds_eks.fleet.run.destroy import destroy
from cds_eks.fleet.run.orphans import orphans
from fleet.run.backends import BACKENDS
from fleet.run.world import LIMITS, Fault, World, in_world, open_cluster, plan_of

PLAN = plan_of(1, 1)
FIRST = "cluster/vpc-1/gpu-001"


@BACKENDS
def test_a_twin_is_kept_in_the_journal_and_named_by_destroy_until_it_is_gone(backend: str) -> None:
    async def body(world: World) -> None:
        world.emulator.faults.add(Fault("duplicate", "CreateCluster", seconds=20.0, bypass_nonce=True, count=1))
        async with world.client() as eks:
            report = await world.provision(eks, PLAN).report()
            assert not report.ok
            row = world.journal.rows[FIRST]
            ids = {each.id for each in world.emulator.ledger.created("cluster")}
            [twin] = noted_ids(row, CANDIDATES)
            assert {row.ids["cluster_id"], twin} == ids
            await anyio.sleep(300.0)
            for _ in range(2):
                report = await destroy(eks, PLAN, journal=world.journal, limits=LIMITS).report()
                assert not report.ok
                [told] = report.failures
                assert (told.error or {})["class"] == "DuplicateFound"
                assert twin in (told.error or {})["message"]
                await anyio.sleep(300.0)
            there = [each.id for each in world.emulator.ledger.created("cluster") if each.deleted_at is None]
            assert there == [twin]
            [orphan] = await orphans(eks, PLAN, journal=world.journal)
            assert orphan.cluster_id == twin
            await orphans(eks, PLAN, journal=world.journal, prune=True, ids=[twin])
            await anyio.sleep(600.0)
            assert (await destroy(eks, PLAN, journal=world.journal, limits=LIMITS).report()).ok
            assert world.journal.rows[FIRST].state == "deleted"
            assert (await world.provision(eks, PLAN).report()).ok

    in_world(body, backend)


@BACKENDS
def test_what_an_open_create_may_have_made_is_named_by_destroy(backend: str) -> None:
    async def body(world: World) -> None:
        open_cluster(world, "gpu-001")
        async with world.client() as eks:
            for _ in range(2):
                await eks.clusters.create(PLAN.clusters[0].create_request())
            await world.provision(eks, PLAN).report()
            row = world.journal.rows[FIRST]
            assert row.state == "failed"
            ids = {each.id for each in world.emulator.ledger.created("cluster")}
            assert set(noted_ids(row, CANDIDATES)) == ids
            assert len(ids) == 2
            await anyio.sleep(300.0)
            report = await destroy(eks, PLAN, journal=world.journal, limits=LIMITS).report()
            assert not report.ok
            message = (report.failures[0].error or {})["message"]
            assert all(id_ in message for id_ in ids)
        assert world.count("DeleteCluster") == 0

    in_world(body, backend)
