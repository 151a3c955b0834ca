"""A request as it came, before anything of it is checked."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from cds_eks.emulator.faults.fault import Fault
from cds_eks.emulator.http.parsing import parse_query
from cds_eks.emulator.protocol.envelope import Refusal
from cds_eks.signing import COMMON_PARAMETERS

__all__ = ["IncomingRequest", "action_of", "own_parameters"]


@attrs.frozen(kw_only=True)
class IncomingRequest:
    """What the service looks at of a request, and the fault that applies to it.

    Attributes:
        method: The HTTP method.
        path: The path of the URL.
        query: The query string.
        digest: The `Content-MD5` header, if it was sent.
        call_id: The `cds-request-id` header; empty if it was not sent.
        body: The body.
        fault: The fault, if any.
    """

    method: str
    path: str
    query: bytes = attrs.field(repr=False)
    digest: str | None
    call_id: str = attrs.field(default="", repr=False)
    body: bytes = attrs.field(default=b"", repr=False)
    fault: Fault | None = None

    @property
    def fault_kind(self) -> str:
        """The kind of its fault; empty for none."""
        return self.fault.kind if self.fault else ""


def action_of(query: bytes) -> str:
    """Return the `Action` of a query string; empty if it has none that can be read."""
    try:
        return parse_query(query).get("Action", "")
    except Refusal:
        return ""


def own_parameters(query: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters that are a request's own: without the common ones."""
    return {name: value for name, value in query.items() if name not in COMMON_PARAMETERS}
