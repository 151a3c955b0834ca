"""What the description says of the service as a whole, held against the parts of the SDK that are written by hand."""

from __future__ import annotations

from collections.abc import Iterator

from cds_eks.config import API_PATH
from cds_eks.schema.revisions import API_REVISIONS
from cds_eks.signing import API_VERSION
from codegen.description import Api
from codegen.faults import Fault


def faults(api: Api) -> Iterator[Fault]:
    """Yield each fault."""
    if api.path != API_PATH:
        yield Fault(
            ("path",), f"{api.path!r} is not what is sent: API_PATH of cds_eks/config/endpoint.py, {API_PATH!r}"
        )
    if api.version != API_VERSION:
        reason = f"{api.version!r} is not what is sent: API_VERSION of cds_eks/signing.py, {API_VERSION!r}"
        yield Fault(("version",), reason)
    if not has_revisions(api):
        given, spoken = ", ".join(api.revisions) or "none", ", ".join(API_REVISIONS)
        reason = f"{given}, but the SDK speaks {spoken}, in this order: API_REVISIONS of cds_eks/schema/revisions.py"
        yield Fault(("revisions",), reason)


def has_revisions(api: Api) -> bool:
    """Whether the revisions are those that the SDK speaks; if not, what says things of single ones can't be judged."""
    return tuple(api.revisions) == API_REVISIONS
