"""Waiting for what the service does after it has answered. Knows no resource: it is handed what fetches a state."""

from cds_eks._runtime.lazy import lazily

TYPE_CHECKING = False  # that of `typing` costs 5 ms
if TYPE_CHECKING:
    from cds_eks.waiting.intervals import PollInterval
    from cds_eks.waiting.rounds import LOOKUPS_AT_ONCE, Done
    from cds_eks.waiting.waiters import Waiters
    from cds_eks.waiting.watch import UNSEEN
else:
    __getattr__, __dir__ = lazily(
        __name__,
        {
            "LOOKUPS_AT_ONCE": "cds_eks.waiting.rounds",
            "UNSEEN": "cds_eks.waiting.watch",
            "Done": "cds_eks.waiting.rounds",
            "PollInterval": "cds_eks.waiting.intervals",
            "Waiters": "cds_eks.waiting.waiters",
        },
    )

__all__ = ["LOOKUPS_AT_ONCE", "UNSEEN", "Done", "PollInterval", "Waiters"]
