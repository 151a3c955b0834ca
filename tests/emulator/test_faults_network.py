"""Faults on the way, over real sockets; the ledger has the last word."""

from __future__ import annotations

import json
import socket
import time

import httpx
import pytest

from cds_eks.emulator import Fault, RequestEntry
from cds_eks.emulator.http import server
from support.eventually import until

from .sender import INTERFACE, Sender, received, serving

RST = (httpx.ReadError, httpx.RemoteProtocolError, httpx.WriteError)


def said(entry: RequestEntry) -> tuple[str | None, bool, bool, int, str]:
    return entry.fault, entry.committed, entry.answered, entry.status, entry.code


def test_no_fault(sender: Sender) -> None:
    response = sender.send("CreateNetworkInterface", **INTERFACE)
    assert said(sender.entry) == (None, True, True, 200, "Success")
    assert not sender.entry.lost
    assert sender.entry.request_id == response.json()["RequestId"]
    assert [each.id for each in sender.created] == [response.json()["Data"]["NetcardId"]]
    assert len(sender.entry.nonce) == 16
    sender.send("CreateNetworkInterface")
    assert said(sender.entry) == (None, False, True, 400, "ArgMissing")
    assert sender.created == []


def test_a_connection_is_refused() -> None:
    with serving(Fault("refuse_connection", count=1)) as sender:
        try:
            with sender.connected() as connection:
                assert received(connection) == (b"", True)
        except ConnectionResetError:
            pass  # it came while this process was still connecting
        until(lambda: sender.emulator.faults.struck == {"refuse_connection": 1})
        assert sender.emulator.ledger.requests == []
        assert sender.send("ListClusters").status_code == 200


def test_connections_that_ask_the_emulator_itself_are_not_refused() -> None:
    with serving(Fault("refuse_connection")) as sender:
        for _ in range(2):
            health = httpx.get(f"{sender.url}/_emulator/health", trust_env=False)
            assert health.json()["status"] == "ok"
        assert sender.emulator.faults.struck == {}
        with pytest.raises(RST):
            sender.send("ListClusters")
        with pytest.raises(RST):  # it only looks like it
            httpx.get(f"{sender.url}/_emulators", trust_env=False)
        assert sender.emulator.faults.struck == {"refuse_connection": 2}
        assert httpx.delete(f"{sender.url}/_emulator/faults", trust_env=False).status_code == 200
        assert sender.send("ListClusters").status_code == 200
        assert [each.action for each in sender.emulator.ledger.requests] == ["ListClusters"]


@pytest.mark.parametrize(
    "pieces", [(b"GET /_emula", b"tor/health HTTP/1.1\r\nHost: localhost\r\n\r\n"), (b"G", b"E", b"T /")]
)
def test_the_first_bytes_of_a_connection_may_come_one_by_one(
    pieces: tuple[bytes, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    if len(pieces) == 2:
        monkeypatch.setattr(server, "FIRST_BYTES", 10.0)  # however busy the machine is
    with serving(Fault("refuse_connection")) as sender, sender.connected() as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            connection.sendall(piece)
        if len(pieces) == 2:
            assert connection.recv(12) == b"HTTP/1.1 200"
        else:
            assert received(connection) == (b"", True)


def test_a_connection_that_is_spared_is_served() -> None:
    with serving(Fault("refuse_connection", skip=1), Fault("refuse_connection", probability=0)) as sender:
        assert sender.send("ListClusters").status_code == 200
        sender.emulator.faults.clear()
        sender.emulator.faults.add(Fault("refuse_connection", skip=1))
        with sender.connected() as idle:
            idle.settimeout(0.3)
            with pytest.raises(TimeoutError):  # it may go on, and asks for nothing yet
                idle.recv(1)
            idle.sendall(b"GET /eks/v1 HTTP/1.1\r\nHost: e\r\n\r\n")
            assert idle.recv(12) == b"HTTP/1.1 400"


def test_a_client_that_hangs_up_before_it_has_said_anything_leaves_no_trace() -> None:
    with serving(Fault("refuse_connection")) as sender:
        sender.connected().__enter__().close()
        assert httpx.get(f"{sender.url}/_emulator/health", trust_env=False).status_code == 200


def test_a_request_is_refused_before_its_body_is_read(sender: Sender) -> None:
    sender.with_faults(Fault("refuse"))
    request = sender.raw("CreateNetworkInterface", **INTERFACE)
    with sender.connected() as connection:
        connection.sendall(request[: request.index(b"\r\n\r\n") + 4])
        assert received(connection) == (b"", True)
    assert said(sender.entry) == ("refuse", False, False, 0, "")
    assert (sender.entry.action, sender.entry.body, sender.created) == ("CreateNetworkInterface", None, [])


@pytest.mark.parametrize("kind", ["reset_before_commit", "reset_after_commit"])
def test_resets(sender: Sender, kind: str) -> None:
    after = kind == "reset_after_commit"
    sender.with_faults(Fault(kind))
    with sender.connected() as connection:
        connection.sendall(sender.raw("CreateNetworkInterface", **INTERFACE))
        assert received(connection) == (b"", True)
    assert said(sender.entry) == (kind, after, False, *((200, "Success") if after else (0, "")))
    assert sender.entry.lost
    assert len(sender.created) == after
    assert sender.entry.created == tuple(each.id for each in sender.created)
    with pytest.raises(RST):
        sender.send("CreateNetworkInterface", **INTERFACE)
    assert sender.entry.committed is after


def test_a_refused_request_whose_answer_is_lost(sender: Sender) -> None:
    sender.with_faults(Fault("reset_after_commit"))
    with pytest.raises(RST):
        sender.send("DeleteCluster", ClusterId="no such")
    assert said(sender.entry) == ("reset_after_commit", False, False, 404, "ResourceNotFound")


@pytest.mark.parametrize("kind", ["hang_before_commit", "hang_after_commit"])
def test_hanging_until_the_client_goes_away(sender: Sender, kind: str) -> None:
    sender.with_faults(Fault(kind, count=1), Fault(kind, seconds=30))
    for _ in range(2):
        with pytest.raises(httpx.ReadTimeout):
            sender.send("CreateNetworkInterface", timeout=0.1, **INTERFACE)
        assert (sender.entry.fault, sender.entry.answered) == (kind, False)
        assert sender.entry.committed is (kind == "hang_after_commit")
        assert len(sender.created) == sender.entry.committed


@pytest.mark.parametrize("kind", ["hang_before_commit", "hang_after_commit"])
def test_hanging_for_a_while(sender: Sender, kind: str) -> None:
    sender.with_faults(Fault(kind, seconds=0.2))
    began = time.monotonic()
    response = sender.send("CreateNetworkInterface", **INTERFACE)
    assert time.monotonic() - began >= 0.2
    assert said(sender.entry) == (kind, True, True, 200, "Success")
    assert sender.entry.request_id == response.json()["RequestId"]
    assert sender.entry.body == INTERFACE
    assert len(sender.created) == 1


def test_the_ledger_while_a_request_hangs(sender: Sender) -> None:
    sender.with_faults(Fault("hang_before_commit", seconds=0.4), Fault("hang_after_commit"))
    with sender.connected() as connection:
        connection.sendall(sender.raw("CreateNetworkInterface", **INTERFACE))
        time.sleep(0.2)
        assert said(sender.entry) == ("hang_before_commit", False, False, 0, "")
        assert connection.recv(15) == b"HTTP/1.1 200 OK"
        assert said(sender.entry) == ("hang_before_commit", True, True, 200, "Success")


@pytest.mark.parametrize("fault", [Fault("hang_before_commit"), Fault("hang_after_commit"), Fault("drip", seconds=30)])
def test_stopping_ends_what_hangs(
    fault: Fault, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cds_eks.emulator.http.server.SHUTDOWN_POLLS", 20_000)  # 40 s, for what does not end by itself
    with socket.socket() as connection:
        with serving(fault) as sender:
            connection.connect(sender.address)
            connection.settimeout(5)
            connection.sendall(sender.raw("CreateNetworkInterface", **INTERFACE))
            time.sleep(0.2)
            began = time.monotonic()
        assert time.monotonic() - began < 8  # it gives up waiting after 10
        received(connection)
        assert not sender.entry.answered
    assert [each for each in caplog.records if each.levelno >= 30] == []


@pytest.mark.parametrize(
    ("fault", "length"),
    [
        (Fault("truncate", bytes=0), lambda body: 0),
        (Fault("truncate", bytes=7), lambda body: 7),
        (Fault("truncate", bytes=10_000), lambda body: len(body) - 1),
        (Fault("truncate"), lambda body: len(body) // 2),
        (Fault("truncate", after="NetcardId"), lambda body: body.index(b"NetcardId") + 9),
        (Fault("truncate", after="NetcardId", bytes=41), lambda body: body.index(b"NetcardId") + 50),
        (Fault("truncate", after="no such text"), lambda body: len(body) // 2),
    ],
)
def test_truncation(sender: Sender, fault: Fault, length: object) -> None:
    whole = sender.send("CreateNetworkInterface", **INTERFACE).content
    assert callable(length)
    sender.with_faults(fault)
    with sender.connected() as connection:
        connection.sendall(sender.raw("CreateNetworkInterface", **INTERFACE))
        answer, was_reset = received(connection)
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK")
        assert f"content-length: {len(whole)}".encode() in head.lower()
        assert len(body) == length(whole)
        assert not was_reset
        assert said(sender.entry) == ("truncate", True, False, 200, "Success")
        assert len(sender.created) == 1
        if fault.after == "NetcardId" and fault.bytes:
            assert body.endswith(f'{sender.created[0].id}"'.encode())
        with pytest.raises(httpx.RemoteProtocolError):
            sender.send("CreateNetworkInterface", **INTERFACE)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("body", ["json", "html", "empty"])
def test_errors_of_proxies_and_servers(sender: Sender, status: int, when: str, body: str) -> None:
    sender.with_faults(Fault("status", "write", status=status, when=when, body=body))
    response = sender.send("CreateNetworkInterface", **INTERFACE)
    assert response.status_code == status
    assert response.headers["content-length"] == str(len(response.content))
    if body == "json":
        assert response.headers["content-type"] == "application/json; charset=utf-8"
        assert (response.json()["Code"], response.json()["Data"]) == ("InternalError", None)
        assert response.json()["RequestId"] == sender.entry.request_id
    else:
        assert response.headers["content-type"] == "text/html"
        assert (str(status) in response.text) is (body == "html")
    assert "retry-after" not in response.headers
    code = "InternalError" if body == "json" else ""
    assert said(sender.entry) == ("status", when == "after", True, status, code)
    assert sender.entry.lost
    assert len(sender.created) == (when == "after")
    assert sender.send("ListClusters").status_code == 200


@pytest.mark.parametrize("body", ["json", "html"])
def test_a_200_that_says_nothing(sender: Sender, body: str) -> None:
    sender.with_faults(Fault("status", status=200, when="after", body=body))
    response = sender.send("CreateNetworkInterface", **INTERFACE)
    assert response.status_code == 200
    assert said(sender.entry) == ("status", True, True, 200, "Success" if body == "json" else "")
    assert sender.entry.lost
    assert len(sender.created) == 1
    if body == "json":
        assert (response.json()["Code"], response.json()["Data"]) == ("Success", None)


def test_an_error_in_the_faults_own_words(sender: Sender) -> None:
    fault = Fault("status", status=599, code="CreateOrderExcept", message="no more", body="json")
    sender.with_faults(fault, Fault("status", count=1, body="html", status=599))
    answer = sender.send("ListClusters").json()
    assert (answer["Code"], answer["Msg"]) == ("CreateOrderExcept", "no more")
    sender.emulator.faults.clear()
    sender.emulator.faults.add(Fault("status", status=599, body="html"))
    assert "<h1>599</h1>" in sender.send("ListClusters").text


@pytest.mark.parametrize("text", ["7", "-1", "1e99", "soon", "", "Wed, 21 Oct 2026 07:28:00 GMT", "9" * 400, "ä"])
def test_retry_after(sender: Sender, text: str) -> None:
    sender.with_faults(Fault("throttle", retry_after=text), Fault("status", status=429))
    response = sender.send("CreateNetworkInterface", **INTERFACE)
    assert (response.status_code, response.json()["Code"]) == (429, "Throttling")
    assert response.headers.get("retry-after") == text
    assert said(sender.entry) == ("throttle", False, True, 429, "Throttling")
    assert not sender.entry.lost


def test_throttling_inside_a_200(sender: Sender) -> None:
    sender.with_faults(Fault("throttle", status=200, code="RequestLimitExceeded", count=1), Fault("throttle"))
    response = sender.send("CreateNetworkInterface", **INTERFACE)
    assert (response.status_code, response.json()["Code"]) == (200, "RequestLimitExceeded")
    assert said(sender.entry) == ("throttle", False, True, 200, "RequestLimitExceeded")
    assert sender.created == []
    assert sender.send("ListClusters").json()["Code"] == "Throttling"


def test_a_slow_drip(sender: Sender) -> None:
    sender.with_faults(Fault("drip", bytes=50, seconds=0.05))
    with sender.connected() as connection:
        connection.sendall(sender.raw("CreateNetworkInterface", **INTERFACE))
        arrivals, answer = [], b""
        while b"}}" not in answer:
            answer += connection.recv(65536)
            arrivals.append(time.monotonic())
            if len(arrivals) == 1:
                assert said(sender.entry) == ("drip", True, False, 200, "Success")
        assert len(arrivals) >= 3
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["Code"] == "Success"
        assert said(sender.entry) == ("drip", True, True, 200, "Success")


def test_a_client_that_does_not_wait_for_the_drip(sender: Sender) -> None:
    sender.with_faults(Fault("drip"))
    with sender.connected() as connection:
        connection.sendall(sender.raw("CreateNetworkInterface", **INTERFACE))
        connection.recv(10)
    time.sleep(0.1)
    assert said(sender.entry) == ("drip", True, False, 200, "Success")


def test_a_client_that_has_gone_before_the_answer(sender: Sender) -> None:
    sender.with_faults(Fault("hang_after_commit", seconds=0.3))
    with sender.connected() as connection:
        connection.sendall(sender.raw("CreateNetworkInterface", **INTERFACE))
        time.sleep(0.1)
        connection.shutdown(socket.SHUT_RDWR)
    time.sleep(0.3)
    assert said(sender.entry) == ("hang_after_commit", True, False, 200, "Success")
