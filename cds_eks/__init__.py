"""The Python SDK for the GPU container service (EKS) of the CDS cloud: async and sync, typed, careful with creates."""

from cds_eks._runtime.lazy import lazily
from cds_eks._version import __version__

TYPE_CHECKING = False  # that of `typing` costs 5 ms
if TYPE_CHECKING:
    from cds_eks import errors, models, types
    from cds_eks.client import AsyncEksClient
    from cds_eks.codec.converter import converter
    from cds_eks.config import Limits, RetryPolicy, Timeouts
    from cds_eks.signing import Credentials
    from cds_eks.sync.client import EksClient
    from cds_eks.wire import Response
else:
    __getattr__, __dir__ = lazily(
        __name__,
        {
            "AsyncEksClient": "cds_eks.client",
            "Credentials": "cds_eks.signing",
            "EksClient": "cds_eks.sync.client",
            "Limits": "cds_eks.config",
            "Response": "cds_eks.wire",
            "RetryPolicy": "cds_eks.config",
            "Timeouts": "cds_eks.config",
            "converter": "cds_eks.codec.converter",
            "errors": "cds_eks.errors",
            "models": "cds_eks.models",
            "types": "cds_eks.types",
        },
    )

__all__ = [
    "AsyncEksClient",
    "Credentials",
    "EksClient",
    "Limits",
    "Response",
    "RetryPolicy",
    "Timeouts",
    "__version__",
    "converter",
    "errors",
    "models",
    "types",
]
