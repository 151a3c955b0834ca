"""What the file of profiles may say, and what each fault is told as."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import attrs
import pytest

from cds_eks import AsyncEksClient, Limits, RetryPolicy, Timeouts
from cds_eks.config.config_file import ConfigText
from cds_eks.config.profile_values import BACKENDS, KEYS, TABLES
from cds_eks.config.profiles import NAME_RULE, Profile, ProfilesFile, is_profile_name, parse_profiles, read_profiles
from cds_eks.documents.secrets import SecretRef
from cds_eks.errors import ConfigFileError

from .files import PLANTED_ID, PLANTED_KEY, write

FULL = """\
# my accounts
default = "work"

[profiles.work]
secret_id = "env:WORK_ID"
secret_key = "file:work.key"
credentials_max_age = 60
endpoint = "https://api.work.test"
api_revision = "2025-10-11"
backend = "native"
user_agent = "deploy/3"
tls = "ca.pem"
timeouts = { connect = 2, total = 30.5 }

[profiles.work.retry]
max_attempts = 3

[profiles.work.limits]
max_connections = 10

[profiles."ann@test"]
secret_id = "cmd:pass show id"
secret_key = "keyring:cds/eks/ann"
"""


def parsed(text: str, *, is_private: bool = True) -> ProfilesFile:
    return parse_profiles(ConfigText(Path("/c/config.toml"), text, is_private))


def told(text: str, *, is_private: bool = True) -> list[str]:
    return [str(fault) for fault in parsed(text, is_private=is_private).faults]


def profile(body: str, *, is_private: bool = True) -> list[str]:
    return told(f"[profiles.w]\n{body}\n", is_private=is_private)


def test_all_that_a_file_may_say_is_read() -> None:
    file = parsed(FULL)
    assert file.faults == ()
    assert (file.default, file.names) == ("work", ("work", "ann@test"))
    work = file.profile("work")
    assert work == Profile(
        name="work",
        file="/c/config.toml",
        lines=work.lines,
        secret_id=SecretRef("env", "WORK_ID"),
        secret_key=SecretRef("file", "work.key"),
        credentials_max_age=60,
        endpoint="https://api.work.test",
        api_revision="2025-10-11",
        backend="native",
        user_agent="deploy/3",
        tls="/c/ca.pem",
        timeouts=Timeouts(connect=2, total=30.5),
        retry=RetryPolicy(max_attempts=3),
        limits=Limits(max_connections=10),
    )
    assert work.secret_key is not None
    assert work.secret_key.base == "/c"
    assert {key: work.lines[key] for key in ("secret_id", "timeouts", "retry")} == {
        "secret_id": 5, "timeouts": 13, "retry": 15,
    }  # fmt: skip
    ann = file.profile("ann@test")
    assert (ann.secret_id, ann.secret_key) == (SecretRef("cmd", "pass show id"), SecretRef("keyring", "cds/eks/ann"))
    assert ann.timeouts is None
    assert pickle.loads(pickle.dumps(file)) == file


def test_a_profile_has_the_words_of_the_clients_arguments() -> None:
    import inspect

    arguments = set(inspect.signature(AsyncEksClient).parameters) - {
        "credentials", "signer", "per_call", "per_attempt", "profile", "telemetry",
    }  # fmt: skip
    assert arguments == KEYS - {"secret_id", "secret_key", "allow_inline", "credentials_max_age"}
    for kind, names in TABLES.values():
        assert names == {field.name for field in attrs.fields(kind)} - {"adaptive"}
    assert set(BACKENDS) == {"httpx", "native"}


def test_an_empty_file_has_nothing() -> None:
    file = parsed("")
    assert (file.default, file.names, file.faults, file.default_profile()) == (None, (), (), None)


def test_a_missing_file_has_nothing_and_says_so(tmp_path: Path) -> None:
    file = read_profiles(tmp_path / "none.toml")
    assert not file.exists
    assert file.default_profile() is None
    with pytest.raises(ConfigFileError, match=r"none\.toml: CDS_PROFILE names the profile 'x', but there is no such"):
        file.profile("x", "CDS_PROFILE")


FAULTS = [
    ("defualt = 'w'", "/c/config.toml:1: defualt: is not known; did you mean 'default'?"),
    ("default = 3", "/c/config.toml:1: default: must be the name of a profile, in quotes"),
    ("default = 'x'\n[profiles.w]", "/c/config.toml:1: default: names a profile that is not there; there are: w"),
    ("default = 'x'", "/c/config.toml:1: default: names a profile that is not there; there are: none"),
    ("\nprofiles = 3", "/c/config.toml:2: profiles: must be tables: write [profiles.NAME]"),
    ("[profiles]\nw = 3", "/c/config.toml:2: profiles.w: must be a table: write [profiles.w]"),
    ("[profiles.'a b']", f"/c/config.toml:1: profiles.a b: {NAME_RULE}"),
    ("a = ", "/c/config.toml:1: is not TOML: Invalid value"),
    ("[profiles.w]\n[profiles.w]", "/c/config.toml:2: is not TOML: Cannot declare ('profiles', 'w') twice"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), FAULTS)
def test_what_is_wrong_with_the_file_is_told_with_its_line(text: str, expected: str) -> None:
    assert told(text) == [expected]


TEXT = "must be a text that is not empty, in quotes, without line ends or spaces around it"
IN_PROFILE = [
    ("endpiont = 'x'", "endpiont: is not known; did you mean 'endpoint'?"),
    ("proxy = 'http://p'", "proxy: is not known; the proxy is what HTTPS_PROXY and NO_PROXY say"),
    ("ca_file = 'x'", "ca_file: is not known; the file of trusted certificates is `tls`"),
    ("access_key_id = 'x'", "access_key_id: is not known; the access key's id is `secret_id`"),
    ("endpoint = 3", f"endpoint: {TEXT}"),
    ("endpoint = ''", f"endpoint: {TEXT}"),
    ("endpoint = 'ftp://x'", "endpoint: must begin with https:// or http://"),
    ("endpoint = 'https://u:p@x'", "endpoint: must not hold a user or a password: use credentials"),
    ("api_revision = '2020-01-01'", "api_revision: must be one of 2025-09-08, 2025-10-11"),
    ("api_revision = 2025-09-08", f"api_revision: {TEXT}"),
    ("backend = 'curl'", "backend: must be one of httpx, native"),
    ("user_agent = ' x'", f"user_agent: {TEXT}"),
    ("tls = true", f"tls: {TEXT}"),
    ("tls = '~nobody-of-this-name/x'", "tls: begins with the home of a user who is not known"),
    ("timeouts = 5", "timeouts: must be a table, such as { connect = … }"),
    ("timeouts = { conect = 5 }", "timeouts.conect: is not known; did you mean 'connect'?"),
    ("timeouts = { connect = '5' }", "timeouts.connect: must be a number above 0"),
    ("timeouts = { total = 0 }", "timeouts.total: must be a number above 0, not 0"),
    ("retry = { max_attempts = 0 }", "retry.max_attempts: must be a whole number of at least 1, not 0"),
    ("limits = { adaptive = true }", "limits.adaptive: is not known"),
    ("credentials_max_age = -1", "credentials_max_age: must be a number above 0, not -1 (seconds)"),
    ("allow_inline = 'yes'", "allow_inline: must be true or false"),
    ("secret_id = 'env:A'", "secret_id: is half of the credentials: secret_key must be in the same profile"),
    ("secret_key = 'env:A'", "secret_key: is half of the credentials: secret_id must be in the same profile"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), IN_PROFILE)
def test_what_is_wrong_with_a_profile_is_told_with_its_line(body: str, expected: str) -> None:
    assert profile(body) == [f"/c/config.toml:2: profiles.w.{expected}"]


KEY = f"secret_id = 'env:A'\nsecret_key = '{PLANTED_KEY}'"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("env:", "names nothing after env:"),
        ("cmd:  ", TEXT),
        ("keyring:service", "must be keyring:SERVICE/USER"),
        ("keyring:/user", "must be keyring:SERVICE/USER"),
        ("keyring:service/", "must be keyring:SERVICE/USER"),
        ("redacted:", "stands for a key that was not written down: say where it is"),
    ],
)
def test_a_reference_that_leads_nowhere_is_told(value: str, expected: str) -> None:
    assert profile(f"secret_id = 'env:A'\nsecret_key = '{value}'") == [
        f"/c/config.toml:3: profiles.w.secret_key: {expected}"
    ]


def test_a_key_in_the_file_is_refused() -> None:
    (fault,) = profile(KEY)
    assert fault == (
        "/c/config.toml:3: profiles.w.secret_key: is no reference (env:…, file:…, cmd:…, keyring:…): say where the key "
        "is; or set allow_inline = true and chmod 0600"
    )
    assert len(profile(f"{KEY}\nallow_inline = false")) == 1


def test_a_key_may_be_in_a_file_that_says_so_and_that_nobody_else_can_read() -> None:
    assert profile(f"{KEY}\nallow_inline = true") == []
    assert profile(f"{KEY}\nallow_inline = true", is_private=False) == [
        "/c/config.toml:3: profiles.w.secret_key: holds a key, and others may read the file: chmod 0600"
    ]
    # a file of references may be read by all
    assert profile("secret_id = 'env:A'\nsecret_key = 'env:B'", is_private=False) == []


BROKEN = f"""\
[profiles.good]
endpoint = "https://a.test"
[profiles.bad]
secret_id = "{PLANTED_ID}"
secret_key = "{PLANTED_KEY}"
endpoint = "{PLANTED_KEY}"
backend = "{PLANTED_KEY}"
api_revision = "{PLANTED_KEY}"
timeouts = {{ connect = "{PLANTED_KEY}", read = ["{PLANTED_KEY}"] }}
"""


def test_a_broken_profile_is_in_nobody_elses_way() -> None:
    file = parsed(BROKEN)
    assert file.profile("good").endpoint == "https://a.test"
    with pytest.raises(ConfigFileError) as raised:
        file.profile("bad")
    assert len(raised.value.faults) == len(file.faults) == 7
    with pytest.raises(ConfigFileError, match=r"names the profile 'god', which is not there \(there are: good, bad\)"):
        file.profile("god")
    with pytest.raises(ConfigFileError, match="did you mean 'good'"):
        file.profile("god")


def test_no_fault_and_no_value_shows_what_the_file_holds() -> None:
    whole = parsed(f"[profiles.w]\n{KEY}\nallow_inline = true")
    shown = [repr(parsed(BROKEN)), *told(BROKEN), repr(whole), repr(whole.profile("w"))]
    with pytest.raises(ConfigFileError) as raised:
        parsed(BROKEN).profile("bad")
    shown += [str(raised.value), repr(raised.value), repr(raised.value.__dict__)]
    assert PLANTED_ID not in "".join(shown)
    assert PLANTED_KEY not in "".join(shown)


def test_a_profile_with_a_key_is_not_pickled() -> None:
    file = parsed(f"[profiles.w]\n{KEY}\nallow_inline = true")
    with pytest.raises(TypeError, match="inline secret"):
        pickle.dumps(file)


@pytest.mark.parametrize(
    ("name", "good"),
    [("work", True), ("a.b@c-d_e", True), ("工作", True), ("1", True), ("_x", False), ("", False), ("a b", False),
     ("-x", False), (".x", False), ("a/b", False), ("x" * 64, True), ("x" * 65, False), (3, False), ("a\n", False)],
)  # fmt: skip
def test_names_are_easy_to_type(name: Any, *, good: bool) -> None:
    assert is_profile_name(name) == good


def test_the_file_is_found_by_the_environment(tmp_path: Path) -> None:
    path = write(tmp_path / "x.toml", FULL)
    assert read_profiles(environ={"CDS_CONFIG_FILE": str(path)}).default == "work"
