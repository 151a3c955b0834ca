"""What the scenarios share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from cds_eks import models
from faults.scenarios import Run, Service, serving


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with serving() as service:
        yield service


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ssl_cert_file", "ssl_cert_dir"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def cluster_request(create_cluster_body: dict[str, Any]) -> models.CreateClusterRequest:
    return models.CreateClusterRequest.from_dict(create_cluster_body)


@pytest.fixture
def run(client_kind: str, service: Service, cluster_request: models.CreateClusterRequest) -> Run:
    return Run(client_kind, service, cluster_request)
