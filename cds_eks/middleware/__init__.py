"""The client's own middlewares, in the order in which a request meets them: deadline, retry, limits, sign."""

from cds_eks.middleware.deadline import Deadline
from cds_eks.middleware.limits import LimitRate
from cds_eks.middleware.retry import Retry
from cds_eks.middleware.sign import Sign

__all__ = ["Deadline", "LimitRate", "Retry", "Sign"]
