"""A server of the service's protocol, written from the contract page alone: it imports nothing of the SDK.

It judges every request by the letter (`Server.problems`) of one revision (`Server.revision`), keeps it (`Server.seen`),
and replies what it was told to.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import select
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ACCESS_KEY_ID = "AKID/test+key id"
SECRET_ACCESS_KEY = "secret/test+key=~"

COMMON = {
    "Action",
    "AccessKeyId",
    "SignatureMethod",
    "SignatureVersion",
    "SignatureNonce",
    "Timestamp",
    "Version",
    "Signature",
}
UNRESERVED = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~"
HANG = object()
"""As a reply: never answer; wait until the client goes away."""

LONGEST_HANG = 20.0

WORDS: dict[str, dict[str, set[str]]] = {
    "2025-09-08": {
        "CreateCluster": {
            *("SourceEipId", "DestinationEipId", "FlannelBackendType", "CalicoBlockSize", "CalicoEncapsulation"),
            *("SubnetList", "SubnetId", "SystemDisk", "DataDisk", "DiskFeature", "DiskSize", "Number", "Specifics"),
            *("ProductName", "Shell", "Annotations", "BillingMethod", "Duration", "PoolName", "AutoScaling"),
            *("MasterConfig.Password", "NodeConfig.Password"),
        },
        "AddClusterSubnet": {"SubnetList", "SubnetId", "Segment", "UsedIpNum"},
    },
    "2025-10-11": {
        "CreateCluster": {
            *("SourceEip", "DestinationEip", "SubnetIds", "DataVolumes", "Type", "Size", "InstanceTypeIds"),
            *("ExecCommand", "InstanceChargeType", "Period", "NodePoolConfig.Name", ".Password"),
        },
        "AddClusterSubnet": {"SubnetIds"},
    },
}
"""The words that only one revision has, by action: names, or names below another one."""


@dataclass
class Seen:
    """A request as it came in."""

    action: str
    method: str
    arguments: dict[str, str]
    body: Any
    headers: dict[str, str]
    common: dict[str, str]
    port: int
    problems: list[str] = field(default_factory=list)
    is_dropped: threading.Event = field(default_factory=threading.Event)
    """Set when the client has gone away without waiting for the answer."""


def encoded(text: str) -> str:
    """RFC 3986: all but the unreserved characters as %XX of their UTF-8 bytes."""
    return "".join(chr(byte) if byte in UNRESERVED else f"%{byte:02X}" for byte in text.encode("utf-8"))


def decoded(text: str) -> str:
    """Undo it; nothing else (a `+` above all) has a meaning."""
    if not re.fullmatch(r"(?:[A-Za-z0-9_.~-]|%[0-9A-F]{2})*", text):
        raise ValueError(f"not encoded by RFC 3986: {text!r}")
    return re.sub(r"(?:%[0-9A-F]{2})+", lambda run: bytes.fromhex(run[0].replace("%", "")).decode("utf-8"), text)


def signature(method: str, parameters: dict[str, str]) -> str:
    """The rule of the contract page, word by word."""
    pairs = sorted((encoded(name), encoded(value)) for name, value in parameters.items() if name != "Signature")
    joined = "&".join(name + "=" + value for name, value in pairs)
    text = method + "&%2F&" + encoded(joined)
    return base64.b64encode(hmac.new(SECRET_ACCESS_KEY.encode(), text.encode(), hashlib.sha1).digest()).decode()


def envelope(data: Any = None, **more: Any) -> dict[str, Any]:
    return {"Code": "Success", "Msg": "ok", "RequestId": "r-1", "Data": data, **more}


Reply = Any  # an envelope, HANG, or a callable of the request that returns one


class Server:
    """See the module. `replies` are by Action; an Action that is not there is answered with an empty success."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.nonces: set[str] = set()
        self.call_ids: set[str] = set()
        self.replies: dict[str, Reply] = {}
        self.revision = "2025-09-08"
        self.changed = threading.Condition()
        self.is_stopping = threading.Event()
        self.http = _Http(("127.0.0.1", 0), _Handler)
        self.http.judge = self
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.01,), name="test-server", daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.is_stopping.set()
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()

    def reset(self) -> None:
        """Forget the requests, not the nonces."""
        self.revision = "2025-09-08"
        self.seen.clear()
        self.replies.clear()

    @property
    def problems(self) -> list[str]:
        return [f"{seen.action}: {problem}" for seen in self.seen for problem in seen.problems]

    def only(self) -> Seen:
        """The one request that came in, without fault."""
        assert self.problems == []
        assert len(self.seen) == 1, [seen.action for seen in self.seen]
        return self.seen[0]

    def wait_for(self, count: int, timeout: float = 10.0) -> list[Seen]:
        """Wait until so many requests have come in."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.seen) >= count, timeout), f"{len(self.seen)} of {count}"
        return self.seen

    def take(self, seen: Seen) -> Reply:
        with self.changed:
            seen.problems += self._repeated(seen)
            for revision, words in WORDS.items():
                if revision != self.revision:
                    seen.problems += _words_of(words.get(seen.action, set()), seen.body, "", revision)
            self.seen.append(seen)
            self.changed.notify_all()
        if seen.problems:
            return {"Code": "InvalidHTTPRequest", "Msg": "; ".join(seen.problems), "RequestId": "r-bad"}
        reply = self.replies.get(seen.action, envelope())
        return reply(seen) if callable(reply) else reply

    def _repeated(self, seen: Seen) -> Iterator[str]:
        for name, value, known in (
            ("nonce", seen.common.get("SignatureNonce", ""), self.nonces),
            ("cds-request-id", seen.headers.get("cds-request-id", ""), self.call_ids),
        ):
            if value in known:
                yield f"{name} used again"
            known.add(value)


@contextmanager
def running() -> Iterator[Server]:
    server = Server()
    try:
        yield server
    finally:
        server.stop()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    judge: Server

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no error here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = LONGEST_HANG
    server: _Http

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the base
        pass

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        content = self.rfile.read(int(headers.get("content-length", "0")))
        seen = _read(self.command, self.path, headers, content, self.client_address[1])
        seen.problems += _judge(seen, headers, content, f"127.0.0.1:{self.server.server_address[1]}")
        reply = self.server.judge.take(seen)
        if reply is HANG:
            self._hang(seen)
            return
        payload = json.dumps(reply, ensure_ascii=False).encode()
        self.send_response(400 if seen.problems else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def _hang(self, seen: Seen) -> None:
        self.close_connection = True
        end = time.monotonic() + LONGEST_HANG
        while time.monotonic() < end and not self.server.judge.is_stopping.is_set():
            readable, _, _ = select.select([self.connection], [], [], 0.02)
            if readable and self.connection.recv(1, socket.MSG_PEEK) == b"":
                seen.is_dropped.set()
                return


def _read(method: str, target: str, headers: dict[str, str], content: bytes, port: int) -> Seen:
    problems: list[str] = []
    path, _, query = target.partition("?")
    if path != "/eks/v1":
        problems.append(f"path {path!r}")
    parameters: dict[str, str] = {}
    for pair in query.split("&"):
        name, equals, value = pair.partition("=")
        try:
            name, value = decoded(name), decoded(value)
        except ValueError as error:
            problems.append(str(error))
        if not equals:
            problems.append(f"no = in {pair!r}")
        if name in parameters:
            problems.append(f"{name} twice")
        parameters[name] = value
    common = {name: value for name, value in parameters.items() if name in COMMON}
    arguments = {name: value for name, value in parameters.items() if name not in COMMON}
    body = None
    if method == "POST":
        try:
            body = json.loads(content.decode("utf-8"), object_pairs_hook=lambda pairs: _once(pairs, problems))
        except ValueError as error:
            problems.append(f"the body is not JSON: {error}")
    return Seen(common.get("Action", ""), method, arguments, body, headers, common, port, problems)


def _once(pairs: list[tuple[str, Any]], problems: list[str]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        problems.append(f"a key twice in the body: {pairs!r}")
    return dict(pairs)


def _words_of(words: set[str], body: Any, above: str, revision: str) -> Iterator[str]:
    """Each place in a body where a word of another revision stands."""
    if isinstance(body, list):
        for entry in body:
            yield from _words_of(words, entry, above, revision)
    elif isinstance(body, dict) and above not in ("Labels", "Annotations"):
        for name, value in body.items():
            if name in words or f"{above}.{name}" in words:
                yield f"{above}.{name} is a word of revision {revision}"
            yield from _words_of(words, value, name, revision)


def _judge(seen: Seen, headers: dict[str, str], content: bytes, host: str) -> Iterator[str]:
    yield from _judge_common(seen)
    by_name = host.replace("127.0.0.1", "localhost")
    expected = {"host": by_name if headers.get("host") == by_name else host, "accept": "application/json"}
    if seen.method == "POST":
        if seen.arguments:
            yield f"arguments of a POST in the query: {sorted(seen.arguments)}"
        if not isinstance(seen.body, dict):
            yield "the body is not an object"
        expected["content-type"] = "application/json;charset=utf-8"
        expected["content-md5"] = base64.b64encode(hashlib.md5(content).digest()).decode()
        expected["content-length"] = str(len(content))
    else:
        for name in ("content-type", "content-md5", "content-length", "transfer-encoding"):
            if name in headers:
                yield f"a GET with {name}"
    for name, value in expected.items():
        if headers.get(name) != value:
            yield f"{name} is {headers.get(name)!r}, not {value!r}"
    if "cds-eks-python/" not in headers.get("user-agent", ""):
        yield "the User-Agent does not name the SDK"
    try:
        uuid.UUID(headers.get("cds-request-id", ""))
    except ValueError:
        yield "cds-request-id is no UUID"
    for name in ("authorization", "cookie", "expect", "upgrade"):
        if name in headers:
            yield f"a header {name}"


def _judge_common(seen: Seen) -> Iterator[str]:
    common = seen.common
    if set(common) != COMMON:
        yield f"common parameters: {sorted(COMMON ^ set(common))}"
        return
    fixed = {
        "AccessKeyId": ACCESS_KEY_ID,
        "SignatureMethod": "HMAC-SHA1",
        "SignatureVersion": "1.0",
        "Version": "2019-08-08",
    }
    for name, value in fixed.items():
        if common[name] != value:
            yield f"{name} is {common[name]!r}"
    if not common["Action"] or len(common["SignatureNonce"]) < 16:
        yield "no Action, or a nonce too short to be unique"
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", common["Timestamp"]):
        yield f"Timestamp {common['Timestamp']!r}"
    elif abs(datetime.now(UTC).timestamp() - datetime.fromisoformat(common["Timestamp"]).timestamp()) > 30:
        yield f"Timestamp {common['Timestamp']} is not now"
    parameters = {**common, **seen.arguments}
    if not hmac.compare_digest(common["Signature"], signature(seen.method, parameters)):
        yield "the signature is wrong"
