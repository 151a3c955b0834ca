"""What is told of a fleet when a run has ended: plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from cds_eks.fleet.error_kinds import may_pass
from cds_eks.fleet.item_words import in_one_line
from cds_eks.fleet.items import Kind, Origin, State

COUNTED: tuple[State, ...] = (
    *("ready", "deleted", "failed", "refused", "unknown"),
    *("sending", "accepted", "deleting", "planned"),
)
"""The states in the order in which reports count them: how items end first, then what is still to come."""


@attrs.frozen(kw_only=True)
class Moment:
    """When an item came into a state, or what the service said that it did.

    Attributes:
        at: When, in seconds since the epoch.
        state: The state of the item, or a step of the service (`GetClusterEvents`).
    """

    at: float
    state: str


@attrs.frozen(kw_only=True)
class ReportPlan:
    """Which plan a report is about.

    Attributes:
        source: Where it was read: a path, or what its maker called it; empty if it has no name.
        digest: The digest of what it asks for.
    """

    source: str = ""
    digest: str = ""


@attrs.frozen(kw_only=True)
class ReportItem:
    """One cluster or node pool in a report.

    Attributes:
        kind, name, cluster_name, vpc_id: What it is.
        state: How it ended.
        ids: Its ids, and those of its tasks.
        origin: How it came to be; see `cds_eks.fleet.items.Item`.
        request_id: The service's id of the latest request for it, or None.
        error: What went wrong: `class`, `code`, `message`, `outcome`; or None.
        history: When it was queued, sent, accepted, ready, …, oldest first.
        differences: How it differs from the plan: the plan's field -> both values (`wanted`, `found`), or words.
            `there` is in it if it is not there, `plan` if another plan has asked for it.
        replicas: How many nodes it was to have.
        unseen: The plan's fields that could not be compared, since the service does not show them.
        cluster_status: How the service shows a cluster, in its words; of a report by `status` only. None if not listed.
    """

    kind: Kind
    name: str
    cluster_name: str
    vpc_id: str
    state: State
    ids: Mapping[str, str] = attrs.field(factory=dict)
    origin: Origin | None = None
    request_id: str | None = None
    error: Mapping[str, Any] | None = None
    history: tuple[Moment, ...] = ()
    differences: Mapping[str, Any] = attrs.field(factory=dict)
    replicas: int = 0
    unseen: tuple[str, ...] = ()
    cluster_status: str | None = None

    @property
    def may_pass(self) -> bool:
        """Whether the next run may succeed where this item has an `error`, though nobody changes anything.

        So it is after a lost response, throttling, a fault of the service, or a time that was up. It is not so of what
        the service refuses for another reason, of what has failed, and of an item without an error.
        """
        return may_pass(self.state, self.error)

    def __str__(self) -> str:
        """Return what it is, how far it is, and why, in one short line."""
        return in_one_line(self)
