"""Any request in each revision: nothing is dropped, whatever it holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cds_eks import models
from cds_eks.codec.serialize import to_wire, writer
from cds_eks.emulator.protocol.arguments import validate
from cds_eks.errors import InvalidRequestError
from cds_eks.schema.fields import UNDOCUMENTED, frozen, on_wire
from cds_eks.schema.revisions import API_REVISIONS, HoistedField, RevisionDifference
from cds_eks.schema.shape import Nested, Shape, fields_of
from cds_eks.schema.validation import check, put
from cds_eks.schema.validators import ExtraFields, Integer, ListOf, Text, value_at
from unit.codec.revision_bodies import NEWER, OLDER, POOL, changed, cluster, evolved


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
