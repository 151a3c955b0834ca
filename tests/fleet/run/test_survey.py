"""`status`, `diff`, `orphans`, `import_`, and plans that are saved and applied."""

from __future__ import annotations

import json
from pathlib import Path

import anyio
import pytest

from cds_eks import errors
from cds_eks.fleet.plan.faults import PlanError
from cds_eks.fleet.plan.model import Plan
from cds_eks.fleet.run.destroy import destroy
from cds_eks.fleet.run.events import RunStarted
from cds_eks.fleet.run.importing import import_
from cds_eks.fleet.run.orphans import orphans
from cds_eks.fleet.run.provision import provision
from cds_eks.fleet.run.saved import PlanOutdated, apply, save
from cds_eks.fleet.run.survey import diff, status
from fleet.run.backends import BACKENDS
from fleet.run.memory_journal import MemoryJournal
from fleet.run.world import World, in_world, open_cluster, plan_of, savable


def writes(world: World) -> int:
    return sum(each.method == "POST" for each in world.emulator.ledger.requests)


@BACKENDS
def test_status_costs_one_list_and_changes_nothing(backend: str) -> None:
    plan = plan_of(5, 2)

    async def body(world: World) -> None:
        async with world.client() as eks:
            await world.provision(eks, plan, only=["gpu-00[1-3]"]).report()
            before, entries = len(world.emulator.ledger.requests), len(world.journal.entries)
            report = await status(eks, plan, journal=world.journal)
        assert len(world.emulator.ledger.requests) == before + 1
        assert len(world.journal.entries) == entries
        assert report.counts == {"cluster": {"ready": 3, "planned": 2}, "node_pool": {"ready": 6, "planned": 4}}
        assert not report.ok
        clusters = [item for item in report.items if item.kind == "cluster"]
        assert [item.cluster_status for item in clusters] == ["running"] * 3 + [None] * 2
        assert [item.differences for item in report.items] == [{}] * len(report.items)

    in_world(body, backend)


@BACKENDS
@pytest.mark.parametrize("what", ["empty", "another's"])
def test_with_a_journal_that_does_not_know_the_plan_all_is_planned(backend: str, what: str) -> None:
    plan = plan_of(3, 2)

    async def body(world: World) -> None:
        if what != "empty":
            open_cluster(world, "other-1")
        rows = dict(world.journal.rows)
        async with world.client() as eks:
            report = await status(eks, plan, journal=world.journal)
            compared = await diff(eks, plan, journal=world.journal)
        assert not report.ok
        assert report.counts == compared.counts == {"cluster": {"planned": 3}, "node_pool": {"planned": 6}}
        assert [item.name for item in report.items[:4]] == ["gpu-001", "pool-0", "pool-1", "gpu-002"]
        assert world.journal.rows == rows

    in_world(body, backend)


@BACKENDS
def test_diff_tells_what_is_different_what_is_not_there_and_what_is_not_shown(backend: str) -> None:
    async def body(world: World) -> None:
        async with world.client() as eks:
            await world.provision(eks, plan_of(2, 2)).report()
            wanted = plan_of(3, 3, replicas=5, k8s_version="v1.26.15")
            before = writes(world)
            report = await diff(eks, wanted, journal=world.journal)
            assert writes(world) == before
        found = {(item.cluster_name, item.name): item.differences for item in report.items}
        assert found["gpu-001", "gpu-001"]["k8s_version"] == {"wanted": "v1.26.15", "found": "v1.30.14"}
        assert "master_config.password" in report.items[0].unseen
        assert not any(value == "unseen" for item in report.items for value in item.differences.values())
        assert found["gpu-001", "pool-0"]["replicas"] == {"wanted": 5, "found": 2}
        assert found["gpu-001", "pool-2"] == {"there": {"wanted": True, "found": False}}
        assert found["gpu-003", "gpu-003"] == {"there": {"wanted": True, "found": False}}
        async with world.client() as eks:
            report = await diff(eks, plan_of(1, 1), journal=world.journal)
        assert report.items[0].differences["unplanned"] == ["pool-1"]
        assert [item.name for item in report.differing] == ["gpu-001"]

    in_world(body, backend)


@BACKENDS
def test_diff_names_what_is_there_but_not_the_journals_as_a_run_refuses_it(backend: str) -> None:
    plan = plan_of(3, 2)
    not_ours = {"in_journal": {"wanted": True, "found": False}}

    async def body(world: World) -> None:
        async with world.client() as eks:
            assert (await world.provision(eks, plan).report()).ok
            assert not (await diff(eks, plan, journal=world.journal)).differing
            world.emulator.add_cluster(name="gpu-003", vpc_id="vpc-1")
            world.journal = MemoryJournal(world.clock.now)
            report = await diff(eks, plan, journal=world.journal)
            assert [item.differences for item in report.items[:6]] == [not_ours] * 6
            assert report.items[6].differences == {"there": {"wanted": 1, "found": 2}}
            assert "cluster gpu-001: is there, but not in this journal: adopt or import it" in str(report)
            one = ["gpu-001"]
            failed = await world.provision(eks, plan, only=one).report()
            assert {(item.error or {}).get("class") for item in failed.failures} == {"AlreadyExists"}
            assert (await diff(eks, plan, journal=world.journal, only=one)).items[0].differences == not_ours
            await import_(eks, plan, journal=world.journal, only=one)
            assert not (await diff(eks, plan, journal=world.journal, only=one)).differing

    in_world(body, backend)


@BACKENDS
@pytest.mark.parametrize("is_balanced", [False, True])
def test_a_pool_that_somebody_has_deleted_by_hand_is_named_by_diff(backend: str, is_balanced: bool) -> None:
    plan = plan_of(2, 3)

    async def body(world: World) -> None:
        async with world.client() as eks:
            await world.provision(eks, plan).report()
            ids = {
                item.name: item.ids["node_pool_id"] for item in world.journal.rows.values() if "/gpu-001/" in item.id
            }
            cluster_id = world.journal.rows["cluster/vpc-1/gpu-001"].ids["cluster_id"]
            await eks.node_pools.delete(cluster_id, ids["pool-1"])
            await anyio.sleep(300.0)
            if is_balanced:  # as many nodes as before, in another pool
                await eks.node_pools.scale(cluster_id, ids["pool-2"], 4)
                await anyio.sleep(300.0)
            before = len(world.emulator.ledger.requests)
            shown = await status(eks, plan, journal=world.journal)
            assert len(world.emulator.ledger.requests) == before + 1
            found = await diff(eks, plan, journal=world.journal)
            assert len(world.emulator.ledger.requests) == before + 2 + 2 * len(plan.clusters)
            report = await world.provision(eks, plan).report()
        states = {(item.cluster_name, item.name): item for item in shown.items}
        nodes = states["gpu-001", "gpu-001"].differences.get("node_sum")
        assert nodes == (None if is_balanced else {"wanted": 9, "found": 7})
        assert "node_sum" not in states["gpu-002", "gpu-002"].differences
        seen = {(item.cluster_name, item.name): item.differences for item in found.items}
        assert {key for key, each in seen.items() if "there" in each} == {("gpu-001", "pool-1")}
        assert seen["gpu-001", "pool-1"] == {"there": {"wanted": True, "found": False}}
        assert ("replicas" in seen["gpu-001", "pool-2"]) == is_balanced
        failed = [(item.cluster_name, item.name, (item.error or {})["class"]) for item in report.failures]
        assert failed == ([] if is_balanced else [("gpu-001", "pool-1", "Gone")])

    in_world(body, backend)


@BACKENDS
def test_status_says_nothing_of_the_nodes_of_what_is_under_way(backend: str) -> None:
    plan = plan_of(1, 2)

    async def body(world: World) -> None:
        async with world.client() as eks:
            with anyio.move_on_after(100.0):
                await world.provision(eks, plan).report()
            (cluster, *_) = (await status(eks, plan, journal=world.journal)).items
            assert "node_sum" not in cluster.differences
            await anyio.sleep(600.0)  # it is running, and nobody has asked for its second pool
            (cluster, *_) = (await status(eks, plan, journal=world.journal)).items
            assert (cluster.cluster_status, cluster.differences) == ("running", {})

    in_world(body, backend)


@BACKENDS
def test_orphans_are_found_and_deleted_only_by_their_ids(backend: str) -> None:
    plan = plan_of(3, 1)

    async def body(world: World) -> None:
        async with world.client() as eks:
            await world.provision(eks, plan, only=["gpu-001"]).report()
            twin = world.emulator.add_cluster(name="gpu-001", vpc_id="vpc-1")
            other = world.emulator.add_cluster(name="gpu-002", vpc_id="vpc-1")
            open_cluster(world, "gpu-003")
            world.emulator.add_cluster(name="gpu-003", vpc_id="vpc-1")  # it may be what the open create has made
            world.emulator.add_cluster(name="another", vpc_id="vpc-1")
            found = await orphans(eks, plan, journal=world.journal)
            assert {each.cluster_id for each in found} == {twin, other}
            own = world.journal.rows["cluster/vpc-1/gpu-001"].ids["cluster_id"]
            for wrong in ({"prune": True}, {"ids": [twin]}, {"prune": True, "ids": [own]}):
                with pytest.raises(errors.InvalidRequestError):
                    await orphans(eks, plan, journal=world.journal, **wrong)
            assert world.count("DeleteCluster") == 0
            found = await orphans(eks, plan, journal=world.journal, prune=True, ids=[twin])
        assert {each.cluster_id: each.is_deleted for each in found} == {twin: True, other: False}
        assert world.count("DeleteCluster") == 1

    in_world(body, backend)


@BACKENDS
@pytest.mark.parametrize("what", ["empty", "another's"])
def test_a_journal_that_does_not_know_the_plan_prunes_nothing_unless_that_is_said(backend: str, what: str) -> None:
    plan = plan_of(2, 1)

    async def body(world: World) -> None:
        async with world.client() as eks:
            await world.provision(eks, plan).report()
            running = world.journal.rows["cluster/vpc-1/gpu-001"].ids["cluster_id"]
            world.journal = MemoryJournal(world.clock.now)
            if what != "empty":
                open_cluster(world, "other-1")
            assert len(await orphans(eks, plan, journal=world.journal)) == 2
            with pytest.raises(errors.InvalidRequestError, match="knows none of the plan's clusters"):
                await orphans(eks, plan, journal=world.journal, prune=True, ids=[running])
            assert world.count("DeleteCluster") == 0
            found = await orphans(eks, plan, journal=world.journal, prune=True, ids=[running], trust_empty_journal=True)
        assert {each.cluster_id for each in found if each.is_deleted} == {running}
        assert world.count("DeleteCluster") == 1

    in_world(body, backend)


@BACKENDS
def test_what_is_imported_is_told_from_what_was_created(backend: str) -> None:
    plan = plan_of(3, 2)

    async def body(world: World) -> None:
        async with world.client() as eks:
            await world.provision(eks, plan, only=["gpu-001", "gpu-002"]).report()
            world.journal = MemoryJournal(world.clock.now)
            before = writes(world)
            report = await import_(eks, plan, journal=world.journal)
            assert writes(world) == before
            assert report.counts == {"cluster": {"planned": 1, "ready": 2}, "node_pool": {"planned": 2, "ready": 4}}
            assert {item.origin for item in report.items if item.state == "ready"} == {"imported"}
            report = await world.provision(eks, plan).report()
        assert report.ok
        world.assert_once(plan, report)
        assert all(item.owner is None for item in world.journal.rows.values())

    in_world(body, backend)


@BACKENDS
def test_of_several_the_one_whose_id_is_given_is_imported(backend: str) -> None:
    plan = plan_of(1, 1)

    async def body(world: World) -> None:
        first, second = (world.emulator.add_cluster(name="gpu-001", vpc_id="vpc-1") for _ in range(2))
        async with world.client() as eks:
            await import_(eks, plan, journal=world.journal)
            assert world.journal.rows["cluster/vpc-1/gpu-001"].state == "planned"
            for wrong in ({"gpu-009": first}, {"gpu-001": "no-such-id"}):
                with pytest.raises(errors.InvalidRequestError):
                    await import_(eks, plan, journal=world.journal, ids=wrong)
            await import_(eks, plan, journal=world.journal, ids={"gpu-001": second})
        assert world.journal.rows["cluster/vpc-1/gpu-001"].ids == {"cluster_id": second}

    in_world(body, backend)


@pytest.mark.parametrize("what", ["nothing", "plan", "journal", "service"])
def test_a_saved_plan_is_carried_out_only_if_nothing_has_changed(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, file = savable(monkeypatch, 2), tmp_path / "plan.json"

    async def body(world: World) -> None:
        async with world.client() as eks:
            await save(eks, plan, file, journal=world.journal)
            assert file.stat().st_mode & 0o777 == 0o600
            assert "Secret-12345" not in file.read_text()
            if what == "plan":
                file.write_text(file.read_text().replace('"count": 2', '"count": 3'))
            elif what == "journal":
                open_cluster(world, "gpu-001")
            elif what == "service":
                world.emulator.add_cluster(name="gpu-001", vpc_id="vpc-1")
            if what == "nothing":
                report = await (await apply(eks, file, journal=world.journal)).report()
                assert report.ok
                assert str(report).startswith(f"{file}: 4 of 4 ready")
                world.assert_once(plan, report)
                return
            with pytest.raises(PlanOutdated) as caught:
                await apply(eks, file, journal=world.journal)
            assert what in caught.value.changed
            run = apply(eks, file, journal=world.journal)  # without `await`, as `provision`
            with pytest.raises(PlanOutdated) as caught:
                await run.report()
            assert what in caught.value.changed
            with pytest.raises(PlanOutdated):
                _ = [event async for event in run]
        assert writes(world) == 0

    in_world(body, "asyncio")


def test_a_saved_plan_is_applied_as_a_plan_is_provisioned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan, file = savable(monkeypatch, 2), tmp_path / "saved.json"

    async def body(world: World) -> None:
        async with world.client() as eks:
            await save(eks, plan, file, journal=world.journal)
            run = apply(eks, file, journal=world.journal, only=["gpu-001"])
            events = [event async for event in run]
            assert isinstance(events[0], RunStarted)
            assert (await run.report()).ok
            with pytest.raises(TypeError, match="settel"):
                apply(eks, file, journal=world.journal, settel=1.0)
        assert world.made("cluster") == {"gpu-001": 1}

    in_world(body, "asyncio")


def test_a_plan_with_inline_secrets_is_not_saved_and_their_fields_are_named(tmp_path: Path) -> None:
    plan, file = plan_of(2, 1), tmp_path / "plan.json"

    async def body(world: World) -> None:
        async with world.client() as eks:
            with pytest.raises(PlanError) as caught:
                await save(eks, plan, file, journal=world.journal)
            again = Plan.from_dict(plan.to_dict())  # what stands for them in what a plan shows is no secret either
            with pytest.raises(PlanError):
                await save(eks, again, file, journal=world.journal)
        assert {fault.field for fault in caught.value.faults} == {
            "defaults.cluster.ak",
            "defaults.cluster.sk",
            "defaults.cluster.master_config.password",
            "defaults.node_pool.node_config.password",
        }
        assert all("give it as env:NAME" in fault.message for fault in caught.value.faults)
        assert "Secret-12345" not in str(caught.value)
        assert world.emulator.ledger.requests == []
        assert not file.exists()

    in_world(body, "asyncio")


def test_a_run_that_is_never_carried_out_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan, file = savable(monkeypatch, 1), tmp_path / "saved.json"

    async def body(world: World) -> None:
        async with world.client() as eks:
            await save(eks, plan, file, journal=world.journal)
            with pytest.warns(RuntimeWarning, match="made and never carried out: ask for its report"):
                provision(eks, plan, journal=world.journal)
            with pytest.warns(RuntimeWarning, match="made and never carried out"):
                destroy(eks, plan, journal=world.journal)
            with pytest.warns(RuntimeWarning, match="made and never carried out"):
                apply(eks, file, journal=world.journal)
            await provision(eks, plan, journal=world.journal).report()
        assert writes(world) == 1

    in_world(body, "asyncio")


def test_a_saved_plan_finds_the_files_of_its_secrets_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "plans").mkdir()
    secret, file = tmp_path / "plans" / "password", tmp_path / "plan.json"
    secret.write_text("Secret-12345\n")
    secret.chmod(0o600)
    text = json.dumps(savable(monkeypatch, 1).to_dict()).replace("env:FLEET_PASSWORD", "file:password")
    (tmp_path / "plans" / "fleet.json").write_text(text)

    async def body(world: World) -> None:
        async with world.client() as eks:
            await save(eks, Plan.load(tmp_path / "plans" / "fleet.json"), file, journal=world.journal)
            monkeypatch.chdir(tmp_path)  # where there is no such file
            report = await (await apply(eks, file, journal=world.journal)).report()
        assert report.ok

    in_world(body, "asyncio")


@pytest.mark.parametrize("text", ["{", "[]", '{"cds_eks_saved_plan": 1}', '{"cds_eks_saved_plan": 1, "plan": 3}'])
def test_a_file_that_is_no_saved_plan_is_refused(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan, file = savable(monkeypatch, 1), tmp_path / "plan.json"

    async def body(world: World) -> None:
        async with world.client() as eks:
            file.write_text(text)
            with pytest.raises(errors.ConfigurationError, match="is no saved plan"):
                await apply(eks, file, journal=world.journal)
            await save(eks, plan, file, journal=world.journal)
            file.write_text(file.read_text().replace('"cds_eks_saved_plan": 1', '"cds_eks_saved_plan": 99'))
            with pytest.raises(errors.ConfigurationError, match="another version of this package"):
                await apply(eks, file, journal=world.journal)

    in_world(body, "asyncio")
