"""Secrets: by reference, resolved when a request is made, and nowhere else."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import sys
import traceback
from pathlib import Path
from typing import Any

import pytest

from cds_eks.documents import secrets as secrets_module
from cds_eks.documents.secrets import SecretRef
from cds_eks.errors import ConfigurationError, InvalidRequestError
from cds_eks.fleet.plan import Plan, PlanError, SecretUnavailable
from cds_eks.fleet.plan import digests as digests_module

from .plans import SECRETS, as_toml, changed, plain, told

PLANTED = "Pl4nted-in-plain-sight"
SK = "defaults.cluster.sk"


def private(path: Path, content: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path


def sk_of(plan: Plan) -> str:
    return plan.clusters[0].create_request().sk


def spellings(text: str) -> list[str]:
    """What a secret may be found as in anything that was derived from it."""
    return [text, hashlib.sha256(text.encode()).hexdigest(), json.dumps(text), text[::-1]]


def shown(plan: Plan) -> str:
    """All that a plan shows of itself."""
    parts: list[Any] = [plan, *plan.check(), plan.clusters, plan.items(), plan.to_dict(), plan.digest, plan.source]
    parts += [pool for cluster in plan.clusters for pool in (cluster, *cluster.pools)]
    return "".join(f"{part!r} {part}" for part in parts)


def what_is_digested(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list of all that digests are made of from now on."""
    digested: list[str] = []
    original = digests_module.digest_of

    def digest_of(data: Any) -> str:
        digested.append(repr(data))
        return original(data)

    monkeypatch.setattr(digests_module, "digest_of", digest_of)
    return digested


def test_secrets_of_the_environment_and_of_files_are_in_requests_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digested = what_is_digested(monkeypatch)
    data = plain()
    data["defaults"]["cluster"]["sk"] = "env:PLANTED"
    data["defaults"]["node_pool"]["node_config"]["password"] = "file:planted"
    data["clusters"][0]["extra"] = {"AdminPassword": "cmd:cat planted", "Deep": [{"Token": "env:PLANTED"}]}
    (tmp_path / "plan.toml").write_text(as_toml(data), encoding="utf-8")
    private(tmp_path / "planted", f"{PLANTED}\n".encode())
    monkeypatch.setenv("PLANTED", PLANTED)
    plan = Plan.load(tmp_path / "plan.toml")
    assert plan.check() == []
    request = plan.clusters[2].create_request()
    assert request.sk == request.node_pool_config.node_config.password == PLANTED
    assert request.extra == {"AdminPassword": PLANTED, "Deep": [{"Token": PLANTED}]}
    assert plan.clusters[2].pools[1].create_request("c").config.node_config.password == PLANTED
    everything = shown(plan) + "".join(digested) + repr(pickle.dumps(plan)) + repr(pickle.dumps(plan.clusters))
    for spelling in spellings(PLANTED):
        assert spelling not in everything
    assert "file:planted" in everything
    assert digested


def test_a_plan_is_pickled_with_its_references() -> None:
    plan = Plan.from_dict(plain())
    again = pickle.loads(pickle.dumps(plan))
    assert again == plan
    assert again.digest == plan.digest
    assert again.clusters[1].create_request() == plan.clusters[1].create_request()
    assert again.clusters[0].pools[0] is again.clusters[2].pools[0]  # what is shared stays so


def test_a_secret_is_asked_for_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = Plan.from_dict(plain())
    assert sk_of(plan) == SECRETS["CDS_CLOUD_SK"]
    monkeypatch.setenv("CDS_CLOUD_SK", "Another-0ne")
    assert sk_of(plan) == "Another-0ne"


def test_an_inline_secret_is_refused() -> None:
    [fault] = changed(SK, PLANTED).check()
    assert fault.field == SK
    assert "env:NAME, file:PATH or cmd:COMMAND" in fault.message
    assert PLANTED not in str(fault)


def test_an_inline_secret_that_is_allowed_is_shown_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    digested = what_is_digested(monkeypatch)
    data = plain() | {"allow_inline_secrets": True}
    data["defaults"]["cluster"]["sk"] = PLANTED
    data["clusters"][0]["extra"] = {"Password": PLANTED}
    plan = Plan.loads(as_toml(data), "toml", "plan.toml")
    assert plan.check() == []
    request = plan.clusters[0].create_request()
    assert (request.sk, request.extra) == (PLANTED, {"Password": PLANTED})
    for spelling in spellings(PLANTED):
        assert spelling not in shown(plan) + "".join(digested)
    for value in (plan, plan.clusters, plan.clusters[0]):
        with pytest.raises(TypeError, match="holds an inline secret"):
            pickle.dumps(value)
    data["defaults"]["cluster"]["sk"] = "Another-0ne"
    assert Plan.from_dict(data).digest == plan.digest


def test_what_stands_for_an_inline_secret_is_no_secret() -> None:
    data = plain() | {"allow_inline_secrets": True}
    data["defaults"]["cluster"]["sk"] = PLANTED
    again = Plan.from_dict(Plan.from_dict(data).to_dict())
    [fault] = again.check()
    assert fault.field == SK
    with pytest.raises(SecretUnavailable):
        again.clusters[0].create_request()


def test_inline_secrets_keep_the_models_rules() -> None:
    data = plain() | {"allow_inline_secrets": True}
    data["defaults"]["cluster"]["master_config"]["password"] = "tooweakpassword"
    [fault] = told(Plan.from_dict(data))
    assert fault.startswith("defaults.cluster.master_config.password: must have 8 to 30 characters")
    assert "tooweak" not in fault


@pytest.mark.parametrize("value", ["evn:NAME", " env:CDS_CLOUD_SK", "ENV:CDS_CLOUD_SK"])
def test_what_is_almost_a_reference_is_inline(value: str) -> None:
    assert "written out" in told(changed(SK, value))[0]


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("env:NO_SUCH", "env:NO_SUCH: there is no such environment variable"),
        ("env:EMPTY", "env:EMPTY: is empty"),
        ("env:", "env:: names nothing"),
        ("env:a=b", "env:a=b: there is no such environment variable"),
        ("file:none", "file:none: there is no such file"),
        ("file:open", "file:open: must have the mode 0600; it has 0644"),
        ("file:group", "file:group: must have the mode 0600; it has 0640"),
        ("file:run", "file:run: must have the mode 0600; it has 0700"),
        ("file:folder", "file:folder: is no regular file"),
        ("file:pipe", "file:pipe: is no regular file"),
        ("file:empty", "file:empty: is empty"),
        ("file:long", "file:long: is longer than any secret"),
        ("file:binary", "file:binary: is not UTF-8"),
        ("file:under/a", "file:under/a: can't be opened (NotADirectoryError)"),
        ("cmd:", "cmd:: names nothing"),
        ("cmd:a 'b", "cmd:a 'b: has a quote that does not end"),
        ("cmd:''''", "cmd:'''': names no command"),
        ("cmd:no-such-command-here", "cmd:no-such-command-here: can't be run (FileNotFoundError)"),
        ("cmd:PYTHON -c 'import sys; print(\"Pl4nted\"); print(\"Pl4nted\", file=sys.stderr); sys.exit(3)'",
         "ended with status 3"),
        ("cmd:PYTHON -c pass", "is empty"),
        ("cmd:PYTHON -c 'import time; print(\"Pl4nted\", flush=True); time.sleep(60)'", "did not end within 0.5 s"),
    ],
)  # fmt: skip
def test_references_that_lead_nowhere(
    reference: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(secrets_module, "COMMAND_TIMEOUT", 0.5 if "sleep" in reference else 30.0)
    monkeypatch.setenv("EMPTY", "")
    private(tmp_path / "open", b"x", 0o644)
    private(tmp_path / "group", b"x", 0o640)
    private(tmp_path / "run", b"x", 0o700)
    private(tmp_path / "empty", b"\n")
    private(tmp_path / "long", b"x" * 100_000)
    private(tmp_path / "binary", b"Pl4nted\xff")
    private(tmp_path / "under", b"x")
    (tmp_path / "folder").mkdir(mode=0o700)
    os.mkfifo(tmp_path / "pipe", 0o600)
    data = plain()
    data["defaults"]["cluster"]["sk"] = reference.replace("PYTHON", sys.executable)
    (tmp_path / "plan.toml").write_text(as_toml(data), encoding="utf-8")
    plan = Plan.load(tmp_path / "plan.toml")
    faults = told(plan)
    is_known_before = not reference.startswith("cmd:") or "names" in reason or "quote" in reason
    assert len(faults) == is_known_before
    if is_known_before:
        assert faults[0].endswith(f"{SK}: {reason}")
    with pytest.raises(SecretUnavailable) as caught:
        plan.clusters[0].create_request()
    assert isinstance(caught.value, ConfigurationError)
    assert caught.value.outcome == "not_sent"
    assert reason in str(caught.value)
    text = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    without_reference = text.replace(repr(caught.value.reference), "").replace(caught.value.reference, "")
    if "Pl4nted" not in reference:
        assert "Pl4nted" not in without_reference
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or "Pl4nted" not in repr(vars(caught.value.__context__))
    assert "Pl4nted" not in "".join(capfd.readouterr())
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.reason) == (str(caught.value), caught.value.reason)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user(tmp_path: Path) -> None:
    path = private(tmp_path / "theirs", b"x")
    os.chown(path, 12345, 12345)
    with pytest.raises(SecretUnavailable, match="belongs to another user"):
        SecretRef("file", str(path)).resolve()


def test_files_may_be_stricter_and_end_their_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert SecretRef("file", str(private(tmp_path / "a", b" x \r\n", 0o400))).resolve() == " x "
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert SecretRef("file", "link", str(tmp_path)).resolve() == " x "
    monkeypatch.setenv("HOME", str(tmp_path))
    assert SecretRef("file", "~/a").resolve() == " x "


def test_a_command_is_run_without_a_shell_when_the_request_is_made(tmp_path: Path) -> None:
    script = "import sys; open('ran', 'a').write('x'); print(sys.argv[1], end='')"
    data = plain()
    data["defaults"]["cluster"]["sk"] = f"cmd:{sys.executable} -c \"{script}\" '$HOME; `id`'"
    (tmp_path / "plan.toml").write_text(as_toml(data), encoding="utf-8")
    plan = Plan.load(tmp_path / "plan.toml")
    assert plan.check() == []
    assert not (tmp_path / "ran").exists()
    assert plan.clusters[0].runs_commands
    assert not plan.clusters[0].pools[1].runs_commands
    assert sk_of(plan) == "$HOME; `id`"
    assert (tmp_path / "ran").read_text() == "x"


def test_whoever_makes_many_requests_may_ask_for_a_secret_once() -> None:
    plan = Plan.from_dict(plain())
    asked: list[str] = []

    def resolve(secret: SecretRef) -> str:
        asked.append(secret.reference)
        return "Resolved-1"

    request = plan.clusters[0].create_request(resolve=resolve)
    assert (request.ak, request.sk) == ("Resolved-1", "Resolved-1")
    assert asked == ["env:CDS_CLOUD_AK", "env:CDS_CLOUD_SK", "env:NODE_PASSWORD", "env:NODE_PASSWORD"]
    assert plan.clusters[0].pools[1].create_request("c", resolve=resolve).config.node_config.password == "Resolved-1"


def test_a_secret_that_breaks_its_rule_is_told_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NODE_PASSWORD", "tooweakpassword")
    plan = Plan.from_dict(plain())
    faults = told(plan)
    assert [fault.split(": ")[:2] for fault in faults] == [
        ["defaults.cluster.master_config.password", "env:NODE_PASSWORD"],
        ["defaults.node_pool.node_config.password", "env:NODE_PASSWORD"],
    ]
    for make in (plan.clusters[0].create_request, lambda: plan.clusters[0].pools[1].create_request("c")):
        with pytest.raises(InvalidRequestError) as caught:
            make()
        text = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
        assert "tooweak" not in "".join(faults) + text


def test_a_secret_that_is_missing_does_not_keep_one_from_looking_at_the_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CDS_CLOUD_SK")
    plan = Plan.from_dict(plain())
    assert len(plan.check()) == 1
    assert len(plan.items()) == 9
    monkeypatch.setenv("CDS_CLOUD_SK", "x")
    assert plan.check() == []


def test_a_misspelt_secret_is_not_shown_either() -> None:
    data = plain()
    data["defaults"]["cluster"]["master_config"]["pasword"] = PLANTED
    plan = Plan.from_dict(data)
    assert "did you mean 'password'?" in told(plan)[0]
    assert PLANTED not in "".join(told(plan)) + repr(plan) + repr(pickle.dumps(plan))
    with pytest.raises(PlanError) as caught:
        plan.to_dict()
    assert PLANTED not in str(caught.value)


def test_a_reference_is_not_part_of_what_is_asked_for_but_of_the_plan() -> None:
    plan, other = Plan.from_dict(plain()), changed(SK, "env:ELSEWHERE")
    assert other.clusters == plan.clusters
    assert other.digest != plan.digest


def test_commands_are_tried_when_that_is_asked_for_each_once(tmp_path: Path) -> None:
    script = "import sys; open('ran', 'a').write('x'); sys.exit(1)"
    data = plain()
    data["defaults"]["node_pool"]["node_config"]["password"] = f'cmd:{sys.executable} -c "{script}"'
    data["clusters"][0]["sk"] = f'cmd:{sys.executable} -c "{script}"'
    data["clusters"][0]["ak"] = f"cmd:{sys.executable} -c 'print(1)'"
    (tmp_path / "plan.toml").write_text(as_toml(data), encoding="utf-8")
    plan = Plan.load(tmp_path / "plan.toml")
    assert plan.check() == []
    faults = plan.check(run_commands=True)
    assert {fault.field for fault in faults} == {"clusters[0].sk", "defaults.node_pool.node_config.password"}
    assert all(fault.message.endswith(": ended with status 1") and fault.line for fault in faults)
    assert (tmp_path / "ran").read_text() == "x"


def test_a_secret_that_can_not_be_had_for_a_request_is_told_with_its_field(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Plan.from_dict(plain()).clusters[0]
    for name, said in (
        ("CDS_CLOUD_SK", "sk: env:CDS_CLOUD_SK: there is no such environment variable"),
        ("NODE_PASSWORD", "master_config.password: env:NODE_PASSWORD: there is no such environment variable"),
    ):
        with monkeypatch.context() as without:
            without.delenv(name)
            with pytest.raises(SecretUnavailable) as caught:
                cluster.create_request()
        assert caught.value.message == said
        assert pickle.loads(pickle.dumps(caught.value)).field == caught.value.field == said.split(": ")[0]
    monkeypatch.delenv("NODE_PASSWORD")
    with pytest.raises(SecretUnavailable, match=r"^node_config\.password: env:NODE_PASSWORD: "):
        cluster.pools[1].create_request("c-1")
    other = changed("clusters.0.node_pools.0.node_config", {"password": "env:NODE_PASSWORD_1"}).clusters[0]
    monkeypatch.setenv("NODE_PASSWORD", SECRETS["NODE_PASSWORD"])
    with pytest.raises(SecretUnavailable, match=r"^node_pools\[0\]\.node_config\.password: env:NODE_PASSWORD_1: "):
        other.create_request()
