"""What a fleet is made of: items, their states, and which state may follow which. Plain values, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

import attrs

from cds_eks.fleet.item_words import in_one_line

Kind = Literal["cluster", "node_pool"]
Origin = Literal["created", "recovered", "adopted", "imported"]
State = Literal["planned", "sending", "accepted", "refused", "unknown", "ready", "failed", "deleting", "deleted"]

STATES: tuple[State, ...] = get_args(State)

OPEN: frozenset[State] = frozenset({"sending", "unknown"})
"""A create of these may have been carried out: they are settled before anything new is created."""

FOLLOWS: Mapping[State, frozenset[State]] = {
    "planned": frozenset({"sending", "accepted", "ready", "failed"}),  # accepted, ready: adopted, or imported
    "sending": frozenset({"planned", "accepted", "refused", "unknown", "failed"}),  # planned: nothing was sent
    "unknown": frozenset({"sending", "accepted", "ready", "failed", "planned"}),
    "refused": frozenset({"sending", "planned", "accepted", "ready", "failed"}),
    "accepted": frozenset({"ready", "failed", "deleting", "deleted", "unknown"}),  # unknown: it named another's id
    "ready": frozenset({"accepted", "failed", "deleting", "deleted"}),  # accepted: it is being scaled
    "failed": frozenset({"planned", "sending", "ready", "accepted", "deleting", "deleted"}),  # tried again
    "deleting": frozenset({"deleted", "failed", "ready", "accepted"}),  # ready, accepted: protected before it left
    "deleted": frozenset({"planned", "sending", "accepted", "ready", "failed"}),  # failed: it can't be had again
}


FIRST_POOL = "first_pool_item_id"
"""The name in a cluster's ids of the journal's id of the pool that its latest create makes with it."""

SCALED_TO = "scaled_to_id"
"""The name in a pool's ids of the number of nodes that a scale asks for, written before that leaves.

While it is there the pool's number is not certain: it is taken out once the service has shown the pool with its nodes.
"""


def may_follow(state: State, after: State) -> bool:
    """Whether an item may go from `after` to `state`; to stay is always allowed, to renew what is known of it."""
    return state == after or state in FOLLOWS[after]


def cluster_item_id(vpc_id: str, name: str) -> str:
    """Return the journal's id of a cluster: its natural key."""
    return f"cluster/{vpc_id}/{name}"


def pool_item_id(vpc_id: str, cluster_name: str, name: str) -> str:
    """Return the journal's id of a node pool: its natural key, with its cluster's."""
    return f"node_pool/{vpc_id}/{cluster_name}/{name}"


@attrs.frozen(kw_only=True)
class NewItem:
    """An item as a plan has it.

    Attributes:
        id: Its id in the journal; see `cluster_item_id` and `pool_item_id`.
        kind: What it is.
        name: Its exact name.
        vpc_id: The VPC of its cluster.
        cluster_name: The name of its cluster; its own for a cluster.
        position: Where it stands in the plan, from 0.
        digest: A digest of what is asked for, without secrets.
        replicas: How many nodes a pool is to have; for a cluster those of all its pools.
        protect: Whether it must never be deleted. Once true it stays so in the journal, until `Journal.unprotect`.
    """

    id: str
    kind: Kind
    name: str
    vpc_id: str
    cluster_name: str
    position: int = 0
    digest: str = ""
    replicas: int = 0
    protect: bool = False


@attrs.frozen(kw_only=True)
class Item:
    """An item as the journal has it.

    Attributes:
        id, kind, name, vpc_id, cluster_name, position, digest, replicas, protect: See `NewItem`.
        state: How far it is.
        epoch: How many creates were intended for it until now; a write with another epoch is refused.
        intent_at: When the latest create was intended, in seconds since the epoch by the journal's clock, or None.
        deadline: Until when that create may be sent at the latest, by the same clock, or None.
        ids: What the service's answers have named: `cluster_id`, `node_pool_id`, `task_id`, ….
        origin: How it came to be: `created` by an answered create, `recovered` (ours, though its answer was lost),
            `adopted` (somebody else's), `imported`; None while it is not there.
        request_id: The service's id of the latest request for it, or None.
        call_id: The SDK's id of the latest create, or None.
        error: What went wrong: `class`, `code`, `message`, `outcome`; or None. It never holds a secret.
        owner: The runner that has claimed it, or None.
        lease_until: Until when, by the journal's clock, or None.
        changed_at: When it last changed, by the journal's clock.
    """

    id: str
    kind: Kind
    name: str
    vpc_id: str
    cluster_name: str
    position: int = 0
    digest: str = ""
    replicas: int = 0
    protect: bool = False
    state: State = "planned"
    epoch: int = 0
    intent_at: float | None = None
    deadline: float | None = None
    ids: Mapping[str, str] = attrs.field(factory=dict)
    origin: Origin | None = None
    request_id: str | None = None
    call_id: str | None = None
    error: Mapping[str, Any] | None = None
    owner: str | None = None
    lease_until: float | None = None
    changed_at: float = 0.0

    def __str__(self) -> str:
        """Return what it is, how far it is, and why, in one short line."""
        return in_one_line(self)


@attrs.frozen(kw_only=True)
class Change:
    """One step of an item, to be written to the journal. What is None stays as it is.

    Attributes:
        item_id: Which item.
        runner: Who writes it; it must hold the item's lease.
        epoch: The item's epoch as the writer knows it. A change to `sending` makes it one more.
        state: The new state.
        deadline: With `sending`: for how many seconds from the journal's now on the create may be sent. The journal
            keeps `intent_at` (its now) and `deadline` (that plus these seconds).
        ids: Names to add to the item's ids.
        origin, request_id, call_id, error: See `Item`. An `error` that is empty clears it.
        replicas: How many nodes it has been told to have.
        digest: With `sending`: the digest of what is asked for; another plan may have been added meanwhile.
        action: The operation that it comes of, for the audit.
    """

    item_id: str
    runner: str
    epoch: int
    state: State
    deadline: float | None = None
    ids: Mapping[str, str] = attrs.field(factory=dict)
    origin: Origin | None = None
    request_id: str | None = None
    call_id: str | None = None
    error: Mapping[str, Any] | None = None
    replicas: int | None = None
    digest: str | None = None
    action: str = ""


@attrs.frozen(kw_only=True)
class AuditEntry:
    """One line of the append-only audit: who changed what, when.

    Attributes:
        at: When, by the journal's clock.
        item_id: Which item; empty for what concerns the whole journal.
        state: Its state afterwards.
        epoch: Its epoch afterwards.
        action: The operation, or what was done to the journal.
        request_id: The service's id of the request, or None.
        runner: The runner; `launch …` if all those of a launch are told to stop.
        host: The machine's name.
        pid: The process's id.
        user: The user's name.
    """

    at: float
    item_id: str
    state: str
    epoch: int
    action: str
    request_id: str | None
    runner: str
    host: str
    pid: int
    user: str


@attrs.frozen(kw_only=True)
class Heartbeat:
    """What a runner learns when it renews its leases.

    Attributes:
        now: The journal's clock, in seconds since the epoch.
        runners: How many runners are alive, this one included; the account's rate is divided by it.
        lost: The ids of items whose lease this runner no longer holds.
        stop: Why all runners, or those of its launch, are to stop, or None.
    """

    now: float
    runners: int
    lost: frozenset[str] = frozenset()
    stop: str | None = None


def ids_of_service(item: Item) -> dict[str, str]:
    """Return an item's ids without what only the journal means by them."""
    return {name: id_ for name, id_ in item.ids.items() if name not in (FIRST_POOL, SCALED_TO)}
