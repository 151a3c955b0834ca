"""Every model by name, and hypothesis strategies that make models and the values of their fields."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import attrs
import pytest
from hypothesis import strategies as st

from cds_eks import models
from cds_eks.schema.shape import Nested, Shape, fields_of, is_answer
from cds_eks.schema.text_rules import NAMED_RULES
from cds_eks.schema.validators import Boolean, Flag, FlagText, Integer, ListOf, MapOfText, Rule, Text

ALL: dict[str, type[Any]] = {name: getattr(models, name) for name in models.__all__}
SHAPES: dict[str, type[Shape]] = {name: cls for name, cls in ALL.items() if issubclass(cls, Shape)}
REQUESTS = {name: cls for name, cls in SHAPES.items() if not is_answer(cls)}
ANSWERS = {name: cls for name, cls in SHAPES.items() if is_answer(cls)}
CONSTANTS = {name: cls for name, cls in ALL.items() if name not in SHAPES}

each_request = pytest.mark.parametrize("cls", REQUESTS.values(), ids=REQUESTS)
each_shape = pytest.mark.parametrize("cls", SHAPES.values(), ids=SHAPES)


MORE_TEXTS = {"name": st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9-]{0,6}[A-Za-z0-9])?", fullmatch=True)}
"""For texts with a rule of a name, what is drawn in place of the good ones that stand with the rule."""


def values_of(rule: Rule) -> st.SearchStrategy[Any]:
    """What a rule takes."""
    if isinstance(rule, Text):
        if rule.rule is not None:
            good = [text for text in NAMED_RULES[rule.rule].good if text or rule.allow_empty]
            return MORE_TEXTS.get(rule.rule, st.sampled_from(good))
        return st.text(st.characters(exclude_categories=["Cs"]), min_size=0 if rule.allow_empty else 1, max_size=5)
    if isinstance(rule, Integer):
        if rule.one_of:
            return st.sampled_from(rule.one_of)
        step = rule.step or 1
        least = -9 if rule.min is None else -(-rule.min // step)
        most = least + 9 if rule.max is None else rule.max // step
        return st.integers(least, most).map(lambda number: number * step)
    if isinstance(rule, (Boolean, Flag)):
        return st.booleans()
    if isinstance(rule, FlagText):
        return st.booleans() | st.sampled_from(["0", "true", ""])
    if isinstance(rule, ListOf):
        return st.lists(values_of(rule.entry), min_size=rule.min_items, max_size=min(2, rule.max_items or 2))
    if isinstance(rule, MapOfText):
        return st.dictionaries(st.sampled_from(["team", "a/b", "中"]), st.sampled_from(["", "x"]), max_size=2)
    assert isinstance(rule, Nested)
    return models_of(rule.shape, needs=rule.needs, narrowed=rule.narrowed)


def models_of(
    cls: type[Shape], needs: tuple[str, ...] = (), narrowed: Mapping[str, Rule] = MappingProxyType({})
) -> st.SearchStrategy[Any]:
    """Models of a class, with any of the optional fields."""
    required: dict[Any, Any] = {}
    optional: dict[Any, Any] = {}
    for member in fields_of(cls):
        if member.name != "extra":
            rule = narrowed.get(member.name, member.metadata["rule"])
            values = values_of(rule).filter(bool) if member.name in needs else values_of(rule)
            is_required = member.default is attrs.NOTHING or member.name in needs
            (required if is_required else optional)[member.name] = values
    if cls is models.NodePoolSpec:
        required["node_type"] = st.just("ecs")  # bare metal takes no disks: told apart below
    if cls is models.AutoScaling:
        required |= {"min_replicas": st.integers(1, 9), "max_replicas": st.integers(9, 99)}
    return st.fixed_dictionaries(required, optional=optional).map(lambda given: cls(**given))
