"""`cds-eks profiles set` on a terminal: keys are asked for without echo, and stored where others can't read them."""

from __future__ import annotations

import json
import os
import stat
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pexpect
import pytest
from cli.command_line import PROCESS, CommandLine

from cds_eks import Credentials
from cds_eks.cli.accounts import key_stores
from cds_eks.config.profile_credentials import KeyUnavailable
from cds_eks.emulator import Emulator
from cds_eks.errors import ConfigurationError

ID, KEY = "Pl4nted-id", "Pl4nted-key"
ASKED = ("access key id (nothing for none): ", "access key: ")

KEYRING = """
import json, os
FILE = os.environ["FAKE_KEYRING"]
def entries():
    return json.load(open(FILE)) if os.path.exists(FILE) else {}
def write(found):
    json.dump(found, open(FILE, "w"))
def get_password(service, user):
    return entries().get(service + "/" + user)
def set_password(service, user, password):
    write(entries() | {service + "/" + user: password})
def delete_password(service, user):
    found = entries()
    del found[service + "/" + user]
    write(found)
"""


def spawned(*arguments: str, **environ: str) -> pexpect.spawn:
    command = [*PROCESS, *arguments]
    env = {**os.environ, "TERM": "xterm-256color", **environ}
    return pexpect.spawn(command[0], command[1:], encoding="utf-8", timeout=20, dimensions=(24, 200), env=env)


def typed(child: pexpect.spawn, *answers: str) -> tuple[str, int]:
    """Answer the questions, and return all that was shown, and the exit code."""
    shown = ""
    for question, answer in zip(ASKED, answers, strict=False):
        child.expect_exact(question)
        shown += f"{child.before}{question}"
        child.sendline(answer)
    child.expect(pexpect.EOF)
    child.close()
    return shown + (child.before or ""), child.exitstatus


def profile(config: Path, name: str = "work") -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads(config.read_text(encoding="utf-8"))["profiles"][name]
    return found


def test_keys_are_asked_for_without_echo_and_put_into_files_of_mode_0600(profiles: CommandLine, config: Path) -> None:
    shown, code = typed(spawned("profiles", "set", "work", "--use", "--debug"), ID, KEY)
    assert code == 0
    assert "Pl4nted" not in shown
    assert profile(config) == {"secret_id": "file:work.id", "secret_key": "file:work.key"}
    files = [config.parent / "work.id", config.parent / "work.key"]
    assert [file.read_text() for file in files] == [f"{ID}\n", f"{KEY}\n"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in (config, *files)} == {0o600}
    assert "Pl4nted" not in config.read_text(encoding="utf-8")


def test_keys_that_were_typed_in_are_used_rotated_and_removed(
    profiles: CommandLine, config: Path, emulator: Emulator
) -> None:
    keys = emulator.credentials
    with emulator.serve() as url:
        assert typed(spawned("profiles", "set", "work", "--endpoint", url, "--use"), keys.access_key_id, KEY)[1] == 0
        assert profiles("clusters", "list").code == 4
        shown, code = typed(
            spawned("profiles", "set", "work", "--ask", "-o", "json"), keys.access_key_id, keys.secret_access_key
        )
        assert (code, keys.secret_access_key in shown) == (0, False)
        assert profiles("clusters", "list").code == 0
    child = spawned("profiles", "remove", "work")
    child.expect_exact("remove the profile 'work', and its keys (file:work.id, file:work.key)? [y/N]: ")
    child.sendline("y")
    assert typed(child)[1] == 0
    assert sorted(path.name for path in config.parent.iterdir()) == ["config.toml"]


def test_nothing_typed_is_a_profile_without_keys(profiles: CommandLine, config: Path) -> None:
    shown, code = typed(spawned("profiles", "set", "work", "--endpoint", "https://a.example"), "")
    assert (code, profile(config)) == (0, {"endpoint": "https://a.example"})
    assert "it has no keys" in shown


def test_keys_that_are_there_are_not_asked_for_again(profiles: CommandLine, config: Path) -> None:
    profiles.done("profiles", "set", "work", "--secret-id", "env:A", "--secret-key", "env:B")
    shown, code = typed(spawned("profiles", "set", "work", "--backend", "native"))
    assert (code, "access key" in shown) == (0, False)
    assert profile(config) == {"secret_id": "env:A", "secret_key": "env:B", "backend": "native"}


def test_a_key_that_can_not_be_one_is_4_and_nothing_is_written(profiles: CommandLine, config: Path) -> None:
    shown, code = typed(spawned("profiles", "set", "work"), ID, f"{KEY} \x80")
    assert code == 4
    assert "Pl4nted" not in shown
    assert not config.exists()


def test_keys_that_are_no_longer_referred_to_are_removed(profiles: CommandLine, config: Path) -> None:
    typed(spawned("profiles", "set", "work"), ID, KEY)
    typed(spawned("profiles", "set", "other"), ID, KEY)
    profiles.done("profiles", "set", "third", "--secret-id", "env:A", "--secret-key", f"file:{config.parent}/x")
    text = config.read_text(encoding="utf-8").replace(f"file:{config.parent}/x", "file:other.key")
    config.write_text(text, encoding="utf-8")
    profiles.done("profiles", "set", "work", "--secret-id", "env:A", "--secret-key", "env:B")
    profiles.done("profiles", "set", "other", "--unset", "keys")  # which the third refers to
    profiles.done("profiles", "remove", "other", "--yes")
    assert sorted(path.name for path in config.parent.iterdir()) == ["config.toml", "other.id", "other.key"]


def test_ctrl_c_at_the_question_writes_nothing(profiles: CommandLine, config: Path) -> None:
    child = spawned("profiles", "set", "work")
    child.expect_exact(ASKED[0])
    child.sendintr()
    assert typed(child)[1] == 130
    assert not config.exists()


def test_a_file_of_another_origin_is_not_overwritten(profiles: CommandLine, config: Path) -> None:
    config.parent.mkdir()
    (config.parent / "work.key").write_text("mine")
    shown, code = typed(spawned("profiles", "set", "work"), ID, KEY)
    assert (code, "is there already" in shown) == (2, True)
    assert (config.parent / "work.key").read_text() == "mine"
    assert not config.exists()


def test_a_store_is_for_keys_that_are_typed_in(profiles: CommandLine, config: Path) -> None:
    run = profiles("profiles", "set", "work", "--store", "file")
    assert (run.code, "there is no terminal to ask on" in run.err) == (2, True)
    profiles.done("profiles", "set", "work", "--secret-id", "env:A", "--secret-key", "env:B")
    assert typed(spawned("profiles", "set", "work", "--store", "file"), ID, KEY)[1] == 0
    assert profile(config) == {"secret_id": "file:work.id", "secret_key": "file:work.key"}


def test_no_key_is_left_behind_if_the_file_of_profiles_can_not_be_written(
    profiles: CommandLine, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cds_eks.cli.accounts import profile_file, profile_set

    answers = iter([ID, KEY])

    def refuse(*_: Any) -> None:
        raise ConfigurationError("a full disk")

    monkeypatch.setattr(profile_set, "is_terminal", lambda _: True)
    monkeypatch.setattr("click.prompt", lambda *_, **__: next(answers))
    monkeypatch.setattr(profile_file, "write_profiles", refuse)
    run = profiles("profiles", "set", "work")
    assert (run.code, "a full disk" in run.err) == (2, True)
    assert list(config.parent.iterdir()) == []


def test_keys_go_into_the_keyring_where_that_is_asked_for(profiles: CommandLine, config: Path, tmp_path: Path) -> None:
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "keyring.py").write_text(KEYRING)
    path = os.pathsep.join([str(tmp_path / "modules"), os.environ.get("PYTHONPATH", "")])
    environ = {"PYTHONPATH": path, "FAKE_KEYRING": str(tmp_path / "entries.json")}
    shown, code = typed(spawned("profiles", "set", "work", "--store", "keyring", **environ), ID, KEY)
    assert (code, "Pl4nted" in shown) == (0, False)
    assert profile(config) == {"secret_id": "keyring:cds-eks/work.id", "secret_key": "keyring:cds-eks/work.key"}
    entries = json.loads((tmp_path / "entries.json").read_text())
    assert entries == {"cds-eks/work.id": ID, "cds-eks/work.key": KEY}
    shown, code = typed(spawned("profiles", "set", "work", "--ask", **environ), ID, f"{KEY}2")  # where they were
    assert json.loads((tmp_path / "entries.json").read_text())["cds-eks/work.key"] == f"{KEY}2"
    assert typed(spawned("profiles", "remove", "work", "-y", **environ))[1] == 0
    assert json.loads((tmp_path / "entries.json").read_text()) == {}
    assert sorted(each.name for each in config.parent.iterdir()) == ["config.toml"]


def test_without_a_keyring_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(KeyUnavailable, match="pip install keyring"):
        key_stores.put("keyring", "work", Credentials(ID, KEY), tmp_path)


def test_what_a_keyring_says_of_its_failure_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Locked(ModuleType):
        def set_password(self, *words: str) -> None:
            raise RuntimeError(*words)

        def delete_password(self, *words: str) -> None:
            raise RuntimeError(*words)

    monkeypatch.setitem(sys.modules, "keyring", Locked("keyring"))
    with pytest.raises(KeyUnavailable) as raised:
        key_stores.put("keyring", "work", Credentials(ID, KEY), tmp_path)
    assert raised.value.reason == "the keyring can't be written (RuntimeError)"
    assert "Pl4nted" not in f"{raised.value}{raised.value.__cause__}{raised.value.__context__}"


def test_files_that_can_not_be_written_or_removed_are_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match=r"work\.id: can't be written: "):
        key_stores.put("file", "work", Credentials(ID, KEY), tmp_path / "file")
    (tmp_path / "work.id").mkdir()
    with pytest.raises(ConfigurationError, match=r"work\.id: can't be removed: "):
        key_stores.remove("file", "work", tmp_path)
