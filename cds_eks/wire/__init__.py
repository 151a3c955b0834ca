"""What travels through the pipeline: operations, requests and answers, as plain values."""

from cds_eks.outcome.record import CallRecord
from cds_eks.wire.operation import Kind, Operation
from cds_eks.wire.request import Request, make_request
from cds_eks.wire.response import Execute, RawResponse, Response, make_raw_response, make_response

__all__ = [
    "CallRecord",
    "Execute",
    "Kind",
    "Operation",
    "RawResponse",
    "Request",
    "Response",
    "make_raw_response",
    "make_request",
    "make_response",
]
