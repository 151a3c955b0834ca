"""How a call under a fault is to end, and what is checked of one that has ended."""

from __future__ import annotations

from typing import Any

import attrs

from cds_eks import errors
from cds_eks.emulator import Fault
from faults.ledger_judge import CallReport, wait_for_commits
from faults.scenarios import Client, Run


@attrs.frozen
class ExpectedResult:
    """How a call is to end: after so many attempts, with an error of a kind, or well."""

    attempts: int
    error: type[errors.EksError] | None = None
    outcome: str = "accepted"


WELL, AGAIN = ExpectedResult(1), ExpectedResult(2)


def check(told: CallReport, ends: ExpectedResult) -> None:
    assert (told.record.attempts, told.outcome) == (ends.attempts, ends.outcome), told.error
    if ends.error is None:
        assert told.error is None
        assert told.answer.attempts == ends.attempts
        return
    assert isinstance(told.error, ends.error), repr(told.error)
    assert told.error.attempts == ends.attempts
    assert len(told.error.previous) == ends.attempts - 1
    assert told.error.action is not None
    is_open = told.kind.name == "CREATE" and ends.outcome == "unknown"
    assert isinstance(told.error, errors.AmbiguousCreate) == is_open


async def check_create(client: Client, ends: ExpectedResult, commits: int) -> CallReport:
    """Make a create, and look closely at what is told of one whose fate is unknown."""
    run = client.run
    request = run.cluster_request()
    told = await client.call("clusters", "create", request)
    check(told, ends)
    wait_for_commits(told, run.ledger, commits)
    client.judge()
    assert len(told.commits) == commits
    made = [each for each in run.ledger.created("cluster") if each.name == request.cluster_name]
    assert len(made) == commits
    if isinstance(told.error, errors.AmbiguousCreate):
        assert (told.error.name, told.error.vpc_id) == (request.cluster_name, request.vpc_id)
        assert told.error.natural_key["cluster_name"] == request.cluster_name
        assert told.error.window is not None
        began, ended = told.error.window
        assert abs((began - told.began).total_seconds()) < 1
        assert began <= ended
    return told


async def strike_all(
    run: Run, fault: Fault, create: ExpectedResult, commits: int, *, other: ExpectedResult = AGAIN, **settings: Any
) -> None:
    """Have one fault strike the first attempt of a read, of an idempotent write, and of a create."""
    async with run.client(**settings) as client:
        for call in (client.read, client.write):
            run.strike(fault)
            check(await call(), other)
        run.strike(fault)
        await check_create(client, create, commits)


OPEN_FAULT = ExpectedResult(1, errors.ServerFault, "unknown")
OPEN_PAGE = ExpectedResult(1, errors.UnreadableResponse, "unknown")
OPEN_LOST = ExpectedResult(1, errors.ConnectionLost, "unknown")
