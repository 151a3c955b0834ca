"""A server of the service's protocol, written from the contract page alone: it imports nothing of the SDK.

It judges every request by the letter (`Server.problems`) of one revision (`Server.revision`), keeps it (`Server.seen`),
and replies what it was told to.
"""

from __future__ import annotations

import json
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from support.contract_protocol import ACCESS_KEY_ID, SECRET_ACCESS_KEY, WORDS, Seen, judge, read, words_of
from support.eventually import EVENT_TIMEOUT

__all__ = ["ACCESS_KEY_ID", "HANG", "SECRET_ACCESS_KEY", "WORDS", "Seen", "Server", "envelope", "running"]

HANG = object()
"""As a reply: never answer; wait until the client goes away."""

LONGEST_HANG = 40.0


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

    def wait_for(self, count: int, timeout: float = EVENT_TIMEOUT) -> list[Seen]:
        """Wait until so many requests have come in."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.seen) >= count, timeout), f"{len(self.seen)} of {count}"
        return self.seen

    def take(self, seen: Seen) -> Reply:
        with self.changed:
            seen.problems += self._repeated(seen)
            for revision, words in WORDS.items():
                if revision != self.revision:
                    seen.problems += words_of(words.get(seen.action, set()), seen.body, "", revision)
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
        seen = read(self.command, self.path, headers, content, self.client_address[1])
        seen.problems += judge(seen, headers, content, f"127.0.0.1:{self.server.server_address[1]}")
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
