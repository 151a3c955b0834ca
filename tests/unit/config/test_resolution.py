"""The order in which a client looks for its settings, in all combinations of who says something."""

from __future__ import annotations

import itertools
import pickle
import traceback
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import anyio
import pytest

from cds_eks import AsyncEksClient, Credentials, EksClient, Limits, RetryPolicy, Timeouts, config
from cds_eks.config import ResolvedSettings, resolve_settings
from cds_eks.config.profile_credentials import ProfileCredentials
from cds_eks.errors import ConfigFileError, ConfigurationError, CredentialsError
from cds_eks.wire import RawResponse, Request

from .files import PLANTED_ID, PLANTED_KEY, write

SOURCES = ("argument", "named", "environment", "chosen", "default")
"""The five that may say something: `chosen` is the profile of `CDS_PROFILE`, `default` that of the file."""

PROFILES: list[str] = ["named", "chosen", "default"]
ENDPOINTS = {source: f"https://{source}.test" for source in SOURCES}


def file_of(folder: Path, profiles: dict[str, str], default: str | None = None) -> str:
    text = "" if default is None else f'default = "{default}"\n'
    text += "".join(f"[profiles.{name}]\n{body}\n" for name, body in profiles.items())
    return str(write(folder / "c.toml", text))


def keys(name: str) -> str:
    return f'secret_id = "env:{name}_ID"\nsecret_key = "env:{name}_KEY"\n'


KEYS = {f"{name}_{half}": f"{name}-{half}" for name in ("NAMED", "CHOSEN", "DEFAULT") for half in ("ID", "KEY")}
"""What the references of the profiles lead to."""

ENVIRONMENT = {"CDS_SECRET_ID": "environment-ID", "CDS_SECRET_KEY": "environment-KEY"}


def subsets(of: tuple[str, ...]) -> list[frozenset[str]]:
    return [frozenset(each) for size in range(len(of) + 1) for each in itertools.combinations(of, size)]


def who(credentials: Any) -> str:
    """Return which of `SOURCES` has these credentials."""
    return str(credentials.access_key_id).partition("-")[0].lower()


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("saying", subsets(SOURCES), ids=lambda saying: "+".join(sorted(saying)) or "nobody")
def test_credentials_come_from_the_first_that_has_them(saying: frozenset[str], tmp_path: Path) -> None:
    """Each profile has keys and an endpoint; an endpoint of a profile is used with the keys of that profile only."""
    profiles: dict[str, str] = {
        name: f'{keys(name.upper())}endpoint = "{ENDPOINTS[name]}"' for name in ("named", "chosen", "default")
    }
    environ = {"CDS_CONFIG_FILE": file_of(tmp_path, profiles, "default" if "default" in saying else None)}
    environ |= ENVIRONMENT if "environment" in saying else {}
    environ |= {"CDS_PROFILE": "chosen"} if "chosen" in saying else {}
    arguments: dict[str, Any] = {"environ": environ}
    if "argument" in saying:
        arguments["credentials"] = Credentials("argument-ID", "argument-KEY")
    if "named" in saying:
        arguments["profile"] = "named"

    first = next((source for source in SOURCES if source in saying), None)
    if first is None:
        with pytest.raises(CredentialsError, match=r"no credentials.*or name a profile.*named, chosen, default"):
            resolve_settings(**arguments)
        return
    found = resolve_settings(**arguments)
    assert who(found.credentials) == first
    assert found.origins["credentials"].kind == (first if first in ("argument", "environment") else "profile")
    used = "named" if "named" in saying else first if first in ("chosen", "default") else None
    assert found.profile == used
    assert found.endpoint == (config.DEFAULT_ENDPOINT if used is None else ENDPOINTS[used])
    is_unused = "chosen" in saying and first == "environment"
    assert found.unused_profile == ("chosen" if is_unused else None)


@pytest.mark.parametrize("saying", subsets(SOURCES), ids=lambda saying: "+".join(sorted(saying)) or "nobody")
@pytest.mark.parametrize("has_keys", [False, True])
def test_an_endpoint_comes_from_the_first_that_says_it(
    saying: frozenset[str], tmp_path: Path, *, has_keys: bool
) -> None:
    """Who says an endpoint is among `saying`; the profiles that are there have keys, or the environment has them."""
    names = [name for name in PROFILES if name in saying]
    profiles = {name: f'endpoint = "{ENDPOINTS[name]}"\n{keys(name.upper()) if has_keys else ""}' for name in names}
    environ = {"CDS_CONFIG_FILE": file_of(tmp_path, profiles, "default" if "default" in saying else None)}
    environ |= {} if has_keys and names else ENVIRONMENT
    environ |= {"CDS_PROFILE": "chosen"} if "chosen" in saying else {}
    environ |= {"CDS_EKS_ENDPOINT": ENDPOINTS["environment"]} if "environment" in saying else {}
    arguments: dict[str, Any] = {"environ": environ}
    if "argument" in saying:
        arguments["endpoint"] = ENDPOINTS["argument"]
    if "named" in saying:
        arguments["profile"] = "named"

    order = ["argument", "named", "environment", "chosen"]
    if has_keys:
        order.append("default")  # with keys in the environment the default is not looked at
    first = next((source for source in order if source in saying), None)
    found = resolve_settings(**arguments)
    assert found.endpoint == (config.DEFAULT_ENDPOINT if first is None else ENDPOINTS[first])
    kinds = {None: "default", "named": "profile", "chosen": "profile", "default": "profile"}
    assert found.origins["endpoint"].kind == kinds.get(first, first)


VALUES: dict[str, tuple[Any, str, Any]] = {
    "api_revision": ("2025-10-11", 'api_revision = "2025-10-11"', "2025-10-11"),
    "timeouts": (Timeouts(total=7), "timeouts = { total = 8 }", Timeouts(total=8)),
    "retry": (RetryPolicy(max_attempts=7), "retry = { max_attempts = 8 }", RetryPolicy(max_attempts=8)),
    "limits": (Limits(settle=7), "limits = { settle = 8 }", Limits(settle=8)),
    "backend": ("native", 'backend = "native"', "native"),
    "user_agent": ("seven", 'user_agent = "eight"', "eight"),
    "tls": ("/seven.pem", 'tls = "/eight.pem"', "/eight.pem"),
}
"""An argument, and what a profile says of it."""

USUAL: dict[str, Any] = {
    "api_revision": "2025-09-08", "timeouts": Timeouts(), "retry": RetryPolicy(), "limits": Limits(),
    "backend": "httpx", "user_agent": None, "tls": None,
}  # fmt: skip


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("way", ["named", "chosen", "default"])
def test_each_setting_is_an_argument_or_of_the_profile_or_the_usual(name: str, way: str, tmp_path: Path) -> None:
    argument, line, value = VALUES[name]
    environ = {"CDS_CONFIG_FILE": file_of(tmp_path, {"p": f"{keys('NAMED')}{line}", "q": keys("NAMED")}, "p")}
    environ |= {"CDS_PROFILE": "p"} if way == "chosen" else {}
    arguments: dict[str, Any] = {"environ": environ, **({"profile": "p"} if way == "named" else {})}
    found = resolve_settings(**arguments)
    assert getattr(found, name) == value
    origin = found.origins[name]
    assert (origin.kind, origin.detail, origin.line) == ("profile", "p", 5)
    assert str(origin) == f"profile p ({environ['CDS_CONFIG_FILE']}:5)"
    passed = resolve_settings(**arguments, **{name: argument})
    assert (getattr(passed, name), passed.origins[name].kind) == (argument, "argument")
    # the very value that is usual counts as well when it is passed
    usual = type(USUAL[name])(USUAL[name]) if isinstance(USUAL[name], str) else USUAL[name]
    if usual is not None:
        assert getattr(resolve_settings(**arguments, **{name: usual}), name) == USUAL[name]
    other = resolve_settings(environ=environ, profile="q")
    assert (getattr(other, name), other.origins[name].kind) == (USUAL[name], "default")


@pytest.mark.parametrize(
    ("name", "variable", "value", "from_environment"),
    [("api_revision", "CDS_EKS_API_REVISION", "2025-09-08", "2025-09-08"), ("tls", "SSL_CERT_FILE", "/x.pem", None)],
)
def test_the_environment_is_between_the_named_profile_and_the_others(
    name: str, variable: str, value: str, from_environment: Any, tmp_path: Path
) -> None:
    _, line, of_profile = VALUES[name]
    environ = {"CDS_CONFIG_FILE": file_of(tmp_path, {"p": f"{keys('NAMED')}{line}"}, "p"), variable: value}
    assert getattr(resolve_settings(environ=environ, profile="p"), name) == of_profile
    found = resolve_settings(environ=environ)
    assert (getattr(found, name), str(found.origins[name])) == (from_environment, f"environment ({variable})")


@pytest.mark.parametrize("half", ["CDS_SECRET_ID", "CDS_SECRET_KEY"])
def test_no_half_of_the_credentials_is_completed_by_a_profile(half: str, tmp_path: Path) -> None:
    environ = {"CDS_CONFIG_FILE": file_of(tmp_path, {"p": keys("NAMED"), "bare": ""}, "p"), half: "environment"}
    for more in ({}, {"CDS_PROFILE": "p"}, {"CDS_PROFILE": "bare"}):
        with pytest.raises(CredentialsError, match="half of the credentials"):
            resolve_settings(environ={**environ, **more})
    with pytest.raises(CredentialsError, match="half of the credentials"):
        resolve_settings(environ=environ, profile="bare")
    assert who(resolve_settings(environ=environ, profile="p").credentials) == "named"


def test_a_profile_without_keys_goes_with_those_of_the_environment(tmp_path: Path) -> None:
    environ = {"CDS_CONFIG_FILE": file_of(tmp_path, {"p": 'endpoint = "https://p.test"'}, "p")}
    with pytest.raises(CredentialsError, match=r"the profile 'p' \(.*c\.toml\) has no secret_id and secret_key"):
        resolve_settings(environ=environ)
    for more, arguments in (({"CDS_PROFILE": "p"}, {}), ({}, {"profile": "p"})):
        found = resolve_settings(environ={**environ, **ENVIRONMENT, **more}, **arguments)  # type: ignore[arg-type]
        assert (who(found.credentials), found.endpoint) == ("environment", "https://p.test")


def test_without_need_nothing_is_read(tmp_path: Path) -> None:
    broken = str(write(tmp_path / "c.toml", "this is no TOML"))
    environ = {"CDS_CONFIG_FILE": broken}
    assert who(resolve_settings(environ={**environ, **ENVIRONMENT}).credentials) == "environment"
    given = Credentials("argument-ID", "argument-KEY")
    assert resolve_settings(given, environ={**environ, "CDS_PROFILE": "p"}).credentials is given
    assert resolve_settings(has_signer=True, environ={**environ, "CDS_PROFILE": "p"}).credentials is None
    with pytest.raises(ConfigFileError, match=r"c\.toml:1: is not TOML"):
        resolve_settings(environ=environ)
    with pytest.raises(ConfigFileError, match=r"c\.toml:1: is not TOML"):
        resolve_settings(given, environ=environ, profile="p")


def test_without_any_file_it_is_as_ever(tmp_path: Path) -> None:
    environ = {"XDG_CONFIG_HOME": str(tmp_path)}
    with pytest.raises(ConfigurationError, match=r"CDS_SECRET_ID and CDS_SECRET_KEY \[outcome=not_sent\]$"):
        resolve_settings(environ=environ)
    with pytest.raises(ConfigurationError, match="CDS_CONFIG_FILE names a file that is not there: /none"):
        resolve_settings(environ={"CDS_CONFIG_FILE": "/none"})
    with pytest.raises(ConfigFileError, match="CDS_PROFILE names the profile 'p', but there is no such file"):
        resolve_settings(environ={**environ, **ENVIRONMENT, "CDS_PROFILE": "p"})
    with pytest.raises(ConfigurationError, match="profile must be a text, not int"):
        resolve_settings(profile=3, environ=environ)  # type: ignore[arg-type]


def test_what_is_told_of_the_settings_holds_no_secret(tmp_path: Path) -> None:
    inline = f'secret_id = "{PLANTED_ID}"\nsecret_key = "{PLANTED_KEY}"\nallow_inline = true'
    lazy = 'secret_id = "cmd:vault id"\nsecret_key = "file:key"'
    environ = {"CDS_CONFIG_FILE": file_of(tmp_path, {"inline": inline, "lazy": lazy})}
    found = resolve_settings(environ=environ, profile="inline")
    shown = f"{found!r}{found.described()!r}"
    assert found.credentials == Credentials(PLANTED_ID, PLANTED_KEY)
    assert PLANTED_ID not in shown
    assert PLANTED_KEY not in shown
    with pytest.raises(TypeError, match="credentials are not pickled"):
        pickle.dumps(found)
    late = resolve_settings(environ=environ, profile="lazy")
    assert isinstance(late.credentials, ProfileCredentials)
    told = {each.name: (each.value, str(each.origin)) for each in late.described()}
    assert list(told) == [
        "credentials", "endpoint", "api_revision", "timeouts", "retry", "limits", "backend", "user_agent", "tls",
    ]  # fmt: skip
    assert told["credentials"] == ("cmd:vault id, file:key", f"profile lazy ({environ['CDS_CONFIG_FILE']}:6)")
    assert told["timeouts"] == ("connect 5.0, read 30.0, total 90.0", "default")
    copied: ResolvedSettings = pickle.loads(pickle.dumps(late))
    assert copied.described() == late.described()


def test_where_the_keys_would_come_from_is_told_without_asking_for_them(tmp_path: Path) -> None:
    environ = {"CDS_CONFIG_FILE": file_of(tmp_path, {"p": 'secret_id = "env:GONE"\nsecret_key = "cmd:false"'}, "p")}
    found = resolve_settings(environ=environ, needs_credentials=False)
    assert (found.credentials, found.keys) == (None, "env:GONE, cmd:false")
    assert found.origins["credentials"].line == 3
    nothing = resolve_settings(environ={"XDG_CONFIG_HOME": str(tmp_path)}, needs_credentials=False)
    assert "credentials" not in nothing.origins
    assert next(each.name for each in nothing.described()) == "endpoint"
    from_environment = resolve_settings(environ=ENVIRONMENT, needs_credentials=False)
    assert str(from_environment.origins["credentials"]) == "environment (CDS_SECRET_ID, CDS_SECRET_KEY)"


def test_a_key_in_the_wrong_place_is_in_no_frame(tmp_path: Path) -> None:
    environ = {
        "CDS_CONFIG_FILE": file_of(tmp_path, {"p": f'endpoint = "{PLANTED_KEY}"'}, "p"),
        "CDS_SECRET_KEY": PLANTED_KEY,
    }
    for arguments in ({}, {"profile": "p"}, {"endpoint": PLANTED_KEY}):
        with pytest.raises(ConfigurationError) as raised:
            resolve_settings(environ=environ, **arguments)  # type: ignore[arg-type]
        frames = traceback.walk_tb(raised.tb)
        ours = [frame for frame, _ in frames if frame.f_globals["__name__"].startswith("cds_eks.")]
        assert ours
        assert PLANTED_KEY not in f"{raised.value!r}" + "".join(repr(frame.f_locals) for frame in ours)


class Backend:
    def __init__(self) -> None:
        self.sent: list[Request] = []

    async def send(self, request: Request) -> RawResponse:
        self.sent.append(request)
        return RawResponse(status=200, headers={}, content=b'{"Code": "Success", "Data": {"ClusterId": "c-1"}}')

    async def aclose(self) -> None:
        pass


@pytest.mark.parametrize("source", ["env", "cmd"])
@pytest.mark.parametrize("blocking", [False, True])
def test_both_clients_sign_with_the_keys_of_the_profile_and_ask_its_endpoint(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, blocking: bool
) -> None:
    body = {"env": keys("NAMED"), "cmd": 'secret_id = "cmd:echo NAMED-ID"\nsecret_key = "cmd:echo NAMED-KEY"\n'}[source]
    body += 'endpoint = "https://p.test"\napi_revision = "2025-10-11"\nuser_agent = "mine/1"\ntimeouts = { read = 3 }'
    monkeypatch.setenv("CDS_CONFIG_FILE", file_of(tmp_path, {"p": body}))
    backend = Backend()

    async def call() -> None:
        async with AsyncEksClient(profile="p", backend=backend) as eks:
            assert (eks.endpoint, eks.api_revision) == ("https://p.test", "2025-10-11")
            await eks.clusters.get("c-1")
            await eks.clusters.get("c-1")

    if blocking:
        with EksClient(profile="p", backend=backend) as eks:
            assert (eks.endpoint, eks.api_revision) == ("https://p.test", "2025-10-11")
            eks.clusters.get("c-1")
            eks.clusters.get("c-1")
    else:
        anyio.run(call)
    for request in backend.sent:
        assert parse_qs(request.query)["AccessKeyId"] == ["NAMED-ID"]
        assert request.url.startswith("https://p.test/")
        assert request.read_timeout == 3
        assert request.headers["User-Agent"].startswith("mine/1 ")
    assert len(backend.sent) == 2


@pytest.mark.parametrize("kind", [AsyncEksClient, EksClient])
def test_a_client_is_refused_with_what_is_wrong_in_the_file(
    kind: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDS_CONFIG_FILE", file_of(tmp_path, {"p": f'endpoint = "{PLANTED_KEY}"'}))
    with pytest.raises(ConfigFileError, match=r"c\.toml:2: profiles\.p\.endpoint: must begin with https://") as raised:
        kind(profile="p")
    for frame, _ in traceback.walk_tb(raised.tb):
        values = {name: value for name, value in frame.f_locals.items() if name != "self"}  # it was never made
        assert not frame.f_globals["__name__"].startswith("cds_eks.") or PLANTED_KEY not in repr(values)
