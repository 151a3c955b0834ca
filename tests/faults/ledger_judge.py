"""What a client says of its calls, compared with the emulator's ledger: the ledger has the last word."""

from __future__ import annotations

import time
from collections.abc import Collection
from datetime import datetime
from typing import Any

import attrs

from cds_eks.emulator import RequestEntry
from cds_eks.wire import CallRecord, Kind
from support.eventually import until


@attrs.define(eq=False)
class CallReport:
    """What a client says of one call: to its caller, and in the record."""

    action: str
    kind: Kind
    call_id: str
    record: CallRecord
    began: datetime
    answer: Any = None
    error: BaseException | None = None
    is_cut_short: bool = False
    entries: list[RequestEntry] = attrs.field(factory=list)

    @property
    def outcome(self) -> str:
        return self.record.outcome

    @property
    def made(self) -> str | None:
        """The id of what was made, if the call has told it, to its caller or in its record alone."""
        data = (self.record.answer or {}).get("Data") or {}
        return next((data[name] for name in ("ClusterId", "NodePoolId", "NetcardId") if name in data), None)

    @property
    def commits(self) -> list[RequestEntry]:
        """The requests of the call that were carried out, but for what the network repeated by itself."""
        return [entry for entry in self.entries if entry.committed and not entry.repeated]


def wait_for_commits(told: CallReport, ledger: Any, commits: int) -> None:
    """Wait until a call was carried out so many times: a client that gives up an attempt may be ahead of the server."""
    until(lambda: sum(entry.committed for entry in ledger.calls().get(told.call_id, [])) >= commits)


def judge(calls: Collection[CallReport], ledger: Any, spoilt: Collection[str] = (), patience: float = 3.0) -> None:
    """Compare what was told of calls with what happened. The server may be behind the client by a moment."""
    end = time.monotonic() + patience
    while True:
        entries = ledger.calls()
        try:
            for told in calls:
                told.entries = entries.get(told.call_id, [])
                _judge(told, told.call_id in spoilt)
        except AssertionError:
            if time.monotonic() > end:
                raise
            time.sleep(0.01)
        else:
            return


def _judge(told: CallReport, is_spoilt: bool) -> None:
    own = [entry for entry in told.entries if not entry.repeated]
    facts = (told.action, told.record, [(each.status, each.committed, each.answered, each.fault) for each in own])
    nonces = [entry.nonce for entry in own]
    assert len(set(nonces)) == len(nonces), facts  # each attempt is signed anew
    assert len(own) <= told.record.attempts, facts  # and nothing sends one twice
    if told.kind is Kind.CREATE:
        assert len(told.commits) <= 1, facts
    match told.outcome:
        case "not_sent":
            assert own == [], facts
        case "refused":
            assert own != [], facts
            assert told.commits == [] or told.kind is Kind.READ, facts
        case "accepted":
            assert any(entry.committed and entry.answered for entry in own), facts
            if told.kind is Kind.CREATE:
                [entry] = told.commits
                assert told.made is None or told.made in entry.created, facts
        case "unknown":
            # `replay` is the emulator's one lie: it says of a new nonce what is only true of a request that came twice.
            in_the_dark = any(entry.lost or entry.fault == "replay" for entry in own)
            assert in_the_dark or is_spoilt or told.is_cut_short or len(own) < told.record.attempts, facts
            assert told.record.answer is None or told.made is None, facts
