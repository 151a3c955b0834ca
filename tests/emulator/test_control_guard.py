"""No other page that a browser shows can look into the emulator or drive it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from cds_eks.emulator import Emulator, ManualClock

from .caller import Caller

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    emulator = Emulator(clock=ManualClock(), allowed_hosts=["Build.example"])
    with emulator.serve() as url, httpx.Client(base_url=url, trust_env=False) as client:
        yield client


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.0.0.1:8080", "localhost", "LOCALHOST:9", "localhost.", "a.localhost", "[::1]:8080", "10.0.0.7",
     "build.example"],
)  # fmt: skip
def test_a_name_that_only_this_machine_has_will_do(client: httpx.Client, host: str) -> None:
    assert client.get("/_emulator/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example", "emulator", "127.1",
     "notlocalhost", "a@localhost", "localhost:x", "localhost/", "[::1", ""],
)  # fmt: skip
@pytest.mark.parametrize("path", ["health", "world", "", "page/main.js"])
def test_a_name_that_may_have_been_pointed_here_is_refused(client: httpx.Client, host: str, path: str) -> None:
    response = client.get(f"/_emulator/{path}", headers={"Host": host})
    assert (response.status_code, response.json()["Code"]) == (403, "InvalidHTTPRequest")


def test_the_name_that_it_is_served_at_will_do() -> None:
    with Emulator().serve("localhost") as url:
        assert httpx.get(f"{url}/_emulator/health", trust_env=False).status_code == 200


def test_the_api_itself_does_not_look_at_the_name(client: httpx.Client) -> None:
    assert client.get("/eks/v1", headers={"Host": "evil.example"}).json()["Code"] == "ArgMissing"


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://evil.example", "file://", "http://[", ""])
def test_another_origin_is_refused(client: httpx.Client, origin: str) -> None:
    for response in (
        client.get("/_emulator/world", headers={"Origin": origin}),
        client.post("/_emulator/reset", headers={"Origin": origin, **JSON}, content="{}"),
        client.delete("/_emulator/faults", headers={"Origin": origin}),
    ):
        assert response.status_code == 403
        assert "access-control-allow-origin" not in response.headers


def test_another_port_is_another_origin(client: httpx.Client) -> None:
    own = f"{client.base_url.host}:{client.base_url.port}"
    origins = {f"http://{own}": 200, f"HTTP://{own}": 403, "http://127.0.0.1:1": 403, f"http://x@{own}": 403}
    for origin, status in origins.items():
        assert client.post("/_emulator/reset", headers={"Origin": origin, **JSON}).status_code == status


@pytest.mark.parametrize("site", ["cross-site", "same-site", "odd"])
def test_what_a_browser_says_of_the_site_is_believed(client: httpx.Client, site: str) -> None:
    assert client.get("/_emulator/world", headers={"Sec-Fetch-Site": site}).status_code == 403
    link = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert client.get("/_emulator/", headers=link).status_code == 200
    assert client.post("/_emulator/reset", headers={**link, **JSON}).status_code == 403
    frame = {**link, "Sec-Fetch-Dest": "iframe"}
    assert client.get("/_emulator/", headers=frame).status_code == 403
    for own in ("none", "same-origin"):
        assert client.get("/_emulator/world", headers={"Sec-Fetch-Site": own}).status_code == 200


@pytest.mark.parametrize(
    "kind", [None, "text/plain", "application/x-www-form-urlencoded", "text/json", "application/jsonx"]
)
def test_a_post_must_say_that_it_is_json(client: httpx.Client, kind: str | None) -> None:
    for path in ("reset", "clock", "faults"):
        headers = {"Content-Type": kind} if kind else {}
        response = client.post(f"/_emulator/{path}", headers=headers, content=b'{"advance": 1}')
        assert (response.status_code, response.json()["Code"]) == (415, "InvalidHTTPRequest")
    assert (
        client.post("/_emulator/reset", headers={"Content-Type": "Application/JSON; charset=utf-8"}).status_code == 200
    )


def test_a_question_before_a_request_of_another_page_is_not_answered_with_leave(client: httpx.Client) -> None:
    headers = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    response = client.options("/_emulator/reset", headers=headers)
    assert response.status_code == 403
    assert not [name for name in response.headers if name.startswith("access-control")]


def test_answers_are_for_their_own_page_alone(client: httpx.Client) -> None:
    for path in ("health", "world", "", "x"):
        headers = client.get(f"/_emulator/{path}").headers
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers.get_list("date") == [headers["date"]]


@pytest.mark.anyio
async def test_without_a_socket_a_name_without_a_dot_will_do(call: Caller) -> None:
    assert (await call.client.get("/_emulator/health")).status_code == 200
    response = await call.client.get("/_emulator/health", headers={"Host": "evil.example"})
    assert response.status_code == 403
