"""Each assertion, and what it says when it fails: what was expected, what happened, and the ledger as a table."""

from __future__ import annotations

import re

import pytest

from cds_eks.emulator import Fault
from cds_eks.testing import DrivenEmulator
from cds_eks.testing.assertions import LedgerAssertions

from .conftest import Run

pytest_plugins = ["pytester"]

WORLD = """
from cds_eks.emulator import Fault

@pytest.fixture
def world(eks_emulator, eks_sync_client):
    eks = eks_sync_client
    created = eks.clusters.create(request_for("gpu-1")).data
    eks.wait.task(created.task_id)
    deleted = eks.clusters.delete(created.cluster_id).data
    eks.wait.cluster_deleted(created.cluster_id)
    eks.clusters.create(request_for("gpu-2"))
    eks.clusters.create(request_for("twice"))
    eks.clusters.create(request_for("twice"))
    eks_emulator.faults.add(Fault("throttle", "DeleteNode"))
    return eks_emulator

"""

HOLD = """
def test_they_hold(world):
    world.assert_created_once("gpu-2")
    world.assert_deleted("gpu-1")
    world.assert_nothing_created(kind="network_interface")
    world.assert_calls("CreateCluster", 4)
    world.assert_calls("CreateCluster")
    world.assert_calls("CreateNetworkInterface", 0)
    world.assert_writes("CreateCluster", "DeleteCluster", "CreateCluster", "CreateCluster", "CreateCluster")

def test_they_hold_of_a_new_one(eks_emulator):
    eks_emulator.with_cluster("seeded")
    eks_emulator.assert_nothing_created()
    eks_emulator.assert_nothing_left()
    eks_emulator.assert_no_calls()
    eks_emulator.assert_writes()
    eks_emulator.assert_faults_struck()
"""

FAILURES = {
    'assert_created_once("gpu-3")': "expected one cluster 'gpu-3' to be created, but none was",
    'assert_created_once("twice")': "expected one cluster 'twice' to be created, but 2 were",
    'assert_created_once("gpu-1")': "expected the cluster 'gpu-1' to be there, but it was deleted",
    'assert_created_once("gpu-2", kind="node_pool")': "expected one node_pool 'gpu-2' to be created, but none was",
    "assert_nothing_created()": "expected no resource to be created, but there was cluster 'gpu-1', node_pool 'w",
    'assert_nothing_created(kind="cluster")': (
        "expected no cluster to be created, but there was cluster 'gpu-1', cluster 'gpu-2', cluster 'twice', "
        "cluster 'twice'"
    ),
    'assert_deleted("gpu-3")': "expected the cluster 'gpu-3' to be deleted, but it was never created",
    'assert_deleted("gpu-2")': "expected the cluster 'gpu-2' to be deleted, but it is there still: ",
    "assert_nothing_left()": "expected all that was created to be deleted, but left behind is cluster 'gpu-2', ",
    'assert_calls("CreateCluster", 1)': "expected 1 request for CreateCluster, but 4 came",
    'assert_calls("CreateNodePool", 2)': "expected 2 requests for CreateNodePool, but none came",
    'assert_calls("ScalingNodePoolNum")': "expected requests for ScalingNodePoolNum, but none came",
    "assert_no_calls()": "expected no requests, but ",
    'assert_writes("CreateCluster", "CreateCluster")': (
        "expected the writes CreateCluster, CreateCluster, but carried out were CreateCluster, DeleteCluster, "
        "CreateCluster, CreateCluster, CreateCluster"
    ),
    "assert_faults_struck()": "expected each fault to be applied, but never applied was DeleteNode:throttle",
    "assert_writes()": "expected the writes none, but carried out were CreateCluster, DeleteCluster",
}


MISTAKES = {
    'assert_created_once("gpu-1", kind="clusters")': "there is no kind 'clusters': it is one of cluster, node_pool, ",
    'assert_deleted("gpu-1", kind="pool")': "there is no kind 'pool': it is one of cluster, node_pool, ",
    'assert_nothing_created(kind="pool")': "there is no kind 'pool': it is one of cluster, node_pool, ",
    'assert_calls("create_cluster")': "there is no action 'create_cluster'; did you mean 'CreateCluster'?",
    'assert_writes("CreateClusters")': "there is no action 'CreateClusters'; did you mean 'CreateCluster'?",
}


def test_each_is_here() -> None:
    assertions = {name for name in vars(LedgerAssertions) if name.startswith("assert_")}
    assert assertions == {each.partition("(")[0] for each in FAILURES}


def test_a_mistake_of_the_test_is_told_at_its_own_line(run: Run) -> None:
    calls = "\n".join(f"def test_{at}(eks_emulator):\n    eks_emulator.{call}\n" for at, call in enumerate(MISTAKES))
    result = run(calls)
    result.assert_outcomes(failed=len(MISTAKES))
    out = result.stdout.str()
    for call, words in MISTAKES.items():
        assert f">       eks_emulator.{call}" in out
        assert f"E       ValueError: {words}" in out
    assert "assertions.py" not in out
    assert "ledger.py" not in out


def test_they_hold(run: Run) -> None:
    run(WORLD + HOLD).assert_outcomes(passed=2)


def test_each_tells_why_it_fails_and_shows_the_ledger(run: Run) -> None:
    calls = "\n".join(f"def test_{at}(world):\n    world.{call}\n" for at, call in enumerate(FAILURES))
    result = run(WORLD + calls)
    result.assert_outcomes(failed=len(FAILURES))
    parts = re.split(r"^_{3,} (test_\d+) _{3,}$", result.stdout.str(), flags=re.MULTILINE)[1:]
    told = dict(zip(parts[::2], parts[1::2], strict=True))
    for at, (call, words) in enumerate(FAILURES.items()):
        text = told[f"test_{at}"]
        assert f"E       AssertionError: {words}" in text
        assert f">       world.{call}" in text, "the test's own line is the last one shown"
        assert "assertions.py" not in text
        assert re.search(r"^E {7}requests \(\d+\):$", text, re.MULTILINE)
        assert re.search(r"^E {9}at +action +status +code +carried out +fault +created$", text, re.MULTILINE)
        assert re.search(r"^E {9}\+0\.0 s +CreateCluster +200 +Success +yes +\S+ \S+$", text, re.MULTILINE)
        assert re.search(r"^E {9}\+\d+\.\d s +TaskStatus x\d+ +200 +Success +yes$", text, re.MULTILINE)
        assert re.search(r"^E {9}kind +name +id +created at +deleted at$", text, re.MULTILINE)
        assert re.search(r"^E {9}cluster +gpu-1 +\S+ +\+0\.0 s +\+\d+\.\d s$", text, re.MULTILINE)
        assert re.search(r"^E {9}cluster +gpu-2 +\S+ +\+\d+\.\d s$", text, re.MULTILINE)
        assert "Change-me-1st!" not in text


@pytest.mark.parametrize("call", ["assert_calls", "assert_writes"])
def test_an_action_that_does_not_exist_is_a_mistake_of_the_test(call: str) -> None:
    with pytest.raises(ValueError, match="there is no action 'CreateClusters'; did you mean 'CreateCluster'"):
        getattr(DrivenEmulator(), call)("CreateClusters")


@pytest.mark.parametrize("call", ["assert_created_once", "assert_deleted"])
def test_a_kind_that_does_not_exist_is_one_too(call: str) -> None:
    with pytest.raises(ValueError, match="there is no kind 'pool': it is one of cluster, node_pool"):
        getattr(DrivenEmulator(), call)("one", kind="pool")
    with pytest.raises(ValueError, match="there is no kind 'pool'"):
        DrivenEmulator().assert_nothing_created(kind="pool")


def test_a_fault_that_was_never_applied_is_told() -> None:
    with DrivenEmulator(
        faults=[Fault("throttle", "ListClusters", count=1), Fault("throttle", "GetCluster")]
    ) as emulator:
        emulator.faults.add(Fault("refuse_connection", skip=9))
        emulator.sync_client().clusters.list()
        with pytest.raises(AssertionError) as caught:
            emulator.assert_faults_struck()
        assert str(caught.value).startswith(
            "expected each fault to be applied, but never applied was GetCluster:throttle, *:refuse_connection:skip=9\n"
        )
        row = r"^  \+0\.\d s  ListClusters  429     Throttling  no           throttle$"
        assert re.search(row, str(caught.value), re.MULTILINE)
        emulator.faults.clear()
        emulator.assert_faults_struck()


def test_a_fault_is_not_taken_for_another_of_its_kind() -> None:
    faults = [Fault("throttle", "ListClusters", count=1), Fault("throttle", "read", skip=9)]
    with DrivenEmulator(faults=faults) as emulator:
        emulator.sync_client().clusters.list()
        with pytest.raises(AssertionError, match="never applied was read:throttle:skip=9\n"):
            emulator.assert_faults_struck()


PLANTED = """
from cds_eks import Credentials
from cds_eks.testing import DrivenEmulator

KEY = Credentials("id-of-PLANT" "ED-key", "secret-of-PLANT" "ED-key")

@pytest.fixture
def world():
    request = request_for("gpu-1").replace(ak="ak-of-PLANT" "ED", sk="sk-of-PLANT" "ED")
    with DrivenEmulator(credentials=KEY) as emulator:
        eks = emulator.sync_client()
        eks.clusters.create(request)
        with pytest.raises(Exception):
            eks.call("NoSuchPLANT" "ED9", params={"Password": "of-PLANT" "ED"})
        emulator.faults.add(Fault("throttle", "DeleteNode"))
        yield emulator

"""


def test_no_secret_is_told(run: Run) -> None:
    calls = [call for call in FAILURES if "nothing_created" not in call or "kind" not in call]
    tests = "\n".join(f"def test_{at}(world):\n    world.{call}\n" for at, call in enumerate(calls))
    result = run("from cds_eks.emulator import Fault" + PLANTED + tests, "--showlocals", "-vv", "-rA")
    outcomes = result.parseoutcomes()
    assert outcomes["failed"] >= len(calls) - 3  # some of them hold here
    assert "PLANTED" not in result.stdout.str() + result.stderr.str()
