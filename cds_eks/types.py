"""The types that code around a client is written with: middlewares, backends, signers, and what a client keeps."""

from cds_eks._runtime.lazy import lazily

TYPE_CHECKING = False  # that of `typing` costs 5 ms
if TYPE_CHECKING:
    from cds_eks.backend import Backend
    from cds_eks.outcome.open_creates import OpenCreate
    from cds_eks.pipeline import Middleware, Send
    from cds_eks.signing import Signer
    from cds_eks.wire import RawResponse, Request
else:
    __getattr__, __dir__ = lazily(
        __name__,
        {
            "Backend": "cds_eks.backend",
            "Middleware": "cds_eks.pipeline",
            "OpenCreate": "cds_eks.outcome.open_creates",
            "RawResponse": "cds_eks.wire",
            "Request": "cds_eks.wire",
            "Send": "cds_eks.pipeline",
            "Signer": "cds_eks.signing",
        },
    )

__all__ = [
    "Backend",
    "Middleware",
    "OpenCreate",
    "RawResponse",
    "Request",
    "Send",
    "Signer",
]
