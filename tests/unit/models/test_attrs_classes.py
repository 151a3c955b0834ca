"""Models are classes of attrs, to attrs itself and to type checkers: this file is checked by mypy as well as run."""

from __future__ import annotations

import inspect
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import attrs
import pytest

from cds_eks import models
from cds_eks.errors import InvalidRequestError
from cds_eks.schema.fields import UNDOCUMENTED, frozen, on_wire
from cds_eks.schema.shape import Shape, fields_of
from cds_eks.schema.validation import put
from support.model_strategies import SHAPES


def test_attrs_knows_the_fields_of_a_model() -> None:
    members = attrs.fields(models.Node)
    assert attrs.has(models.Node)
    assert members.node_id.default == ""
    assert members.node_id.metadata["wire"] == "NodeId"
    assert all(member.kw_only for member in members)
    assert attrs.fields(models.Node) is members
    assert "cluster_id" in attrs.fields_dict(models.GetClusterRequest)


def test_attrs_copies_models_and_makes_dicts_of_them() -> None:
    request = models.ListNodesRequest(cluster_id="c")
    changed = attrs.evolve(request, page_size=2)
    assert (changed.cluster_id, changed.page_size) == ("c", 2)
    assert attrs.asdict(changed, filter=lambda _, value: bool(value)) == {"cluster_id": "c", "page_size": 2}
    with pytest.raises(InvalidRequestError, match="page_size"):
        attrs.evolve(request, page_size=0)
    with pytest.raises(InvalidRequestError, match="is not a field"):
        attrs.evolve(request, page_sise=2)  # type: ignore[call-arg]


@pytest.mark.parametrize("cls", SHAPES.values(), ids=SHAPES)
def test_what_is_shown_of_a_model_is_what_runs(cls: Any) -> None:
    source = inspect.getsource(cls.__init__)
    assert source.lstrip().startswith("def __init__(")
    parameters = list(inspect.signature(cls).parameters.values())
    members = fields_of(cls)
    assert [parameter.name for parameter in parameters] == [member.name for member in members]
    for parameter, member in zip(parameters, members, strict=True):
        assert parameter.kind is inspect.Parameter.KEYWORD_ONLY
        assert re.search(rf'put\(\s*self,\s*"{member.name}",\s', source)
        if member.default is attrs.NOTHING:
            assert parameter.default is inspect.Parameter.empty
        elif not isinstance(member.default, attrs.Factory):  # type: ignore[arg-type]  # it is a class
            assert parameter.default == member.default


@pytest.mark.parametrize("cls", SHAPES.values(), ids=SHAPES)
def test_each_field_has_a_slot_and_nothing_else_has_one(cls: Any) -> None:
    assert cls.__slots__ == tuple(member.name for member in fields_of(cls))
    assert cls.__match_args__ == ()
    assert not hasattr(cls, "__weakref__")
    assert cls.__doc__
    assert cls.__module__.startswith("cds_eks.models.")


def declared() -> type[Any]:
    @frozen(kw_only=True, init=False)
    class Thing(Shape):
        size: int = attrs.field(metadata=on_wire("Size"))
        extra: dict[str, Any] = attrs.field(factory=dict, metadata=UNDOCUMENTED)

        def __init__(self, *, size: int) -> None:
            put(self, "size", size + 0)
            put(self, "extra", {})

    return Thing


def test_threads_that_ask_at_once_find_the_same_fields() -> None:
    for _ in range(20):
        thing = declared()
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda _, thing=thing: fields_of(thing), range(4)))
        assert all(each is found[0] for each in found)


def test_a_mistake_of_ours_stays_one() -> None:
    with pytest.raises(TypeError, match="unsupported operand"):
        declared()(size={})


def test_a_model_can_be_compared_but_not_hashed_nor_changed() -> None:
    thing = declared()(size=1)
    assert thing != 1
    assert repr(thing) == "Thing(size=1, extra={})"
    with pytest.raises(TypeError, match="unhashable"):
        hash(thing)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        del thing.size
