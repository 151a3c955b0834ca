"""Arguments of models that are valid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import pytest

from cds_eks import models
from cds_eks.errors import InvalidRequestError


def billing(**changes: Any) -> models.NodePoolBillingSpec:
    return models.NodePoolBillingSpec(**{"instance_charge_type": "PostPaid", **changes})


def node_config(**changes: Any) -> models.NodePoolNodeConfig:
    given = {
        "billing_spec": billing(),
        "os_image_name": "Ubuntu22.04-CPU-1.30.14",
        "subnet_ids": ["s-1"],
        "instance_type_ids": ["CPU Compute C11.4c8g"],
        "password": "Passw0rd!x",
    }
    return models.NodePoolNodeConfig(**{**given, **changes})


def pool(**changes: Any) -> models.NodePoolSpec:
    given: dict[str, Any] = {"name": "pool-1", "node_type": "ecs", "replicas": 1, "node_config": node_config()}
    return models.NodePoolSpec(**{**given, **changes})


def evolved(shape: Any, **changes: Any) -> Any:
    return attrs.evolve(shape, **changes)


def refusal(make: Callable[[], object]) -> InvalidRequestError:
    with pytest.raises(InvalidRequestError) as caught:
        make()
    error = caught.value
    assert str(error).startswith(f"{error.field}: {error.rule}")
    assert error.outcome == "not_sent"
    return error
