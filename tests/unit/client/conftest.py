"""Clients over backends that a test makes, in an environment that says nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cds_eks import (
    AsyncEksClient,
    Credentials,
    models,
)
from unit.client.fake_service import AT_ONCE, ENVIRONMENT


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def create(create_cluster_body: dict[str, Any]) -> models.CreateClusterRequest:
    return models.CreateClusterRequest.from_dict(create_cluster_body)


@pytest.fixture
def make(credentials: Credentials) -> Callable[..., AsyncEksClient]:
    def made(backend: Any, **settings: Any) -> AsyncEksClient:
        return AsyncEksClient(credentials, backend=backend, **({"retry": AT_ONCE} | settings))

    return made
