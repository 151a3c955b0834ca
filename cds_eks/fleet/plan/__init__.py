"""Plans: what a fleet is to be."""

from cds_eks._runtime.lazy import lazily

TYPE_CHECKING = False  # that of `typing` costs 5 ms
if TYPE_CHECKING:
    from cds_eks.errors import SecretUnavailable
    from cds_eks.fleet.plan.faults import PlanError, PlanFault
    from cds_eks.fleet.plan.model import Plan
    from cds_eks.fleet.plan.specs import ClusterSpec, PoolSpec
else:
    __getattr__, __dir__ = lazily(
        __name__,
        {
            "ClusterSpec": "cds_eks.fleet.plan.specs",
            "Plan": "cds_eks.fleet.plan.model",
            "PlanError": "cds_eks.fleet.plan.faults",
            "PlanFault": "cds_eks.fleet.plan.faults",
            "PoolSpec": "cds_eks.fleet.plan.specs",
            "SecretUnavailable": "cds_eks.errors",
        },
    )

__all__ = ["ClusterSpec", "Plan", "PlanError", "PlanFault", "PoolSpec", "SecretUnavailable"]
