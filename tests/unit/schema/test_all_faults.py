"""`from_dict` tells all faults of a document at once."""

from __future__ import annotations

import copy
import pickle
import traceback
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from cds_eks import models
from cds_eks.errors import InvalidRequestError
from cds_eks.errors.base import MOST_LINES
from cds_eks.schema.shape import Nested
from cds_eks.schema.walk import Walk
from support.model_strategies import models_of
from unit.schema.test_walk import WRONG, places

DISK = {"disk_feature": "ssd", "disk_size": 40}
POOL = {"pool_name": "-", "NodeType": 7}


def refusal(shape: Any, data: Any) -> InvalidRequestError:
    with pytest.raises(InvalidRequestError) as caught:
        shape.from_dict(data)
    return caught.value


def test_all_faults_come_in_the_order_of_the_document() -> None:
    error = refusal(
        models.CreateClusterRequest,
        {
            "ClusterName": "-",
            "vpc_idd": "v-1",
            "cni": {"CniType": 3, "cni_config": {"pod_cidr": "x"}, "proxy_config": "ipvs"},
            "master_number": 4,
            "node_pool_config": POOL,
            "MasterConfig": {"data_disk": [DISK, {"DiskFeature": "ssd", "disk_size": -1}, "x"]},
        },
    )
    fields = [fault.field for fault in error.faults]
    assert fields[:12] == [
        "cluster_name",
        "vpc_idd",
        "cni.cni_type",
        "cni.cni_config.pod_cidr",
        "cni.service_cidr",
        "master_number",
        "node_pool_config.pool_name",
        "node_pool_config.node_type",
        "node_pool_config.node_config",
        "node_pool_config.auto_scaling",
        "master_config.data_disk[1].disk_size",
        "master_config.data_disk[2]",
    ]
    assert fields[-1] == "sk"
    assert len(set(fields)) == len(fields)
    assert (error.field, error.rule) == (error.faults[0].field, error.faults[0].message)
    assert error.message == f"{error.field}: {error.rule}"
    lines = str(error).splitlines()
    assert lines[0] == f"{error.message} [outcome=not_sent]"
    assert lines[1] == f"and {len(fields) - 1} more faults:"
    assert lines[2:] == [f"  {fault.field}: {fault.message}" for fault in error.faults[1:]]
    assert {(fault.file, fault.line) for fault in error.faults} == {("", None)}


def test_the_rules_of_several_fields_are_told_with_others() -> None:
    error = refusal(models.AutoScaling, {"enable": "x", "MaxReplicas": 2, "min_replicas": 5, "priority": 0})
    assert {fault.field for fault in error.faults} == {"enable", "max_replicas", "priority"}


def test_a_field_under_two_names_does_not_hide_others() -> None:
    error = refusal(models.DiskInfo, {"disk_size": -1, "DiskSize": 4, "numbre": 1})
    told = {fault.field: fault.message for fault in error.faults}
    assert told["DiskSize"] == "is given twice, under two names for disk_size"
    assert told.keys() == {"DiskSize", "disk_size", "numbre", "disk_feature"}


def test_one_fault_is_told_as_ever() -> None:
    error = refusal(models.DiskInfo, {"disk_feature": "ssd", "disk_size": -1})
    assert str(error) == "disk_size: must be at least 1; got -1 [outcome=not_sent]"
    assert [(fault.field, fault.message) for fault in error.faults] == [("disk_size", "must be at least 1; got -1")]
    assert [(fault.field, fault.message) for fault in refusal(models.DiskInfo, [1]).faults] == [
        ("DiskInfo", "must be a mapping, not list")
    ]


def test_models_may_stand_for_their_fields() -> None:
    disk = models.DiskInfo(disk_feature="ssd", disk_size=40)
    error = refusal(models.NodeConfig, {"system_disk": disk, "data_disk": [disk], "os_image_name": ""})
    assert "os_image_name" in {fault.field for fault in error.faults}
    assert not [fault for fault in error.faults if "disk" in fault.field]


def test_all_are_in_a_pickle() -> None:
    error = refusal(models.CreateClusterRequest, {})
    back = pickle.loads(pickle.dumps(error))
    assert (back.faults, str(back)) == (error.faults, str(error))


def test_the_text_of_very_many_ends_and_faults_has_all() -> None:
    count = MOST_LINES * 3
    error = refusal(models.DiskInfo, {f"no-{number}": 1 for number in range(count)} | DISK)
    assert len(error.faults) == count
    assert str(error).count("\n") == MOST_LINES + 2
    assert str(error).endswith("…")


def test_data_within_themselves_are_refused_as_ever() -> None:
    data: dict[str, Any] = {"bogus": 1}
    data["cni"] = data
    assert refusal(models.CreateClusterRequest, data).field
    deep: Any = {}
    for _ in range(100_000):
        deep = [deep]
    assert refusal(models.CreateClusterRequest, {"bogus": 1, "extra": {"X": deep}}).field == "bogus"


@pytest.mark.parametrize("key", [None, 1, b"a", ("a",)])
@pytest.mark.parametrize("value", [3, "x"])
def test_keys_that_are_no_texts_are_refused_as_ever(key: Any, value: Any) -> None:
    config = {"labels": {key: value}, "bogus": 1}
    error = refusal(models.CreateClusterRequest, {"node_pool_config": {"node_config": config, key: value}})
    assert "node_pool_config.node_config.labels" in {fault.field for fault in error.faults}
    assert refusal(models.NodeConfig, {key: value}).faults


def test_no_secret_is_in_what_is_told_or_in_its_frames() -> None:
    data = {"sk": "planted-sk", "ak": ["planted-ak"], "master_config": {"password": "planted-pw"}, "extra": "planted"}
    error = refusal(models.CreateClusterRequest, data)
    assert len(error.faults) > 3
    assert "planted" not in "".join(traceback.format_exception(error)) + repr(error.faults)
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    ours = [frame for frame in frames if frame.f_globals["__name__"].startswith("cds_eks.")]
    assert ours
    assert not [frame for frame in ours if "planted" in repr(frame.f_locals)]


@settings(max_examples=40, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.data())
def test_what_is_mended_one_after_the_other_is_told_at_once(data: st.DataObject) -> None:
    """Each wrong value of a document is among the faults, whichever the model would stop at first."""
    sound = data.draw(models_of(models.NodePoolConfig)).to_dict(secrets=True)
    broken = copy.deepcopy(sound)
    chosen = data.draw(st.lists(st.sampled_from(sorted(sound)), min_size=1, max_size=3, unique=True))
    expected = set()
    for name in chosen:
        value = data.draw(st.sampled_from(WRONG))
        try:
            models.NodePoolConfig.from_dict(sound | {name: copy.deepcopy(value)})
        except InvalidRequestError:
            broken[name] = copy.deepcopy(value)
            expected.add(name)
    if expected:
        told = {fault.field.split(".")[0].split("[")[0] for fault in refusal(models.NodePoolConfig, broken).faults}
        assert told >= expected
    assert places(sound)


def test_what_can_not_be_walked_through_has_the_fault_that_was_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(path: Any) -> str:
        raise RecursionError

    monkeypatch.setattr("cds_eks.schema.all_faults.path_text", endless)
    assert [fault.field for fault in refusal(models.NodeConfig, {"bogus": 1, "other": 2}).faults] == ["bogus"]


def test_what_a_place_needs_is_told_and_what_is_absent_is_not_excluded() -> None:
    told: list[Any] = []
    walk = Walk(lambda path, message: told.append((path, message)), is_whole=False)
    walk.value(Nested(models.BillingSpec, needs=("duration",)), {}, ("spec",))
    walk.value(Nested(models.BillingSpec, needs=("duration",)), {"duration": 3}, ("spec",))
    assert told == [(("spec", "duration"), "is required here")]
    told.clear()
    shapes = [kind for name in models.__all__ if getattr(kind := getattr(models, name), "EXCLUDED_WHEN", ())]
    assert shapes
    for shape in shapes:
        for ban in shape.EXCLUDED_WHEN:
            walk.shape(shape, {ban.when: ban.equals}, ())
    assert not [message for _, message in told if "must be left out" in message]
