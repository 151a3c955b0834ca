"""Clients whose creates are cut off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cds_eks import AsyncEksClient, Credentials, models


@pytest.fixture
def create(create_cluster_body: dict[str, Any]) -> models.CreateClusterRequest:
    return models.CreateClusterRequest.from_dict(create_cluster_body)


@pytest.fixture
def make(credentials: Credentials) -> Callable[..., AsyncEksClient]:
    def made(backend: Any, **settings: Any) -> AsyncEksClient:
        return AsyncEksClient(credentials, backend=backend, **settings)

    return made
