"""What the tests of telemetry share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from cds_eks import models
from cds_eks.otel import guard, uninstrument
from cds_eks.testing import FakeBackend
from telemetry.recording import Recorded


@pytest.fixture
def recorded() -> Recorded:
    return Recorded()


@pytest.fixture
def service() -> FakeBackend:
    return FakeBackend()


@pytest.fixture
def create(create_cluster_body: dict[str, Any]) -> models.CreateClusterRequest:
    return models.CreateClusterRequest.from_dict(create_cluster_body)


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    """The process has no telemetry before and after each test."""
    uninstrument()
    guard._told.clear()
    yield
    uninstrument()
