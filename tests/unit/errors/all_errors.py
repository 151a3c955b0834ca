"""One error of each class."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cds_eks import errors
from cds_eks.errors import EksError
from cds_eks.errors.creates import ambiguous
from cds_eks.errors.faults import ConfigFault

NAMES = errors.__all__
BEGAN = datetime(2025, 9, 8, 12, 0, tzinfo=UTC)
WINDOW = (BEGAN, BEGAN + timedelta(seconds=30))
KEY = {"cluster_name": "gpu-1", "vpc_id": "v-1"}


def described(error: EksError) -> EksError:
    """The error with every common attribute set."""
    error.action, error.request_id, error.attempts = "CreateCluster", "r-1", 3
    error.previous = (errors.ConnectFailed("refused"), errors.Throttled("slow down", retry_after=2.0))
    return error


def examples() -> list[EksError]:
    """One of each class, the ambiguous ones of each kind among them."""
    service = [
        kind("no", code="C", http_status=418, desc="d", retry_after=1.5)
        for kind in errors.__dict__.values()
        if isinstance(kind, type) and issubclass(kind, errors.ServiceError) and kind.__module__ == errors.__name__
        if not issubclass(kind, errors.AmbiguousCreate)
    ]
    plain: list[EksError] = [
        EksError("x"),
        errors.ConfigurationError("x"),
        errors.ConfigFileError((ConfigFault(message="m", field="profiles.a", file="f.toml", line=3, profile="a"),)),
        errors.CredentialsError("x"),
        errors.SecretUnavailable("env:NAME", "there is no such environment variable", "sk"),
        errors.InvalidRequestError("a.b[0]", "is required"),
        errors.TransportError("x"),
        errors.ConnectFailed("x"),
        errors.ConnectionLost("x"),
        errors.DeadlineExceeded("x", outcome="not_sent"),
        errors.UnreadableResponse("x", http_status=502, body="<html>"),
        errors.TaskFailed("x", ids={"task_id": "t-1", "cluster_ids": ["c-1", "c-2"]}, last={"state": "error"}),
        errors.WaitTimeout("x", ids={"event_id": "e-1", "cluster_id": "c-1", "node_pool_id": "p-1"}),
        errors.AmbiguousCreate("x"),
        errors.DuplicateFound(action="CreateCluster", natural_key=KEY, found=("c-1", "c-2")),
        errors.IncompleteList(action="CreateCluster", seen=1, total_count=2, found=("c-1",)),
        *service,
    ]
    unknown: list[EksError] = [
        errors.ConnectionLost("x"),
        errors.DeadlineExceeded("x"),
        errors.UnreadableResponse("x", http_status=502, body="<html>"),
        errors.ServerFault("no", code="InternalError", http_status=500, desc="d", outcome="unknown"),
        errors.TransportError("x"),
        EksError("x"),
    ]
    both = [ambiguous(described(error), natural_key=KEY, window=WINDOW) for error in unknown]
    return [described(error) for error in [*plain, *both]]


each = pytest.mark.parametrize("error", examples(), ids=lambda error: type(error).__name__)
