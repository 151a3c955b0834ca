"""Every operation by its name, and requests and answers made by hand."""

from __future__ import annotations

import importlib
import json
from types import ModuleType
from typing import Any

from cds_eks import codec
from cds_eks.redaction import NO_SECRETS, Secrets
from cds_eks.wire import Kind, Operation, RawResponse, Request
from support.api_description import API

GROUPS: list[ModuleType] = [
    importlib.import_module(f"cds_eks.resources.{group}") for group in sorted(API.operation_groups)
]
OPERATIONS: dict[str, Operation[Any]] = {
    value.name: value for group in GROUPS for value in vars(group).values() if isinstance(value, Operation)
}
URL = "http://gateway.gic.test/eks/v1"
HEADERS = {"User-Agent": "x", "cds-request-id": "r"}


def called(method: str = "POST", params: Any = None, body: Any = None, secrets: Secrets = NO_SECRETS) -> Request:
    kind = Kind.READ if method == "GET" else Kind.CREATE
    operation = Operation[None](name="New", action="New", method=method, kind=kind, request=None, result=None)
    return codec.encode_call(operation, params, body, url=URL, headers=HEADERS, secrets=secrets)


def answer(data: Any, **envelope: Any) -> RawResponse:
    content = json.dumps({"Code": "Success", "Msg": "ok", "RequestId": "r-1", "Data": data, **envelope}).encode()
    return RawResponse(status=200, headers={}, content=content)
