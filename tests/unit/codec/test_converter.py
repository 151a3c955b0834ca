"""The models for users of cattrs: to plain data and back, through the converters of its own formats."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import attrs
import cattrs
import msgpack
import pytest
import yaml
from cattrs.preconf import json as json_format
from cattrs.preconf import msgpack as msgpack_format
from cattrs.preconf import pyyaml as yaml_format
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import cds_eks
from cds_eks import models
from cds_eks.codec.deserialize import Unreadable
from cds_eks.codec.hooks import reader_of
from cds_eks.errors import InvalidRequestError
from cds_eks.schema.shape import Shape, fields_of
from support.model_strategies import ANSWERS, REQUESTS, models_of

Format = tuple[Callable[[cattrs.Converter], None], Callable[[Any], Any]]

FORMATS: dict[str, Format] = {
    "plain": (lambda converter: None, lambda plain: plain),
    "json": (json_format.configure_converter, lambda plain: json.loads(json.dumps(plain))),
    "yaml": (yaml_format.configure_converter, lambda plain: yaml.safe_load(yaml.safe_dump(plain))),
    "msgpack": (msgpack_format.configure_converter, lambda plain: msgpack.unpackb(msgpack.packb(plain))),
}

each_format = pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS)


def converter_of(form: Format) -> cattrs.Converter:
    converter = cds_eks.converter()
    form[0](converter)
    return converter


few = settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


@each_format
@pytest.mark.parametrize("cls", REQUESTS.values(), ids=REQUESTS)
def test_every_request_comes_back(cls: type[Shape], form: Format) -> None:
    converter = converter_of(form)

    @few
    @given(models_of(cls), st.dictionaries(st.sampled_from(["New", "Über"]), st.integers(0, 9), max_size=1))
    def comes_back(request: Any, extra: dict[str, int]) -> None:
        request = request.replace(extra=extra)
        assert converter.structure(form[1](converter.unstructure(request)), cls) == request

    comes_back()


texts = st.text("aZ中 1", max_size=3)
LEAVES = {"str": texts, "int": st.integers(-9, 2**40), "bool": st.booleans()}


def answers_of(cls: type[Shape], *, secrets: bool = False) -> st.SearchStrategy[Any]:
    """What the service may say, by the documented names, without secrets."""
    return st.fixed_dictionaries(
        {},
        optional={
            "New": st.none() | texts | st.lists(st.integers(0, 9), max_size=2),
            **{
                each.metadata["wire"]: value_of(str(each.type))
                for each in fields_of(cls)
                if "wire" in each.metadata and (secrets or not each.metadata["secret"])
            },
        },
    )


def value_of(annotation: str) -> st.SearchStrategy[Any]:
    kind = annotation.replace("typing.", "").replace(" | None", "").split(".")[-1].rstrip("'>")
    return LEAVES.get(kind, st.none())


@each_format
@pytest.mark.parametrize("cls", ANSWERS.values(), ids=ANSWERS)
def test_every_answer_comes_back(cls: Any, form: Format) -> None:
    converter = converter_of(form)

    @few
    @given(answers_of(cls))
    def comes_back(said: dict[str, Any]) -> None:
        answer = reader_of(cls)(said, cls)
        assert converter.structure(form[1](converter.unstructure(answer)), cls) == answer

    comes_back()


DETAIL = {
    "ClusterId": "c-1",
    "NodeSum": 3,
    "Ak": "AKIDm4rk",
    "CniInfo": {"CniType": "flannel", "CniConfig": {"PodCidr": ""}, "ProxyConfig": "ipvs", "ServiceCidr": "", "N": 1},
    "SourceEip": {"EipId": "e", "Ip": "1.2.3.4"},
    "SubnetList": [{"SubnetId": "s-1", "Zone": "z"}, {"SubnetId": "s-2"}],
    "Unnamed": {"Password": "m4rk", "Size": 1},
}


@each_format
def test_what_is_nested_comes_back_and_what_is_secret_does_not(form: Format) -> None:
    converter = converter_of(form)
    detail = converter.structure(DETAIL, models.ClusterDetail)
    assert detail.ak == "AKIDm4rk"
    assert detail.subnet_list[0].extra == {"Zone": "z"}
    plain = form[1](converter.unstructure(detail))
    assert "m4rk" not in str(plain)
    assert plain["SubnetList"][0] == {"SubnetId": "s-1", "Zone": "z"}
    again = converter.structure(plain, models.ClusterDetail)
    assert again.to_dict() == detail.to_dict()
    assert again == attrs.evolve(detail, ak=None, extra={"Unnamed": {"Size": 1}})


def test_answers_are_read_as_the_service_may_spell_them() -> None:
    node = cds_eks.converter().structure({"nodeid": "n-1", "CPU": "4", "New": 1}, models.Node)
    assert (node.node_id, node.cpu, node.extra) == ("n-1", 4, {"New": 1})
    with pytest.raises(Unreadable, match=r"\.Cpu should be a whole number"):
        cds_eks.converter().structure({"Cpu": math.inf}, models.Node)


def test_requests_are_checked_and_go_by_either_name() -> None:
    converter = cds_eks.converter()
    request = models.ListNodesRequest(cluster_id="c", page_size=5, extra={"New": 1})
    assert converter.unstructure(request) == {"ClusterId": "c", "PageSize": 5, "extra": {"New": 1}}
    assert converter.structure({"cluster_id": "c", "PageSize": 5, "extra": {"New": 1}}, type(request)) == request
    with pytest.raises(InvalidRequestError, match="page_size: must be at least 1"):
        converter.structure({"cluster_id": "c", "page_size": 0}, models.ListNodesRequest)
    with pytest.raises(InvalidRequestError, match="did you mean 'cluster_id'"):
        converter.structure({"cluster_ip": "c"}, models.ListNodesRequest)


@attrs.frozen
class Inventory:
    """A class of a user's own."""

    owner: str | None
    nodes: list[models.Node]
    sent: models.GetClusterRequest | None = None


def test_models_are_parts_of_classes_of_others() -> None:
    converter = cds_eks.converter()
    plain = {"owner": "o", "nodes": [{"NodeId": "n-1"}], "sent": {"ClusterId": "c"}}
    inventory = converter.structure(plain, Inventory)
    assert inventory.nodes[0].node_id == "n-1"
    assert inventory.sent == models.GetClusterRequest(cluster_id="c")
    assert converter.unstructure(inventory) == plain


def test_what_a_user_does_to_a_converter_is_his_own() -> None:
    mine = cds_eks.converter()
    mine.register_structure_hook(models.Node, lambda *_: models.Node(node_id="mine"))
    assert mine.structure({}, models.Node).node_id == "mine"
    assert cds_eks.converter().structure({}, models.Node).node_id == ""
    assert reader_of(models.Node)({}, models.Node).node_id == ""


def test_a_generated_reader_is_the_hook() -> None:
    answers: list[Any] = list(ANSWERS.values())
    for cls in answers:
        assert cds_eks.converter().get_structure_hook(cls) is reader_of(cls)
