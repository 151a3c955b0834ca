"""GitHub Actions: the steps of the workflow, run as GitHub runs them, against the emulator."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from cds_eks.emulator import Emulator, Fault
from support.eventually import until

from .actions_runner import Job
from .conftest import EXAMPLES, RECIPES

WORKFLOW = RECIPES / "github_actions.yml"
KUBECONFIG = """\
users:
- name: admin
  user:
    client-certificate-data: cGxhaW4=
    client-key-data: c2VjcmV0LW9mLXRoZS1rdWJlY29uZmln
    token: "a-token-of-the-cluster"
"""


@pytest.fixture
def emulator() -> Emulator:
    return Emulator(speed=6000)


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout, with programs on the path whose polls are as quick as the emulator."""
    programs = {
        "bin/cds-eks": (
            'case "$1" in provision | destroy) set -- "$@" --poll-interval 0.1s ;; esac\n'
            f'exec "{sys.executable}" -m cds_eks.cli "$@"'
        ),
        "bin/python": f'exec "{sys.executable}" "$@"',
        "bin/sleep": "exit 0",
        "ci/fetch-kubeconfig": f"cat <<'END'\n{KUBECONFIG}END",
        "ci/test-on-cluster": 'echo "testing $1 with $KUBECONFIG"; test ! -f fails',
    }
    for name, script in programs.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)
    plan = tmp_path / ".github" / "workflows" / "fleet.toml"
    plan.parent.mkdir(parents=True)
    plan.write_bytes((EXAMPLES / "fleet.toml").read_bytes())
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("NODE_PASSWORD")
    return tmp_path


@pytest.fixture
def secrets(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    with emulator.serve() as url:
        monkeypatch.setenv("CDS_EKS_ENDPOINT", url)
        yield {
            "CDS_SECRET_ID": emulator.credentials.access_key_id,
            "CDS_SECRET_KEY": emulator.credentials.secret_access_key,
            "CDS_CLOUD_AK": "a-cloud-key-id",
            "CDS_CLOUD_SK": "a-cloud-key",
        }


@pytest.fixture
def job(workspace: Path, secrets: dict[str, str]) -> Job:
    return Job(WORKFLOW, workspace=workspace, temp=workspace / "temp", secrets=secrets)


def run(job: Job, **settings: object) -> str:
    return job.run(leave_out=("Install",), **settings)  # type: ignore[arg-type]


def made(emulator: Emulator) -> int:
    return len(list(emulator.ledger.created("cluster")))


def left(emulator: Emulator) -> int:
    return len([each for each in emulator.ledger.created("cluster") if each.deleted_at is None])


def test_its_scripts_are_valid_and_take_no_expression() -> None:
    (job,) = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"].values()
    scripts = [step["run"] for step in job["steps"] if "run" in step]
    assert len(scripts) == 6
    for script in scripts:
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)
        assert "${{" not in script  # what stands in a script is run: values come by the environment


@pytest.mark.slow
def test_a_run_has_its_cluster_and_leaves_nothing(job: Job, emulator: Emulator, secrets: dict[str, str]) -> None:
    emulator.faults.add(Fault("reset_after_commit", "CreateCluster", count=1))
    assert run(job) == "success", job.log
    (cluster,) = emulator.ledger.created("cluster")
    assert cluster.name == "ci-1"
    assert job.outputs["cluster"] == {"cluster-id": cluster.id}
    assert f"testing {cluster.id} with " in job.log
    assert re.search(r"cluster +ci-1 +ready +recovered", job.summary)
    assert left(emulator) == 0
    for secret in (*secrets.values(), "c2VjcmV0LW9mLXRoZS1rdWJlY29uZmln", "a-token-of-the-cluster"):
        assert secret not in job.log
        assert secret not in job.summary
    assert not [secret for secret in secrets.values() if secret in job.raw]
    assert job.raw.count("::add-mask::") == 3
    assert not re.search(r"^(?!::add-mask::).*Aa1!", job.raw, re.MULTILINE)


@pytest.mark.slow
def test_a_test_that_fails_fails_the_run_and_leaves_nothing(job: Job, workspace: Path, emulator: Emulator) -> None:
    (workspace / "fails").touch()
    assert run(job) == "failure"
    assert (job.results["Test"], job.results["Delete"]) == ("failure", "success")
    assert (made(emulator), left(emulator)) == (1, 0)


@pytest.mark.slow
def test_a_create_that_is_refused_is_tried_again_and_told(job: Job, emulator: Emulator) -> None:
    emulator.faults.add(Fault("status", "CreateCluster", status=400, code="QuotaExceeded"))
    assert run(job) == "failure"
    assert job.results["Create"] == "failure"
    assert job.log.count("::warning::") == 2
    assert "::error::cds-eks provision ended with 7" in job.log
    assert "QuotaExceeded" in job.summary
    assert (job.results["Test"], job.results["Delete"]) == ("skipped", "success")
    assert made(emulator) == 0


@pytest.mark.slow
def test_a_wrong_key_ends_it_at_once(job: Job, secrets: dict[str, str]) -> None:
    secrets["CDS_SECRET_KEY"] = "a-secret-key-that-is-wrong"
    assert run(job) == "failure"
    assert "::warning::" not in job.log
    assert job.codes["Create"] == 4
    assert "a-secret-key-that-is-wrong" not in job.raw


@pytest.mark.slow
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_cancelled_in_the_middle_of_the_create_deletes_it(
    sign: signal.Signals, job: Job, emulator: Emulator
) -> None:
    emulator.faults.add(Fault("hang_after_commit", "CreateCluster", seconds=1))

    def cancel(process: int) -> None:
        until(lambda: emulator.ledger.count(action="CreateCluster") == 1, 30.0)
        os.kill(process, sign)  # GitHub signals the shell alone

    assert run(job, during={"Create": cancel}) == "failure"
    assert job.codes["Create"] in (130, 143)
    assert job.results["Delete"] == "success", job.log
    assert (made(emulator), left(emulator)) == (1, 0)


@pytest.mark.slow
def test_a_run_that_is_started_again_takes_the_cluster_that_it_has_made_before(
    job: Job, workspace: Path, secrets: dict[str, str], emulator: Emulator
) -> None:
    assert job.run(leave_out=("Install", "Delete")) == "success"  # that machine was lost, with its journal
    again = Job(WORKFLOW, workspace=workspace, temp=workspace / "another", secrets=secrets)
    assert run(again) == "success", again.log
    assert again.outputs["cluster"] == job.outputs["cluster"]
    assert "adopted" in again.summary
    assert (made(emulator), left(emulator)) == (1, 0)
