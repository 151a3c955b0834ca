"""Answers, mapped to errors."""

from __future__ import annotations

import json
from typing import Any

from cds_eks import errors
from cds_eks.codec.error_mapping import failure_of
from cds_eks.redaction import Secrets
from cds_eks.resources import clusters
from cds_eks.wire import Operation, RawResponse, Request

READ, WRITE, CREATE = clusters.GET_CLUSTER, clusters.DELETE_CLUSTER, clusters.CREATE_CLUSTER


def request_for(operation: Operation[Any] = READ, *secrets: str) -> Request:
    return Request(operation=operation, url="http://x/eks/v1", params={}, secrets=Secrets(secrets))


def answer(content: bytes | dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> RawResponse:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return RawResponse(status=status, headers=headers or {}, content=body)


def service_error(content: dict[str, Any], status: int = 400, request: Request | None = None) -> errors.ServiceError:
    failure = failure_of(request or request_for(), answer(content, status))
    assert isinstance(failure, errors.ServiceError)
    return failure


def unreadable(content: bytes, status: int = 200, request: Request | None = None) -> errors.UnreadableResponse:
    failure = failure_of(request or request_for(), answer(content, status))
    assert type(failure) is errors.UnreadableResponse
    return failure
