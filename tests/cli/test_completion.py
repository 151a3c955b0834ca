"""Shell completion: the scripts, what bash makes of them, and what is never told."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cli.command_line import CommandLine
from cli.imported_modules import modules_of

LIGHT = ("httpx", "rich", "cds_eks.client", "cds_eks.models", "jmespath")

BASH = """
compopt() {{ :; }}  # bash has it only while it completes
eval "$(cds-eks completion bash)"
COMP_WORDS=({words}); COMP_CWORD={index}
_cds_eks_completion cds-eks
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with `cds-eks` in it, for a shell's PATH."""
    program = tmp_path / "bin" / "cds-eks"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\nexec '{sys.executable}' -m cds_eks.cli \"$@\"\n")
    program.chmod(0o755)
    return tmp_path


def completed(folder: Path, *words: str, **environ: str) -> list[str]:
    """Return what bash completes the last word to."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash")
    quoted = " ".join(f"'{word}'" for word in ("cds-eks", *words))
    env = {**os.environ, "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}", **environ}
    done = subprocess.run(
        [bash, "--norc", "-c", BASH.format(words=quoted, index=len(words))],
        capture_output=True, encoding="utf-8", check=True, env=env, cwd=folder,
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout.split()


def test_bash_completes_commands_options_and_choices(folder: Path) -> None:
    assert completed(folder, "clu") == ["clusters"]
    assert completed(folder, "clusters", "cr") == ["create"]
    assert completed(folder, "fleet", "p") == ["plan", "provision"]
    assert completed(folder, "prov") == ["provision"]
    assert completed(folder, "plan", "") == ["check", "diff", "save"]
    assert completed(folder, "provision", "--ado") == ["--adopt"]
    assert completed(folder, "provision", "--adopt", "m") == ["matching"]
    assert completed(folder, "nodes", "list", "--node-status", "r") == ["running"]
    assert completed(folder, "clusters", "list", "--columns", "cluster_s") == ["cluster_status"]
    assert completed(folder, "clusters", "list", "--columns", "vpc_id,cluster_s") == ["vpc_id,cluster_status"]
    assert completed(folder, "call", "GetT") == ["GetTaskStatus"]
    assert completed(folder, "-o", "js") == ["json", "jsonl"]
    assert completed(folder, "completion", "") == ["bash", "zsh", "fish"]
    assert completed(folder, "emulator", "--sp") == ["--speed"]


def test_a_tab_at_a_prompt_completes(folder: Path) -> None:
    import pexpect

    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash")
    (folder / "plan-of-a-test.toml").touch()
    env = {**os.environ, "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}", "TERM": "dumb", "PS1": "$ "}
    child = pexpect.spawn(bash, ["--norc", "--noprofile"], encoding="utf-8", timeout=20, env=env, cwd=folder)
    child.sendline('eval "$(cds-eks completion bash)"; echo read""y')
    child.expect_exact("ready\r\n")
    child.send("cds-eks prov\t")
    child.expect_exact("ision")
    child.send("pla\t")
    child.expect_exact("n-of-a-test.toml")
    child.sendline("\x15exit")
    child.expect(pexpect.EOF)
    child.close()


def test_words_that_are_listed_come_before_a_word_is_begun(folder: Path) -> None:
    found = completed(folder, "")
    assert "fleet" in found
    assert "provision" not in found
    assert len(found) == len(set(found))


def test_bash_is_told_to_complete_files() -> None:
    for words, index in (("cds-eks clusters create -f ex", "4"), ("cds-eks provision ex", "2")):
        asked = {"_CDS_EKS_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": index}
        done = subprocess.run(
            [sys.executable, "-m", "cds_eks.cli"], capture_output=True, text=True, check=True, env=os.environ | asked
        )
        assert done.stdout.startswith("file,"), words


CONFIG = """default = "work"
[profiles.work]
secret_id = "planted-id"
secret_key = "planted-key"
allow_inline = true
[profiles.world]
endpoint = "https://example.invalid"
"""


def test_names_of_profiles_are_completed_and_nothing_else_of_them(folder: Path) -> None:
    file = folder / "config.toml"
    settings = {"CDS_CONFIG_FILE": str(file)}
    assert completed(folder, "--profile", "", **settings) == []
    file.write_text(CONFIG)
    file.chmod(0o600)
    assert completed(folder, "--profile", "wor", **settings) == ["work", "world"]
    assert completed(folder, "clusters", "list", "--profile", "worl", **settings) == ["world"]
    assert completed(folder, "--profile", "planted", **settings) == []
    for broken in ("[profiles", "profiles = 1"):
        file.write_text(broken)
        assert completed(folder, "--profile", "", **settings) == []


@pytest.mark.parametrize(
    "words",
    [
        "",
        "clusters ",
        "clusters create --",
        "fleet ",
        "provision --",
        "plan ",
        "emulator --",
        "-o ",
        "--profile ",
        "clusters list --columns ",
        "call ",
    ],
)
def test_it_imports_neither_httpx_nor_rich_nor_the_client(words: str, folder: Path) -> None:
    file = folder / "config.toml"
    file.write_text(CONFIG)
    file.chmod(0o600)
    seen = modules_of(
        CDS_CONFIG_FILE=str(file),
        _CDS_EKS_COMPLETE="bash_complete",
        COMP_WORDS=f"cds-eks {words}",
        COMP_CWORD=str(len(words.split(" "))),
    )
    assert "cds_eks.cli.root" in seen
    assert not seen & set(LIGHT)


@pytest.mark.parametrize("command", [["completion", "bash"], ["fleet", "--help"], ["provision", "--help"]])
def test_neither_does_help(command: list[str]) -> None:
    assert not modules_of(*command) & set(LIGHT)


def test_no_secret_is_in_a_completion(folder: Path) -> None:
    planted = {
        "CDS_SECRET_ID": "planted-id",
        "CDS_SECRET_KEY": "planted-key",
        "CDS_FLEET_JOURNAL": "postgresql://u:planted-password@h/db",
    }
    for words in (["clusters", "create", "--"], ["provision", "--"], ["provision", "--journal", ""], ["--profile", ""]):
        assert not [each for each in completed(folder, *words, **planted) if "planted" in each]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_reads_its_script(offline: CommandLine, shell: str, tmp_path: Path) -> None:
    script = offline.done("completion", shell).out
    assert f"_CDS_EKS_COMPLETE={shell}_complete" in script
    assert "cds-eks" in script
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"there is no {shell}")
    file = tmp_path / "script"
    file.write_text(script)
    read = subprocess.run([program, "-n", str(file)], capture_output=True, text=True, check=False)
    assert (read.returncode, read.stderr) == (0, "")


def test_another_shell_is_wrong_usage(offline: CommandLine) -> None:
    assert offline("completion", "tcsh").code == 2
    shown = offline.done("completion", "--help").out
    assert "~/.bashrc" in shown
    assert "fish/completions" in shown
