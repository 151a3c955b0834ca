"""Planted secrets are in no output, no log, no completion and no list of processes."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cds_eks.cli.options import FORMATS
from cds_eks.emulator import Emulator, Fault
from cds_eks.redaction.encodings import encodings_of
from cds_eks.signing import Credentials
from cli.command_line import PROCESS, CommandLine, process

PLANTED = {
    "key": "planted-Key/with+signs=",
    "password": "planted-Pass-1st!",
    "sk": "planted-sk-of-the-cloud",
    "token": "planted-token-9",
    "proxy": "planted-proxy-7",
}


@pytest.fixture
def emulator() -> Emulator:
    return Emulator(speed=6000, credentials=Credentials("id-of-a-key", PLANTED["key"]))


@pytest.fixture
def file(request_file: str, tmp_path: Path) -> str:
    """A request with secrets in it."""
    data = tomllib.loads(Path(request_file).read_text(encoding="utf-8"))
    data["sk"] = PLANTED["sk"]
    for part in ("master_config", "node_pool_config"):
        owner = data[part] if part == "master_config" else data[part]["node_config"]
        owner["password"] = PLANTED["password"]
    path = tmp_path / "planted.json"
    path.write_text(json.dumps(data))
    return str(path)


def assert_no_secret(text: str) -> None:
    found = [name for name, secret in PLANTED.items() for each in encodings_of(secret) if each in text]
    assert found == []
    assert "planted-" not in re.sub(r"planted(-fleet)?\.(json|db)", "", text)


PLAN = "planted-fleet.json"

LOGS: list[list[str]] = [[], ["--debug"], ["--debug", "--log-format", "json"]]


def lines(file: str) -> dict[str, list[str]]:
    token = ["--extra", "SessionToken=env:PLANTED_TOKEN"]
    return {
        "created": ["clusters", "create", "-f", file],
        "dry run": ["clusters", "create", "-f", file, "--dry-run", *token],
        "refused": ["clusters", "delete", "c-1", "--yes", *token],
        "skeleton": ["clusters", "create", "-f", file, "--skeleton", "yaml"],
        "validated": ["validate", "-f", file],
        "call": ["call", "CreateCluster", "-X", "POST", "--param", "Password=env:PLANTED_TOKEN"],
        "a faulty file": ["clusters", "create", "-f", file, "--k8s-version", ""],
        "who": ["whoami", "--check"],
        "by profile": ["whoami", "--profile", "planted"],
        "doctor": ["doctor", "--profile", "planted"],
        "profile": ["profiles", "show", "planted"],
        "plan": ["fleet", "plan", "diff", PLAN],
        "fleet": ["fleet", "provision", PLAN, "--poll-interval", "0.1s"],
        "by argument": ["clusters", "delete", "c-1", "--extra", f"Password={PLANTED['password']}"],
    }


@pytest.fixture
def planted(
    cli: CommandLine, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, file: str
) -> CommandLine:
    """Runs `cds-eks` where secrets are: in the environment, in a request, in a plan, in a profile."""
    emulator.add_cluster("c-1")
    request = json.loads(Path(file).read_text(encoding="utf-8"))
    pool = request.pop("node_pool_config")
    cluster = {**request, "name": "gpu-1", "node_pools": [{**pool, "name": "workers"}]}
    for name in ("cluster_name", "pool_name"):
        cluster.pop(name, None)
        cluster["node_pools"][0].pop(name, None)
    (tmp_path / PLAN).write_text(json.dumps({"version": 1, "allow_inline_secrets": True, "clusters": [cluster]}))
    config = tmp_path / "config.toml"
    keys = f'secret_id = "id-of-a-key"\nsecret_key = "{PLANTED["key"]}"\n'
    config.write_text(f"[profiles.planted]\nallow_inline = true\n{keys}")
    config.chmod(0o600)
    monkeypatch.setenv("CDS_CONFIG_FILE", str(config))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PLANTED_TOKEN", PLANTED["token"])
    return cli


SENDING = ("created", "refused", "call", "who", "plan", "fleet")


@pytest.mark.parametrize("what", lines(""))
@pytest.mark.parametrize("log", LOGS, ids=["plain", "debug", "json"])
def test_no_output_has_one(planted: CommandLine, file: str, what: str, log: list[str]) -> None:
    for form in FORMATS:
        run = planted(*lines(file)[what], "-o", form, *log)
        assert run.out or run.err or form == "name"
        assert_no_secret(run.out + run.err)
        assert ("attempt begins" in run.err) == (bool(log) and what in SENDING)


def test_what_is_looked_for_was_there(planted: CommandLine, emulator: Emulator, file: str) -> None:
    """The planted request is carried out, so that its secrets were sent."""
    planted.done("clusters", "create", "-f", file)
    assert emulator.ledger.count("CreateCluster", "Success") == 1
    with pytest.raises(AssertionError):
        assert_no_secret(Path(file).read_text(encoding="utf-8"))


@pytest.mark.parametrize("log", LOGS, ids=["plain", "debug", "json"])
def test_a_service_that_repeats_them_is_not_repeated(
    planted: CommandLine, emulator: Emulator, file: str, log: list[str]
) -> None:
    said = " ".join((PLANTED["key"], PLANTED["password"], PLANTED["sk"]))
    for status in (400, 500):
        emulator.faults.add(Fault("status", "CreateCluster", status=status, code="X", message=said, count=1))
        run = planted("clusters", "create", "-f", file, "-o", "json", *log)
        assert run.code != 0
        assert json.loads(run.err.splitlines()[-1])["class"]
        assert_no_secret(run.out + run.err)


@pytest.mark.parametrize("log", LOGS, ids=["plain", "debug", "json"])
def test_the_password_of_a_proxy_is_not_shown(
    planted: CommandLine, monkeypatch: pytest.MonkeyPatch, log: list[str]
) -> None:
    gate = os.environ["CDS_EKS_ENDPOINT"].removeprefix("http://").partition("/")[0]
    for proxy in (gate, "127.0.0.1:1"):  # one that answers, and one that is not there
        monkeypatch.setenv("http_proxy", f"http://me:{PLANTED['proxy']}@{proxy}")
        monkeypatch.setenv("CDS_EKS_ENDPOINT", "http://eks.invalid/eks/v1")
        run = planted("clusters", "get", "x", "--timeout", "1s", *log)
        assert run.code != 0
        assert_no_secret(run.out + run.err)


COMPLETED = ["", "clusters ", "clusters create --", "clusters create --sk", "--profile ", "clusters get ", "call "]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_no_completion_has_one(planted: CommandLine, shell: str) -> None:
    for words in COMPLETED:
        count = len(words.split(" "))
        more = {"_CDS_EKS_COMPLETE": f"{shell}_complete", "COMP_WORDS": f"cds-eks {words}", "COMP_CWORD": str(count)}
        done = process(env={**os.environ, **more}, timeout=30)
        assert done.returncode == 0, done.stderr
        assert_no_secret(done.stdout + done.stderr)


@pytest.fixture
def waiting(planted: CommandLine, emulator: Emulator, file: str) -> Iterator[subprocess.Popen[Any]]:
    """A create whose answer does not come."""
    emulator.faults.add(Fault("hang_before_commit", "CreateCluster", seconds=30))
    command = [*PROCESS, "clusters", "create", "-f", file, "--debug"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stderr is not None
        while "attempt begins" not in child.stderr.readline():
            assert child.poll() is None
        yield child
        child.kill()


def test_no_list_of_processes_has_one(waiting: subprocess.Popen[Any]) -> None:
    shown = subprocess.run(["ps", "-eo", "pid,args", "-ww"], capture_output=True, text=True, check=True).stdout
    (line,) = [line for line in shown.splitlines() if line.split()[:1] == [str(waiting.pid)]]
    assert "cds_eks.cli clusters create" in line
    assert_no_secret(line)


@pytest.mark.parametrize(
    ("words", "option", "way"),
    [
        (["clusters", "create", "--ak", PLANTED["sk"]], "--ak", "-f FILE"),
        (["clusters", "create", f"--sk={PLANTED['sk']}"], "--sk", "-f FILE"),
        (
            ["clusters", "create", "--master-config.password", PLANTED["password"]],
            "--master-config.password",
            "-f FILE",
        ),
        (["node-pools", "create", f"--config.node_config.password={PLANTED['password']}"], "", "-f FILE"),
        (["clusters", "list", "--secret-key", PLANTED["key"]], "--secret-key", "CDS_SECRET_KEY"),
        (["--password", PLANTED["key"], "clusters", "list"], "--password", "CDS_SECRET_KEY"),
        (["profiles", "set", "work", "--secret-key", PLANTED["key"]], "'--secret-key'", "keyring:…"),
    ],
)
def test_an_option_that_would_be_a_secret_is_refused_with_what_to_do(
    cli: CommandLine, emulator: Emulator, words: list[str], option: str, way: str
) -> None:
    run = cli(*words)
    assert (run.code, run.out, emulator.ledger.count()) == (2, "", 0)
    assert option in run.err
    assert way in run.err
    assert "never" in run.err
    assert "history" in run.err
    assert "Did you mean" not in run.err
    assert_no_secret(run.err)


def test_any_other_option_is_a_typo(cli: CommandLine) -> None:
    assert "Did you mean '--columns'?" in cli("clusters", "list", "--column", "cluster_id").err


@pytest.mark.parametrize("words", ["clusters list", "clusters get c-9", "call ListClusters", "wait cluster c-9"])
def test_a_service_that_repeats_the_key_in_its_data_is_not_repeated(
    planted: CommandLine, emulator: Emulator, words: str
) -> None:
    key = PLANTED["key"]
    emulator.add_cluster("c-9", name=f"of-{key} {base64.b64encode(f'k:{key}'.encode()).decode()} {key.encode().hex()}")
    for form in FORMATS:
        run = planted(*words.split(), "-o", form)
        assert_no_secret(run.out + run.err)
        if form == "json":
            assert run.code == 0
            assert "of-*** " in run.out
            assert "c-9" in run.out


def test_a_short_key_takes_nothing_out_of_the_names_of_results(monkeypatch: pytest.MonkeyPatch) -> None:
    emulator = Emulator(credentials=Credentials("demo", "gpu-1"))
    emulator.add_cluster("demo-cluster", name="gpu-1")
    monkeypatch.setenv("CDS_SECRET_ID", "demo")
    monkeypatch.setenv("CDS_SECRET_KEY", "gpu-1")
    with emulator.serve() as url:
        monkeypatch.setenv("CDS_EKS_ENDPOINT", url)
        shown = CommandLine().done("clusters", "list", "-o", "json").json
    assert [(each["cluster_id"], each["cluster_name"]) for each in shown] == [("demo-cluster", "gpu-1")]
