"""A write that was answered, and a failure that came before its result was printed: it tells the ids. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cds_eks.cli.failures import ResultNotPrinted, exit_code, message_of
from cds_eks.errors import EksError
from cds_eks.outcome.tracker import CALL_ID

if TYPE_CHECKING:
    from cds_eks.outcome.open_creates import OpenCreate
    from cds_eks.wire import Request


def ids_not_told(writes: Sequence[Request], open_creates: Sequence[OpenCreate], error: BaseException) -> BaseException:
    """Return a failure as one that has the ids of the last write that was answered, if nothing else tells them.

    Args:
        writes: The requests, the oldest first.
        open_creates: What is told beside the failure.
        error: The failure. An interruption keeps its exit code; any other is 1, as something was sent.
    """
    from cds_eks.codec.answer_ids import ids_known

    told = {create.call_id for create in open_creates}
    if isinstance(error, EksError):
        if isinstance(error, ResultNotPrinted):
            return error
        told.add(error.call_id or "")
    for request in reversed(writes):
        if request.record.answer is None or request.headers[CALL_ID] in told:
            continue
        made = ResultNotPrinted(
            message_of(error),
            action=request.operation.name,
            ids=ids_known(request),
            request_id=request.record.request_id,
        )
        made.__cause__ = error
        if isinstance(error, KeyboardInterrupt):
            made.code_of_exit = exit_code(error)
        return made
    return error
