"""Requests by revision: one set of models, the very body that each revision's own client sends, and nothing dropped."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any, cast

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cds_eks import models
from cds_eks.codec.serialize import MOST_REPEATED, to_wire, writer
from cds_eks.emulator.protocol.arguments import validate
from cds_eks.errors import InvalidRequestError
from cds_eks.schema.fields import UNDOCUMENTED, frozen, on_wire
from cds_eks.schema.revisions import API_REVISIONS, HoistedField, RevisionDifference
from cds_eks.schema.shape import Nested, Shape, fields_of
from cds_eks.schema.validation import check, put
from cds_eks.schema.validators import ExtraFields, Integer, ListOf, Text, value_at
from support.contract_files import observed_requests

OLDER, NEWER = API_REVISIONS
SEEN = observed_requests()
PASSWORD = "Passw0rd!x"


def seen(revision: str, action: str) -> dict[str, Any]:
    (found,) = [r["body"] for r in SEEN if r["revision"] == revision and r["query"]["Action"] == action]
    body: dict[str, Any] = copy.deepcopy(found)
    return body


def without_zeros(plain: Any) -> Any:
    """What the Go client says, without the zero values that it sends for what its caller left unset."""
    if isinstance(plain, list):
        return [without_zeros(entry) for entry in plain]
    if not isinstance(plain, dict):
        return plain
    bare = {name: without_zeros(value) for name, value in plain.items()}
    return {name: value for name, value in bare.items() if value not in ("", 0, None, {}, []) or value is False}


def changed(request: Shape, path: str, value: Any) -> Any:
    """A request in which the field at a path (`a.b[0].c`) has another value."""
    name, _, rest = path.partition(".")
    name, _, index = name.rstrip("]").partition("[")
    if rest:
        old = getattr(request, name)
        if index:
            value = [changed(each, rest, value) if at == int(index) else each for at, each in enumerate(old)]
        else:
            value = changed(old, rest, value)
    return evolved(request, **{name: value})


def evolved(shape: Any, **changes: Any) -> Any:
    return attrs.evolve(shape, **changes)


def nodes(**more: Any) -> models.NodeConfig:
    given: dict[str, Any] = {
        "billing_spec": models.BillingSpec(auto_renew=0, billing_method="0", duration=1, is_to_month=0),
        "system_disk": models.DiskInfo(disk_feature="ssd", disk_size=40),
        "data_disk": [models.DiskInfo(disk_feature="ssd", disk_size=80)],
        "os_image_name": "Ubuntu22.04-CPU-1.30.14",
        "subnet_list": [models.SubnetInfo(subnet_id="s1")],
        "specifics": [models.Specifics(product_name="CPU Compute C11.8c16g")],
        "password": PASSWORD,
        "labels": {"a": "b"},
    }
    return models.NodeConfig(**given | more)


def cluster(**more: Any) -> models.CreateClusterRequest:
    """The intent of the CreateCluster that was seen in the newer revision, as far as it says something."""
    given: dict[str, Any] = {
        "cluster_name": "n",
        "vpc_id": "v",
        "cni": models.CniInfo(
            cni_type="flannel",
            cni_config=models.CniConfig(
                pod_cidr="172.16.0.0/16", node_pods_num=64, subnet_list=[models.SubnetInfo(subnet_id="s1")]
            ),
            proxy_config="ipvs",
            service_cidr="192.168.0.0/16",
        ),
        "k8s_version": "v1.30.14",
        "nat_id": "nat",
        "source_eip_id": "se",
        "destination_eip_id": "de",
        "slb_id": "slb",
        "ak": "ak",
        "sk": "sk",
        "master_number": 3,
        "master_config": nodes(),
        "node_pool_config": models.NodePoolConfig(
            pool_name="p",
            node_type="ecs",
            node_config=nodes(),
            auto_scaling=models.AutoScaling(enable=False, max_replicas=10, min_replicas=1),
            replicas=1,
        ),
    }
    return models.CreateClusterRequest(**given | more)


# --- what the vendor's clients send


def test_the_cluster_that_was_seen_in_the_newer_revision_is_sent_alike() -> None:
    """But for its password and its empty node pool, which our models do not take, and its unset period."""
    theirs = seen(NEWER, "CreateCluster")
    theirs["Password"] = PASSWORD
    theirs["MasterConfig"]["BillingSpec"]["Period"] = 1
    theirs["NodePoolConfig"]["NodeConfig"] = theirs["MasterConfig"]
    assert without_zeros(to_wire(cluster(), NEWER)) == without_zeros(theirs)


def test_the_documents_cluster_is_sent_as_each_revisions_client_does() -> None:
    """One request, made once from the body of the document's own example, zero values and all."""
    theirs = seen(OLDER, "CreateCluster")
    request = models.CreateClusterRequest.from_dict(theirs)
    theirs["K8sVersion"] = theirs.pop("K8SVersion")
    assert to_wire(request, OLDER) == theirs
    eip = "491dd24e-83c1-11f0-a1c5-268f674581cc"
    config: dict[str, Any] = {
        "BillingSpec": {"InstanceChargeType": "PostPaid", "Period": 1, "IsToMonth": 0, "AutoRenew": 0},
        "DataVolumes": [{"Type": "SSD", "Size": 80}],
        "OsImageName": "eks-Ubuntu22.04-cpu-k8s1.30.14-v1",
        "SubnetIds": ["c0ba8808-048f-11f0-a617-3ed2fcc2525f"],
        "InstanceTypeIds": ["Optimized M6,2,4,0"],
        "ExecCommand": "",
        "Labels": {},
    }
    assert to_wire(request, NEWER) == {
        "ClusterName": "zbh-sdk-test",
        "VpcId": "cc32706e-a09a-11ef-8de7-06aabd6a5066",
        "Cni": {
            "CniConfig": {"NodePodsNum": 64, "PodCidr": "", "SubnetIds": ["SubnetId"]},
            "CniType": "flannel",
            "ProxyConfig": "ipvs",
            "ServiceCidr": "192.168.0.0/16",
        },
        "K8sVersion": "v1.30.14",
        "RuntimeType": "",
        "NatId": "ea4f7218-a09a-11ef-8de7-06aabd6a5066",
        "SourceEip": eip,
        "DestinationEip": eip,
        "SlbId": "",
        "Ak": "ccm-ak",
        "Sk": "ccm-sk",
        "Password": PASSWORD,
        "MasterNumber": 3,
        "MasterConfig": config,
        "NodePoolConfig": {
            "Name": "node-pool-1",
            "NodeType": "ecs",
            "SubjectId": 0,
            "NodeConfig": {**config, "BillingSpec": {**config["BillingSpec"], "IsToMonth": 1}},
            "Replicas": 1,
        },
    }


def test_subnets_are_added_as_each_revisions_client_does() -> None:
    request = models.AddClusterSubnetRequest(cluster_id="c", subnets=[models.ClusterSubnet(subnet_id="s")])
    assert to_wire(request, NEWER) == seen(NEWER, "AddClusterSubnet")
    told = models.ClusterSubnet(subnet_id="s", segment="10.0.0.0/8", used_ip_num=2)
    assert to_wire(evolved(request, subnets=[told]), OLDER) == seen(OLDER, "AddClusterSubnet")


@pytest.mark.parametrize("revision", API_REVISIONS)
def test_what_the_revisions_have_in_common_is_sent_alike(revision: str) -> None:
    by_action: dict[str, type[Shape]] = {
        "DeleteCluster": models.DeleteClusterRequest,
        "DeleteNodes": models.DeleteNodeRequest,
        "CreateNodePool": models.CreateNodePoolRequest,
        "ScalingNodePool": models.ScalingNodePoolNumRequest,
        "DeleteNodePool": models.DeleteNodePoolRequest,
        "AttachNetworkInterface": models.AttachNetworkInterfaceRequest,
        "DetachNetworkInterface": models.DetachNetworkInterfaceRequest,
        "AddScalingNode": models.AddScalingNodeRequest,
    }
    for action, cls in by_action.items():
        assert to_wire(cls.from_dict(seen(OLDER, action)), revision) == seen(OLDER, action)


# --- values


@pytest.mark.parametrize(("given_", "older", "newer"), [
    ("0", "0", "PostPaid"), ("1", "1", "PrePaid"), ("PostPaid", "0", "PostPaid"), ("PrePaid", "1", "PrePaid"),
    ("a way of 2030", "a way of 2030", "a way of 2030"),
])  # fmt: skip
def test_a_known_value_is_spelt_as_the_revision_does_and_an_unknown_one_passes(
    given_: str, older: str, newer: str
) -> None:
    billing = models.BillingSpec(auto_renew=True, billing_method=given_, duration=36, is_to_month=True)
    common = {"AutoRenew": 1, "IsToMonth": 1}
    assert to_wire(billing, OLDER) == {"BillingMethod": older, "Duration": 36, **common}
    assert to_wire(billing, NEWER) == {"InstanceChargeType": newer, "Period": 36, **common}


def test_disks_are_listed_as_often_as_their_number_says() -> None:
    numbers = [None, 0, 1, 3, MOST_REPEATED]
    disks = [
        models.DiskInfo(disk_feature=feature, disk_size=80 + at, number=number)
        for at, (number, feature) in enumerate(zip(numbers, ("ssd", "SSD", "nvme", "ssd", "ssd"), strict=True))
    ]
    request = changed(cluster(), "master_config.data_disk", disks)
    listed = to_wire(request, NEWER)["MasterConfig"]["DataVolumes"]
    sizes = [each["Size"] for each in listed]
    assert [sizes.count(80 + at) for at in range(5)] == [1, 1, 1, 3, MOST_REPEATED]
    assert [each["Type"] for each in listed[:4]] == ["SSD", "SSD", "nvme", "SSD"]
    older = to_wire(request, OLDER)["MasterConfig"]["DataDisk"]
    assert [each.get("Number") for each in older] == numbers
    assert [each["DiskFeature"] for each in older] == ["ssd", "ssd", "nvme", "ssd", "ssd"]


# --- what a revision can't carry


POOL = "node_pool_config.node_config"
OTHER_DISK = models.DiskInfo(disk_feature="ssd", disk_size=40)


@pytest.mark.parametrize(
    ("path", "value", "field_", "words"),
    [
        ("master_config.annotations", {"a": "b"}, "master_config.annotations", "leave it out"),
        (f"{POOL}.annotations", {"a": ""}, f"{POOL}.annotations", "leave it out"),
        ("cni.cni_type", "calico", "cni.cni_type", "'calico' does not exist"),
        ("cni.cni_config.calico_block_size", 26, "cni.cni_config.calico_block_size", "leave it out"),
        ("cni.cni_config.calico_encapsulation", "IPIP", "cni.cni_config.calico_encapsulation", "leave it out"),
        ("cni.cni_config.flannel_backend_type", "udp", "cni.cni_config.flannel_backend_type", "default: 'vxlan'"),
        ("cni.cni_config.subnet_list[0].segment", "10.0.0.0/8", "cni.cni_config.subnet_list[0].segment", "subnet_id"),
        ("master_config.subnet_list[0].available_zone_id", "z", "master_config.subnet_list[0].available_zone_id", ""),
        ("master_config.subnet_list[0].extra", {"New": 0}, "master_config.subnet_list[0].extra", "subnet_id alone"),
        ("master_config.specifics[0].extra", {"New": 0}, "master_config.specifics[0].extra", "product_name alone"),
        ("master_config.system_disk.disk_size", 41, "master_config.system_disk", "disk_size 40"),
        ("master_config.system_disk.disk_feature", "nvme", "master_config.system_disk", "disk_feature 'ssd' or 'SSD'"),
        ("master_config.system_disk.number", 2, "master_config.system_disk", "number 1"),
        (f"{POOL}.system_disk.extra", {"New": 1}, f"{POOL}.system_disk", "the default"),
        ("master_config.data_disk[0].number", 100, "master_config.data_disk[0].number", "at most 99"),
        (f"{POOL}.password", "Other-passw0rd", f"{POOL}.password", "must equal master_config.password"),
        ("node_pool_config.auto_scaling.enable", True, "node_pool_config.auto_scaling", "default: enable False"),
        ("node_pool_config.auto_scaling.scaling_group_id", "g", "node_pool_config.auto_scaling", "the default"),
        ("node_pool_config.auto_scaling.extra", {"New": 1}, "node_pool_config.auto_scaling", "the default"),
        ("extra", {"sourceeip": "x"}, "extra.sourceeip", "can't be replaced"),
        ("extra", {"Password": "x"}, "extra.Password", "can't be replaced"),
        ("master_config.billing_spec.extra", {"period": 3}, "master_config.billing_spec.extra.period", "be replaced"),
        ("master_config.data_disk[0].extra", {"Size": 3}, "master_config.data_disk[0].extra.Size", "be replaced"),
    ],
)  # fmt: skip
def test_what_the_newer_revision_can_not_carry_is_named_and_not_dropped(
    path: str, value: Any, field_: str, words: str
) -> None:
    request = changed(cluster(), path, value)
    with pytest.raises(InvalidRequestError) as caught:
        to_wire(request, NEWER)
    assert caught.value.field == field_
    assert words in caught.value.rule
    assert NEWER in caught.value.rule or "extra." in field_
    assert caught.value.outcome == "not_sent"
    assert "passw0rd" not in str(caught.value).lower()
    assert caught.value.__context__ is None  # what was caught on the way may hold more than may be shown
    to_wire(request, OLDER)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("segment", "10.0.0.0/8"),
        ("used_ip_num", 2),
        ("extra", {"New": None}),
    ],
)
def test_no_field_of_an_added_subnet_is_dropped(path: str, value: Any) -> None:
    subnets = [models.ClusterSubnet(subnet_id="a"), models.ClusterSubnet(**{"subnet_id": "b", path: value})]
    request = models.AddClusterSubnetRequest(cluster_id="c", subnets=subnets)
    with pytest.raises(InvalidRequestError) as caught:
        to_wire(request, NEWER)
    assert caught.value.field == f"subnets[1].{path}"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("node_pool_config.auto_scaling.max_replicas", 99),
        ("node_pool_config.auto_scaling.priority", 100),
        ("node_pool_config.auto_scaling.subnet_policy", "random"),
        ("node_pool_config.auto_scaling.scaling_group_id", ""),
        ("master_config.system_disk.disk_feature", "SSD"),
        ("master_config.system_disk.number", 0),
        (f"{POOL}.system_disk.number", 1),
        ("master_config.annotations", {}),
        ("cni.cni_config.flannel_backend_type", "vxlan"),
        ("cni.cni_config.flannel_backend_type", ""),
        ("cni.cni_config.calico_block_size", 0),
        ("cni.cni_config.calico_encapsulation", ""),
        ("cni.cni_config.subnet_list[0].segment", ""),
        ("master_config.subnet_list[0].select_segment", ""),
    ],
)
def test_what_only_says_the_default_may_be_left_out(path: str, value: Any) -> None:
    assert to_wire(changed(cluster(), path, value), NEWER) == to_wire(cluster(), NEWER)


def test_no_word_of_the_older_revision_is_left_in_the_newer() -> None:
    body = json.dumps(to_wire(cluster(), NEWER))
    for name in (
        *("EipId", "SubnetList", "SystemDisk", "DataDisk", "Specifics", "Shell", "Annotations", "AutoScaling"),
        *("BillingMethod", "Duration", "DiskFeature", "DiskSize", "Number", "PoolName", "Flannel", "Calico"),
    ):
        assert f'{name}"' not in body.replace('"MasterNumber"', "")
    assert body.count('"Password"') == 1


def test_undocumented_fields_stand_beside_the_documented_ones_in_each_revision() -> None:
    request = changed(cluster(extra={"New": 1}), "master_config.billing_spec.extra", {"Coupon": "c"})
    request = changed(request, "master_config.data_disk", [
        models.DiskInfo(disk_feature="ssd", disk_size=80, number=2, extra={"Iops": 7}),
    ])  # fmt: skip
    for revision in API_REVISIONS:
        body = to_wire(request, revision)
        assert body["New"] == 1
        assert body["MasterConfig"]["BillingSpec"]["Coupon"] == "c"
    assert to_wire(request, NEWER)["MasterConfig"]["DataVolumes"] == [{"Iops": 7, "Type": "SSD", "Size": 80}] * 2
    assert to_wire(changed(cluster(), "extra", {"SourceEip": "x"}), OLDER)["SourceEip"] == "x"


# --- properties


def leaves(shape: Shape, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each value of a request that is set, by its path."""
    for member in fields_of(type(shape)):
        value = getattr(shape, member.name)
        for index, entry in enumerate(value if isinstance(value, list) else [value]):
            where = f"{path}{member.name}" + (f"[{index}]" if isinstance(value, list) else "")
            if isinstance(entry, Shape):
                yield from leaves(entry, f"{where}.")
            elif entry not in (None, "", {}, 0):
                yield where, entry


LABELS = st.dictionaries(st.sampled_from(["team", "a/b"]), st.just("label"), max_size=1)
OPTIONS: dict[str, st.SearchStrategy[Any]] = {
    "runtime_type": st.sampled_from(["", "containerd-marked"]),
    "cni.cni_type": st.sampled_from(["flannel", "vpc-cni", "calico"]),
    "cni.cni_config.flannel_backend_type": st.sampled_from(["", "vxlan", "udp-marked"]),
    "cni.cni_config.calico_encapsulation": st.sampled_from(["", "ipip-marked"]),
    "cni.cni_config.subnet_list[0].segment": st.sampled_from(["", "10.43.21.0/24"]),
    "cni.cni_config.pod_cidr": st.sampled_from(["172.16.0.0/16", "10.65.0.0/16"]),
    "cni.service_cidr": st.sampled_from(["192.168.0.0/16", "10.87.0.0/16"]),
    "master_config.annotations": LABELS,
    "master_config.labels": LABELS,
    "master_config.shell": st.sampled_from(["", "shell-marked"]),
    "master_config.os_image_name": st.just("image-marked"),
    "master_config.subnet_list[0].available_zone_id": st.sampled_from(["", "zone-marked"]),
    "master_config.data_disk[0].disk_size": st.integers(1000, 1010),
    "master_config.system_disk.disk_size": st.sampled_from([40, 4321]),
    f"{POOL}.labels": LABELS,
    f"{POOL}.specifics": st.just([models.Specifics(product_name="a"), models.Specifics(product_name="machine-marked")]),
    "node_pool_config.auto_scaling.enable": st.booleans(),
    "node_pool_config.auto_scaling.scaling_group_id": st.sampled_from(["", "group-marked"]),
    "extra": st.sampled_from([{}, {"New": "new-marked"}]),
}
NOT_SENT = {
    *("node_pool_config.auto_scaling.max_replicas", "node_pool_config.auto_scaling.min_replicas"),
    *(f"{where}.system_disk.{name}" for where in ("master_config", POOL) for name in ("disk_feature", "disk_size")),
    "cni.cni_config.flannel_backend_type",
    f"{POOL}.password",
}


@pytest.mark.parametrize("revision", API_REVISIONS)
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(options=st.fixed_dictionaries({}, optional=OPTIONS))
def test_all_that_is_set_is_sent_or_named(revision: str, options: dict[str, Any]) -> None:
    request = cluster()
    for path, value in options.items():
        request = changed(request, path, value)
    try:
        plain = to_wire(request, revision)
    except InvalidRequestError as error:
        assert revision == NEWER
        refused = error.field
        at_fault = [path for path, _ in leaves(request) if path.startswith(refused)]
        assert at_fault, refused
        return
    taken = validate("CreateClusterRequest", {name: each for name, each in plain.items() if name != "New"}, revision)
    assert {**taken, **request.extra} == plain  # the emulator has the description from the same page, and no codec
    body = json.dumps(plain)
    spelt = {"ssd": "SSD", "0": "PostPaid"} if revision == NEWER else {}
    for path, value in leaves(request):
        text = json.dumps(spelt.get(value, value) if isinstance(value, str) else value).strip("{}")
        assert text in body or (revision == NEWER and path in NOT_SENT), (path, text)


REQUESTS = [cls for cls in (getattr(models, name) for name in models.__all__) if issubclass(cls, Shape)]


def test_every_rule_of_the_models_can_be_written() -> None:
    """What is written is compiled for all models and revisions, and by the fields that the models have."""
    for cls in REQUESTS:
        for revision in API_REVISIONS:
            assert writer(cls, revision) is writer(cls, revision)
        for member in fields_of(cls):
            revised = member.metadata.get("revised", {})
            assert revised.keys() <= set(API_REVISIONS)
            for there in revised.values():
                rule = member.metadata["rule"]
                for name in filter(None, (there.only, there.repeat)):
                    assert isinstance(rule, ListOf)
                    assert isinstance(rule.entry, Nested)
                    assert name in {each.name for each in fields_of(rule.entry.shape)}
        for hoisted in cls.HOISTED_FIELDS:
            assert hoisted.revision in API_REVISIONS


# --- shapes of our own: what no model of today has


@frozen(kw_only=True, init=False)
class Part(Shape):
    """Only the newer revision has `iops`."""

    name: str = attrs.field(
        metadata=on_wire(
            "Name", Text(), revised={NEWER: RevisionDifference("Title", spellings={"a": "A"}, removed_values=("z",))}
        )
    )
    iops: int | None = attrs.field(
        default=None, metadata=on_wire("Iops", Integer(), revised={OLDER: RevisionDifference(None)})
    )
    extra: Any = attrs.field(factory=dict, metadata=UNDOCUMENTED)

    def __init__(self, *, name: str, iops: int | None = None) -> None:
        put(self, "name", name)
        put(self, "iops", iops)
        put(self, "extra", {})


@frozen(kw_only=True, init=False)
class Whole_(Shape):  # noqa: N801 - the rule has the name
    """A list of texts with spellings, and a field hoisted from below in the older revision."""

    HOISTED_FIELDS = (HoistedField("Top", revision=OLDER, path="part.name"),)

    part: Part = attrs.field(metadata=on_wire("Part", Nested(Part)))
    kinds: Any = attrs.field(
        default=None,
        metadata=on_wire("Kinds", ListOf(Text()), revised={NEWER: RevisionDifference("Kinds", removed_values=("z",))}),
    )
    extra: Any = attrs.field(factory=dict, metadata=UNDOCUMENTED)

    def __init__(self, *, part: Part, kinds: Any = None, extra: Any = None) -> None:
        put(self, "part", part)
        put(self, "kinds", kinds)
        put(self, "extra", extra or {})


def test_a_field_that_only_the_newer_revision_has_is_refused_by_the_older() -> None:
    assert to_wire(Part(name="a", iops=7), NEWER) == {"Title": "A", "Iops": 7}
    assert to_wire(Part(name="a", iops=0), OLDER) == {"Name": "a"}
    with pytest.raises(InvalidRequestError, match=f"iops: does not exist in revision {OLDER}: leave it out"):
        to_wire(Part(name="a", iops=7), OLDER)


def test_entries_of_lists_of_texts_are_spelt_and_named() -> None:
    whole = Whole_(part=Part(name="b"), kinds=["x", "z"])
    assert to_wire(whole, OLDER) == {"Part": {"Name": "b"}, "Kinds": ["x", "z"], "Top": "b"}
    with pytest.raises(InvalidRequestError) as caught:
        to_wire(whole, NEWER)
    assert (caught.value.field, caught.value.rule) == ("kinds[1]", f"'z' does not exist in revision {NEWER}")
    assert to_wire(evolved(whole, kinds=("x",)), NEWER) == {"Part": {"Title": "b"}, "Kinds": ["x"]}


def test_a_model_of_a_users_own_is_written_with_its_fields() -> None:
    iops_rule = Integer()

    @frozen(kw_only=True, init=False)
    class Disk(models.DiskInfo):
        iops: int | None = attrs.field(default=None, metadata=on_wire("Iops", iops_rule))

        def __init__(self, *, iops: int | None = None, **others: Any) -> None:
            models.DiskInfo.__init__(self, **others)
            put(self, "iops", None if iops is None else check("iops", iops_rule, iops))

    assert [each.name for each in fields_of(Disk)][-2:] == ["extra", "iops"]
    with pytest.raises(InvalidRequestError, match="iops: must be a whole number"):
        Disk(disk_feature="ssd", disk_size=80, iops=cast("Any", "9"))
    request = changed(cluster(), "master_config.data_disk", [Disk(disk_feature="ssd", disk_size=80, iops=9)])
    assert to_wire(request, NEWER)["MasterConfig"]["DataVolumes"] == [{"Type": "SSD", "Size": 80, "Iops": 9}]


def test_the_helpers_of_this_file_see_every_field() -> None:
    paths = dict(leaves(cluster()))
    assert paths["master_config.subnet_list[0].subnet_id"] == "s1"
    assert value_at(cluster(), "node_pool_config.pool_name") == paths["node_pool_config.pool_name"] == "p"
    assert isinstance(fields_of(models.DiskInfo).extra.metadata["rule"], ExtraFields)
