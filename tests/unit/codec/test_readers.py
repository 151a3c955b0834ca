"""The generated readers agree with the general ones, whatever comes."""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
import typing
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_eks import models
from cds_eks.codec import hooks, readers
from cds_eks.codec.deserialize import Unreadable
from cds_eks.codec.hooks import general, reader_of
from cds_eks.models import ClusterDetail, Node, NodePool
from cds_eks.schema.shape import Shape, fields_of, is_answer

steady = settings(max_examples=300, deadline=None, derandomize=True)

SHAPES = sorted(
    (
        shape
        for group in pkgutil.iter_modules(readers.__path__)
        for shape in importlib.import_module(f"cds_eks.codec.readers.{group.name}").READERS
    ),
    key=lambda shape: str(shape.__name__),
)

scalars = st.none() | st.booleans() | st.integers(-5, 10**20) | st.floats(allow_nan=True) | st.text(max_size=4)
values = st.recursive(
    scalars | st.sampled_from(["running", "1", " 7 ", "true", "", "2.0"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


def quick_of(shape: Any) -> Any:
    return reader_of(shape)


def general_of(shape: type[Shape], monkeypatch: pytest.MonkeyPatch) -> Any:
    """The general reader of a shape, with general ones below it, and no generated one anywhere."""
    monkeypatch.setattr(hooks, "answer_converter", functools.cache(hooks.answer_converter.__wrapped__))
    monkeypatch.setattr(hooks, "reader_of_shape", lambda shape: general(shape).read)
    return general(shape).read


def test_every_answer_and_every_part_of_one_has_a_reader_of_its_own() -> None:
    answers = {name for name in models.__all__ if is_answer_shape(getattr(models, name))}
    names = {shape.__name__ for shape in SHAPES}
    assert answers < names
    for shape in SHAPES:
        assert reader_of(shape).__module__.startswith("cds_eks.codec.readers.")


def test_a_reader_is_source_that_can_be_read_and_stepped_through() -> None:
    for shape in SHAPES:
        source = inspect.getsource(reader_of(shape))
        for member in fields_of(shape):
            assert member.name == "extra" or f'plain["{member.metadata["wire"]}"]' in source


def is_answer_shape(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Shape) and is_answer(kind)


def outcome(read: Any, shape: type[Shape], value: Any) -> object:
    try:
        made = read(value, shape)
    except Unreadable as error:
        return str(error)
    assert type(made) is shape
    return {member.name: getattr(made, member.name) for member in fields_of(shape)}, repr(made)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_the_quick_reader_agrees_with_the_general_one(shape: type[Shape], monkeypatch: pytest.MonkeyPatch) -> None:
    quick, general = quick_of(shape), general_of(shape, monkeypatch)
    wires = [member.metadata["wire"] for member in fields_of(shape) if "wire" in member.metadata]
    names = st.sampled_from([*wires, *wires, *map(str.lower, wires), "Undocumented"])

    @settings(steady, max_examples=60)
    @given(st.dictionaries(names, values, max_size=len(wires) + 1) | values)
    def agree(value: Any) -> None:
        assert outcome(quick, shape, value) == outcome(general, shape, value)

    agree()


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_they_agree_on_as_many_names_as_there_are_fields(shape: type[Shape], monkeypatch: pytest.MonkeyPatch) -> None:
    """The quick reader takes such an object for one with all names, and no others, until it finds otherwise."""
    quick, general = quick_of(shape), general_of(shape, monkeypatch)
    wires = [member.metadata["wire"] for member in fields_of(shape) if "wire" in member.metadata]
    entries = values | st.sampled_from(["text", 7, True, {}, []])

    @settings(steady, max_examples=30)
    @given(st.fixed_dictionaries(dict.fromkeys(wires, entries)), st.sampled_from([*wires, None]), st.data())
    def agree(value: dict[str, Any], replaced: str | None, data: st.DataObject) -> None:
        if replaced is not None:
            value[data.draw(st.sampled_from([replaced.lower(), "Undocumented"]))] = value.pop(replaced)
        assert outcome(quick, shape, value) == outcome(general, shape, value)

    agree()


def test_what_is_read_is_frozen_and_no_twin() -> None:
    node = quick_of(Node)({"NodeId": "n-1", "New": 1}, Node)
    assert type(node) is Node
    assert (node.node_id, node.extra) == ("n-1", {"New": 1})
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        node.node_id = "n-2"  # type: ignore[misc]
    assert node == quick_of(Node)({"nodeid": "n-1", "New": 1}, Node)


@pytest.mark.parametrize("shape", [ClusterDetail, Node, NodePool])
def test_two_that_are_read_share_nothing(shape: type[Shape]) -> None:
    one, other = (quick_of(shape)({}, shape) for _ in range(2))
    for member in fields_of(shape):
        if typing.get_origin(member.type) in (list, dict) or member.name == "extra":
            assert getattr(one, member.name) is not getattr(other, member.name)
