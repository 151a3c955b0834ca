"""`cds-eks profiles` in pipes: what it shows, writes and refuses."""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest
from cli.command_line import CommandLine, process

from cds_eks.emulator import Emulator

PLANTED = "Pl4nted-key"

TWO = """\
# accounts
default = "work"

[profiles.work]
secret_id = "env:WORK_ID"   # an id
secret_key = "env:WORK_KEY"
endpoint = "https://work.example"
timeouts = { connect = 2 }

[profiles.stage]
endpoint = "https://stage.example"
"""


def written(config: Path, text: str = TWO) -> Path:
    config.parent.mkdir(exist_ok=True)
    config.write_text(text, encoding="utf-8")
    config.chmod(0o600)
    return config


def read(config: Path) -> dict[str, Any]:
    return tomllib.loads(config.read_text(encoding="utf-8"))


def test_a_list_tells_which_is_the_default_and_which_is_used_now(profiles: CommandLine, config: Path) -> None:
    written(config)
    assert profiles.done("profiles", "list", "-o", "csv").out == (
        "name,active,default,secret_id,secret_key,endpoint,api_revision,backend,fault\n"
        "work,true,true,env:WORK_ID,env:WORK_KEY,https://work.example,,,\n"
        "stage,false,false,,,https://stage.example,,,\n"
    )
    rows = profiles.done("profiles", "list", "-o", "json", "--profile", "stage").json
    assert [row["active"] for row in rows] == [False, True]
    rows = profiles.done("profiles", "list", "-o", "json", env={"CDS_PROFILE": "stage"}).json
    assert [row["active"] for row in rows] == [False, True]
    rows = profiles.done("profiles", "list", "-o", "json", env={"CDS_SECRET_ID": "a", "CDS_SECRET_KEY": "b"}).json
    assert [row["active"] for row in rows] == [False, False]
    assert profiles.done("profiles", "list", "-q").out == "work\nstage\n"


def test_without_a_file_the_list_is_empty_and_says_how_to_begin(profiles: CommandLine, config: Path) -> None:
    run = profiles.done("profiles", "list")
    assert f"there is no file {config} yet: cds-eks profiles set NAME makes it" in run.err
    assert profiles.done("profiles", "list", "-o", "json").json == []


def test_a_profile_with_a_fault_is_listed_with_it_and_nothing_of_its_key(profiles: CommandLine, config: Path) -> None:
    written(config, f'{TWO}\n[profiles.bad]\nsecret_id = "{PLANTED}"\nsecret_key = "env:X"\n')
    run = profiles.done("profiles", "list", "-o", "json")
    assert "profiles.bad.secret_id: is no reference" in run.json[2]["fault"]
    assert PLANTED not in run.out + run.err
    shown = profiles("profiles", "show", "bad", "-o", "json")
    assert (shown.code, shown.failure["faults"][0]["line"]) == (2, 14)
    assert PLANTED not in shown.err
    written(config, "profiles = 1")
    assert profiles("profiles", "list").code == 2


def test_one_is_shown_with_where_its_keys_are(profiles: CommandLine, config: Path) -> None:
    written(config, f'{TWO}allow_inline = true\nsecret_id = "{PLANTED}"\nsecret_key = "{PLANTED}"\n')
    shown = profiles.done("profiles", "show", "-o", "json").json
    assert shown == {
        "name": "work", "file": str(config), "default": True, "secret_id": "env:WORK_ID", "secret_key": "env:WORK_KEY",
        "credentials_max_age": 300.0, "endpoint": "https://work.example",
        "timeouts": {"connect": 2, "read": 30.0, "total": 90.0},
    }  # fmt: skip
    run = profiles.done("profiles", "show", "stage")
    assert PLANTED not in run.out + run.err
    assert "secret_id            redacted:" in run.out


def test_none_is_shown_if_none_is_used(profiles: CommandLine, config: Path) -> None:
    run = profiles("profiles", "show")
    assert (run.code, "no profile is used" in run.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["profiles", "show", "wrk"], "`profiles show` names the profile 'wrk'"),
        (["profiles", "use", "wrk"], "`profiles use` names the profile 'wrk'"),
        (["profiles", "remove", "wrk", "-y"], "`profiles remove` names the profile 'wrk'"),
        (["clusters", "list", "--profile", "wrk"], "--profile names the profile 'wrk'"),
        (["--profile", "wrk", "whoami"], "--profile names the profile 'wrk'"),
        (["clusters", "list", "-o", "table"], "CDS_PROFILE names the profile 'wrk'"),
    ],
)
def test_an_unknown_name_is_2_and_close_ones_are_told(
    profiles: CommandLine, config: Path, arguments: list[str], words: str
) -> None:
    written(config)
    run = profiles(*arguments, env={"CDS_PROFILE": "wrk"} if "CDS_PROFILE" in words else None)
    assert (run.code, run.out) == (2, "")
    assert f"{words}, which is not there (there are: work, stage); did you mean 'work'?" in run.err
    assert read(config) == tomllib.loads(TWO)


def test_a_command_uses_the_profile_that_is_named(
    cli: CommandLine, emulator: Emulator, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.add_cluster("c-1")
    keys = emulator.credentials
    written(config, '[profiles.other]\nsecret_id = "env:OTHER_ID"\nsecret_key = "env:OTHER_KEY"\n')
    monkeypatch.setenv("CDS_SECRET_ID", "not-this-one")
    monkeypatch.setenv("OTHER_ID", keys.access_key_id)
    monkeypatch.setenv("OTHER_KEY", keys.secret_access_key)
    assert cli.done("clusters", "list", "--profile", "other", "-q").out == "c-1\n"
    assert cli("clusters", "list").code == 4


def test_one_becomes_the_default_and_comments_stay(profiles: CommandLine, config: Path) -> None:
    written(config)
    run = profiles.done("profiles", "use", "stage", "-o", "json")
    assert run.json == {"name": "stage", "default": True, "file": str(config)}
    assert config.read_text(encoding="utf-8") == TWO.replace('default = "work"', 'default = "stage"')
    assert profiles.done("profiles", "use", "work", env={"CDS_PROFILE": "stage"}).err == (
        "CDS_PROFILE=stage counts before it\n"
    )
    told = profiles.done("profiles", "use", "work", env={"CDS_SECRET_ID": "a", "CDS_SECRET_KEY": PLANTED}).err
    assert "the environment has keys (CDS_SECRET_ID, CDS_SECRET_KEY), which count before it" in told
    assert PLANTED not in told


def test_use_mends_a_default_that_is_not_there(profiles: CommandLine, config: Path) -> None:
    written(config, TWO.replace('default = "work"', 'default = "gone"'))
    profiles.done("profiles", "use", "stage")
    assert read(config)["default"] == "stage"


def test_a_profile_is_made_of_references_and_settings(profiles: CommandLine, config: Path, tmp_path: Path) -> None:
    run = profiles.done(
        "profiles", "set", "work", "--secret-id", "env:WORK_ID", "--secret-key", "cmd:pass show cds/key",
        "--endpoint", "https://work.example", "--api-revision", "2025-10-11", "--backend", "native",
        "--tls", str(tmp_path / "ca.pem"), "--user-agent", "ops", "--credentials-max-age", "60", "--use", "-o", "json",
        env={"WORK_ID": "x"},
    )  # fmt: skip
    assert run.err == ""
    assert read(config) == {
        "default": "work",
        "profiles": {
            "work": {
                "secret_id": "env:WORK_ID", "secret_key": "cmd:pass show cds/key", "endpoint": "https://work.example",
                "api_revision": "2025-10-11", "backend": "native", "user_agent": "ops", "credentials_max_age": 60.0,
                "tls": str(tmp_path / "ca.pem"),
            }
        },
    }  # fmt: skip
    assert (run.json["name"], run.json["default"], run.json["secret_id"]) == ("work", True, "env:WORK_ID")
    assert stat.S_IMODE(config.stat().st_mode) == 0o600


def test_a_change_leaves_the_rest_as_it_is(profiles: CommandLine, config: Path) -> None:
    written(config)
    profiles.done("profiles", "set", "work", "--endpoint", "https://new.example", "--unset", "timeouts")
    changed = TWO.replace("https://work.example", "https://new.example").replace("timeouts = { connect = 2 }\n", "")
    assert config.read_text(encoding="utf-8") == changed
    profiles.done("profiles", "set", "work", "--unset", "keys")
    assert read(config)["profiles"]["work"] == {"endpoint": "https://new.example"}


def test_a_key_in_the_file_is_replaced_by_a_reference(profiles: CommandLine, config: Path) -> None:
    written(config, f'[profiles.p]\nallow_inline = true\nsecret_id = "{PLANTED}"\nsecret_key = "{PLANTED}"\n')
    run = profiles.done("profiles", "set", "p", "--secret-id", "env:A", "--secret-key", "env:B")
    assert read(config)["profiles"]["p"] == {"secret_id": "env:A", "secret_key": "env:B"}
    assert PLANTED not in run.out + run.err


def test_what_is_left_to_do_is_told(profiles: CommandLine, config: Path) -> None:
    run = profiles.done("profiles", "set", "p", "--secret-id", "env:NONE_ID", "--secret-key", "file:none.key")
    assert "env:NONE_ID: there is no such environment variable\n" in run.err
    assert f"file:{Path.cwd() / 'none.key'}: there is no such file\n" in run.err
    assert "used with --profile p, or by default after `cds-eks profiles use p`" in run.err
    run = profiles.done("profiles", "set", "settings", "--endpoint", "https://a.example")
    assert "it has no keys: the environment's are used with it" in run.err
    assert profiles.done("profiles", "set", "settings", "-q").out == "settings\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--secret-key", PLANTED],
        ["--secret-id", PLANTED],
        [f"--secret-key=Env:{PLANTED}"],
        [f"--secret-key={PLANTED}:x"],
        ["--secret-key", "env:"],
        [PLANTED],
    ],
)
@pytest.mark.parametrize("form", ["table", "json"])
def test_a_key_as_an_argument_is_refused_and_not_repeated(
    profiles: CommandLine, config: Path, arguments: list[str], form: str
) -> None:
    run = profiles("profiles", "set", "work", *arguments, "-o", form, "--debug")
    assert (run.code, run.out) == (2, "")
    assert PLANTED not in run.err
    assert "never" in run.err
    assert not config.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["work", "--secret-id", "env:A"], "half of the credentials"),
        (["wo rk"], "a profile's name has at most 64"),
        (["work", "--endpoint", "nonsense"], "endpoint"),
        (["work", "--ask"], "there is no terminal to ask on"),
        (["work"], "there is no terminal to ask for them"),
        ([], "it takes one NAME"),
        (["work", "--unset", "name"], "--unset"),
    ],
)
def test_what_can_not_be_a_profile_is_2_and_nothing_is_written(
    profiles: CommandLine, config: Path, arguments: list[str], words: str
) -> None:
    run = profiles("profiles", "set", *arguments)
    assert (run.code, run.out) == (2, "")
    assert words in run.err
    assert not config.exists()


def test_one_is_removed_only_if_that_is_confirmed(profiles: CommandLine, config: Path) -> None:
    written(config)
    run = profiles("profiles", "remove", "work")
    assert (run.code, "needs --yes" in run.err) == (2, True)
    assert read(config) == tomllib.loads(TWO)
    assert profiles.done("profiles", "remove", "work", "-y", "-o", "json").json["removed"] is True
    assert read(config) == {"profiles": {"stage": {"endpoint": "https://stage.example"}}}


def test_keys_of_files_that_somebody_else_made_stay(profiles: CommandLine, config: Path) -> None:
    written(config, '[profiles.p]\nsecret_id = "file:mine.id"\nsecret_key = "file:mine.key"\n')
    (config.parent / "mine.key").write_text(PLANTED)
    profiles.done("profiles", "remove", "p", "-y")
    assert (config.parent / "mine.key").read_text() == PLANTED


def test_a_shell_completes_names_without_importing_the_client(profiles: CommandLine, config: Path) -> None:
    written(config, f'{TWO}allow_inline = true\nsecret_id = "{PLANTED}"\nsecret_key = "{PLANTED}"\n')
    lines = {"cds-eks --profile ": 2, "cds-eks clusters list --profile ": 4, "cds-eks profiles use ": 3}
    for line, number in lines.items():
        env = {"_CDS_EKS_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(number)}
        done = process(env={**env, "XDG_CONFIG_HOME": str(config.parents[1])})
        assert (done.stdout, done.stderr) == ("plain,work\nplain,stage\n", "")


@pytest.mark.parametrize("text", [None, "profiles = [", "profiles = 1", "\x00", "[other]", "\udcff"])
def test_a_shell_is_told_nothing_of_a_file_that_can_not_be_read(config: Path, text: str | None) -> None:
    from cds_eks.cli.accounts.profile_names import complete

    if text is not None:
        config.parent.mkdir()
        config.write_bytes(text.encode(errors="surrogateescape"))
    assert complete(None, None, "") == []


def test_the_help_is_in_two_languages(profiles: CommandLine) -> None:
    for command in ([], ["list"], ["use"], ["show"], ["set"], ["remove"]):
        english = profiles.done("profiles", *command, "--help").out
        chinese = profiles.done("profiles", *command, "--help", env={"LANG": "zh_CN.UTF-8"}).out
        assert "配置档" in chinese
        assert "配置档" not in english


def test_each_failure_is_json(profiles: CommandLine, config: Path) -> None:
    written(config)
    config.chmod(0o666)
    for arguments in (["list"], ["use", "work"], ["show"], ["set", "work"], ["remove", "work", "-y"]):
        failure = profiles("profiles", *arguments, "-o", "json").failure
        assert (failure["class"], failure["exit_code"]) == ("ConfigFileError", 2)
        assert "chmod go-w" in failure["message"]
