"""Who is right: what the client says of each call against what the ledger knows of it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import attrs

from benchmarks.chaos.calls import IDS, CallReport
from benchmarks.chaos.service import Evidence
from cds_eks.emulator import RequestEntry

__all__ = ["Judgement", "Violation", "judge"]


@attrs.frozen(kw_only=True)
class Violation:
    """Something that must not be.

    Attributes:
        rule: What is broken.
        call_id: Of the call; empty if it is of no single one.
        client: What the client says.
        ledger: What the ledger says.
    """

    rule: str
    call_id: str = ""
    client: str = ""
    ledger: str = ""


@attrs.define(kw_only=True)
class Judgement:
    """What came of all calls.

    Attributes:
        violations: What must not be.
        creates: How many creates there were, by the last fault that struck them (`-` for none) and outcome.
        cancelled: How many calls were cancelled, by the moment and outcome.
        others: How many reads and writes there were, by action and outcome.
        retried: How many calls took more than one attempt.
        unseen: Calls of unknown outcome of which an attempt never reached the service: its connection was refused.
        gave_up: Calls of unknown outcome whose client ran out of time when the answer had just been sent.
        replayed: Calls of unknown outcome that were refused as a replay, which tells a client nothing.
    """

    violations: list[Violation] = attrs.field(factory=list)
    creates: Counter[tuple[str, str]] = attrs.field(factory=Counter)
    cancelled: Counter[tuple[str, str]] = attrs.field(factory=Counter)
    others: Counter[tuple[str, str]] = attrs.field(factory=Counter)
    retried: int = 0
    unseen: int = 0
    gave_up: int = 0
    replayed: int = 0


def judge(reports: Iterable[CallReport], evidence: Evidence) -> Judgement:
    """Hold every call against the ledger.

    Of a call that was cancelled, or whose client ran out of time, `unknown` is always right: the ledger can't tell
    an answer that was sent from one that was received.

    Args:
        reports: What the client says, one for each call.
        evidence: What the ledger knows.
    """
    judgement = Judgement()
    told: set[str] = set()
    for report in reports:
        told.add(report.call_id)
        _count(judgement, report, evidence.requests.get(report.call_id, ()))
        for rule in _broken(judgement, report, evidence):
            entries = evidence.requests.get(report.call_id, ())
            made = evidence.made.get(report.call_id, ())
            judgement.violations.append(
                Violation(rule=rule, call_id=report.call_id, client=_described(report), ledger=_written(entries, made))
            )
    for call_id, entries in evidence.requests.items():
        if call_id not in told:
            judgement.violations.append(
                Violation(rule="the client does not know of this call", call_id=call_id, ledger=_written(entries, ()))
            )
    refused = evidence.struck.get("refuse_connection", 0)
    if judgement.unseen > refused:
        rule = f"{judgement.unseen} unknown outcomes without a request, but {refused} connections were refused"
        judgement.violations.append(Violation(rule=rule))
    return judgement


def _broken(judgement: Judgement, report: CallReport, evidence: Evidence) -> Iterator[str]:
    """Give the rules that a call breaks."""
    entries = evidence.requests.get(report.call_id, ())
    own = [each for each in entries if not each.repeated]
    done = [each for each in own if each.committed]
    if len(own) > report.attempts:
        yield f"the client says that there were {report.attempts} attempts, but {len(own)} came"
    if report.outcome == "unknown":
        if (reason := _why_unknown(judgement, report, own)) is not None:
            yield reason
    elif report.outcome == "not_sent":
        if entries:
            yield "not sent, but it came"
    elif report.outcome == "refused":
        if done and report.kind != "read":
            yield "refused, but carried out"
        if not own:
            yield "refused, but it never came"
    elif report.outcome == "accepted":
        if not done and (report.kind == "create" or not any(_is_hollow(each) for each in own)):
            yield "accepted, but not carried out"
    else:
        yield report.outcome
    if report.kind == "create":
        yield from _broken_by_create(report, own, done, evidence.made.get(report.call_id, ()))


def _broken_by_create(
    report: CallReport, own: Sequence[RequestEntry], done: Sequence[RequestEntry], made: Sequence[tuple[str, str]]
) -> Iterator[str]:
    if len(done) > 1:
        yield f"carried out {len(done)} times for one call"
    if any(_may_be_done(each) for each in own[:-1]):
        yield "sent again, though it may have been carried out"
    if report.outcome == "accepted":
        ids = [id_ for kind, id_ in made if kind == IDS[report.action][0]]
        # What the network has delivered twice of itself may have made another.
        ids = [id_ for id_ in ids if any(id_ in each.created for each in done)]
        if not report.id:
            yield "accepted, but without an id"
        elif ids != [report.id]:
            yield "accepted, but under other ids"
    if report.arrived and (report.outcome, report.id) != ("accepted", report.arrived):
        yield "an id that arrived is lost"


def _why_unknown(judgement: Judgement, report: CallReport, own: Sequence[RequestEntry]) -> str | None:
    """Return what is wrong with an outcome that is said to be unknown, if anything."""
    if any(each.lost for each in own) or report.cancelled:
        return None
    if any(each.fault == "replay" for each in own):
        judgement.replayed += 1
        return None
    if report.attempts > len(own) and not report.gave_up:
        judgement.unseen += 1
        return None
    if report.gave_up:
        judgement.gave_up += 1
        return None
    return "unknown, but the answer was not lost"


def _may_be_done(entry: RequestEntry) -> bool:
    """Whether a client must take it that a request may have been carried out. A 429 is a refusal, whatever its body."""
    if entry.committed or entry.fault == "replay":
        return True
    # Of a request that was delivered twice and refused twice, it may be the second refusal that was sent.
    return entry.lost and entry.status != 429 and not (entry.fault == "duplicate" and entry.status >= 400)


def _is_hollow(entry: RequestEntry) -> bool:
    """Whether a fault has said yes without any data; where no id is due, a client can't tell."""
    return entry.fault == "status" and entry.status < 300 and entry.code == "Success" and entry.answered


def _count(judgement: Judgement, report: CallReport, entries: Sequence[RequestEntry]) -> None:
    judgement.retried += report.attempts > 1
    if report.cancelled:
        judgement.cancelled[report.cancelled, report.outcome] += 1
    if report.kind != "create":
        judgement.others[report.action, report.outcome] += 1
        return
    own = [each for each in entries if not each.repeated]
    struck = [each.fault for each in own if each.fault]
    fault = struck[-1] if struck else "-"
    if report.outcome == "unknown" and report.attempts > len(own) and not report.cancelled:
        fault = "refuse_connection"
    judgement.creates[fault, report.outcome] += 1


def _described(report: CallReport) -> str:
    cancelled = f", cancelled: {report.cancelled}" if report.cancelled else ""
    given = "".join(f", {name} {value}" for name, value in (("id", report.id), ("arrived", report.arrived)) if value)
    return (
        f"{report.action}: {report.outcome} after {report.attempts} attempts{given}{cancelled} {report.error}".rstrip()
    )


def _written(entries: Sequence[RequestEntry], made: Sequence[tuple[str, str]]) -> str:
    """Return what the ledger has of a call in a line."""
    requests = [
        f"{each.action} fault={each.fault} status={each.status} code={each.code or '-'} committed={each.committed}"
        f" answered={each.answered} lost={each.lost}{' repeated' if each.repeated else ''}"
        for each in entries
    ]
    things = [f"made {kind} {id_}" for kind, id_ in made if kind != "node"]
    return "; ".join(requests + things) or "nothing"
