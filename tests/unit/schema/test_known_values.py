"""Open lists of values: any text passes, and what looks like a typo is logged once."""

from __future__ import annotations

import logging

import pytest

from cds_eks import models
from cds_eks.schema import known_values
from cds_eks.schema.known_values import closest


@pytest.fixture(autouse=True)
def _nothing_is_told_yet() -> None:
    known_values.warn_if_misspelt.cache_clear()


def cni(kind: str) -> models.CniInfo:
    config = models.CniConfig(pod_cidr="")
    return models.CniInfo(cni_type=kind, cni_config=config, proxy_config="ipvs", service_cidr="10.0.0.0/16")


def test_a_value_that_looks_like_a_typo_passes_and_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        assert cni("clico").cni_type == "clico"
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("cds_eks.models", logging.WARNING)
    assert record.getMessage() == "'clico' is no known CniType; did you mean 'calico'?"
    cni("flanel")
    assert "did you mean 'flannel'?" in caplog.text


@pytest.mark.parametrize("kind", ["calico", "vpc-cni", "cilium", "x" * 10_000])
def test_a_known_value_and_one_like_no_other_are_not_logged(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    cni(kind)
    assert caplog.records == []


@pytest.mark.parametrize("feature", ["ssd", "SSD"])
def test_a_value_as_any_revision_spells_it_is_known(feature: str, caplog: pytest.LogCaptureFixture) -> None:
    models.DiskInfo(disk_feature=feature, disk_size=40)
    assert caplog.records == []


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("clico", "calico"),
        ("Calico", "calico"),
        (" calico", "calico"),
        ("vpc_cni", "vpc-cni"),
        ("esc", "ecs"),
        ("PostPay", "PostPaid"),
        ("Ubuntu22.04-CPU-1.26 ", "Ubuntu22.04-CPU-1.26"),
        ("v1.30.14", "v1.30.14"),
        ("v1.30.15", None),
        ("CPU Compute C11.4c16g", None),
        ("Ubuntu24.04-CPU-1.26", None),
        ("nothing like it", None),
        ("", None),
    ],
)
def test_a_value_that_differs_in_digits_is_no_typo(value: str, meant: str | None) -> None:
    known = ("calico", "vpc-cni", "ecs", "PostPaid", "Ubuntu22.04-CPU-1.26", "v1.30.14", "CPU Compute C11.4c8g")
    assert closest(value, known) == meant
