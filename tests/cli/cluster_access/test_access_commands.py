"""`clusters endpoints` and `clusters kubeconfig`: what the service tells, and what was fetched, and nothing else."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import pytest
import yaml
from cli.command_line import PROCESS, CommandLine

from cds_eks.emulator import Emulator

PLANTED = "Pl4nted-token"


def fetched(server: str) -> str:
    return f"""\
apiVersion: v1
kind: Config
clusters: [{{name: k, cluster: {{server: "{server}", certificate-authority: ca.pem}}}}]
users: [{{name: admin, user: {{token: {PLANTED}}}}}]
contexts: [{{name: admin@k, context: {{cluster: k, user: admin}}}}]
current-context: admin@k
"""


@pytest.fixture(autouse=True)
def kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The kubeconfig of the test's own; there is none yet."""
    path = tmp_path / "kube" / "config"
    monkeypatch.setenv("KUBECONFIG", str(path))
    return path


def source(tmp_path: Path, server: str) -> str:
    path = tmp_path / "admin.conf"
    path.write_text(fetched(server), encoding="utf-8")
    return str(path)


def test_addresses_are_those_that_the_service_tells(cli: CommandLine, emulator: Emulator) -> None:
    emulator.add_cluster("c-1", nat_id="")
    rows = cli.done("clusters", "endpoints", "c-1", "-o", "json").json
    told = cli.done("clusters", "get", "c-1", "-o", "json").json
    assert {row["field"]: row["address"] for row in rows}["cluster_ip"] == told["cluster_ip"]
    assert told["cluster_ip"] in cli.done("clusters", "endpoints", "c-1", "-q").out.splitlines()
    assert cli.done("clusters", "endpoints", "c-1").out.splitlines()[0].split() == ["FIELD", "ADDRESS", "MEANING"]
    assert cli.done("clusters", "endpoints", "c-1", "-o", "csv").out.startswith("field,address,meaning\n")


def test_a_cluster_that_is_not_there_is_3_and_nothing_is_written(
    cli: CommandLine, kubeconfig: Path, tmp_path: Path
) -> None:
    assert cli("clusters", "endpoints", "nowhere", "-o", "json").failure["exit_code"] == 3
    file = source(tmp_path, "https://192.0.2.1:6443")
    assert cli("clusters", "kubeconfig", "nowhere", "--from", file, "--alias", "gpu").code == 3
    assert not kubeconfig.exists()


def test_a_kubeconfig_is_merged_and_the_current_context_stays(
    cli: CommandLine, emulator: Emulator, kubeconfig: Path, tmp_path: Path
) -> None:
    emulator.add_cluster("c-1", nat_id="")
    address = cli.done("clusters", "get", "c-1", "-o", "json").json["cluster_ip"]
    file = source(tmp_path, f"https://{address}:6443")
    run = cli.done("clusters", "kubeconfig", "c-1", "--from", file, "--alias", "gpu", "--debug")
    assert "none of the addresses" not in run.err
    assert "kubectl --context gpu uses it" in run.err
    assert PLANTED not in run.out + run.err
    merged = yaml.safe_load(kubeconfig.read_text())
    assert "current-context" not in merged
    assert merged["contexts"] == [{"context": {"cluster": "gpu", "user": "gpu"}, "name": "gpu"}]
    assert merged["users"] == [{"name": "gpu", "user": {"token": PLANTED}}]
    assert merged["clusters"][0]["cluster"]["certificate-authority"] == str(tmp_path / "ca.pem")
    assert stat.S_IMODE(kubeconfig.stat().st_mode) == 0o600
    again = cli("clusters", "kubeconfig", "c-1", "--from", file, "--alias", "gpu", "-o", "json")
    assert (again.code, "already" in again.failure["message"]) == (2, True)
    used = cli.done(
        "clusters", "kubeconfig", "c-1", "--from", file, "--alias", "gpu", "--overwrite", "--use", "-o", "json"
    )
    assert used.json == {
        "cluster_id": "c-1", "alias": "gpu", "server": f"https://{address}:6443", "server_is_of_cluster": True,
        "current": True, "file": str(kubeconfig),
    }  # fmt: skip
    assert yaml.safe_load(kubeconfig.read_text())["current-context"] == "gpu"


def test_a_server_that_is_not_the_cluster_s_is_pointed_out(
    cli: CommandLine, emulator: Emulator, kubeconfig: Path, tmp_path: Path
) -> None:
    emulator.add_cluster("c-1")
    for server in ("https://203.0.113.9:6443", "https://[203"):
        file = source(tmp_path, server)
        to = str(tmp_path / "elsewhere")
        run = cli.done("clusters", "kubeconfig", "c-1", "--from", file, "--alias", "gpu", "--to", to, "--overwrite")
        assert f"the kubeconfig's server is {server}, which is none of the addresses" in run.err
    assert Path(to).exists()
    assert not kubeconfig.exists()


def test_it_is_read_from_a_pipe(cli: CommandLine, emulator: Emulator, kubeconfig: Path, tmp_path: Path) -> None:
    emulator.add_cluster("c-1")
    command = [*PROCESS, "clusters", "kubeconfig", "c-1", "--from", "-", "--alias", "gpu"]
    done = subprocess.run(
        command, input=fetched("https://192.0.2.1").encode(), capture_output=True, check=True, cwd=tmp_path
    )
    assert PLANTED.encode() not in done.stdout + done.stderr
    merged = yaml.safe_load(kubeconfig.read_text())
    assert merged["clusters"][0]["cluster"]["certificate-authority"] == str(tmp_path / "ca.pem")
    done = subprocess.run(command, input=b"\xff", capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (2, b"error: stdin: is not UTF-8\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--alias", "gpu"], "--from"),
        (["--from", "FILE"], "--alias"),
        (["--from", "none.conf", "--alias", "gpu"], "none.conf: there is no such file"),
        (["--from", "FILE", "--alias", ""], "the alias must be a text"),
    ],
)
def test_wrong_usage_is_2(
    cli: CommandLine, emulator: Emulator, tmp_path: Path, arguments: list[str], words: str
) -> None:
    emulator.add_cluster("c-1")
    file = source(tmp_path, "https://192.0.2.1")
    run = cli("clusters", "kubeconfig", "c-1", *(file if word == "FILE" else word for word in arguments))
    assert (run.code, words in run.err) == (2, True)


@pytest.mark.parametrize("text", [f"token: [{PLANTED}", f"kind: {PLANTED}", ""])
def test_what_is_no_kubeconfig_is_2_and_not_repeated(
    cli: CommandLine, emulator: Emulator, kubeconfig: Path, tmp_path: Path, text: str
) -> None:
    emulator.add_cluster("c-1")
    (tmp_path / "x").write_text(text)
    run = cli("clusters", "kubeconfig", "c-1", "--from", str(tmp_path / "x"), "--alias", "gpu", "--debug")
    assert (run.code, PLANTED in run.err) == (2, False)
    assert emulator.ledger.count() == 0
    assert not kubeconfig.exists()


def test_the_help_says_that_the_api_has_no_such_operation(offline: CommandLine) -> None:
    told = " ".join(offline.done("clusters", "kubeconfig", "--help").out.split())
    assert "The API has no operation that returns a kubeconfig" in told
    assert "from the cloud's console" in told
    told = offline.done("clusters", "kubeconfig", "--help", env={"LANG": "zh_CN.UTF-8"}).out
    assert "API 没有提供 kubeconfig 的操作" in "".join(told.split("\n"))
    assert "endpoints" in offline.done("clusters", "--help").out


def test_json_says_whether_the_server_is_the_cluster_s(cli: CommandLine, emulator: Emulator, tmp_path: Path) -> None:
    emulator.add_cluster("c-1")
    file = source(tmp_path, "https://203.0.113.9:6443")
    run = cli.done("clusters", "kubeconfig", "c-1", "--from", file, "--alias", "gpu", "-o", "json")
    assert (run.json["server_is_of_cluster"], run.err) == (False, "")


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/full"])
def test_a_file_without_end_is_refused(
    cli: CommandLine, emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, device: str
) -> None:
    emulator.add_cluster("c-1")
    file = source(tmp_path, "https://203.0.113.9:6443")
    path = tmp_path / "endless"
    path.symlink_to(device)
    monkeypatch.setenv("KUBECONFIG", str(path))
    run = cli("clusters", "kubeconfig", "c-1", "--from", file, "--alias", "gpu", "-o", "json")
    assert (run.code, run.failure["message"]) == (2, f"{path}: is longer than any kubeconfig")
