"""One thing that is waited for. Knows no resource."""

from __future__ import annotations

import copy
import inspect
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Generic, TypeVar

from cds_eks.errors import EksError, InvalidRequestError, NotFound, TaskFailed, WaitTimeout, may_pass
from cds_eks.waiting.verdicts import Verdict, shown

T = TypeVar("T")

logger: logging.Logger = logging.getLogger("cds_eks.waiting")

UNSEEN = 60.0
"""For how many seconds what has not been seen yet may be missing: reads may lag behind a write [I]."""


class Watch(Generic[T]):
    """One thing that is waited for: what was last seen of it, and what that means.

    Args:
        fetch: Fetches the state.
        judge: Returns what a state means; called once for each that was fetched.
        ids: What is waited for, by name, for the errors.
        clock: Monotonic seconds.
        on_change: Called with each state that differs from the one before.
        on_poll: Called after each poll that fetched a state.
        missing: Handles a `NotFound`, given whether a state was seen before: raises one, or returns what it means.
            When left out, what was never seen may be missing for a minute, and what was seen may not be.

    Attributes:
        last: The last state that was seen, or None.
        error: What the wait ends with, if it ends badly.
        has_ended: Whether there is nothing more to wait for.
    """

    def __init__(
        self,
        fetch: Callable[[], Awaitable[T]],
        judge: Callable[[T], Verdict],
        ids: Mapping[str, str],
        *,
        clock: Callable[[], float],
        on_change: Callable[[T], Awaitable[None] | None] | None = None,
        on_poll: Callable[[], Awaitable[None]] | None = None,
        missing: Callable[[NotFound, bool], Verdict] | None = None,
    ) -> None:
        check_callback("on_change", on_change)
        self.ids = ids
        self.last: T | None = None
        self.error: EksError | None = None
        self.has_ended: bool = False
        self.verdict: Verdict | None = None
        self._fetch = fetch
        self._judge = judge
        self._clock = clock
        self._on_change = on_change
        self._on_poll = on_poll
        self._missing = missing or self._missing_at_first
        self._gives_up = clock() + UNSEEN
        self._read: tuple[T] | Exception | None = None
        self._warned_of: set[str] = set()
        self._last_error: EksError | None = None
        self._failures = 0

    async def read(self) -> None:
        """Fetch the state, or store why it can't be fetched. It does not raise: see `evaluate`."""
        try:
            state = await self._fetch()
        except Exception as error:  # noqa: BLE001 - raised by `evaluate`
            self._read = error
        else:
            self._read = (state,)
            self.verdict = self._judge(state)

    @property
    def state(self) -> T:
        """The state in which it ended well."""
        assert self.last is not None  # only what was seen ends well, but for what is to be gone
        return self.last

    @property
    def is_about_to_end(self) -> bool:
        """Whether what was read ends the wait."""
        return isinstance(self._read, tuple) and self.verdict is not None and self.verdict.has_ended

    async def evaluate(self) -> None:
        """Handle what was read, if anything was: report a change, and find out whether the wait has ended.

        Raises:
            Exception: What a callback raised, or a bug in the fetch.
        """
        read, self._read = self._read, None
        if read is None:
            return
        if isinstance(read, tuple):
            await self._on_state(read[0])
        elif isinstance(read, NotFound):
            self._on_not_found(read)
        elif isinstance(read, EksError):
            if may_pass(read):  # the state is only not known for now
                self._last_error, self._failures = read, self._failures + 1
            else:
                self._fail(read)
        else:
            raise read

    def time_is_up(self, timeout: float | None) -> None:
        """End the wait because its time is up, unless it has ended by itself."""
        if self.has_ended:
            return
        error = self.timed_out(timeout)
        error.__cause__ = self._last_error
        self._fail(error)

    def timed_out(self, timeout: float | None) -> WaitTimeout:
        """Return the error of a wait whose time is up."""
        message = f"it did not end within {timeout:g} s; {self.words}"
        return WaitTimeout(message, ids=self.ids, last=self.last, status=self.verdict.status if self.verdict else None)

    def failed(self, failure: str) -> TaskFailed:
        """Return the error of a failure."""
        return TaskFailed(failure, ids=self.ids, last=self.last, status=self.verdict.status if self.verdict else None)

    @property
    def words(self) -> str:
        """The last state in words, and what the last polls failed with."""
        words = self.verdict.words if self.verdict is not None else "it was never seen"
        return f"{words}; {self.trouble}" if self.trouble else words

    @property
    def trouble(self) -> str:
        """What the last polls failed with; empty if they did not."""
        if self._last_error is None:
            return ""
        polls = "the last poll" if self._failures == 1 else f"the last {self._failures} polls"
        if isinstance(self._last_error, NotFound):
            return f"{polls} did not find it"
        end = "" if self._failures == 1 else ", at last"
        return f"{polls} failed{end} with {type(self._last_error).__name__}: {self._last_error.message}"

    async def _on_state(self, state: T) -> None:
        verdict = self.verdict
        assert verdict is not None  # `read` has judged
        self._last_error, self._failures = None, 0
        if self.last is None or state != self.last:
            self.last = state
            await call_back(self._on_change, state)
        if verdict.unknown is not None and verdict.unknown not in self._warned_of:
            self._warned_of.add(verdict.unknown)
            warn_of(verdict.unknown, str(self))
        self.has_ended = verdict.has_ended
        if verdict.failure is not None:
            self.error = self.failed(verdict.failure)
        if self._on_poll is not None:
            await self._on_poll()

    def _on_not_found(self, error: NotFound) -> None:
        try:
            verdict = self._missing(error, self.last is not None)
        except NotFound as final:
            self._fail(final)
            return
        self._last_error, self._failures = error, self._failures + 1
        self.has_ended = verdict.has_ended

    def _missing_at_first(self, error: NotFound, was_seen: bool) -> Verdict:
        if was_seen:
            raise reworded(error, "it is gone")
        if self._clock() >= self._gives_up:
            raise reworded(error, "it was never seen")
        return Verdict()

    def _fail(self, error: EksError) -> None:
        error.ids = {**self.ids, **error.ids}
        self.error = error
        self.has_ended = True

    def __str__(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in self.ids.items())


def warn_of(status: str, what: str) -> None:
    """Log an unknown status, which counts as pending."""
    logger.warning("a status that is not known, the wait goes on: %s of %s", shown(status), what)


def reworded(error: NotFound, words: str) -> NotFound:
    """Return a copy of a `NotFound` with more words in its message."""
    copied = copy.copy(error)
    copied.message = f"{error.message} ({words})" if error.message else words
    copied.__cause__ = error.__cause__
    return copied


async def call_back(on_change: Callable[[T], Awaitable[None] | None] | None, state: T) -> None:
    """Call a callback, which may be async, with a state."""
    if on_change is not None:
        result = on_change(state)
        if inspect.isawaitable(result):
            await result


def check_callback(name: str, value: object) -> None:
    """Check a callback.

    Raises:
        InvalidRequestError: It can't be called.
    """
    if value is not None and not callable(value):
        raise InvalidRequestError(name, "must be callable, or None")
