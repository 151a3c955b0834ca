"""A careless service: it repeats all that it is told, in every spelling."""

from __future__ import annotations

import contextlib
import html
import json
import re
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any
from urllib.parse import quote, unquote

import anyio
import attrs
from anyio.abc import SocketAttribute, SocketStream

from unit.marked_secrets import AK, EXTRA, KEY, KEY_ID, PASSWORD, POOL_PASSWORD, SK


@attrs.frozen
class Heard:
    """A request, and how a careless service would repeat it.

    Attributes:
        action: What is asked for.
        told: The secrets that it holds.
        text: Its target and its body, as they came.
        echo: The same, and each secret, in every spelling that fits into an envelope.
    """

    action: str
    told: list[str]
    text: str
    echo: str

    @classmethod
    def of(cls, head: bytes, body: bytes) -> Heard:
        target = head.decode("latin-1").split(" ")[1]
        action = target.partition("Action=")[2].partition("&")[0]
        text = body.decode()
        in_body = (PASSWORD, POOL_PASSWORD, AK, SK, EXTRA)
        told = [KEY_ID, KEY, *(secret for secret in in_body if json.dumps(secret)[1:-1] in text)]
        spelt = [spell(secret) for secret in told for spell in SPELLINGS]
        return cls(action, told, f"{target} {text}", " | ".join([target, unquote(target), text, *spelt]))


SPELLINGS: list[Callable[[str], str]] = [str, partial(quote, safe=""), html.escape, json.dumps]


DATA: dict[str, Any] = {
    "CreateCluster": {"ClusterId": "c-1", "TaskId": "t-1"},
    "CreateNodePool": {"NodePoolId": "p-1", "TaskId": "t-1"},
    "GetCluster": {"ClusterId": "c-1", "ClusterStatus": "running", "Ak": AK},
    "TaskStatus": {"TaskId": "t-1", "TaskStatus": "doing"},
    "Anything": {"ThingId": "x-1"},
}

Answer = Callable[[Heard], bytes]
IDS = ("ClusterId", "NodePoolId", "TaskId")


def http(status: str, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1", "replace") + body


def envelope(heard: Heard, status: str = "200 OK", **members: Any) -> bytes:
    body = {"Code": heard.echo, "Msg": heard.echo, "RequestId": heard.echo, "Message": heard.echo, "Echo": heard.echo}
    return http(status, json.dumps(body | {"Desc": heard.echo} | members).encode())


def success(heard: Heard) -> bytes:
    data = DATA[heard.action] | {"Unknown": heard.echo, "Deep": [{"Echo": heard.echo}]}
    return envelope(heard, Code="Success", Data=data)


def in_headers(heard: Heard) -> bytes:
    line = heard.echo.replace("\n", " ").encode("ascii", "replace").decode()
    body = json.dumps({"Code": "Success", "Data": DATA[heard.action]}).encode()
    return http("200 OK", body, f"Location: {line}", f"cds-request-id: {line}", f"X-Echo: {line}")


FAILURES: dict[str, Answer] = {
    "bad argument": lambda heard: envelope(heard, "400 Bad", Code="InvalidParameter"),
    "an unknown code": lambda heard: envelope(heard, "400 Bad"),
    "no with a 200": lambda heard: envelope(heard),
    "throttled": lambda heard: envelope(heard, "429 Slow"),
    "throttled by a proxy": lambda heard: http("429 Slow", f"<p>{heard.echo}".encode()),
    "a fault": lambda heard: envelope(heard, "500 Fault"),
    "a page": lambda heard: http("502 Bad", f"<html><p>{heard.echo}".encode()),
    "a plain page": lambda heard: http("200 OK", heard.echo.encode()),
    "a page that breaks off in a secret": lambda heard: http("502 Bad", ("x" * 2036 + KEY_ID + KEY).encode()),
    "a redirect": lambda heard: http("302 Found", b"", f"Location: /eks/v1?{quote(heard.echo)}"),
    "no HTTP": lambda heard: f"{heard.echo}\r\n\r\n".encode(),
    "a header that is none": lambda heard: f"HTTP/1.1 200 OK\r\n{heard.echo}\r\n\r\n".encode(),
    "a broken chunk": lambda heard: f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{heard.echo}\r\n".encode(),
    "broken compression": lambda heard: http("200 OK", heard.echo.encode(), "Content-Encoding: gzip"),
    "a truncated answer": lambda heard: success(heard)[:-5],
    "silence": lambda heard: b"",
    "another shape": lambda heard: plain_envelope(heard, [{"ClusterId": {"a": 1}}, {}]),
    "a text for an object": lambda heard: plain_envelope(heard, heard.told[0]),
    "an object for a text": lambda heard: plain_envelope(heard, {name: {heard.told[0]: heard.told[1]} for name in IDS}),
}


def plain_envelope(heard: Heard, data: Any) -> bytes:
    """A success whose data can't be read, so that the error shows the whole answer, as it came."""
    return http("200 OK", json.dumps({"Code": "Success", "Msg": " ".join(heard.told), "Data": data}).encode())


@contextlib.asynccontextmanager
async def service(make: Answer) -> AsyncIterator[str]:
    """Serve on 127.0.0.1, each connection for one request."""

    async def handle(stream: SocketStream) -> None:
        async with stream:
            received = b""
            with contextlib.suppress(anyio.EndOfStream, anyio.BrokenResourceError):
                while b"\r\n\r\n" not in received:
                    received += await stream.receive()
                head, _, body = received.partition(b"\r\n\r\n")
                length = int((re.search(rb"content-length: (\d+)", head.lower()) or [0, 0])[1])
                while len(body) < length:
                    body += await stream.receive()
                await stream.send(make(Heard.of(head, body)))

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=0)
    async with listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, handle)
        yield f"http://127.0.0.1:{listener.extra(SocketAttribute.local_port)}"
        await anyio.sleep(0.001)  # asyncio can't cancel the acceptance of a connection that is there already
        group.cancel_scope.cancel()
