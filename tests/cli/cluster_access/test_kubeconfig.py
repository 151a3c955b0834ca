"""A fetched kubeconfig, merged into the user's own: under one name, and without harm to anything else."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from cds_eks.cli.cluster_access import kubeconfig_file
from cds_eks.cli.cluster_access.kubeconfig import merged
from cds_eks.cli.cluster_access.kubeconfig_file import kubeconfig_path, merge_file
from cds_eks.errors import ConfigurationError

LISTS = ("clusters", "users", "contexts")
PLANTED = "Pl4nted-token"

FETCHED = f"""\
apiVersion: v1
kind: Config
clusters:
- name: kubernetes
  cluster:
    server: https://192.0.2.1:6443
    certificate-authority-data: QUJD
    a-field-of-tomorrow: 007
users:
- name: kubernetes-admin
  user:
    token: {PLANTED}
    client-key: keys/admin.key
    exec: {{command: ./login, args: [no, "yes", 1e3]}}
contexts:
- name: kubernetes-admin@kubernetes
  context: {{cluster: kubernetes, user: kubernetes-admin, namespace: gpu}}
current-context: kubernetes-admin@kubernetes
"""

EXISTING = """\
apiVersion: v1
kind: Config
preferences: {colors: on}
clusters:
- cluster:
    server: https://other.test
  name: other
contexts:
- context:
    cluster: other
    user: ann
    namespace: "on"
  name: other
current-context: other
users:
- name: ann
  user:
    password: 0123
    extra-of-tomorrow: [1_000, 12:30:45, ~, 2024-01-01]
"""


def merge(existing: str = EXISTING, fetched: str = FETCHED, alias: str = "gpu-1", **options: Any) -> str:
    return merged(existing, fetched, alias, folder=Path("/fetched"), **options)


def plain(text: str) -> Any:
    """The text with each scalar as it is spelt: what was not touched must not even look different."""
    return yaml.load(text, Loader=yaml.BaseLoader)


def named(config: Any, of: str, name: str) -> Any:
    (found,) = [entry for entry in config[of] if entry["name"] == name]
    return found


def test_cluster_user_and_context_have_the_alias_and_name_each_other() -> None:
    config = plain(merge())
    assert named(config, "contexts", "gpu-1")["context"] == {"cluster": "gpu-1", "user": "gpu-1", "namespace": "gpu"}
    assert named(config, "clusters", "gpu-1")["cluster"] == {
        "server": "https://192.0.2.1:6443", "certificate-authority-data": "QUJD", "a-field-of-tomorrow": "007",
    }  # fmt: skip
    user = named(config, "users", "gpu-1")["user"]
    assert user["token"] == PLANTED
    names = [entry["name"] for of in LISTS for entry in config[of]]
    assert names == ["other", "gpu-1", "ann", "gpu-1", "other", "gpu-1"]


def test_paths_that_were_relative_to_the_fetched_file_still_lead_there() -> None:
    user = named(plain(merge()), "users", "gpu-1")["user"]
    assert user["client-key"] == "/fetched/keys/admin.key"
    assert user["exec"] == {"command": "/fetched/login", "args": ["no", "yes", "1e3"]}
    other = FETCHED.replace("./login", "login").replace("keys/admin.key", "/etc/admin.key")
    user = named(plain(merge(fetched=other)), "users", "gpu-1")["user"]
    assert (user["client-key"], user["exec"]["command"]) == ("/etc/admin.key", "login")


def test_the_rest_is_as_it_was_to_the_letter() -> None:
    config, before = plain(merge()), plain(EXISTING)
    for of in LISTS:
        assert config[of][:-1] == before[of]
        config[of] = before[of]
    assert config == before
    text = merge()
    spelt = ["password: 0123", "colors: on", "a-field-of-tomorrow: 007", 'namespace: "on"']
    spelt += [f"- {each}" for each in ("1_000", "12:30:45", "~", "2024-01-01", "no", '"yes"', "1e3")]
    assert [each for each in spelt if f" {each}\n" not in text] == []
    assert list(config) == list(before)


def test_the_current_context_stays_unless_it_is_asked_for() -> None:
    assert plain(merge())["current-context"] == "other"
    assert plain(merge(use=True))["current-context"] == "gpu-1"
    assert "current-context" not in plain(merge(""))
    assert plain(merge("", use=True))["current-context"] == "gpu-1"


@pytest.mark.parametrize("existing", ["", "\n# nothing yet\n", "null", "clusters: null\nusers: []\n"])
def test_a_kubeconfig_that_is_empty_is_filled(existing: str) -> None:
    config = plain(merge(existing))
    assert [len(config[of]) for of in LISTS] == [1, 1, 1]
    if "clusters" not in existing:
        assert (config["apiVersion"], config["kind"]) == ("v1", "Config")


@pytest.mark.parametrize("alias", ["on", "1e3", "0x1", "null", "a: b", "工作", "~", "#x", "it's"])
def test_an_alias_is_a_text_whatever_it_looks_like(alias: str) -> None:
    text = merge(alias=alias, use=True)
    config = yaml.safe_load(text)
    assert config["current-context"] == alias
    assert named(config, "contexts", alias)["context"]["cluster"] == alias
    if alias in ("on", "1e3", "0x1", "null", "~"):
        assert f"current-context: '{alias}'" in text  # some readers of YAML take more than others for no text


@pytest.mark.parametrize("alias", ["", " x", "a\nb"])
def test_an_alias_that_nobody_could_type_is_refused(alias: str) -> None:
    with pytest.raises(ConfigurationError, match="the alias must be"):
        merge(alias=alias)


def test_a_name_that_is_taken_is_not_overwritten_unless_asked_for() -> None:
    once = merge()
    with pytest.raises(ConfigurationError, match=r"has a cluster 'gpu-1' already: .* --alias.* --overwrite"):
        merge(once)
    again = plain(merge(once, FETCHED.replace("192.0.2.1", "192.0.2.2"), overwrite=True))
    assert named(again, "clusters", "gpu-1")["cluster"]["server"] == "https://192.0.2.2:6443"
    assert [len(again[of]) for of in LISTS] == [2, 2, 2]


SHARED = """\
clusters: [{name: gpu-1, cluster: {}}]
users: [{name: gpu-1, user: {}}]
contexts:
- {name: gpu-1, context: {cluster: gpu-1, user: gpu-1}}
- {name: x, context: {cluster: gpu-1, user: u}}
"""


@pytest.mark.parametrize(
    "taken",
    [
        "clusters: [{name: gpu-1, cluster: {}}]\ncontexts: [{name: x, context: {cluster: gpu-1, user: u}}]",
        "users: [{name: gpu-1, user: {}}]\ncontexts: [{name: x, context: {cluster: c, user: gpu-1}}]",
        "contexts: [{name: gpu-1, context: {cluster: c, user: u}}]",
        SHARED,
    ],
)
def test_what_another_context_uses_is_never_overwritten(taken: str) -> None:
    with pytest.raises(ConfigurationError, match="do not belong together alone"):
        merge(taken, overwrite=True)
    with pytest.raises(ConfigurationError, match="already"):
        merge(taken)


@pytest.mark.parametrize(
    ("fetched", "words"),
    [
        ("", "has no current context"),
        ("[1]", "its kind must be Config"),
        ("cluster_name: gpu-9", "is no kubeconfig: it has none of kind, apiVersion,"),
        ("kind: Secret", "its kind must be Config"),
        (FETCHED.replace("current-context: k", "current-context: x"), "no context of the name"),
        (FETCHED.replace("cluster: kubernetes,", "cluster: gone,"), "names a cluster that is not there"),
        (FETCHED.replace("user: kubernetes-admin,", "user: gone,"), "names a user that is not there"),
        (FETCHED.replace("- name: kubernetes\n", "- x: y\n"), "each of its clusters must have `name` and `cluster`"),
        ("clusters: {}", "its clusters must be a list"),
        ("contexts: [x]", "its contexts must be a list"),
        (f"token: {PLANTED}\n  x: [", "no YAML that can be read: line 2"),
        (f"a: {PLANTED}\n---\nb: 1\n", "no YAML that can be read: line 2"),
        (f"{FETCHED}users: []\n", "has `users` twice"),
        (f"a: \x07{PLANTED}", "no YAML that can be read"),
        ("[" * 5000, "no YAML that can be read"),
        ("{" * 3000 + "}" * 3000, "no YAML|its kind"),
    ],
)
def test_what_is_no_kubeconfig_is_refused_and_not_shown(fetched: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as raised:
        merge(fetched=fetched)
    assert PLANTED not in f"{raised.value!r}{raised.value.__cause__!r}{raised.value.__context__!r}"


def test_the_only_context_is_taken_if_none_is_the_current_one() -> None:
    text = FETCHED.replace("current-context: kubernetes-admin@kubernetes\n", "")
    assert named(plain(merge(fetched=text)), "contexts", "gpu-1")
    two = text.replace(
        "contexts:\n", "contexts:\n- {name: more, context: {cluster: kubernetes, user: kubernetes-admin}}\n"
    )
    with pytest.raises(ConfigurationError, match="has no current context"):
        merge(fetched=two)


def test_json_is_taken_as_well() -> None:
    text = json.dumps(yaml.safe_load(FETCHED))
    assert named(plain(merge(fetched=text)), "users", "gpu-1")["user"]["token"] == PLANTED


def test_an_alias_of_yaml_stays_what_it_is() -> None:
    shared = EXISTING.replace("user:\n    password", "user: &x\n    password") + "- name: bob\n  user: *x\n"
    config = yaml.load(merge(shared), Loader=yaml.BaseLoader)
    assert named(config, "users", "bob")["user"] == named(config, "users", "ann")["user"]


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="there is no kubectl")
def test_kubectl_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "config"
    existing, fetched = EXISTING.replace("0123", "'0123'"), FETCHED.replace("no, ", "'no', ").replace("1e3", "'1e3'")
    path.write_text(merge(existing.replace("on}", "true}"), fetched, use=True), encoding="utf-8")
    command = ["kubectl", "--kubeconfig", str(path), "config", "get-contexts", "-o", "name"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["gpu-1", "other"]


def test_the_file_is_the_one_that_kubectl_writes(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.write_text("")
    assert kubeconfig_path({}) == Path.home() / ".kube" / "config"
    assert kubeconfig_path({"KUBECONFIG": os.pathsep.join(["", "/none", str(there), "/other"])}) == there
    assert kubeconfig_path({"KUBECONFIG": os.pathsep.join(["/none", "/last"])}) == Path("/last")


@pytest.fixture
def fetched(tmp_path: Path) -> Path:
    path = tmp_path / "fetched.yaml"
    path.write_text(FETCHED, encoding="utf-8")
    return path


def test_the_file_is_made_for_its_owner_alone(tmp_path: Path, fetched: Path) -> None:
    path = tmp_path / "kube" / "config"
    merge_file(path, fetched, "gpu-1")
    assert named(plain(path.read_text()), "users", "gpu-1")["user"]["client-key"] == str(
        tmp_path / "keys" / "admin.key"
    )
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 or os.name != "posix"
    assert [each.name for each in path.parent.iterdir()] == ["config"]


def test_a_link_stays_and_the_mode_is_put_right(tmp_path: Path, fetched: Path) -> None:
    real = tmp_path / "real"
    real.write_text(EXISTING)
    real.chmod(0o644)
    (tmp_path / "config").symlink_to(real)
    merge_file(tmp_path / "config", fetched, "gpu-1")
    assert (tmp_path / "config").is_symlink()
    assert "gpu-1" in real.read_text()
    assert stat.S_IMODE(real.stat().st_mode) == 0o600 or os.name != "posix"


def test_a_merge_that_is_refused_changes_nothing(tmp_path: Path, fetched: Path) -> None:
    path = tmp_path / "config"
    path.write_text(EXISTING)
    with pytest.raises(ConfigurationError, match="has a cluster 'other' already"):
        merge_file(path, fetched, "other")
    assert path.read_text() == EXISTING
    assert not (tmp_path / "config.lock").exists()


def test_a_lock_of_kubectl_is_respected(tmp_path: Path, fetched: Path) -> None:
    (tmp_path / "config.lock").touch()
    with pytest.raises(ConfigurationError, match=r"config\.lock: another program is changing the kubeconfig"):
        merge_file(tmp_path / "config", fetched, "gpu-1")
    assert (tmp_path / "config.lock").exists()
    assert not (tmp_path / "config").exists()


def test_what_can_not_be_read_or_written_is_told(
    tmp_path: Path, fetched: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigurationError, match="there is no such file"):
        merge_file(tmp_path / "config", tmp_path / "none", "a")
    with pytest.raises(ConfigurationError, match=r"fetched\.yaml"):
        merge_file(fetched / "config", fetched, "a")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\xff" + PLANTED.encode())
    with pytest.raises(ConfigurationError, match="is not UTF-8") as raised:
        merge_file(tmp_path / "config", tmp_path / "binary", "a")
    assert raised.value.__context__ is None
    with pytest.raises(ConfigurationError, match=r"lock: can't be made \(OSError\)"):
        merge_file(tmp_path / ("x" * 253), fetched, "a")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ConfigurationError, match="folder: Is a directory"):
        merge_file(tmp_path / "folder", fetched, "a")
    monkeypatch.setattr(kubeconfig_file, "LONGEST", 10)
    with pytest.raises(ConfigurationError, match="is longer than any kubeconfig"):
        merge_file(tmp_path / "config", fetched, "a")
