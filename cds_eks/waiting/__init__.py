"""Waiting for what the service does after it has answered. Knows no resource: it is handed what fetches a state."""

from cds_eks.waiting.intervals import PollInterval
from cds_eks.waiting.rounds import LOOKUPS_AT_ONCE, Done
from cds_eks.waiting.waiters import Waiters
from cds_eks.waiting.watch import UNSEEN

__all__ = ["LOOKUPS_AT_ONCE", "UNSEEN", "Done", "PollInterval", "Waiters"]
