"""Pickles name nothing of this package but its public modules: what is kept is read after the inner ones have moved."""

from __future__ import annotations

import pickle
import pickletools
from datetime import UTC, datetime
from typing import Any

import pytest

from cds_eks import Response, RetryPolicy, Timeouts, errors, models
from cds_eks.errors.creates import ambiguous
from cds_eks.types import OpenCreate

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PUBLIC = ("cds_eks.config", "cds_eks.errors", "cds_eks.models.", "cds_eks.types", "cds_eks.wire")
LOST = errors.ConnectionLost("it broke", action="CreateCluster")
CREATE = OpenCreate(
    action="CreateCluster", outcome="unknown", natural_key={"cluster_name": "gpu-1"}, window=(NOW, NOW), ids={},
    request_id=None, call_id="c", attempts=1, cause="ConnectionLost",
)  # fmt: skip

VALUES = [
    *(LOST, errors.ConfigurationError("x"), errors.NotFound("no", code="ResourceNotFound", http_status=404)),
    errors.CredentialsError("x"),
    ambiguous(LOST, natural_key={"cluster_name": "gpu-1"}, window=(NOW, NOW)),
    errors.InvalidRequestError("a.b[0]", "is required"),
    models.Node(node_id="n-1", node_name="gpu-1"),
    models.ClusterSubnet(subnet_id="s-1"),
    Response(data=models.ClusterTask(cluster_id="c-1"), request_id="r-1"),
    *(Timeouts(total=3.0), RetryPolicy.none(), CREATE),
]


def modules_of(pickled: bytes) -> set[str]:
    """Return the modules that a pickle names."""
    texts: list[str] = []
    found = set()
    for opcode, argument, _ in pickletools.genops(pickled):
        if opcode.name == "GLOBAL":
            found.add(str(argument).partition(" ")[0])
        elif opcode.name == "STACK_GLOBAL":
            found.add(texts[-2])
        elif isinstance(argument, str):
            texts.append(argument)
    return found


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_pickle_names_public_modules_and_is_read_back(value: Any, protocol: int) -> None:
    pickled = pickle.dumps(value, protocol)
    ours = {module for module in modules_of(pickled) if module.partition(".")[0] == "cds_eks"}
    assert ours
    assert all(module.startswith(PUBLIC) for module in ours), ours
    again = pickle.loads(pickled)
    assert type(again) is type(value)
    assert str(again) == str(value)
    assert not any(part.startswith("_") for module in ours for part in module.split("."))
