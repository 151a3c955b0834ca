"""Answers of each revision are read into the same models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_eks import models
from cds_eks.codec.deserialize import Unreadable
from cds_eks.schema.fields import UNDOCUMENTED_ANSWER, frozen, on_wire
from cds_eks.schema.shape import Shape, fields_of
from cds_eks.schema.validation import put
from unit.codec.read_answers import read


def why_not(kind: Any, value: Any) -> str:
    with pytest.raises(Unreadable) as caught:
        read(kind, value)
    return str(caught.value)


ANSWERS = [getattr(models, name) for name in models.__all__ if issubclass(getattr(models, name), Shape)]


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        (["s-1", "s-2"], ["s-1", "s-2"]),
        (["s-1", {"SubnetId": "s-2", "Segment": "10.0.0.0/8"}, None], ["s-1", "s-2"]),
        ("s-1", ["s-1"]),
        ([7], ["7"]),
        ({"SubnetId": "s-1"}, ["s-1"]),
        ([], None),
        ("", None),
        (None, None),
    ],
)
@pytest.mark.parametrize("name", ["SubnetIds", "subnetids", "SUBNETIDS"])
def test_the_name_and_the_shape_of_the_newer_revision_are_read(name: str, value: Any, ids: list[str] | None) -> None:
    config = read(models.CniConfig, {"PodCidr": "", name: value})
    found = config.subnet_list
    assert (found if found is None else [subnet.subnet_id for subnet in found]) == (ids if ids or value is None else [])
    assert all(type(subnet) is models.SubnetInfo for subnet in found or [])
    assert config.extra == {}


def test_a_cluster_of_either_revision_is_read_alike() -> None:
    def detail(cni_config: dict[str, Any]) -> models.ClusterDetail:
        cni = {"CniType": "vpc-cni", "ProxyConfig": "ipvs", "ServiceCidr": "10.0.0.0/16", "CniConfig": cni_config}
        found: models.ClusterDetail = read(models.ClusterDetail, {"ClusterId": "c", "CniInfo": cni})
        return found

    older = detail({"PodCidr": "", "SubnetList": [{"SubnetId": "s"}], "FlannelBackendType": "vxlan"})
    newer = detail({"PodCidr": "", "SubnetIds": ["s"]})
    assert older.cni_info is not None
    assert newer.cni_info is not None
    assert older.cni_info.cni_config.subnet_list == newer.cni_info.cni_config.subnet_list != []
    assert older.cni_info.cni_config.flannel_backend_type == "vxlan"


@pytest.mark.parametrize("order", [["SubnetList", "SubnetIds"], ["SubnetIds", "SubnetList"]])
@pytest.mark.parametrize("nothing", [None, [], ""])
def test_of_the_names_of_two_revisions_the_one_that_says_something_is_read(order: list[str], nothing: Any) -> None:
    def ids(said: dict[str, Any], aside: dict[str, Any]) -> list[str]:
        config = read(models.CniConfig, {name: said[name] for name in order})
        assert config.extra == aside
        return [subnet.subnet_id for subnet in config.subnet_list]

    assert ids({"SubnetList": nothing, "SubnetIds": ["s"]}, {}) == ["s"]
    assert ids({"SubnetList": [{"SubnetId": "s"}], "SubnetIds": nothing}, {"SubnetIds": nothing}) == ["s"]
    both = {"SubnetList": [{"SubnetId": "first"}], "SubnetIds": ["other"]}
    assert ids(both, {"SubnetIds": ["other"]}) == ["first"]


def test_a_field_that_is_merely_renamed_is_read_by_each_name() -> None:
    for name in ("DiskSize", "Size", "size"):
        assert read(models.DiskInfo, {name: "80"}).disk_size == 80
    assert read(models.BillingSpec, {"InstanceChargeType": "PostPaid"}).billing_method == "PostPaid"


def test_an_invalid_subnet_is_named_by_its_path() -> None:
    assert why_not(models.CniConfig, {"SubnetIds": [["s"], ["t", "u"]]}).startswith(".SubnetIds[0] should be an object")
    assert why_not(models.CniConfig, {"SubnetIds": 7}) == ".SubnetIds should be a list, not int"


def test_undocumented_fields_are_in_extra() -> None:
    node = read(models.Node, {"NodeId": "n", "Rack": {"Row": [1]}, "Extra": 1, "extra": 2, "node_id": "other"})
    assert node.node_id == "n"
    assert node.extra == {"Rack": {"Row": [1]}, "Extra": 1, "extra": 2, "node_id": "other"}


def test_an_unknown_state_is_passed_through() -> None:
    assert read(models.Node, {"NodeStatus": "defragmenting"}).node_status == "defragmenting"


def test_times_stay_text() -> None:
    assert read(models.Node, {"CreateTime": "2025-09-08 10:00:00"}).create_time == "2025-09-08 10:00:00"


@pytest.mark.parametrize("value", [{}, None, "", [], [{}], [None]])
def test_nothing_is_read_as_a_shape_with_nothing_in_it(value: Any) -> None:
    assert read(models.ClusterDetail, value) == models.ClusterDetail()
    node_pool = read(models.NodePoolList, value)
    assert (node_pool.total, node_pool.node_pool) == (None, [])


@pytest.mark.parametrize("empty", [None, ""])
def test_a_null_or_missing_field_is_nothing_or_empty(empty: str | None) -> None:
    missing = read(models.ClusterDetail, {})
    assert (missing.cluster_id, missing.node_sum, missing.cluster_name) == ("", None, None)
    assert (missing.cni_info, missing.master_subnet) == (None, [])
    for name in ("ClusterId", "NodeSum", "MasterSubnet"):
        assert read(models.ClusterDetail, {name: empty}) == missing


@pytest.mark.parametrize("cls", ANSWERS, ids=lambda cls: str(cls.__name__))
def test_null_is_the_same_as_missing(cls: type[Shape]) -> None:
    nulls = {member.metadata["wire"]: None for member in fields_of(cls) if "wire" in member.metadata}
    assert read(cls, nulls) == read(cls, {})


def test_numbers_and_texts_are_converted_to_each_other() -> None:
    node = read(models.Node, {"NodeId": 17, "Cpu": "8", "Ram": 16.0, "Duration": "", "BillingMethod": 0})
    assert (node.node_id, node.cpu, node.ram, node.duration, node.billing_method) == ("17", 8, 16, None, "0")


def test_one_object_stands_for_a_list_and_a_list_of_one_for_an_object() -> None:
    subnet = {"SubnetId": "s-1", "Segment": "10.0.0.0/8"}
    older = read(models.ClusterDetail, [{"ClusterId": "c", "MasterSubnet": subnet, "SourceEip": [{"EipId": "e"}]}])
    newer = read(models.ClusterDetail, {"ClusterId": "c", "MasterSubnet": [subnet], "SourceEip": {"EipId": "e"}})
    assert older == newer
    assert newer.master_subnet[0].subnet_id == "s-1"
    assert newer.source_eip.eip_id == "e"


def test_a_null_list_is_empty_and_null_entries_are_left_out() -> None:
    assert read(list[models.Node], None) == []
    assert read(list[models.Node], "") == []
    assert read(list[models.Node], {}) == []
    assert [node.node_id for node in read(list[models.Node], [None, {"NodeId": "n"}, None])] == ["n"]
    assert [node.node_id for node in read(list[models.Node], {"NodeId": "n"})] == ["n"]


def test_a_list_of_texts_is_read_also_from_one_text_and_from_numbers() -> None:
    config = read(models.NodePoolNodeConfig, {"SubnetIds": "s-1", "InstanceTypeIds": [7, None, "x"]})
    assert config.subnet_ids == ["s-1"]
    assert config.instance_type_ids == ["7", "x"]


def test_a_shape_of_requests_is_read_without_any_check() -> None:
    config = read(models.NodePoolNodeConfig, {"Password": "***", "DataVolumes": [{"Size": "81"}], "Labels": None})
    assert config.password == "***"
    assert config.data_volumes == [models.Volume(size=81)]
    assert (config.billing_spec.instance_charge_type, config.subnet_ids, config.labels) == ("", [], None)
    spec = read(models.NodePoolBillingSpec, {"AutoRenew": "1", "IsToMonth": False, "Period": 13})
    assert (spec.auto_renew, spec.is_to_month, spec.period) == (1, 0, 13)
    assert type(spec.auto_renew) is type(spec.is_to_month) is int
    assert read(models.CniInfo, {}).cni_config.pod_cidr == ""


@pytest.mark.parametrize("value", [None, "", []])
def test_no_labels_are_no_labels(value: Any) -> None:
    assert read(models.NodePoolNodeConfig, {"Labels": value}).labels in (None, {})
    assert read(dict[str, str], value) == {}


def test_labels_are_texts() -> None:
    assert read(Mapping[str, str], {"a": "b", "n": 1, "t": True, "none": None}) == {
        "a": "b",
        "n": "1",
        "t": "true",
        "none": "",
    }
    assert why_not(dict[str, str], {"a": []}) == " should be a text, not list"
    assert why_not(dict[str, str], "x") == " should be an object, not str"
    assert why_not(dict[str, str], [1]) == " should be an object, not list"


def test_the_misspelt_size_is_read_under_its_documented_name() -> None:
    group = read(models.ScalingGroup, {"RovingSize": "2", "RemovingSize": 3})
    assert group.removing_size == 2
    assert group.extra == {"RemovingSize": 3}


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        (models.Node, 7, " should be an object, not int"),
        (models.Node, "text", " should be an object, not str"),
        (models.Node, True, " should be an object, not bool"),
        (models.Node, [{}, {}], " should be an object, not list"),
        (models.Node, ["text"], " should be an object, not str"),
        (models.Node, {"Cpu": {}}, ".Cpu should be a whole number, not dict"),
        (models.Node, {"cpu": "many"}, ".cpu should be a whole number, not str"),
        (models.Node, {"NodeId": []}, ".NodeId should be a text, not list"),
        (models.NetworkInterface, {"IsValid": "maybe"}, ".IsValid should be true or false, not str"),
        (list[models.Node], 7, " should be a list, not int"),
        (list[models.Node], "text", " should be a list, not str"),
        (list[models.Node], [{}, 7], "[1] should be an object, not int"),
        (list[models.Node], [[{"Cpu": 1}, {}]], "[0] should be an object, not list"),
        (models.NodePoolList, {"NodePool": [{}, {"Id": []}]}, ".NodePool[1].Id should be a text, not list"),
        (models.CniInfo, {"CniConfig": {"SubnetList": 7}}, ".CniConfig.SubnetList should be a list, not int"),
        (models.NodePoolNodeConfig, {"SubnetIds": {}}, ".SubnetIds should be a list, not dict"),
        (models.NodePoolNodeConfig, {"SubnetIds": [{}]}, ".SubnetIds[0] should be a text, not dict"),
    ],
)
def test_a_value_of_another_kind_is_named_by_its_path(kind: Any, value: object, words: str) -> None:
    assert why_not(kind, value) == words


@frozen(kw_only=True, init=False)
class Plain(Shape):
    count: int = attrs.field(metadata=on_wire("Count"))
    is_on: bool = attrs.field(metadata=on_wire("IsOn"))
    tags: Mapping[str, str] = attrs.field(metadata=on_wire("Tags"))
    names: Sequence[str] = attrs.field(metadata=on_wire("Names"))
    kinds: dict[str, str] = attrs.field(factory=dict, metadata=on_wire("Kinds"))
    extra: Mapping[str, Any] = attrs.field(factory=dict, metadata=UNDOCUMENTED_ANSWER)

    def __init__(self, **fields: Any) -> None:
        for name, value in fields.items():
            put(self, name, value)


def test_every_kind_of_field_has_an_empty_value() -> None:
    plain = read(Plain, {})
    assert (plain.count, plain.is_on, plain.tags, plain.names, plain.kinds) == (0, False, {}, [], {})
    assert type(plain.count) is int
    assert plain.is_on is False
    other = read(Plain, {})
    assert other.names is not plain.names
    assert other.extra is not plain.extra


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(cls=st.sampled_from(ANSWERS), data=st.data())
def test_any_value_in_any_field_is_read_or_named(cls: type[Shape], data: st.DataObject) -> None:
    wires = [member.metadata["wire"] for member in fields_of(cls) if "wire" in member.metadata]
    value = data.draw(st.dictionaries(st.sampled_from(wires), json_values, max_size=4))
    named = ""
    try:
        shape = read(cls, value)
    except Unreadable as error:
        named = str(error)
    else:
        assert type(shape) is cls
        assert cls.__name__ in repr(shape)
    assert not named or named.startswith(tuple(f".{wire}" for wire in value))
