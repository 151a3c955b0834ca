"""What goes wrong in the soak: every kind of fault that the emulator knows, in many forms, at one rate altogether."""

from __future__ import annotations

from typing import Any

from cds_eks.emulator import Fault

__all__ = ["chaos"]

LATE = 1.0
"""Seconds of service time after which a late or repeated delivery comes."""

LAG = 10.0
"""Seconds of service time by which a list lags behind."""

BEYOND_WINDOW = 1200.0
"""Seconds: a clock that is off by more than the service's window of 900 s, so that it refuses."""

_NETWORK: tuple[tuple[str, dict[str, Any]], ...] = (
    ("refuse", {}),
    ("reset_before_commit", {}),
    ("reset_after_commit", {}),
    ("hang_before_commit", {}),
    ("hang_before_commit", {"seconds": 0.5}),
    ("hang_after_commit", {}),
    ("hang_after_commit", {"seconds": 0.5}),
    ("truncate", {}),
    ("truncate", {"after": "TaskId"}),
    ("truncate", {"after": "Data", "bytes": 0}),
    ("drip", {"bytes": 100, "seconds": 0.05}),
    ("status", {"status": 500}),
    ("status", {"status": 500, "when": "after"}),
    ("status", {"status": 502, "body": "html"}),
    ("status", {"status": 503, "retry_after": "1"}),
    ("status", {"status": 503, "when": "after", "body": "empty"}),
    ("status", {"status": 504, "when": "after", "body": "html"}),
    ("status", {"status": 200, "body": "html"}),
    ("status", {"status": 200}),
    ("status", {"status": 200, "when": "after"}),
    ("throttle", {"retry_after": "1"}),
    ("throttle", {"retry_after": "Wed, 21 Oct 2015 07:28:00 GMT"}),
    ("throttle", {"retry_after": "999999999", "body": "html"}),
    ("throttle", {"status": 200}),
    ("replay", {}),
    ("late", {"seconds": LATE}),
    ("skew", {"seconds": 600.0}),
    ("skew", {"seconds": -600.0}),
    ("duplicate", {}),
    ("duplicate", {"seconds": LATE}),
    ("duplicate", {"answer": "second"}),
)
"""What strikes all requests alike."""

_CREATES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("stale", "CreateCluster", {"seconds": 60.0}),
    ("task_fails", "create", {"steps": 1}),
    ("task_never_ends", "create", {}),
)
"""What the service does wrong with a create."""


def chaos(rate: float, creates: int) -> list[Fault]:
    """Return the faults: the chances of all that can strike a CreateCluster add up to `rate`, each the same.

    Four are apart. Connections have as high a chance to be refused as any fault has, times five: about one request in
    five needs a new one. Lists lag, and pages of ListNodes go wrong, on top of the rest. A clock that is off beyond the
    service's window strikes twice in a thousand creates, because each strike sets the clock of all calls wrong for a
    moment.

    Args:
        rate: The chance of a create to be struck, from 0 to 1.
        creates: How many there will be.
    """
    share = rate / (len(_NETWORK) + len(_CREATES))
    often = min(1.0, 5 * share)
    faults = [
        Fault("refuse_connection", probability=often),
        Fault("page_shifts", "ListNodes", probability=often),
        Fault("page_repeats", "ListNodes", probability=often),
    ]
    for number, (kind, action, given) in enumerate([*((kind, "*", given) for kind, given in _NETWORK), *_CREATES]):
        # A random number is drawn for one after the other: what is left by then is the chance's new whole.
        faults.append(Fault(kind, action, probability=share / (1 - share * number), **given))
    if rate:
        count = max(1, creates // 1000)
        faults += [
            Fault("skew", "create", seconds=seconds, count=count, skip=100, probability=0.002)
            for seconds in (BEYOND_WINDOW, -BEYOND_WINDOW)
        ]
    return [*faults, Fault("lag", "read", seconds=LAG, probability=often)]
