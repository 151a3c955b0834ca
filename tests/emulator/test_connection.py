"""What becomes of an answer on connections that can't be had on purpose."""

from __future__ import annotations

import asyncio
import socket
from typing import Any, cast

import anyio
import pytest

from cds_eks.emulator.http.connection import PEER, Connection, Peer, Reply

pytestmark = pytest.mark.anyio

REPLY = Reply(status=200, headers={"A": "b"}, content=b"content")


class Transport:
    """Closed already, as far as a peer asks."""

    def is_closing(self) -> bool:
        return True


class Ends:
    """An app's view of a request: what is sent is recorded; the client goes when it is told to."""

    def __init__(self, peer: Peer | None = None) -> None:
        self.sent: list[Any] = []
        self.told: list[bool] = []
        self.gone = anyio.Event()
        self.messages = [{"type": "http.request"}]
        self.connection = Connection({"state": {PEER: peer}} if peer else {}, self.receive, self.send)

    async def receive(self) -> dict[str, Any]:
        if self.messages:
            return self.messages.pop()
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.sent.append(message)


def a_peer() -> Peer:
    return Peer(cast(asyncio.Transport, Transport()))


async def test_an_answer_that_can_not_be_written() -> None:
    peer = a_peer()
    ends = Ends(peer)
    peer.is_broken = True
    await ends.connection.send(REPLY, ends.told.append)
    assert ends.told == [True, False]
    assert [each.get("body") for each in ends.sent] == [None, b"content"]


async def test_a_client_that_is_known_to_have_gone() -> None:
    peer = a_peer()
    ends = Ends(peer)
    peer.is_lost = True
    await ends.connection.send(REPLY, ends.told.append)
    assert (ends.told, ends.sent) == ([], [])


async def test_a_client_that_goes_while_it_waits() -> None:
    peer = a_peer()
    for ends in (Ends(), Ends(peer)):
        ends.gone.set()
        assert not await ends.connection.wait(30)
        await ends.connection.send(REPLY, ends.told.append, step=3, pause=30)
        assert ends.told == []
        assert [each.get("body") for each in ends.sent] == [None, b"con"]
    assert not peer.is_held


async def test_a_client_that_waits() -> None:
    for ends in (Ends(), Ends(a_peer())):
        assert await ends.connection.wait(0.01)
        await ends.connection.send(REPLY, ends.told.append, step=3, pause=0)
        assert ends.told == [True]
        assert [each.get("body") for each in ends.sent] == [None, b"con", b"ten", b"t"]


async def test_a_connection_that_has_ended_can_be_reset() -> None:
    ends = Ends(a_peer())
    ends.gone.set()
    await ends.connection.reset()


async def test_a_reset_is_one_on_any_loop() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        there, _ = server.accept()

        class Real(Transport):
            def is_closing(self) -> bool:
                return False

            def get_extra_info(self, _name: str) -> socket.socket:
                return there

            def abort(self) -> None:
                there.close()

        Peer(cast(asyncio.Transport, Real())).reset()
        with pytest.raises(ConnectionResetError):
            client.recv(1)
