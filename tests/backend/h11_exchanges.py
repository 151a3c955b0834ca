"""Exchanges over one h11 connection."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from cds_eks.resources.clusters import GET_CLUSTER
from cds_eks.wire import Request

asynchronous = pytest.mark.anyio


def request(url: str, method: str = "GET", content: bytes | None = None, **more: Any) -> Request:
    operation = attrs.evolve(GET_CLUSTER, method=method)
    return Request(operation=operation, url=url, params={}, query="Action=X", content=content, **more)
