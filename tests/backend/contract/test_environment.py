"""Proxies, certificates and other things that the environment says."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import trustme

from cds_eks import errors, models
from support.backend_clients import READ_ONCE, MakeClient, no_leaks
from support.raw_server import CLUSTER, CREATED, answer, answering, serve

asynchronous = pytest.mark.anyio


@asynchronous
async def test_a_host_that_the_environment_excepts_is_reached_without_the_proxy(
    client: MakeClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with serve(answering(answer(CLUSTER))) as server, serve(answering(b"")) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "example.org,127.0.0.1")
        async with client(server.url) as eks:
            await eks.clusters.get("c-1")
        assert (proxy.opened, server.opened) == (0, 1)


@asynchronous
@pytest.mark.parametrize(
    "proxy",
    [
        "http://",
        "ftp://hunter2.example",
        "http://[",
        "http://user:hunter2@host:99999",
        "http://hunter2..example",
        "http://user:hunter2@ho st",
        "socks5://user:hunter2@127.0.0.1:1080",
    ],
)
async def test_a_proxy_that_can_not_be_used_is_a_configuration_error_that_does_not_repeat_it(
    client: MakeClient, proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    async with client("https://eks.test") as eks:
        with pytest.raises(errors.ConfigurationError, match="proxy") as caught:
            await eks.clusters.get("c-1")
    error: BaseException | None = caught.value
    while error is not None:
        assert "hunter2" not in f"{error} {error!r}"
        error = error.__context__


@asynchronous
async def test_a_trusted_certificate_is_accepted(
    client: MakeClient, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    with no_leaks():
        async with (
            serve(answering(answer(CLUSTER)), tls=server_context) as server,
            client(server.url, verify=client_context) as eks,
        ):
            for _ in range(3):
                await eks.clusters.get("c-1")
            assert server.opened == 1


@asynchronous
async def test_a_certificate_of_an_unknown_authority_is_a_failed_connection(
    client: MakeClient, server_context: ssl.SSLContext, create: models.CreateClusterRequest
) -> None:
    async with serve(answering(answer(CREATED)), tls=server_context) as server:
        async with client(server.url, retry=READ_ONCE) as eks:
            with pytest.raises(errors.ConnectFailed) as caught:
                await eks.clusters.create(create)
        assert caught.value.outcome == "not_sent"
        assert server.ledger == []


@asynchronous
async def test_a_certificate_for_another_host_is_a_failed_connection(
    client: MakeClient, authority: trustme.CA, client_context: ssl.SSLContext
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("elsewhere.test").configure_cert(context)
    async with serve(answering(answer(CLUSTER)), tls=context) as server:
        async with client(server.url, retry=READ_ONCE, verify=client_context) as eks:
            with pytest.raises(errors.ConnectFailed):
                await eks.clusters.get("c-1")
        assert server.ledger == []


@asynchronous
async def test_the_environments_authorities_are_trusted(
    client: MakeClient,
    authority: trustme.CA,
    server_context: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    bundle = tmp_path / "authorities.pem"
    bundle.write_bytes(authority.cert_pem.bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    async with serve(answering(answer(CLUSTER)), tls=server_context) as server, client(server.url) as eks:
        await eks.clusters.get("c-1")


@asynchronous
async def test_a_netrc_file_is_ignored(client: MakeClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (".netrc", "_netrc"):
        (tmp_path / name).write_text("machine 127.0.0.1 login someone password hunter2\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    async with serve(answering(answer(CLUSTER))) as server, client(server.url) as eks:
        await eks.clusters.get("c-1")
        assert "authorization" not in server.ledger[0].headers
        assert "cookie" not in server.ledger[0].headers


@asynchronous
async def test_cookies_are_not_kept(client: MakeClient) -> None:
    async with serve(answering(answer(CLUSTER, headers=(("Set-Cookie", "a=b"),)))) as server, client(server.url) as eks:
        await eks.clusters.get("c-1")
        await eks.clusters.get("c-1")
        assert "cookie" not in server.ledger[1].headers
