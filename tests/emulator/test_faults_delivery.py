"""Faults of delivery and of time over real sockets: twice, late, replayed, skewed; and whom faults apply to."""

from __future__ import annotations

import json
import threading
import time
from email.utils import parsedate_to_datetime

import httpx
import pytest

from cds_eks.emulator import Emulator, Fault, ManualClock, RequestEntry

from .sender import INTERFACE, Sender, received, serving

RST = (httpx.ReadError, httpx.RemoteProtocolError, httpx.WriteError)


def said(entry: RequestEntry) -> tuple[str | None, bool, bool, int, str]:
    return entry.fault, entry.committed, entry.answered, entry.status, entry.code


@pytest.mark.parametrize("seconds", [None, 20.0])
@pytest.mark.parametrize("bypass", [False, True])
def test_duplicated_delivery(sender: Sender, seconds: float | None, bypass: bool) -> None:
    fault = Fault("duplicate", "create", seconds=seconds, bypass_nonce=bypass)
    sender.with_faults(fault)
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
    sender.with_faults(Fault("duplicate", answer="second"))
    response = sender.send("CreateNetworkInterface", **INTERFACE)
    assert (response.status_code, response.json()["Code"]) == (403, "AccessDenied")
    first, second = sender.entries
    assert said(first) == ("duplicate", True, False, 200, "Success")
    assert said(second) == ("duplicate", False, True, 403, "AccessDenied")
    assert len(sender.created) == 1


def test_late_delivery(sender: Sender) -> None:
    sender.with_faults(Fault("late", "create", seconds=30, count=2))
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
    sender.with_faults(Fault("late", seconds=30, count=1))
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
    sender.with_faults(Fault("skew", seconds=seconds, count=2))
    for _ in range(2):
        response = sender.send("CreateNetworkInterface", **INTERFACE)
        assert response.json()["Code"] == "RequestExpired"
        shown = parsedate_to_datetime(response.headers["date"]).timestamp()
        assert shown - time.time() == pytest.approx(seconds, abs=3)
        assert said(sender.entry) == ("skew", False, True, 400, "RequestExpired")
    assert sender.send("CreateNetworkInterface", **INTERFACE).json()["Code"] == "Success"


def test_a_little_skew_is_no_harm(sender: Sender) -> None:
    sender.with_faults(Fault("skew", seconds=600))
    request = sender.raw("CreateNetworkInterface", **INTERFACE)
    codes = []
    for _ in range(2):
        with sender.connected() as connection:
            connection.sendall(request.replace(b"Host: e", b"Host: e\r\nConnection: close"))
            codes.append(json.loads(received(connection)[0].partition(b"\r\n\r\n")[2])["Code"])
    assert codes == ["Success", "AccessDenied"]
    assert [each.answered for each in sender.entries] == [True, True]


def test_a_replay_refusal(sender: Sender) -> None:
    sender.with_faults(Fault("replay", count=1))
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
    sender.with_faults(Fault("reset_after_commit"))
    with sender.connected() as connection:
        connection.sendall(sender.raw("CreateNetworkInterface", **INTERFACE)[:-1])
    time.sleep(0.1)
    assert sender.entries == []


def test_a_connection_that_was_kept_alive_is_reset(sender: Sender) -> None:
    sender.with_faults(Fault("reset_before_commit", skip=1))
    with httpx.Client(trust_env=False) as client:
        for _ in range(1):
            assert client.get(sender.url + sender.target("ListClusters")).status_code == 200
        with pytest.raises(RST):
            client.get(sender.url + sender.target("ListClusters"))


def test_attempts_of_one_call(sender: Sender) -> None:
    sender.with_faults(Fault("throttle", count=2))
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
