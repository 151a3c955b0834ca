"""What the SDK says of fleets, with the command line's words for the names that Python's calls have. Pure."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from cds_eks.fleet.report.fleet_report import FleetReport

_WORDS: tuple[tuple[str, str], ...] = (
    (r"see include_adopted=", "see --include-adopted"),
    (r"see adopt=", "take it over with --adopt matching, or with `cds-eks import`"),
    (r"adopt='matching'", "--adopt matching"),
    (r"open the journal with open_journal\(\.\.\., rebind=True\) once", "say so with --rebind once"),
    (r"\bfleet\.diff\b", "`cds-eks plan diff`"),
    (r"\b(only|exclude|timeout)=(?=\s|$)", r"--\1"),
)
_WORD = r"('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
_CLUSTERS = re.compile(rf"eks\.clusters\.list\(keyword={_WORD}, vpc_id={_WORD}\)")
_POOLS = re.compile(rf"eks\.node_pools\.list\((?:{_WORD}|(<[^>]*>)), filter={_WORD}\)")


def in_options(text: str) -> str:
    """Return a text of the SDK's with options and commands in place of Python's arguments and calls."""
    text = _CLUSTERS.sub(
        lambda found: f"cds-eks clusters list --keyword {_shell(found[1])} --vpc-id {_shell(found[2])}", text
    )
    text = _POOLS.sub(
        lambda found: f"cds-eks node-pools list {_shell(found[1] or found[2])} --filter {_shell(found[3])}", text
    )
    for python, option in _WORDS:
        text = re.sub(python, option, text)
    return text


def report_in_options(report: FleetReport) -> FleetReport:
    """Return a report whose errors are told in the command line's words."""
    items = tuple(
        attrs.evolve(item, error={**item.error, "message": in_options(str(item.error["message"]))})
        if item.error is not None and item.error.get("message")
        else item
        for item in report.items
    )
    stopped = None if report.stopped is None else in_options(report.stopped)
    return attrs.evolve(report, items=items, stopped=stopped)


def _shell(word: str) -> str:
    """Return a word as a shell takes it; a quoted one as Python writes it."""
    return word if word.startswith("<") else shlex.quote(re.sub(r"\\(.)", r"\1", word[1:-1]))
