"""`FleetReport`: what became of a fleet, as values, plain data, a table, a page, or a few lines of text."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import attrs

from cds_eks.fleet.items import OPEN, Kind, State
from cds_eks.fleet.report import plain, timings
from cds_eks.fleet.report.data import COUNTED, ReportItem, ReportPlan

if TYPE_CHECKING:
    from cds_eks.fleet.report.page import Language

FAILED: frozenset[State] = frozenset({"refused", "failed"})


@attrs.frozen(kw_only=True, slots=False, str=False)  # slots=False: what is derived is cached
class FleetReport:
    """What happened to a fleet. `str` of it is a short summary.

    Attributes:
        items: The clusters and node pools, in the order of the plan.
        started_at: When the run began, in seconds since the epoch by the journal's clock.
        ended_at: When it ended.
        plan: Which plan it was about.
        stopped: Why no more was created, or nothing deleted; None if nothing stopped it.
        goal: The state that all items were to reach.
        timed_out: Whether the run was ended because its `timeout` had passed.
    """

    items: tuple[ReportItem, ...]
    started_at: float
    ended_at: float
    plan: ReportPlan = attrs.field(factory=ReportPlan)
    stopped: str | None = None
    goal: Literal["ready", "deleted"] = "ready"
    timed_out: bool = False

    @property
    def ok(self) -> bool:
        """Whether every item is ready; of a report about deleting, whether every item is deleted.

        A report without items is not ok if it says why it has none (`stopped`).
        """
        return all(item.state == self.goal for item in self.items) and bool(self.items or self.stopped is None)

    @functools.cached_property
    def counts(self) -> Mapping[Kind, Mapping[State, int]]:
        """How many items of each kind are in each state; in the order of `COUNTED`, those of no item left out."""
        found: dict[Kind, dict[State, int]] = {"cluster": {}, "node_pool": {}}
        for state in COUNTED:
            for item in self.items:
                if item.state == state:
                    found[item.kind][state] = found[item.kind].get(state, 0) + 1
        return {kind: states for kind, states in found.items() if states}

    @functools.cached_property
    def failures(self) -> tuple[ReportItem, ...]:
        """The items that did not reach the goal, with an `error` that says why.

        Their create was refused, or the service failed to build them, or they were not ready in time; of a report about
        deleting also the clusters that are protected, or not this journal's own.
        """
        return tuple(filter(self._has_failed, self.items))

    def _has_failed(self, item: ReportItem) -> bool:
        if item.state in FAILED:
            return True
        # A pool is deleted with its cluster: what is told of that one is its reason too.
        is_meant = self.goal == "ready" or item.kind == "cluster"
        return is_meant and bool(item.error) and item.state != self.goal and item.state not in OPEN

    @functools.cached_property
    def unknown(self) -> tuple[ReportItem, ...]:
        """The items of which a create may have been carried out, and nobody knows yet."""
        return tuple(item for item in self.items if item.state in OPEN)

    @functools.cached_property
    def differing(self) -> tuple[ReportItem, ...]:
        """The items that differ from the plan; see `ReportItem.differences`. That alone makes no report fail."""
        return tuple(item for item in self.items if item.differences)

    @functools.cached_property
    def throughput(self) -> timings.Throughput:
        """How much was done, and how much of it at once."""
        return timings.throughput(self.items, self.started_at, self.ended_at)

    def over_time(self, bins: int = timings.BINS) -> timings.Series:
        """Return what happened in each of `bins` equally long parts of the run."""
        return timings.series(self.items, self.started_at, self.ended_at, bins, goal=self.goal)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain data that `json` can write. The order of the keys is always the same.

        | key | value |
        | --- | --- |
        | `schema_version` | 1; it grows when a key goes or changes its meaning, not when one is added |
        | `plan` | `source` and `digest` |
        | `started_at`, `ended_at` | seconds since the epoch |
        | `stopped` | why no more creates were made, or null |
        | `goal` | `ready` or `deleted` |
        | `timed_out` | whether the run was ended because its `timeout` had passed |
        | `ok` | whether every item reached the goal |
        | `counts` | kind -> state -> number |
        | `throughput` | see `Throughput` |
        | `items` | for each the attributes of `ReportItem`; `history` is a list of `at` and `state` |

        `ok`, `counts` and `throughput` follow from the rest, and `from_dict` does not read them.
        """
        return {
            "schema_version": plain.SCHEMA_VERSION,
            "plan": attrs.asdict(self.plan),
            "started_at": self.started_at,
            "ended_at": self.ended_at,
            "stopped": self.stopped,
            "goal": self.goal,
            "timed_out": self.timed_out,
            "ok": self.ok,
            "counts": {kind: dict(states) for kind, states in self.counts.items()},
            "throughput": attrs.asdict(self.throughput),
            "items": [plain.item_to_dict(item) for item in self.items],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the report of what `to_dict` has made.

        Raises:
            ConfigurationError: It is no report, or one of a later schema.
        """
        plain.check_version(data)
        return cls(
            items=tuple(plain.item_from_dict(item) for item in data["items"]),
            started_at=data["started_at"],
            ended_at=data["ended_at"],
            plan=ReportPlan(source=data["plan"]["source"], digest=data["plan"]["digest"]),
            stopped=data["stopped"],
            goal=data["goal"],
            timed_out=bool(data.get("timed_out", False)),
        )

    def to_csv(self, path: str | os.PathLike[str], *, encoding: str = "utf-8") -> Path:
        """Write one row for each item, below a row of names. The file is written whole or not at all.

        A cell that a spreadsheet could take for a formula has an apostrophe before it.

        Args:
            path: Where to.
            encoding: `utf-8-sig` lets Excel show Chinese text on a double click.
        """
        from cds_eks.documents import writing
        from cds_eks.fleet.report import table

        return writing.write_whole(path, table.to_csv_text(self.items).encode(encoding, "backslashreplace"))

    def to_html(self, path: str | os.PathLike[str], *, lang: Language = "en") -> Path:
        """Write one page that needs nothing else: no network, no other file. It is written whole or not at all.

        Args:
            path: Where to.
            lang: The language in which the page opens; it has a switch.

        Raises:
            ConfigurationError: jinja2 is not installed (the extra `fleet`), or the language is another one.
        """
        from cds_eks.documents import writing
        from cds_eks.fleet.report import page

        return writing.write_whole(path, writing.encoded(page.render(self, lang)))

    def __str__(self) -> str:
        from cds_eks.fleet.report.summary import summary

        return summary(self)
