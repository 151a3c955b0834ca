"""Models and plain data: what YAML writes otherwise, short forms, copies with changes, answers that are passed on."""

from __future__ import annotations

import copy
import json
from typing import Any

import attrs
import pytest

from cds_eks import models
from cds_eks.codec.hooks import answer_converter
from cds_eks.errors import InvalidRequestError


def refusal(make: Any, *arguments: Any, **named: Any) -> tuple[str, str]:
    with pytest.raises(InvalidRequestError) as caught:
        make(*arguments, **named)
    return caught.value.field, caught.value.rule


def billing(**changes: Any) -> dict[str, Any]:
    return {"auto_renew": 0, "billing_method": "0", "duration": 1, "is_to_month": 0, **changes}


# --- texts that YAML takes for something else ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (0, 'must be a text (str), not int: quote it in YAML: billing_method: "0"'),
        (12345, 'must be a text (str), not int: quote it in YAML: billing_method: "…"'),
        (-1, 'must be a text (str), not int: quote it in YAML: billing_method: "…"'),
        (1.3, 'must be a text (str), not float: quote it in YAML: billing_method: "…"'),
        (True, 'must be a text (str), not bool: quote it in YAML: billing_method: "…"'),
        ([], "must be a text (str), not list"),
    ],
)
def test_an_error_of_a_text_that_yaml_reads_as_something_else_says_how_to_quote_it(value: object, rule: str) -> None:
    assert refusal(models.BillingSpec.from_dict, billing(billing_method=value)) == ("billing_method", rule)


def test_an_error_has_the_full_path_and_does_not_repeat_a_number_that_may_be_a_secret() -> None:
    spec = {"billing_spec": {"instance_charge_type": 0}}
    assert refusal(models.NodePoolNodeConfig.from_dict, spec)[0] == "billing_spec.instance_charge_type"
    field, rule = refusal(models.NodePoolNodeConfig.from_dict, {"password": 1234567})
    assert (field, "1234567" in rule) == ("password", False)
    field, rule = refusal(models.NodePoolNodeConfig.from_dict, {"subnet_ids": ["s", 7]})
    assert (field, rule) == ("subnet_ids[1]", 'must be a text (str), not int: quote it in YAML: "7"')
    field, rule = refusal(models.NodePoolNodeConfig.from_dict, {"labels": {"gpu": 1}})
    assert (field, rule) == ("labels", "must be a text (str), not int, in keys and in values: quote them in YAML")
    assert refusal(models.NodePoolNodeConfig.from_dict, {**_pool_node(), "labels": []})[0] == "labels"


def test_a_flag_may_still_be_a_number_where_the_wire_has_a_text() -> None:
    assert models.ListNodesRequest.from_dict({"cluster_id": "c", "schedulable": 1}).schedulable == "1"


# --- short forms -----------------------------------------------------------------------------------------------------


def test_a_list_of_ids_stands_for_a_list_of_subnets() -> None:
    short = models.CniConfig.from_dict({"pod_cidr": "", "subnet_list": ["s-1", {"subnet_id": "s-2"}]})
    assert short.subnet_list == [models.SubnetInfo(subnet_id="s-1"), models.SubnetInfo(subnet_id="s-2")]
    by_wire = models.AddClusterSubnetRequest.from_dict({"ClusterId": "c", "SubnetList": ["s-1"]})
    assert by_wire.subnets == [models.ClusterSubnet(subnet_id="s-1")]
    assert refusal(models.CniConfig.from_dict, {"pod_cidr": "", "subnet_list": [""]}) == (
        "subnet_list[0].subnet_id",
        "must not be empty",
    )


def test_what_needs_more_than_a_text_has_no_short_form() -> None:
    data = {"data_disk": ["ssd"]}
    assert refusal(models.NodeConfig.from_dict, {**_node(), **data}) == ("data_disk[0]", "must be a DiskInfo, not str")
    assert refusal(models.NodePoolNodeConfig.from_dict, {"data_volumes": ["SSD"], **_pool_node()}) == (
        "data_volumes[0]",
        "must be a Volume, not str",
    )


def _node() -> dict[str, Any]:
    disk = {"disk_feature": "ssd", "disk_size": 40}
    return {
        "billing_spec": billing(),
        "system_disk": disk,
        "data_disk": [disk],
        "os_image_name": "Ubuntu22.04-CPU-1.26",
        "subnet_list": ["s-1"],
        "specifics": ["Optimized M6,2,4,0"],
        "password": "Passw0rd!x",
    }


def _pool_node() -> dict[str, Any]:
    return {
        "billing_spec": {"instance_charge_type": "PostPaid"},
        "os_image_name": "Ubuntu22.04-CPU-1.26",
        "subnet_ids": ["s-1"],
        "instance_type_ids": ["CPU Compute C11.4c8g"],
        "password": "Passw0rd!x",
    }


# --- checks before sending -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["10.0.0.0/16", "10.1.2.3/16", "fd00::/64", "0.0.0.0/0"])
def test_an_address_range_passes(text: str) -> None:
    assert models.CniConfig(pod_cidr=text).pod_cidr == text
    assert models.ClusterSubnet(subnet_id="s", segment=text).segment == text


@pytest.mark.parametrize(
    "text", ["10.0.0.0", "10.0.0.0/33", "10.0.0/16", "10.0.0.0-10.0.0.9", "x", " 10.0.0.0/8", "::/"]
)
def test_a_text_that_is_none_is_refused(text: str) -> None:
    rule = "must be an address range such as 10.0.0.0/16"
    assert refusal(models.CniConfig, pod_cidr=text) == ("pod_cidr", rule)
    assert refusal(models.ClusterSubnet, subnet_id="s", segment=text) == ("segment", rule)
    cni = {"cni_type": "flannel", "cni_config": models.CniConfig(pod_cidr=""), "proxy_config": "ipvs"}
    assert refusal(models.CniInfo, **cni, service_cidr=text) == ("service_cidr", rule)


def test_only_what_may_be_empty_may_be() -> None:
    assert models.CniConfig(pod_cidr="").pod_cidr == ""
    cni = {"cni_type": "flannel", "cni_config": models.CniConfig(pod_cidr=""), "proxy_config": "ipvs"}
    assert refusal(models.CniInfo, **cni, service_cidr="") == ("service_cidr", "must not be empty")


def test_the_most_replicas_are_not_fewer_than_the_least() -> None:
    assert models.AutoScaling(enable=True, max_replicas=2, min_replicas=2).max_replicas == 2
    expected = ("max_replicas", "must be at least min_replicas, which is 3; got 2")
    assert refusal(models.AutoScaling, enable=True, max_replicas=2, min_replicas=3) == expected
    assert refusal(models.AutoScaling(enable=True, max_replicas=4, min_replicas=3).replace, max_replicas=2) == expected


@pytest.mark.parametrize(("size", "words"), [(0, "at least 1"), (-40, "at least 1"), (1_000_001, "at most 1000000")])
def test_a_disk_of_an_absurd_size_is_refused(size: int, words: str) -> None:
    assert words in refusal(models.DiskInfo, disk_feature="ssd", disk_size=size)[1]
    assert words in refusal(models.Volume, size=size)[1]


# --- copies with changes ---------------------------------------------------------------------------------------------


def test_a_copy_has_the_changes_and_the_rest() -> None:
    pool = models.NodePoolNodeConfig.from_dict({**_pool_node(), "extra": {"New": 1}})
    changed = pool.replace(subnet_ids=["s-2"], exec_command="true")
    assert type(changed) is models.NodePoolNodeConfig
    assert (changed.subnet_ids, changed.exec_command, changed.password) == (["s-2"], "true", "Passw0rd!x")
    assert changed.extra == {"New": 1}
    assert pool.subnet_ids == ["s-1"]
    assert changed.replace(exec_command=None).exec_command is None
    assert pool.replace() == pool
    assert changed.replace(subnet_ids=["s-1"], exec_command=None) == pool


def test_a_change_is_checked_as_in_a_new_model() -> None:
    request = models.GetClusterRequest(cluster_id="c")
    assert refusal(request.replace, cluster_id="") == ("cluster_id", "must not be empty")
    assert refusal(request.replace, cluster_id=None) == ("cluster_id", "must be a text (str), not nothing")
    assert refusal(request.replace, cluster="d") == (
        "cluster",
        "is not a field of GetClusterRequest; did you mean 'cluster_id'?",
    )
    assert refusal(request.replace, extra={"ClusterId": "d"})[0] == "extra.ClusterId"


def test_answers_are_replaced_too_and_by_the_standard_library() -> None:
    task = models.ClusterTask(cluster_id="c", task_id="t")
    assert task.replace(task_id="u").task_id == "u"
    by_protocol: Any = type(task).__replace__
    assert by_protocol(task, task_id="u") == task.replace(task_id="u")
    if hasattr(copy, "replace"):
        assert copy.replace(task, task_id="u") == task.replace(task_id="u")


def test_every_model_can_be_replaced() -> None:
    for name in models.__all__:
        cls: Any = getattr(models, name)
        assert not attrs.has(cls) or callable(getattr(cls, "replace", None))


# --- answers that are passed on --------------------------------------------------------------------------------------


def answer() -> models.ClusterDetail:
    data = {
        "ClusterId": "c",
        "Ak": "marked-ak",
        "New": {"Password": "marked-new", "Rest": [{"Token": "marked-token", "Size": 1}]},
        "CniInfo": {"CniType": "calico", "Secret": "marked-secret"},
    }
    detail: models.ClusterDetail = answer_converter().structure(data, models.ClusterDetail)
    return detail


def test_an_answer_as_plain_data_holds_no_secrets_unless_it_is_asked_for_them() -> None:
    for plain in (answer().to_dict(), answer().to_dict(wire_names=True), answer().to_dict(secrets=False)):
        text = json.dumps(plain)
        assert "marked" not in text
        assert "calico" in text
        assert '"Rest": [{"Size": 1}]' in text
    whole = answer().to_dict(secrets=True)
    assert (whole["ak"], whole["cni_info"]["extra"]) == ("marked-ak", {"Secret": "marked-secret"})


def test_a_request_as_plain_data_is_whole_unless_it_is_asked_for_without_secrets() -> None:
    request = models.NodePoolNodeConfig.from_dict({**_pool_node(), "extra": {"Token": "marked"}})
    assert models.NodePoolNodeConfig.from_dict(request.to_dict()) == request
    bare = request.to_dict(secrets=False)
    assert "password" not in bare
    assert "marked" not in json.dumps(bare)
    assert bare["subnet_ids"] == ["s-1"]
