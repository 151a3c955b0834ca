"""What a report is to a script: rows, plain data, and an exit code."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Literal

import attrs

from cds_eks.cli import failures
from cds_eks.cli.context import Context
from cds_eks.cli.fleet.wording import in_options, report_in_options
from cds_eks.cli.language import is_chinese
from cds_eks.fleet.run.telling import LEFT_ALONE

if TYPE_CHECKING:
    from cds_eks.fleet.items import Item
    from cds_eks.fleet.journal.base import JournalError
    from cds_eks.fleet.report.data import ReportItem
    from cds_eks.fleet.report.fleet_report import FleetReport

Ending = Literal["interrupted", "timed_out"]

COLUMNS = ("kind", "name", "state", "origin", "id", "error")
FIELDS = ("kind", "name", "vpc_id", "state", "origin", "cluster_id", "node_pool_id", "replicas", "request_id", "error")
STATUS_COLUMNS = ("kind", "name", "state", "cluster_status", "id", "error")
MOST_NAMED = 20

CLASSES: Mapping[int, str] = {
    failures.INTERRUPTED: "KeyboardInterrupt",
    failures.UNKNOWN_CREATE: "AmbiguousCreate",
    failures.AUTHENTICATION: "AuthenticationError",
    failures.THROTTLED: "QuotaExceeded",
    failures.TIMED_OUT: "WaitTimeout",
    failures.FAILED: "FleetFailed",
}
"""What the JSON on stderr calls each ending."""

_KEYS = frozenset({"AuthenticationError", "PermissionDenied"})
_QUOTAS = frozenset({"QuotaExceeded", "Throttled"})


AGAIN = "run the same command again: it goes on where this one has stopped"
HINTS: Mapping[str, str] = {
    "AlreadyExists": (
        "what is there already: `cds-eks import PLAN` takes it into the journal, and --adopt matching takes over what "
        "does not differ; if another journal has made it, name that with --journal"
    ),
    "DuplicateFound": "what is there several times: `cds-eks import PLAN --id NAME=ID` takes the one that you choose",
    "NotThere": "what is not there to be adopted: --adopt matching creates it",
    "Gone": "what somebody has deleted: give it another name in the plan",
    "Protected": (
        "what is protected: `--exclude NAME` leaves it out, so that all the rest counts as done; `protect = false` in "
        "its own entry of the plan, and `provision`, take the protection back"
    ),
    "Different": "what differs from the plan, and so was not taken over: `cds-eks plan diff` shows how",
    "WrongId": "what the service shows under another name than the journal: look at it by hand",
    "NotOurs": "what was adopted or imported: --include-adopted deletes it, `--exclude NAME` leaves it out",
}
"""What to do about the errors that stay whenever the same command is run again, by their class."""


def ending_of(report: FleetReport, *, is_interrupted: bool) -> Ending | None:
    """Return what has ended a run before its time, or None."""
    if is_interrupted:
        return "interrupted"
    return "timed_out" if report.timed_out else None


def unread(error: JournalError) -> failures.Incomplete:
    """Return what ends a command whose time was over while the journal was away: nobody can tell what is done."""
    return failures.Incomplete(
        f"the time of --timeout is over, and the journal, which knows what is done, can't be read: {error.message}",
        failures.TIMED_OUT,
        kind=CLASSES[failures.TIMED_OUT],
        hint=f"once the journal can be read, {AGAIN}",
    )


def code_of(report: FleetReport, open_items: Collection[Item] = (), ending: Ending | None = None) -> int:
    """Return the exit code of a run: the first of what went wrong, in the order in which people have to know of it."""
    classes = {str((item.error or {}).get("class", "")) for item in report.items if item.state != report.goal}
    classes |= set(re.findall(r"\b([A-Z][A-Za-z]+): ", report.stopped or ""))
    if ending == "interrupted":
        return failures.INTERRUPTED
    if open_items or report.unknown:
        return failures.UNKNOWN_CREATE
    if report.ok:
        return failures.DONE
    if classes & _KEYS:
        return failures.AUTHENTICATION
    if classes & _QUOTAS:
        return failures.THROTTLED
    if ending == "timed_out" or "WaitTimeout" in classes:
        return failures.TIMED_OUT
    return failures.FAILED


def check(report: FleetReport, open_items: Collection[Item] = (), ending: Ending | None = None) -> None:
    """End a command as its report says.

    Raises:
        Incomplete: Not all was done.
    """
    if code := code_of(report, open_items, ending):
        open_ids = {item.id: None for item in open_items}
        open_ids |= {_item_id(item): None for item in report.unknown}
        raise failures.Incomplete(
            _in_words(report, list(open_ids), ending),
            code,
            kind=CLASSES[code],
            outcome="unknown" if open_ids else None,
            hint=hint_of(report, ending, has_open=bool(open_ids)),
            more={"open_items": list(open_ids)},
        )


def hint_of(report: FleetReport, ending: Ending | None, *, has_open: bool) -> str | None:
    """Return what to do about a run that has not done all: to run it again only if that can help.

    Args:
        report: Its report.
        ending: What has ended it, or None.
        has_open: Whether creates are open.
    """
    left = [item for item in report.items if item.state != report.goal]
    classes = dict.fromkeys(str((item.error or {}).get("class", "")) for item in left)
    lasting = [HINTS[each] for each in classes if each in HINTS]
    stuck = {(item.vpc_id, item.cluster_name) for item in left if (item.error or {}).get("class") in HINTS}
    may_pass = [
        item
        for item in left
        if (item.error or {}).get("class") not in HINTS
        and (item.error or (item.vpc_id, item.cluster_name) not in stuck)  # else it waits for what is stuck
    ]
    again = {
        failures.AUTHENTICATION: f"check the key, and what it may do: cds-eks doctor; then {AGAIN}",
        failures.THROTTLED: f"once there is room again (quota, balance): {AGAIN}",
    }.get(code_of(report, ending=ending), AGAIN)
    is_again = has_open or ending is not None or bool(may_pass)
    return "; ".join([*([again] if is_again else []), *lasting]) or None


def _in_words(report: FleetReport, open_ids: list[str], ending: Ending | None) -> str:
    if report.goal == "deleted":  # pools go with their clusters
        clusters = [item for item in report.items if item.kind == "cluster"]
        left = [item for item in clusters if item.state != report.goal]
        alone = sum((item.error or {}).get("class") in LEFT_ALONE for item in left)
        told = f"{len(left)} of {len(clusters)} clusters are not deleted"
        told += f", {alone} of them left alone: protected, or not made by this journal" if alone else ""
    else:
        count = sum(item.state != report.goal for item in report.items)
        told = f"{count} of {len(report.items)} are not {report.goal}"
    if ending is not None:
        told = f"{'interrupted' if ending == 'interrupted' else 'the time of --timeout is over'}; {told}"
    elif report.stopped:
        told += f": {in_options(report.stopped)}"
    if open_ids:
        named = ", ".join(open_ids[:MOST_NAMED]) + (", …" if len(open_ids) > MOST_NAMED else "")
        return f"{told}; {len(open_ids)} creates may or may not have been carried out: {named}"
    return f"{told}; no create is open"


def _item_id(item: ReportItem) -> str:
    from cds_eks.fleet.items import cluster_item_id, pool_item_id

    if item.kind == "cluster":
        return cluster_item_id(item.vpc_id, item.name)
    return pool_item_id(item.vpc_id, item.cluster_name, item.name)


def wants_data(context: Context) -> bool:
    """Whether the result is printed as plain data, rather than as rows."""
    options = context.options
    return (options.is_for_machines or options.query is not None) and not options.prints_ids


def check_columns(context: Context) -> None:
    """Refuse columns that a report does not have, before a run is begun: its report must be printed.

    Raises:
        UsageError: There are some.
    """
    context.check_columns(dict.fromkeys((*COLUMNS, *FIELDS, *STATUS_COLUMNS)))


def emit_report(context: Context, report: FleetReport, columns: tuple[str, ...] = COLUMNS) -> None:
    """Print a report: all of it as plain data, or a row for each item."""
    report = report_in_options(report)
    if wants_data(context):
        context.emit(report.to_dict())
    else:
        context.emit([row_of(item) for item in report.items], columns=columns, id="id", fields=FIELDS)


def row_of(item: ReportItem) -> dict[str, Any]:
    """Return an item as a row."""
    error = item.error or {}
    own = item.ids.get("cluster_id" if item.kind == "cluster" else "node_pool_id")
    return {
        "kind": item.kind,
        "name": item.name if item.kind == "cluster" else f"{item.cluster_name}/{item.name}",
        "vpc_id": item.vpc_id,
        "state": item.state,
        "cluster_status": item.cluster_status,
        "origin": item.origin,
        "id": own,
        "cluster_id": item.ids.get("cluster_id"),
        "node_pool_id": item.ids.get("node_pool_id"),
        "replicas": item.replicas,
        "request_id": item.request_id,
        "error": ": ".join(str(error[name]) for name in ("class", "code", "message") if error.get(name)) or None,
    }


def tell_summary(context: Context, report: FleetReport, told: Collection[str] = ()) -> None:
    """Tell of a report in a few lines.

    Args:
        context: The command's.
        report: The report.
        told: The ids of the items of which it was told already that they are left alone.
    """
    items = (attrs.evolve(item, error=None) if _item_id(item) in told else item for item in report.items)
    context.tell(in_options(str(attrs.evolve(report, items=tuple(items)))))


def write_files(context: Context, report: FleetReport, html: str | None, csv: str | None) -> None:
    """Write a report into the files that were asked for."""
    report = report_in_options(report)
    if csv is not None:
        context.tell(f"table: {report.to_csv(csv)}")
    if html is not None:
        context.tell(f"page: {report.to_html(html, lang='zh' if is_chinese() else 'en')}")
