"""Sending a call through the pipeline, and what its caller is told however it ends."""

from __future__ import annotations

import logging
from typing import Any, TypeVar

from cds_eks import codec
from cds_eks._runtime import clocks
from cds_eks._runtime.affinity import LoopAffinity
from cds_eks._runtime.frames import clear_frames
from cds_eks._runtime.logs import log
from cds_eks.codec.answer_ids import ids_known, with_ids
from cds_eks.errors import AmbiguousCreate, ConfigurationError, EksError, Outcome
from cds_eks.outcome.conclusion import call_raised
from cds_eks.outcome.open_creates import OpenCreates
from cds_eks.outcome.tracker import CALL_ID, WriteOutcomeTracker, observed_writes
from cds_eks.pipeline import Send
from cds_eks.wire import Kind, Operation, Request, Response

T = TypeVar("T")

_READ = Kind.READ  # to look a member up in an enumeration takes as long as a call does

logger: logging.Logger = logging.getLogger("cds_eks.client")


class Calls:
    """Carries the calls of one client.

    Args:
        send: The pipeline.
        has_per_call: Whether the caller's middlewares are around it, which may answer by themselves.
        open_creates: Stores creates whose outcome is open.
    """

    def __init__(self, send: Send, *, has_per_call: bool, open_creates: OpenCreates) -> None:
        self._send = send
        self._has_per_call = has_per_call
        self._open_creates = open_creates
        self._is_closed = False
        self._affinity: LoopAffinity | None = None

    def end(self) -> bool:
        """Accept no more calls.

        Returns:
            Whether the event loop has ended that the connections belong to.

        Raises:
            ConfigurationError: The client belongs to another event loop that still runs, or to another process.
        """
        has_ended = not self._is_closed and self._affinity is not None and self._affinity.has_ended()
        self._is_closed = True
        return has_ended

    def close_if_unclosed(self) -> bool:
        """Accept no more calls if some were made in this process without a call of `end`; return whether that is so."""
        is_open = self._affinity is not None and not self._is_closed and not self._affinity.is_inherited
        self._is_closed = self._is_closed or is_open
        return is_open

    async def execute_call(self, operation: Operation[T], call: Request, arguments: Any) -> Response[T]:
        """Send a call through the pipeline; a create whose outcome stays unknown is raised as `AmbiguousCreate`.

        Args:
            operation: The operation.
            call: The request.
            arguments: The arguments of a create, which have its natural key; else None.
        """
        if self._is_closed:
            raise ConfigurationError("the client is closed")
        if self._affinity is None:
            self._affinity = LoopAffinity()
        self._affinity.check()
        tracker = None if operation.kind is _READ else self._tracker(operation, call, arguments)
        started = clocks.monotonic()
        try:
            response = await self._send(call)
            # An answer that a middleware made has not been checked by the retry middleware.
            if self._has_per_call and (refusal := codec.failure_of(call, response)) is not None:
                del response  # it may be anything
                raise refusal
            answer = codec.decode(operation, call, response, elapsed=clocks.monotonic() - started)
        except EksError as error:
            call.record.failures = error.previous  # or else the last would hold itself, by this frame
            failure = _explained(error, call, tracker)
            if failure is None:
                raise
        except BaseException as error:  # a cancellation, Ctrl-C, or what a signal handler or a middleware raises
            clear_frames(error)
            if tracker is not None:
                tracker.interrupted(error)
            raise
        else:
            if logger.isEnabledFor(logging.DEBUG):
                _log(operation, answer, None if tracker is None else call.record.outcome)
            return answer
        finally:
            for each in call.record.failures:  # or else it would hold itself, by the frames that it came through
                clear_frames(each)
        try:
            raise failure
        finally:
            del failure  # its traceback holds this frame: they would hold each other

    def _tracker(self, operation: Operation[Any], call: Request, arguments: Any) -> WriteOutcomeTracker:
        tracker = WriteOutcomeTracker(
            operation.name,
            call.record,
            call.headers[CALL_ID],
            is_create=operation.kind is Kind.CREATE,
            natural_key=lambda: codec.natural_key(operation, arguments),
            ids_known=lambda: ids_known(call),
            open_creates=self._open_creates,
        )
        if (trackers := observed_writes.get()) is not None:
            trackers.append(tracker)
        return tracker


def _explained(error: EksError, call: Request, tracker: WriteOutcomeTracker | None) -> AmbiguousCreate | None:
    """Put all that is known of the call on an error, and clear its frames; return it as an `AmbiguousCreate` if so."""
    call_raised(call.record, error)
    with_ids(clear_frames(error), call)
    error.call_id = call.headers[CALL_ID]
    return None if tracker is None else tracker.failed(error)


def _log(operation: Operation[T], answer: Response[T], outcome: Outcome | None) -> None:
    log(
        logger,
        logging.DEBUG,
        operation.name,
        "answered",
        code=answer.code,
        outcome=outcome,
        elapsed=round(answer.elapsed, 3),
        attempts=answer.attempts,
        request_id=answer.request_id,
    )
