"""Requests, encoded."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cds_eks import codec, errors
from cds_eks.redaction import NO_SECRETS, Secrets
from cds_eks.wire import Request
from unit.codec.all_operations import HEADERS, OPERATIONS, URL


def encoded(name: str, request: Any, extra: Any = None, secrets: Secrets = NO_SECRETS) -> Request:
    return codec.encode(OPERATIONS[name], request, extra, url=URL, headers=HEADERS, secrets=secrets)


def sent(request: Request) -> Any:
    assert request.content is not None
    return json.loads(request.content)


def refusal(name: str, request: Any, extra: Any = None) -> errors.InvalidRequestError:
    with pytest.raises(errors.InvalidRequestError) as caught:
        encoded(name, request, extra)
    assert caught.value.action == name
    assert caught.value.outcome == "not_sent"
    return caught.value


POOL = {
    "Name": "pool-1",
    "NodeType": "ecs",
    "Replicas": 0,
    "NodeConfig": {
        "BillingSpec": {"InstanceChargeType": "PostPaid"},
        "OsImageName": "Ubuntu22.04-CPU-1.30.14",
        "SubnetIds": ["s"],
        "InstanceTypeIds": ["CPU Compute C11.4c8g"],
        "Password": "Passw0rd!x",
    },
}
