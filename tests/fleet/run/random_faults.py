"""Faults of the emulator, drawn at random."""

from __future__ import annotations

from typing import Any

from cds_eks.emulator import Fault

EVERY_KIND: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("refuse", "*", {}),
    ("reset_before_commit", "*", {}),
    ("reset_after_commit", "*", {}),
    ("hang_before_commit", "create", {"seconds": 200.0}),
    ("hang_after_commit", "create", {"seconds": 200.0}),
    ("hang_after_commit", "*", {"seconds": 3.0}),
    ("truncate", "*", {}),
    ("truncate", "CreateCluster", {"after": "ClusterId", "bytes": 41}),
    ("status", "*", {}),
    ("status", "*", {"when": "after"}),
    ("status", "*", {"status": 502, "body": "html", "when": "after"}),
    ("status", "*", {"status": 200}),
    ("status", "create", {"status": 200, "when": "after", "body": "empty"}),
    ("throttle", "*", {}),
    ("drip", "*", {"bytes": 100, "seconds": 0.01}),
    ("duplicate", "create", {}),
    ("duplicate", "create", {"answer": "second"}),
    ("late", "create", {"seconds": 25.0}),
    ("stale", "create", {"seconds": 10.0}),
    ("replay", "*", {}),
)


def faults_of(share: float) -> list[Fault]:
    """Return faults of every kind that strike this share of all requests together."""
    each = share / len(EVERY_KIND)
    striking = [Fault(kind, action, probability=each, **given) for kind, action, given in EVERY_KIND]
    return [Fault("lag", "read", seconds=10.0, probability=share / 2), *striking]
