"""What goes wrong beside the kills. Times of the service are its own: it is `SPEED` times as fast as the real one."""

from __future__ import annotations

from typing import Any

from cds_eks.emulator import Fault

__all__ = ["SPEED", "faults_of"]

SPEED = 60.0
"""How much faster than in reality everything is: a run's settling window of 60 s is one second here."""

EVERY_KIND: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("refuse", "*", {}),
    ("reset_before_commit", "*", {}),
    ("reset_after_commit", "*", {}),
    ("hang_before_commit", "create", {}),
    ("hang_before_commit", "*", {"seconds": 0.2}),
    ("hang_after_commit", "create", {}),
    ("hang_after_commit", "*", {"seconds": 0.2}),
    ("truncate", "*", {}),
    ("truncate", "create", {"after": "ClusterId", "bytes": 41}),
    ("status", "*", {}),
    ("status", "*", {"when": "after"}),
    ("status", "*", {"status": 502, "body": "html", "when": "after"}),
    ("status", "*", {"status": 200}),
    ("status", "create", {"status": 200, "when": "after", "body": "empty"}),
    ("throttle", "*", {}),
    ("drip", "*", {"bytes": 100, "seconds": 0.01}),
    ("duplicate", "create", {}),
    ("duplicate", "create", {"answer": "second"}),
    ("replay", "*", {}),
    ("skew", "*", {"seconds": 600.0}),
    ("skew", "*", {"seconds": -600.0}),
)
"""A kind, the requests that it strikes, and what it is told."""

SLOW = (
    Fault("hang_after_commit", "create", seconds=0.25, probability=0.5),
    Fault("hang_before_commit", "create", seconds=0.25, probability=0.5),
)
"""Creates take their time, so that many are under way when a process is killed."""


def faults_of(*, rate: float = 0.0, stale: float = 0.0, late: bool = False, speed: float = SPEED) -> list[Fault]:
    """Return what is to go wrong.

    Args:
        rate: The share of all requests that are struck by the kinds above together.
        stale: For how many seconds of the service what was made is not listed, and by how much lists lag behind.
        late: Whether some creates are delivered when their sender has given them up.
        speed: How fast the service is; the times above are for `SPEED`.
    """
    stale *= speed / SPEED
    found: list[Fault] = []
    if stale:
        found.append(Fault("lag", "read", seconds=stale, probability=0.5))
        found.append(Fault("stale", "create", seconds=stale, probability=0.5))
    if late:
        found.append(Fault("late", "create", seconds=25.0 * speed / SPEED, probability=0.15))
    each = rate / len(EVERY_KIND)
    # A random number is drawn for one after the other: what is left by then is the chance's new whole.
    found += [
        Fault(kind, action, probability=each / (1 - each * number), **given)
        for number, (kind, action, given) in enumerate(EVERY_KIND)
        if each
    ]
    # Of those that match only the first strikes: what strikes many comes last.
    return [*sorted(found, key=lambda fault: fault.kind in ("stale", "lag")), *SLOW]
