"""What httpcore is told of connections: what it asks for, and what fails, in its own words."""

from __future__ import annotations

import math
import socket
import ssl

import httpcore
import pytest

from backend.stream_pairs import full_line
from cds_eks.backend.httpcore_network import HttpcoreNetwork
from cds_eks.backend.streams import SEND_SIZE

asynchronous = pytest.mark.anyio


@asynchronous
async def test_httpcore_is_told_what_it_asks_of_a_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        network = HttpcoreNetwork()
        channel = await network.connect_tcp("127.0.0.1", listener.getsockname()[1])
        assert network.channel is channel
        assert channel.get_extra_info("server_addr") == listener.getsockname()
        assert channel.get_extra_info("client_addr") == channel.get_extra_info("socket").getsockname()
        assert channel.get_extra_info("ssl_object") is None
        assert channel.get_extra_info("is_readable") is False
        assert channel.get_extra_info("something") is None
        accepted, _ = listener.accept()
        with accepted:
            await channel.write(b"\x05\x01\x00")  # SOCKS: no answer to a request comes
            accepted.sendall(b"\x05\x00" * SEND_SIZE)
            assert await channel.read(3) == b"\x05\x00\x05"
            assert not channel.is_reusable()
            assert channel.get_extra_info("is_readable") is True
            with pytest.raises(httpcore.ConnectError, match="before it was asked"):
                await channel.write(b"GET / HTTP/1.1\r\n\r\n")
        await channel.aclose()
        assert channel.get_extra_info("server_addr") is None
        with pytest.raises(NotImplementedError):
            await network.sleep(1)


@asynchronous
@pytest.mark.parametrize("does", ["write", "handshake", "broken"])
async def test_httpcore_is_told_of_what_fails_in_its_own_words(does: str, client_context: ssl.SSLContext) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        network = HttpcoreNetwork()
        network.begin(math.inf, 0.05)
        channel = await network.connect_tcp("127.0.0.1", listener.getsockname()[1])
        accepted, _ = listener.accept()
        with accepted:
            if does == "write":
                await channel.write(b"GET / HTTP/1.1\r\n\r\n")
                with pytest.raises(httpcore.WriteTimeout):
                    await channel.write(b"x" * 50_000_000, timeout=0.05)
            elif does == "handshake":
                with pytest.raises(httpcore.ConnectTimeout):
                    await channel.start_tls(client_context, "eks.test")
            else:
                accepted.sendall(b"HTTP/1.1 400\r\n\r\n")
                with pytest.raises(httpcore.ConnectError):
                    await channel.start_tls(client_context, "eks.test")
        await channel.aclose()


@asynchronous
async def test_httpcore_is_told_in_its_own_words_that_connecting_took_too_long() -> None:
    network = HttpcoreNetwork()
    with full_line() as (nowhere, _):
        network.begin(math.inf, 0.03)
        with pytest.raises(httpcore.ConnectTimeout):
            await network.connect_tcp(nowhere[0], nowhere[1])
