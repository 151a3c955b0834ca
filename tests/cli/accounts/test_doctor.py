"""What `doctor` finds, of a service that is well and of everything that can be wrong."""

from __future__ import annotations

import asyncio
import functools
import ssl
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme

from cds_eks import Credentials, errors
from cds_eks._runtime import clocks
from cds_eks.cli.accounts import verdicts
from cds_eks.cli.accounts.doctor import ORDER, examine
from cds_eks.cli.accounts.verdicts import Check, Seen
from cds_eks.emulator import Emulator, Fault
from support.raw_server import answering, plain, serve

pytestmark = pytest.mark.anyio

PLANTED = "Pl4nted-key"

thorough = functools.partial(examine, asks_for_revision=True)


def by_name(checks: tuple[Check, ...]) -> dict[str, Check]:
    for check in checks:
        assert "\n" not in check.message + check.advice
        assert check.message
        assert bool(check.advice) == (check.state in ("problem", "warning"))
        assert PLANTED not in repr(check)
    names = [check.name for check in checks]
    assert names == [name for name in ORDER if name in names]
    return {check.name: check for check in checks}


def states(checks: tuple[Check, ...]) -> dict[str, str]:
    return {name: check.state for name, check in by_name(checks).items()}


def against(emulator: Emulator, **more: Any) -> dict[str, Any]:
    return {"credentials": emulator.credentials, "backend": httpx.ASGITransport(emulator), **more}


async def test_all_is_well() -> None:
    emulator = Emulator()
    checks = await thorough(against(emulator))
    assert states(checks) == dict.fromkeys(("settings", "key", "endpoint", "clock", "revision"), "ok")
    assert [entry.action for entry in emulator.ledger.requests] == ["ListClusters", "AddClusterSubnet"]


async def test_the_revision_is_asked_for_only_if_it_may_be() -> None:
    emulator = Emulator()
    assert "revision" not in states(await examine(against(emulator)))
    assert [entry.action for entry in emulator.ledger.requests] == ["ListClusters"]


@pytest.mark.parametrize("spoken", ["2025-09-08", "2025-10-11"])
@pytest.mark.parametrize("asked", ["2025-09-08", "2025-10-11"])
async def test_a_revision_that_the_service_does_not_speak_is_found(spoken: str, asked: str) -> None:
    emulator = Emulator(api_revision=spoken)
    check = by_name(await thorough(against(emulator, api_revision=asked)))["revision"]
    assert check.state == ("ok" if spoken == asked else "problem")
    assert check.advice == (
        "" if spoken == asked else f"set api_revision to {spoken}: in the profile, or by CDS_EKS_API_REVISION"
    )
    assert not list(emulator.ledger.resources)


@pytest.mark.parametrize(
    ("credentials", "words", "advice"),
    [
        (Credentials("another-id", PLANTED), "does not know the access key's id", "check the id"),
        (Credentials(Emulator().credentials.access_key_id, PLANTED), "does not go with its id", "check the key"),
    ],
)
async def test_a_key_that_the_service_does_not_take_is_found(credentials: Credentials, words: str, advice: str) -> None:
    found = by_name(await thorough({**against(Emulator()), "credentials": credentials}))
    assert (found["key"].state, found["endpoint"].state, found["revision"].state) == ("problem", "ok", "skipped")
    assert words in found["key"].message
    assert advice in found["key"].advice


async def test_a_key_without_permission_is_found() -> None:
    emulator = Emulator(faults=[Fault("status", action="ListClusters", status=403, code="AccessDenied")])
    found = by_name(await thorough(against(emulator)))
    assert "may not list clusters" in found["key"].message
    assert (found["endpoint"].state, found["key"].state) == ("ok", "problem")


@pytest.mark.parametrize(
    ("ahead", "state", "words"),
    [
        (0, "ok", "it is within 60 s"),
        (50, "ok", "it is within 60 s"),
        (-300, "warning", "5 min behind the service's"),
        (300, "warning", "5 min ahead of the service's"),
        (90_000, "warning", "25 h ahead of the service's"),
    ],
)
async def test_a_clock_that_is_off_is_found(ahead: float, state: str, words: str) -> None:
    """The service's answer is what it is held against; it is told in whole seconds."""
    check = by_name(await thorough(against(Emulator()), now=lambda: clocks.wall() + ahead))["clock"]
    assert check.state == state
    assert words in check.message


async def test_a_clock_for_which_requests_are_refused_is_found_and_the_key_is_judged_all_the_same() -> None:
    emulator = Emulator(wall_clock=lambda: clocks.wall() + 3600)
    found = by_name(await thorough(against(emulator)))
    assert found["clock"].state == "warning"  # the client corrects it: all commands work
    assert "60 min behind the service's" in found["clock"].message
    assert "this client goes by the service's time" in found["clock"].advice
    assert (found["key"].state, found["revision"].state) == ("ok", "ok")


def test_a_clock_is_a_problem_if_requests_are_refused_for_it_in_the_end() -> None:
    refused = errors.AuthenticationError("late", code="RequestExpired")
    check = verdicts.clock(Seen(endpoint="https://x", error=refused, answered=True, skew=-7200.0, was_expired=True))
    assert (check.state, check.message) == (
        "problem", "this machine's clock is 2 h ahead of the service's, and requests are refused for it"
    )  # fmt: skip


@pytest.mark.parametrize("backend", ["httpx", "native"])
def test_https_at_a_port_of_plain_http_is_found(backend: str) -> None:
    emulator = Emulator()
    with emulator.serve() as url:
        endpoint = url.replace("http:", "https:")
        arguments = {"credentials": emulator.credentials, "endpoint": endpoint, "backend": backend}
        found = by_name(asyncio.run(examine(arguments)))  # as the command does
    assert (found["tls"].state, found["endpoint"].state) == ("problem", "skipped")
    assert "speaks plain HTTP" in found["tls"].advice


async def test_an_endpoint_where_nobody_is_is_found() -> None:
    found = by_name(await thorough({"credentials": Credentials("id", PLANTED), "endpoint": "http://127.0.0.1:1"}))
    assert {name: check.state for name, check in found.items()} == {
        "settings": "ok", "key": "skipped", "proxy": "ok", "tls": "skipped", "endpoint": "problem",
        "clock": "skipped", "revision": "skipped",
    }  # fmt: skip
    assert "127.0.0.1:1" in found["endpoint"].message
    assert "HTTPS_PROXY may be needed" in found["endpoint"].advice


async def test_a_proxy_where_nobody_is_is_found_and_its_password_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://ann:{PLANTED}@127.0.0.1:1")
    found = by_name(await thorough({"credentials": Credentials("id", "key"), "endpoint": "http://eks.test"}))
    assert found["proxy"] == Check("proxy", "ok", "through 127.0.0.1:1")
    assert "the proxy 127.0.0.1:1" in found["endpoint"].advice


@pytest.mark.parametrize(
    ("proxy", "backend", "words"),
    [(f"ftp://{PLANTED}", "httpx", "can't be used"), ("http://proxy.test:3128", "native", "goes through no proxy")],
)
async def test_a_proxy_that_can_not_be_used_is_found(
    proxy: str, backend: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    found = by_name(await thorough({"credentials": Credentials("id", "key"), "backend": backend}))
    assert found["proxy"].state == "problem"
    assert words in found["proxy"].message
    assert "endpoint" not in found  # nothing was sent


async def test_certificates_that_can_not_be_loaded_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    credentials = Credentials("id", "key")
    found = by_name(await thorough({"credentials": credentials, "tls": str(tmp_path / "none.pem")}))
    assert (found["tls"].state, "argument" in found["tls"].message) == ("problem", True)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    found = by_name(await thorough({"credentials": credentials}))
    assert "environment (SSL_CERT_FILE)" in found["tls"].message


@pytest.mark.parametrize("trusted", [False, True])
async def test_a_certificate_that_is_not_trusted_is_found(tmp_path: Path, *, trusted: bool) -> None:
    authority, other = trustme.CA(), trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    (authority if trusted else other).cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    async with serve(answering(plain(b"who are you?", status=502)), tls=context) as server:
        arguments = {"endpoint": f"https://localhost:{server.port}", "tls": str(tmp_path / "ca.pem")}
        found = by_name(await thorough({"credentials": Credentials("id", "key"), **arguments}))
    assert found["tls"].state == ("ok" if trusted else "problem")
    assert found["endpoint"].state == ("problem" if trusted else "skipped")


async def test_what_is_not_the_service_is_found() -> None:
    emulator = Emulator(faults=[Fault("status", action="ListClusters", status=200, body="html")])
    found = by_name(await thorough(against(emulator)))
    assert "gives answers that are not the service's" in found["endpoint"].message
    assert (found["endpoint"].state, found["key"].state) == ("problem", "skipped")


async def test_without_keys_there_is_nothing_to_ask() -> None:
    found = by_name(await thorough({"backend": httpx.ASGITransport(Emulator())}))
    assert found["key"].state == "problem"
    assert "there are no credentials" in found["key"].message
    assert {name: check.state for name, check in found.items() if name not in ("settings", "key")} == {
        "endpoint": "skipped", "clock": "skipped",
    }  # fmt: skip


def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    monkeypatch.setenv("CDS_CONFIG_FILE", str(path))


async def test_a_key_that_can_not_be_had_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config(tmp_path, monkeypatch, "[profiles.p]\nsecret_id = 'cmd:false'\nsecret_key = 'file:none'\n")
    found = by_name(await thorough({"profile": "p", "backend": httpx.ASGITransport(Emulator())}))
    assert found["key"].message == "cmd:false: ended with status 1"
    assert "config.toml:2" in found["key"].advice


async def test_a_file_that_can_not_be_used_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config(tmp_path, monkeypatch, f"[profiles.p]\nsecret_id = '{PLANTED}'\n")
    found = by_name(await thorough({"profile": "p"}))
    assert list(found) == ["settings"]
    assert "config.toml:2: profiles.p.secret_id: " in found["settings"].message


async def test_a_profile_that_the_environment_hides_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    emulator = Emulator()
    config(tmp_path, monkeypatch, "[profiles.p]\nsecret_id = 'env:A'\nsecret_key = 'env:B'\n")
    monkeypatch.setenv("CDS_PROFILE", "p")
    monkeypatch.setenv("CDS_SECRET_ID", emulator.credentials.access_key_id)
    monkeypatch.setenv("CDS_SECRET_KEY", emulator.credentials.secret_access_key)
    found = by_name(await thorough({"backend": httpx.ASGITransport(emulator)}))
    assert (found["settings"].state, found["key"].state) == ("problem", "ok")
    assert "'p' of CDS_PROFILE is not used" in found["settings"].message


SERVER_FAULT = errors.ServerFault("x", code="InternalError", http_status=500)
THROTTLED = errors.Throttled("x", code="Throttling", http_status=429)


@pytest.mark.parametrize(
    ("error", "endpoint", "key"),
    [
        (None, "ok", "ok"),
        (SERVER_FAULT, "problem", "skipped"),
        (THROTTLED, "ok", "skipped"),
        (errors.NotFound("x", code="x", http_status=404), "ok", "ok"),
        (errors.AuthenticationError("x", code="AuthFailure", http_status=401), "ok", "problem"),
        (errors.AuthenticationError("x", code="RequestExpired", http_status=400), "ok", "skipped"),
    ],
)
def test_what_the_answer_says_of_endpoint_and_key(error: Any, endpoint: str, key: str) -> None:
    seen = Seen(endpoint="https://a.test", error=error, answered=True)
    assert (verdicts.endpoint_and_tls(seen)[0].state, verdicts.key(seen).state) == (endpoint, key)


def test_a_name_that_is_not_known_is_told_as_that() -> None:
    error = errors.ConnectFailed("no connection was made to x.test:443 (gaierror: Name or service not known)")
    check, tls = verdicts.endpoint_and_tls(Seen(endpoint="https://x.test", error=error))
    assert "DNS" in check.advice
    assert tls.state == "skipped"


@pytest.mark.parametrize("error", [None, SERVER_FAULT])
def test_a_revision_that_can_not_be_told_is_not_guessed(error: Any) -> None:
    assert verdicts.revision("2025-09-08", error).state == "skipped"
