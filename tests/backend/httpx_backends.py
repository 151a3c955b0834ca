"""The default backend, over transports of a test."""

from __future__ import annotations

from typing import Any

import pytest

asynchronous = pytest.mark.anyio


def _operation() -> Any:
    from cds_eks.resources.clusters import GET_CLUSTER

    return GET_CLUSTER
