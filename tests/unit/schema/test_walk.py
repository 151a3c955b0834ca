"""The walk through plain data finds a fault exactly where the models would refuse it."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from cds_eks import models
from cds_eks.errors import InvalidRequestError
from cds_eks.schema.walk import Walk
from support.model_strategies import SHAPES, models_of

REQUESTS = [models.CreateClusterRequest, models.CreateNodePoolRequest]

WRONG: list[Any] = [None, "", "x", 0, -1, 101, 1.5, True, [], ["x"], {}, {"x": 1}, [{}], [None], "10.0.0.0/99", 10**20]


def faults_of(shape: Any, data: Any) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    walk = Walk(lambda path, message: found.append((str(path), message)), lambda *_: None)
    walk.shape(shape, data, ())
    return found


def refusal_of(shape: Any, data: Any) -> InvalidRequestError | None:
    try:
        shape.from_dict(data)
    except InvalidRequestError as error:
        return error
    return None


def places(data: Any) -> list[tuple[Any, Any]]:
    """All places in data that may hold something else."""
    entries = list(data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ())
    found = [(data, key) for key, _ in entries]
    return found + [place for _, value in entries for place in places(value)]


def told_of_plain_data(rule: str) -> str:
    """Return a model's complaint with what plain data has in place of a model."""
    names = "|".join(SHAPES)
    return re.sub(rf"^must be an? (mapping|{names}), not", "must be a table (a mapping), not", rule)


@pytest.mark.slow
@pytest.mark.parametrize("shape", REQUESTS)
@settings(max_examples=60, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.data())
def test_the_walk_is_of_one_mind_with_the_models(shape: Any, data: st.DataObject) -> None:
    plain = copy.deepcopy(data.draw(models_of(shape)).to_dict(secrets=True))
    assert faults_of(shape, plain) == []
    for _ in range(data.draw(st.integers(1, 3))):
        place, key = data.draw(st.sampled_from(places(plain)))
        value = data.draw(st.sampled_from(WRONG))
        if isinstance(place, dict) and data.draw(st.booleans()):
            place.pop(key)
        else:
            place[key] = copy.deepcopy(value)
    refusal = refusal_of(shape, plain)
    faults = faults_of(shape, plain)
    if refusal is None:
        assert faults == []
    else:
        rule = told_of_plain_data(refusal.rule)
        messages = [message.partition("; did you mean")[0] for _, message in faults]
        assert any(rule.startswith(message) for message in messages), (refusal, faults)


@pytest.mark.parametrize("shape", REQUESTS)
def test_undocumented_fields_do_not_replace_what_is_set(shape: Any) -> None:
    any_one = settings(phases=[Phase.generate], derandomize=True, database=None)  # the smallest takes seconds to find
    plain = find(models_of(shape), lambda _: True, settings=any_one).to_dict(secrets=True)
    plain["extra"] = {"ClusterName": 1, "clusterid": 2, "New": {"Deep": [{"x": None}]}}
    refusal = refusal_of(shape, plain)
    assert refusal is not None
    assert [message for _, message in faults_of(shape, plain)] == [refusal.rule]
    walk_besides: list[str] = []
    walk = Walk(lambda path, message: walk_besides.append(message), lambda *_: None)
    name = "cluster_name" if "cluster_name" in plain else "cluster_id"
    del plain[name]
    walk.shape(shape, plain, (), frozenset({name}))
    assert walk_besides == [f"is set by {name} and can't be replaced"]
