"""What models never show, what is written about them, and how they are made."""

from __future__ import annotations

import copy
import inspect
import pickle
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import attrs
import pytest

from cds_eks import models
from cds_eks.schema.fields import UNDOCUMENTED, frozen, on_wire
from cds_eks.schema.shape import Nested, Shape, fields_of, restore, state_of
from cds_eks.schema.validation import check, check_together, put
from cds_eks.schema.validators import ANY_TEXT, ExcludedWhen, Integer, value_at
from support.model_strategies import CONSTANTS, SHAPES, each_shape
from unit.models.valid_models import evolved, node_config, pool, refusal


def secret_fields(cls: type[Shape]) -> list[str]:
    return [member.name for member in fields_of(cls) if member.metadata.get("secret")]


def test_the_secret_fields_are_the_contracts() -> None:
    assert {name: secret_fields(cls) for name, cls in SHAPES.items() if secret_fields(cls)} == {
        "CreateClusterRequest": ["ak", "sk"],
        "NodeConfig": ["password"],
        "NodePoolNodeConfig": ["password"],
        "ClusterDetail": ["ak"],
    }


@pytest.mark.parametrize("name", ["CreateClusterRequest", "NodeConfig", "NodePoolNodeConfig", "ClusterDetail"])
def test_secrets_are_masked_when_shown(name: str) -> None:
    cls = SHAPES[name]
    state = {member.name: f"marked-{member.name}" for member in fields_of(cls)} | {"extra": {"X": "marked"}}
    shown = repr(restore(cls, state)) + str(restore(cls, state))
    for member in secret_fields(cls):
        assert f"{member}='***'" in shown
        assert f"marked-{member}" not in shown
    assert "marked'" not in shown


@pytest.mark.parametrize(("value", "shown"), [(None, "ak=None"), ("", "ak=''"), ("x", "ak='***'")])
def test_a_secret_that_is_not_there_is_shown_as_such(value: str | None, shown: str) -> None:
    assert shown in repr(models.ClusterDetail(ak=value))


def test_what_is_no_secret_is_shown() -> None:
    request = models.GetClusterRequest(cluster_id="c-1", extra={"X": 1})
    assert repr(request) == "GetClusterRequest(cluster_id='c-1')"


def test_a_whole_request_shows_none_of_its_secrets(create_cluster_body: dict[str, Any]) -> None:
    create_cluster_body |= {"Ak": "marked-ak", "Sk": "marked-sk"}
    create_cluster_body["MasterConfig"]["Password"] = "Marked-passw0rd"
    request = models.CreateClusterRequest.from_dict(create_cluster_body)
    assert "arked" not in f"{request!r}{request}{request.master_config!r}"
    assert request.to_dict()["sk"] == "marked-sk"


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_requests_with_secrets_are_not_pickled(create_cluster_body: dict[str, Any], protocol: int) -> None:
    request = models.CreateClusterRequest.from_dict(create_cluster_body)
    for thing, names in (
        (request, "ak, sk"),
        (request.master_config, "password"),
        (request.node_pool_config, "password"),
        (models.CreateNodePoolRequest(cluster_id="c", vpc_id="v", config=pool()), "password"),
        (models.GetClusterRequest(cluster_id="c", extra={"deep": [{"Password": "marked"}]}), "extra"),
    ):
        with pytest.raises(TypeError, match="is not pickled") as caught:
            pickle.dumps(thing, protocol)
        assert f"holds a secret ({names})" in str(caught.value)


def test_an_undocumented_field_that_holds_itself_is_no_endless_loop() -> None:
    loop: list[Any] = []
    loop.append(loop)
    request = models.GetClusterRequest(cluster_id="c", extra={"Loop": loop})
    assert pickle.loads(pickle.dumps(request)).extra["Loop"][0][0] is not loop


def test_requests_without_secrets_are_pickled_whole() -> None:
    request = models.AddClusterSubnetRequest(
        cluster_id="c", subnets=[models.ClusterSubnet(subnet_id="s")], extra={"New": {"a": [1]}}
    )
    assert pickle.loads(pickle.dumps(request)) == request


def test_answers_are_pickled_without_their_secrets() -> None:
    inner = restore(
        models.NodePoolNodeConfig, state_of(node_config(password="Marked-passw0rd")) | {"extra": {"Ak": "marked-extra"}}
    )
    answer = models.NodePoolList(
        total=1,
        node_pool=[models.NodePool(id="p", node_config=inner, extra={"X": "marked-x"})],
        extra={"Y": "marked-y"},
    )
    pickled = pickle.dumps(answer)
    assert b"arked" not in pickled
    back = pickle.loads(pickled)
    assert (back.total, back.node_pool[0].id, back.extra) == (1, "p", {})
    assert back.node_pool[0].node_config.subnet_ids == ["s-1"]
    assert back.node_pool[0].node_config.password == ""
    assert answer.node_pool[0].node_config is inner
    detail = pickle.loads(pickle.dumps(models.ClusterDetail(cluster_id="c", ak="marked")))
    assert (detail.cluster_id, detail.ak) == ("c", None)


def test_models_are_copied_with_their_secrets() -> None:
    config = node_config()
    assert copy.copy(config) is config
    deep = copy.deepcopy(config)
    assert deep == config
    assert deep.subnet_ids is not config.subnet_ids
    assert deep.billing_spec is not config.billing_spec
    answer = models.ClusterDetail(cluster_id="c", ak="key")
    assert copy.deepcopy(answer) == answer


@each_shape
def test_every_field_of_every_shape_is_documented_with_its_source(cls: type[Shape]) -> None:
    doc = inspect.getdoc(cls)
    assert doc is not None
    assert re.match(r"[A-Z].*\. \[[DOI]\]$", doc.splitlines()[0])
    told = dict(re.findall(r"^    (\w+): ((?:.|\n {8})*)$", doc.split("Attributes:\n")[1], re.MULTILINE))
    assert list(told) == [member.name for member in fields_of(cls)]
    for member in fields_of(cls):
        words = told[member.name]
        assert member.name == "extra" or re.search(r"\[[DOI]\]$", words)
        assert ("Secret." in words) == (member.name in secret_fields(cls))
    assert cls.__module__.startswith("cds_eks.models.")


@pytest.mark.parametrize("cls", CONSTANTS.values(), ids=CONSTANTS)
def test_every_list_of_values_is_open_and_has_texts(cls: type[Any]) -> None:
    assert "The list is open: other values pass." in (inspect.getdoc(cls) or "")
    values = [value for name, value in vars(cls).items() if name.isupper()]
    assert values
    assert all(isinstance(value, str) for value in values)
    assert len(set(values)) == len(values)


def test_the_names_are_sorted_and_the_designs() -> None:
    assert models.__all__ == sorted(models.__all__)
    design = """CreateClusterRequest CniInfo CniConfig SubnetInfo NodeConfig BillingSpec DiskInfo Specifics
        NodePoolConfig AutoScaling ClusterSubnet CreateNodePoolRequest UpdateNodePoolConfigRequest NodePoolSpec
        NodePoolNodeConfig
        NodePoolBillingSpec Volume ClusterSummary ClusterDetail ClusterEvent Node NodePool NodePoolList
        NetworkInterface Event ScalingGroup TaskStatus"""
    assert set(design.split()) <= SHAPES.keys()


_SIZE = Integer(min=1)


@frozen(kw_only=True, init=False)
class Inner(Shape):
    size: int = attrs.field(metadata=on_wire("Size", _SIZE))
    extra: Mapping[str, Any] = attrs.field(factory=dict, metadata=UNDOCUMENTED)

    def __init__(self, *, size: int, extra: Mapping[str, Any] = MappingProxyType({})) -> None:
        put(self, "size", check("size", _SIZE, size))
        put(self, "extra", dict(extra))


_INNER = Nested(Inner)


@frozen(kw_only=True, init=False)
class Outer(Shape):
    EXCLUDED_WHEN = (ExcludedWhen("kind", "none", ("inner.size",), "there is nothing inside"),)

    kind: str = attrs.field(metadata=on_wire("Kind", ANY_TEXT))
    inner: Inner = attrs.field(metadata=on_wire("Inner", _INNER))
    extra: Mapping[str, Any] = attrs.field(factory=dict, metadata=UNDOCUMENTED)

    def __init__(self, *, kind: str, inner: Inner, extra: Mapping[str, Any] = MappingProxyType({})) -> None:
        put(self, "kind", check("kind", ANY_TEXT, kind))
        put(self, "inner", check("inner", _INNER, inner))
        put(self, "extra", dict(extra))
        check_together(self)


def test_a_ban_looks_at_dotted_paths() -> None:
    outer = Outer(kind="some", inner=Inner(size=1))
    assert value_at(outer, "inner.size") == 1
    error = refusal(lambda: evolved(outer, kind="none"))
    assert (error.field, error.rule) == (
        "inner.size",
        "must be left out when kind is 'none': there is nothing inside",
    )


def test_an_error_of_a_nested_model_has_one_path() -> None:
    error = refusal(lambda: Outer.from_dict({"kind": "x", "inner": {"size": 0}}))
    assert error.field == "inner.size"
    assert error.__cause__ is None
    assert error.__suppress_context__
