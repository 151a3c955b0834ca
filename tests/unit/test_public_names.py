"""The public surface: names and values. A change here is a change for our users."""

from __future__ import annotations

import inspect
from typing import Any, cast

import attrs
import pytest

import cds_eks
from cds_eks import (
    AsyncEksClient,
    Credentials,
    EksClient,
    Limits,
    Response,
    RetryPolicy,
    Timeouts,
    errors,
    models,
    types,
)
from cds_eks.wire import Request as WireRequest
from cds_eks.wire import Response as WireResponse
from support.signatures import spelt


def test_the_package_shows_these_names() -> None:
    assert cds_eks.__all__ == [
        "AsyncEksClient",
        "Credentials",
        "EksClient",
        "Limits",
        "Response",
        "RetryPolicy",
        "Timeouts",
        "__version__",
        "converter",
        "errors",
        "models",
        "types",
    ]
    assert all(hasattr(cds_eks, name) for name in cds_eks.__all__)
    assert cds_eks.__version__.count(".") >= 2


CONSTRUCTOR = [
    ("credentials", inspect.Parameter.POSITIONAL_OR_KEYWORD, None),
    ("endpoint", inspect.Parameter.KEYWORD_ONLY, None),
    ("api_revision", inspect.Parameter.KEYWORD_ONLY, "2025-09-08"),
    ("timeouts", inspect.Parameter.KEYWORD_ONLY, Timeouts()),
    ("retry", inspect.Parameter.KEYWORD_ONLY, RetryPolicy()),
    ("limits", inspect.Parameter.KEYWORD_ONLY, Limits()),
    ("backend", inspect.Parameter.KEYWORD_ONLY, "httpx"),
    ("signer", inspect.Parameter.KEYWORD_ONLY, None),
    ("per_call", inspect.Parameter.KEYWORD_ONLY, ()),
    ("per_attempt", inspect.Parameter.KEYWORD_ONLY, ()),
    ("user_agent", inspect.Parameter.KEYWORD_ONLY, None),
    ("tls", inspect.Parameter.KEYWORD_ONLY, None),
    ("profile", inspect.Parameter.KEYWORD_ONLY, None),
    ("telemetry", inspect.Parameter.KEYWORD_ONLY, None),
]


@pytest.mark.parametrize("kind", [AsyncEksClient, EksClient])
def test_both_clients_are_made_with_the_same_arguments(kind: Any) -> None:
    parameters = inspect.signature(kind).parameters.values()
    assert [(parameter.name, parameter.kind, parameter.default) for parameter in parameters] == CONSTRUCTOR


def test_the_types_show_these_names() -> None:
    names = ["Backend", "Middleware", "OpenCreate", "RawResponse", "Request", "Send", "Signer"]
    assert types.__all__ == names
    assert all(hasattr(types, name) for name in names)
    assert set(names) <= set(dir(types))
    assert types.Request is WireRequest


def test_the_values_of_the_surface_are_made_so() -> None:
    assert spelt(inspect.signature(Credentials)) == "(access_key_id, secret_access_key)"
    assert spelt(inspect.signature(Timeouts)) == "(*, connect=5.0, read=30.0, total=90.0)"
    assert list(inspect.signature(RetryPolicy).parameters) == [
        *("max_attempts", "base_delay", "throttled_base_delay", "max_delay"),
        *("quota", "retry_cost", "throttled_retry_cost"),
    ]
    assert list(inspect.signature(Limits).parameters) == [
        *("max_connections", "max_in_flight", "requests_per_second", "adaptive", "keepalive_expiry", "settle"),
    ]
    assert Response is WireResponse
    assert {"data", "request_id", "code", "message", "total_count", "page_index", "page_size"} | {
        *("attempts", "elapsed", "raw"),
    } == set(inspect.signature(Response).parameters)


def test_the_errors_show_these_names() -> None:
    assert errors.__all__ == [
        "AmbiguousCreate",
        "AuthenticationError",
        "BadArgument",
        "ConfigFileError",
        "ConfigurationError",
        "Conflict",
        "ConnectFailed",
        "ConnectionLost",
        "CredentialsError",
        "DeadlineExceeded",
        "DuplicateFound",
        "EksError",
        "IncompleteList",
        "InvalidRequestError",
        "NotFound",
        "Outcome",
        "PermissionDenied",
        "QuotaExceeded",
        "SecretUnavailable",
        "ServerFault",
        "ServiceError",
        "TaskFailed",
        "Throttled",
        "TransportError",
        "UnreadableResponse",
        "WaitTimeout",
        "may_pass",
    ]


MODELS = {
    "clusters": [
        *("CreateClusterRequest", "CniInfo", "CniConfig", "SubnetInfo", "NodeConfig", "BillingSpec", "DiskInfo"),
        *("Specifics", "NodePoolConfig", "AutoScaling", "ClusterSubnet"),
    ],
    "node pools": [
        *("CreateNodePoolRequest", "UpdateNodePoolConfigRequest", "NodePoolSpec", "NodePoolNodeConfig"),
        *("NodePoolBillingSpec", "Volume"),
    ],
    "answers": [
        *("ClusterSummary", "ClusterDetail", "ClusterEvent", "Node", "NodePool", "NodePoolList"),
        *("NetworkInterface", "Event", "ScalingGroup", "TaskStatus"),
    ],
}


@pytest.mark.parametrize("group", MODELS)
def test_the_models_of_the_design_are_there(group: str) -> None:
    assert set(MODELS[group]) <= set(models.__all__)
    for name in MODELS[group]:
        assert inspect.getdoc(getattr(models, name)), name


def test_every_name_of_the_models_is_there_once() -> None:
    assert sorted(set(models.__all__), key=str.lower) == sorted(models.__all__, key=str.lower)
    assert all(hasattr(models, name) for name in models.__all__)


def test_a_list_of_node_pools_has_its_fields() -> None:
    fields = {field.name for field in attrs.fields(cast("type[attrs.AttrsInstance]", models.NodePoolList))}
    assert fields == {"total", "node_pool", "extra"}
