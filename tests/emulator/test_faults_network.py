"""Faults on the way, over real sockets; the ledger has the last word."""

from __future__ import annotations

import json
import socket
import threading
import time
from email.utils import parsedate_to_datetime

import httpx
import pytest

from cds_eks.emulator import Emulator, Fault, ManualClock, RequestEntry
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


def test_a_request_is_refused_before_its_body_is_read(sender: Sender) -> None:
    sender.struck_by(Fault("refuse"))
    request = sender.raw("CreateNetworkInterface", **INTERFACE)
    with sender.connected() as connection:
        connection.sendall(request[: request.index(b"\r\n\r\n") + 4])
        assert received(connection) == (b"", True)
    assert said(sender.entry) == ("refuse", False, False, 0, "")
    assert (sender.entry.action, sender.entry.body, sender.created) == ("CreateNetworkInterface", None, [])


@pytest.mark.parametrize("kind", ["reset_before_commit", "reset_after_commit"])
def test_resets(sender: Sender, kind: str) -> None:
    after = kind == "reset_after_commit"
    sender.struck_by(Fault(kind))
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
    sender.struck_by(Fault("reset_after_commit"))
    with pytest.raises(RST):
        sender.send("DeleteCluster", ClusterId="no such")
    assert said(sender.entry) == ("reset_after_commit", False, False, 404, "ResourceNotFound")


@pytest.mark.parametrize("kind", ["hang_before_commit", "hang_after_commit"])
def test_hanging_until_the_client_goes_away(sender: Sender, kind: str) -> None:
    sender.struck_by(Fault(kind, count=1), Fault(kind, seconds=30))
    for _ in range(2):
        with pytest.raises(httpx.ReadTimeout):
            sender.send("CreateNetworkInterface", timeout=0.1, **INTERFACE)
        assert (sender.entry.fault, sender.entry.answered) == (kind, False)
        assert sender.entry.committed is (kind == "hang_after_commit")
        assert len(sender.created) == sender.entry.committed


@pytest.mark.parametrize("kind", ["hang_before_commit", "hang_after_commit"])
def test_hanging_for_a_while(sender: Sender, kind: str) -> None:
    sender.struck_by(Fault(kind, seconds=0.2))
    began = time.monotonic()
    response = sender.send("CreateNetworkInterface", **INTERFACE)
    assert time.monotonic() - began >= 0.2
    assert said(sender.entry) == (kind, True, True, 200, "Success")
    assert sender.entry.request_id == response.json()["RequestId"]
    assert sender.entry.body == INTERFACE
    assert len(sender.created) == 1


def test_the_ledger_while_a_request_hangs(sender: Sender) -> None:
    sender.struck_by(Fault("hang_before_commit", seconds=0.4), Fault("hang_after_commit"))
    with sender.connected() as connection:
        connection.sendall(sender.raw("CreateNetworkInterface", **INTERFACE))
        time.sleep(0.2)
        assert said(sender.entry) == ("hang_before_commit", False, False, 0, "")
        assert connection.recv(15) == b"HTTP/1.1 200 OK"
        assert said(sender.entry) == ("hang_before_commit", True, True, 200, "Success")


@pytest.mark.parametrize("fault", [Fault("hang_before_commit"), Fault("hang_after_commit"), Fault("drip", seconds=30)])
def test_stopping_ends_what_hangs(fault: Fault, caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as connection:
        with serving(fault) as sender:
            connection.connect(sender.address)
            connection.settimeout(5)
            connection.sendall(sender.raw("CreateNetworkInterface", **INTERFACE))
            time.sleep(0.2)
            began = time.monotonic()
        assert time.monotonic() - began < 0.9
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
    sender.struck_by(fault)
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
    sender.struck_by(Fault("status", "write", status=status, when=when, body=body))
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
    sender.struck_by(Fault("status", status=200, when="after", body=body))
    response = sender.send("CreateNetworkInterface", **INTERFACE)
    assert response.status_code == 200
    assert said(sender.entry) == ("status", True, True, 200, "Success" if body == "json" else "")
    assert sender.entry.lost
    assert len(sender.created) == 1
    if body == "json":
        assert (response.json()["Code"], response.json()["Data"]) == ("Success", None)


def test_an_error_in_the_faults_own_words(sender: Sender) -> None:
    fault = Fault("status", status=599, code="CreateOrderExcept", message="no more", body="json")
    sender.struck_by(fault, Fault("status", count=1, body="html", status=599))
    answer = sender.send("ListClusters").json()
    assert (answer["Code"], answer["Msg"]) == ("CreateOrderExcept", "no more")
    sender.emulator.faults.clear()
    sender.emulator.faults.add(Fault("status", status=599, body="html"))
    assert "<h1>599</h1>" in sender.send("ListClusters").text


@pytest.mark.parametrize("text", ["7", "-1", "1e99", "soon", "", "Wed, 21 Oct 2026 07:28:00 GMT", "9" * 400, "ä"])
def test_retry_after(sender: Sender, text: str) -> None:
    sender.struck_by(Fault("throttle", retry_after=text), Fault("status", status=429))
    response = sender.send("CreateNetworkInterface", **INTERFACE)
    assert (response.status_code, response.json()["Code"]) == (429, "Throttling")
    assert response.headers.get("retry-after") == text
    assert said(sender.entry) == ("throttle", False, True, 429, "Throttling")
    assert not sender.entry.lost


def test_throttling_inside_a_200(sender: Sender) -> None:
    sender.struck_by(Fault("throttle", status=200, code="RequestLimitExceeded", count=1), Fault("throttle"))
    response = sender.send("CreateNetworkInterface", **INTERFACE)
    assert (response.status_code, response.json()["Code"]) == (200, "RequestLimitExceeded")
    assert said(sender.entry) == ("throttle", False, True, 200, "RequestLimitExceeded")
    assert sender.created == []
    assert sender.send("ListClusters").json()["Code"] == "Throttling"


def test_a_slow_drip(sender: Sender) -> None:
    sender.struck_by(Fault("drip", bytes=50, seconds=0.05))
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
    sender.struck_by(Fault("drip"))
    with sender.connected() as connection:
        connection.sendall(sender.raw("CreateNetworkInterface", **INTERFACE))
        connection.recv(10)
    time.sleep(0.1)
    assert said(sender.entry) == ("drip", True, False, 200, "Success")


def test_a_client_that_has_gone_before_the_answer(sender: Sender) -> None:
    sender.struck_by(Fault("hang_after_commit", seconds=0.3))
    with sender.connected() as connection:
        connection.sendall(sender.raw("CreateNetworkInterface", **INTERFACE))
        time.sleep(0.1)
        connection.shutdown(socket.SHUT_RDWR)
    time.sleep(0.3)
    assert said(sender.entry) == ("hang_after_commit", True, False, 200, "Success")


@pytest.mark.parametrize("seconds", [None, 20.0])
@pytest.mark.parametrize("bypass", [False, True])
def test_duplicated_delivery(sender: Sender, seconds: float | None, bypass: bool) -> None:
    fault = Fault("duplicate", "create", seconds=seconds, bypass_nonce=bypass)
    sender.struck_by(fault)
    data = sender.data("CreateNetworkInterface", **INTERFACE)
    if seconds:
        assert len(sender.entries) == len(sender.created) == 1
        sender.advance(seconds)
    first, second = sender.entries
    assert said(first) == ("duplicate", True, True, 200, "Success")
    outcome = (True, False, 200, "Success") if bypass else (False, False, 403, "AccessDenied")
    assert said(second) == ("duplicate", *outcome)
    assert (first.repeated, second.repeated) == (False, True)
    assert (first.nonce, first.call_id) == (second.nonce, second.call_id)
    assert first.created == (data["NetcardId"],)
    assert [each.id for each in sender.created] == [*first.created, *second.created]
    assert len(sender.created) == 1 + bypass
    assert second.at - first.at == (seconds or 0)


def test_the_answer_of_the_second_delivery(sender: Sender) -> None:
    sender.struck_by(Fault("duplicate", answer="second"))
    response = sender.send("CreateNetworkInterface", **INTERFACE)
    assert (response.status_code, response.json()["Code"]) == (403, "AccessDenied")
    first, second = sender.entries
    assert said(first) == ("duplicate", True, False, 200, "Success")
    assert said(second) == ("duplicate", False, True, 403, "AccessDenied")
    assert len(sender.created) == 1


def test_late_delivery(sender: Sender) -> None:
    sender.struck_by(Fault("late", "create", seconds=30, count=2))
    for arguments, code in ((INTERFACE, "Success"), ({}, "ArgMissing")):
        with pytest.raises(RST):
            sender.send("CreateNetworkInterface", **arguments)
        sender.advance(29)
        assert said(sender.entry) == ("late", False, False, 0, "")
        assert sender.created == []
        sender.advance(1)
        assert said(sender.entry) == ("late", code == "Success", False, 200 if code == "Success" else 400, code)
        assert len(sender.created) == len(sender.entry.created) == (code == "Success")
        assert [each.created_at - sender.entry.at for each in sender.created] == [30] * len(sender.created)


def test_a_late_request_is_not_carried_out_when_its_nonce_came_first(sender: Sender) -> None:
    sender.struck_by(Fault("late", seconds=30, count=1))
    request = sender.raw("CreateNetworkInterface", **INTERFACE).replace(b"Host: e", b"Host: e\r\nConnection: close")
    for _ in range(2):
        with sender.connected() as connection:
            connection.sendall(request)
            received(connection)
    sender.advance(30)
    late, retried = sender.entries
    assert (late.code, retried.code) == ("AccessDenied", "Success")
    assert len(sender.created) == 1


@pytest.mark.parametrize("seconds", [3600, -3600])
def test_a_skewed_clock(sender: Sender, seconds: int) -> None:
    sender.struck_by(Fault("skew", seconds=seconds, count=2))
    for _ in range(2):
        response = sender.send("CreateNetworkInterface", **INTERFACE)
        assert response.json()["Code"] == "RequestExpired"
        shown = parsedate_to_datetime(response.headers["date"]).timestamp()
        assert shown - time.time() == pytest.approx(seconds, abs=3)
        assert said(sender.entry) == ("skew", False, True, 400, "RequestExpired")
    assert sender.send("CreateNetworkInterface", **INTERFACE).json()["Code"] == "Success"


def test_a_little_skew_is_no_harm(sender: Sender) -> None:
    sender.struck_by(Fault("skew", seconds=600))
    request = sender.raw("CreateNetworkInterface", **INTERFACE)
    codes = []
    for _ in range(2):
        with sender.connected() as connection:
            connection.sendall(request.replace(b"Host: e", b"Host: e\r\nConnection: close"))
            codes.append(json.loads(received(connection)[0].partition(b"\r\n\r\n")[2])["Code"])
    assert codes == ["Success", "AccessDenied"]
    assert [each.answered for each in sender.entries] == [True, True]


def test_a_replay_refusal(sender: Sender) -> None:
    sender.struck_by(Fault("replay", count=1))
    response = sender.send("CreateNetworkInterface", **INTERFACE)
    assert (response.status_code, response.json()["Msg"]) == (403, "SignatureNonce was used before")
    assert said(sender.entry) == ("replay", False, True, 403, "AccessDenied")
    assert sender.created == []
    assert sender.send("CreateNetworkInterface", **INTERFACE).status_code == 200


def test_what_is_no_request_of_the_api_can_be_struck_too() -> None:
    with serving(Fault("status", status=502, body="html")) as sender:
        for path in ("/elsewhere", "/eks/v1?Action=%zz"):
            assert httpx.get(sender.url + path, trust_env=False).status_code == 502
        assert [(each.action, each.nonce, each.call_id) for each in sender.emulator.ledger.requests] == [
            ("", "", "")
        ] * 2
        assert httpx.get(f"{sender.url}/_emulator/ledger", trust_env=False).json()["requests"][0]["lost"] is True


def test_a_struck_request_that_never_comes_whole(sender: Sender) -> None:
    sender.struck_by(Fault("reset_after_commit"))
    with sender.connected() as connection:
        connection.sendall(sender.raw("CreateNetworkInterface", **INTERFACE)[:-1])
    time.sleep(0.1)
    assert sender.entries == []


def test_a_connection_that_was_kept_alive_is_reset(sender: Sender) -> None:
    sender.struck_by(Fault("reset_before_commit", skip=1))
    with httpx.Client(trust_env=False) as client:
        for _ in range(1):
            assert client.get(sender.url + sender.target("ListClusters")).status_code == 200
        with pytest.raises(RST):
            client.get(sender.url + sender.target("ListClusters"))


def test_attempts_of_one_call(sender: Sender) -> None:
    sender.struck_by(Fault("throttle", count=2))
    for _ in range(3):
        sender.send("CreateNetworkInterface", call_id="call-1", **INTERFACE)
    assert [each.status for each in sender.entries] == [429, 429, 200]
    assert len({each.nonce for each in sender.entries}) == 3
    assert len(sender.created) == 1
    assert sender.emulator.ledger.created_by("call-2") == []


def test_a_call_id_that_is_none() -> None:
    with serving(Fault("replay", "write")) as sender:
        sender.send("CreateNetworkInterface", call_id="a secret? or so", **INTERFACE)
        assert sender.emulator.ledger.requests[0].call_id == "***"


def test_a_dropped_entry_can_not_be_amended() -> None:
    emulator = Emulator(clock=ManualClock(), ledger_limit=1, faults=[Fault("late", "create", seconds=5, count=1)])
    with emulator.serve() as url:
        sender = Sender(emulator, url)
        with pytest.raises(RST):
            sender.send("CreateNetworkInterface", **INTERFACE)
        sender.send("ListClusters")
        sender.advance(5)
        assert [each.action for each in emulator.ledger.requests] == ["ListClusters"]
        assert len(emulator.ledger.created("network_interface")) == 1


def test_adding_and_clearing_from_many_threads() -> None:
    with serving() as sender:
        faults, stop = sender.emulator.faults, threading.Event()

        def change() -> None:
            while not stop.is_set():
                faults.add(Fault("status", status=503))
                assert len(list(faults)) >= 0
                faults.clear()
                time.sleep(0.001)

        threads = [threading.Thread(target=change) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            with httpx.Client(trust_env=False) as client:
                statuses = {client.get(sender.url + sender.target("ListClusters")).status_code for _ in range(30)}
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        assert statuses <= {200, 503}
        assert sum(each.fault == "status" for each in sender.emulator.ledger.requests) == faults.struck.get("status", 0)
        faults.clear()
        assert sender.send("ListClusters").status_code == 200
