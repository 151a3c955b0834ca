"""`Plan.check(api_revision=)`: what a revision of the API can't carry is found before anything is sent."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cds_eks import errors
from cds_eks.fleet.plan.model import Plan

SAMPLE = (
    (Path(__file__).parents[3] / "examples" / "fleet.toml").read_text(encoding="utf-8").partition("[[clusters]]")[0]
)
OLD, NEW = "2025-09-08", "2025-10-11"

CLUSTERS = """
[[clusters]]
name = "gpu-{index:03d}"
count = 3
  [[clusters.node_pools]]
  name = "first"

[[clusters]]
name = "other"
%s
  [[clusters.node_pools]]
  name = "first"
  %s
  [[clusters.node_pools]]
  name = "further"
  %s
"""


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "CDS_CLOUD_AK": "ak-1-planted",
        "CDS_CLOUD_SK": "sk-1-planted",
        "NODE_PASSWORD": "Pass-1st!",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("OTHER_PASSWORD", "Other-1st!")


def plan_of(cluster: str = "", first: str = "", further: str = "", sample: str = SAMPLE) -> tuple[Plan, str]:
    text = sample + CLUSTERS % (cluster, first, further)
    return Plan.loads(text, source="fleet.toml"), text


def line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), start=1) if part in line)


def test_a_plan_that_both_revisions_carry_has_no_fault_in_either() -> None:
    plan, _ = plan_of()
    assert [plan.check(api_revision=revision) for revision in (OLD, NEW, None)] == [[], [], []]


@pytest.mark.parametrize(
    ("parts", "field", "part"),
    [
        (
            {"cluster": 'cni = { cni_type = "flannel", cni_config = { flannel_backend_type = "host-gw" } }'},
            "clusters[1].cni.cni_config.flannel_backend_type",
            "host-gw",
        ),
        (
            {"first": 'node_config = { annotations = { a = "b" } }'},
            "clusters[1].node_pools[0].node_config.annotations",
            "annotations",
        ),
        (
            {"first": 'node_config = { system_disk = { disk_feature = "ssd", disk_size = 99 } }'},
            "clusters[1].node_pools[0].node_config.system_disk",
            "= 99",
        ),
        (
            {"first": 'node_config = { password = "env:OTHER_PASSWORD" }'},
            "clusters[1].node_pools[0].node_config.password",
            "OTHER_PASSWORD",
        ),
    ],
)
def test_a_field_that_a_revision_can_not_carry_is_named_with_its_line(
    parts: dict[str, str], field: str, part: str
) -> None:
    plan, text = plan_of(**parts)
    assert plan.check(api_revision=OLD) == plan.check() == []
    (fault,) = plan.check(api_revision=NEW)
    assert (fault.field, fault.file, fault.line) == (field, "fleet.toml", line_of(text, part))
    assert NEW in fault.message
    assert "Other-1st!" not in str(fault)


def test_a_field_of_the_defaults_is_named_once_and_there() -> None:
    sample = SAMPLE.replace('labels = { team = "research" }', 'annotations = { team = "research" }')
    plan, text = plan_of(sample=sample)
    (fault,) = plan.check(api_revision=NEW)
    assert (fault.field, fault.line) == ("defaults.node_pool.node_config.annotations", line_of(text, "annotations ="))


def test_secrets_of_which_one_is_a_commands_are_taken_for_the_same_and_no_command_is_run(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    command = f"cmd:{sys.executable} -c \\\"open('{mark}', 'w')\\\""
    plan, _ = plan_of(first=f'node_config = {{ password = "{command}" }}')
    assert plan.check(api_revision=NEW) == []
    assert not mark.exists()


def test_other_faults_are_told_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    broken, _ = plan_of(cluster="surprise = 1", first='node_config = { annotations = { a = "b" } }')
    assert {fault.field for fault in broken.check(api_revision=NEW)} == {"clusters[1].surprise"}
    plan, _ = plan_of(first='node_config = { annotations = { a = "b" } }')
    monkeypatch.delenv("NODE_PASSWORD")
    told = [fault.field for fault in plan.check(api_revision=NEW)]
    assert "clusters[1].node_pools[0].node_config.annotations" in told
    assert "defaults.cluster.master_config.password" in told


def test_a_revision_that_does_not_exist_is_refused() -> None:
    with pytest.raises(errors.ConfigurationError, match="api_revision"):
        plan_of()[0].check(api_revision="2024-01-01")


def test_plans_of_python_values_have_fields_without_lines() -> None:
    plan, _ = plan_of(first='node_config = { annotations = { a = "b" } }')
    (fault,) = Plan.from_dict(plan.to_dict()).check(api_revision=NEW)
    assert (fault.field, fault.line) == ("clusters[1].node_pools[0].node_config.annotations", None)
