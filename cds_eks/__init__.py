"""The Python SDK for the GPU container service (EKS) of the CDS cloud: async and sync, typed, careful with creates."""

from cds_eks import errors, models
from cds_eks._version import __version__
from cds_eks.client import AsyncEksClient
from cds_eks.config import Limits, RetryPolicy, Timeouts
from cds_eks.signing import Credentials
from cds_eks.sync.client import EksClient
from cds_eks.wire import Response

__all__ = [
    "AsyncEksClient",
    "Credentials",
    "EksClient",
    "Limits",
    "Response",
    "RetryPolicy",
    "Timeouts",
    "__version__",
    "errors",
    "models",
]
