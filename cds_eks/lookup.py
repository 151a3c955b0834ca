"""Looking for what a create may have made, by its natural key. Knows no resource: it is given what lists them.

Lists may lag behind a create, and an abandoned request may still arrive. So "not listed" means "not made" only after a
settling window has passed.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

import attrs

from cds_eks._runtime import passing_time
from cds_eks._runtime.frames import unmasked
from cds_eks._runtime.numbers import is_finite
from cds_eks._runtime.pauses import GROWTH, exponential_pauses, jittered
from cds_eks.config import DEFAULT_SETTLE
from cds_eks.errors import (
    DuplicateFound,
    EksError,
    IncompleteList,
    InvalidRequestError,
    NotFound,
    UnreadableResponse,
    may_pass,
)
from cds_eks.schema.status import is_leaving
from cds_eks.wire import Operation

T = TypeVar("T")

FIRST_INTERVAL = 1.0
LAST_INTERVAL = 5.0

AGREEING = 2
"""So many lists after the window must lack what is sought before it counts as not made."""

AGREEING_BLANK = 5
"""So many if they are blank: with neither entries nor their number a success response may be no list at all."""

LONGEST = 10**9  # no number of seconds is as large


@runtime_checkable
class OpenCreateLike(Protocol):
    """What is known of a create whose outcome is open: `AmbiguousCreate`, or an entry of `open_creates`."""

    @property
    def action(self) -> str | None:
        """The create's documented name."""
        ...  # pragma: no cover - a protocol has no body

    @property
    def natural_key(self) -> Mapping[str, Any]:
        """The fields of its request to look by, by Python name."""
        ...  # pragma: no cover - a protocol has no body

    @property
    def ids(self) -> Mapping[str, Any]:
        """What an answer has named, by Python name."""
        ...  # pragma: no cover - a protocol has no body


@attrs.frozen
class LookupTarget:
    """What to look for.

    Attributes:
        action: The create's documented name.
        key: Its natural key, by path in the request; empty if only an id is known.
        id: The id that an answer named, or None.
    """

    action: str
    key: Mapping[str, Any]
    id: str | None

    def text(self, path: str | None = None) -> str:
        """Return what the service is asked for: the part of the key at a path, or else the id."""
        return str((path and self.key.get(path)) or self.id)


def lookup_target(
    operation: Operation[Any], given: object, *, name: str | None = None, under: str | None = None
) -> LookupTarget:
    """Return what to look for.

    Args:
        operation: The create.
        given: Its request, or what is known of one that was sent; masked if it may be anything else.
        name: The path of the name in the natural key, if the service can search by it; else only an id helps.
        under: The path of the id of what it lies under, which is needed as well.

    Raises:
        InvalidRequestError: It is neither, or names nothing to look for.
    """
    field = "request_or_error"
    if isinstance(given, operation.request):
        key, ids = operation.natural_key_of(given), {}
    elif isinstance(given, (EksError, OpenCreateLike)):
        if given.action not in (None, operation.name, operation.action):
            raise InvalidRequestError(field, f"is of {given.action}, not of {operation.name}", action=operation.name)
        key, ids = dict(getattr(given, "natural_key", {})), dict(given.ids)
    else:
        raise InvalidRequestError(
            field,
            f"must be a {operation.request.__name__}, the error of one that was sent, or an entry of `open_creates`, "
            f"not {type(unmasked(given)).__name__}",
            action=operation.name,
        )
    found = ids.get(operation.result_id or "")
    if not isinstance(found, str) or not found:
        found = None
    if found is None and (name is None or not key.get(name)):
        rest = f" and no {name}" if name else ", and the service can't be searched for anything else"
        raise InvalidRequestError(field, f"names no {operation.result_id}{rest}", action=operation.name)
    if under is not None and not key.get(under):
        raise InvalidRequestError(field, f"names no {under}", action=operation.name)
    return LookupTarget(operation.name, key, found)


class BlankList(Exception):
    """The last look has come by a list with neither entries nor their number."""


@attrs.frozen(kw_only=True)
class Listing(Generic[T]):
    """A list of what there is.

    Attributes:
        entries: The entries.
        total: How many there are in all, if the answer says so.
        id: The field that has an entry's id.
        status: The field that has an entry's status.
        match: For each field that must be equal: the path in the natural key. The first is the name.
        extra: What else the answer has that is not known, if the list is a part of it.
    """

    entries: Iterable[T]
    total: int | None
    id: str
    status: str
    match: Mapping[str, str]
    extra: Mapping[str, Any] = attrs.field(factory=dict)

    def pick(self, target: LookupTarget, *, is_last: bool) -> T | None:
        """Return the entry that is sought, or None. The service's search is fuzzy, so names are compared exactly.

        A field that an entry lacks counts as equal, so that no possible match is missed; but one that lacks the name is
        never returned: it may be anybody's. An older resource may have the same name: one that is being deleted counts
        only if the last look finds nothing else; if an answer has named an id, an entry with another one is no match,
        and in the last look a duplicate.

        Args:
            target: What to look for.
            is_last: Whether no look follows.

        Raises:
            DuplicateFound: Several match.
            BlankList: It is the last look, and the list is blank.
            IncompleteList: The list was cut.
            UnreadableResponse: What matches has no id or no name, or the answer has no list.
        """
        entries = list(self.entries)
        if not entries and self.total is None and self.extra:
            raise inconclusive_answer("the answer is no list that is known", target)
        if not entries and self.total is None and is_last:
            raise BlankList
        if target.id is not None and (same := [entry for entry in entries if getattr(entry, self.id) == target.id]):
            return same[0]
        found = [entry for entry in entries if target.key and self._matches(entry, target.key)]
        if self.total is not None and self.total > len(entries):
            ids = self._ids(found)
            raise IncompleteList(action=target.action, seen=len(entries), total_count=self.total, found=ids)
        named = [entry for entry in found if self._has_name(entry)]
        found = named or found
        staying = [entry for entry in found if not is_leaving(getattr(entry, self.status))]
        ids = self._ids(staying or found)
        if "" in ids:
            raise inconclusive_answer("what may be it is listed without its id", target)
        if found and not named:
            raise inconclusive_answer("what may be it is listed without its name", target)
        if not is_last and (target.id is not None or not staying):
            return None
        if target.id is not None and ids:
            ids = (target.id, *ids)
        if len(ids) > 1:
            raise DuplicateFound(action=target.action, natural_key=target.key, found=ids)
        return (staying or found)[0] if ids else None

    def _ids(self, entries: Iterable[T]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(getattr(entry, self.id) or "" for entry in entries))

    def _has_name(self, entry: T) -> bool:
        name = next(iter(self.match), None)
        return name is None or bool(getattr(entry, name))

    def _matches(self, entry: T, key: Mapping[str, Any]) -> bool:
        return all(
            (there := getattr(entry, field)) in (None, "") or there == key[path]
            for field, path in self.match.items()
            if path in key
        )


def check_same_id(entry: T, id: str, target: LookupTarget) -> T:  # noqa: A002
    """Return what was asked for by its id, if its id is that: a Go service may answer with nothing but empty fields.

    Args:
        entry: What came.
        id: The field that has its id.
        target: What to look for.

    Raises:
        UnreadableResponse: It is something else, or nothing.
    """
    if getattr(entry, id) != target.id:
        raise inconclusive_answer("the answer does not name what was asked for", target)
    return entry


def inconclusive_answer(reason: str, target: LookupTarget) -> UnreadableResponse:
    """Return the error for an answer that shows neither that what is sought exists nor that it does not."""
    return UnreadableResponse(reason, http_status=200, action=target.action)


@attrs.frozen(kw_only=True)
class LookUp:
    """Looks again and again, until something is found or the settling window has passed.

    Args:
        settle: The window, in seconds, if the caller passes none.
        clock: Monotonic seconds.
        rand: Returns a number from 0 (included) to 1.
        sleep: Waits for some seconds.
    """

    settle: float = DEFAULT_SETTLE
    clock: Callable[[], float] = passing_time.now
    rand: Callable[[], float] = random.random
    sleep: Callable[[float], Awaitable[None]] = passing_time.sleep

    async def __call__(
        self, look: Callable[[bool], Awaitable[T | None]], *, settle: float | None, poll_interval: float | None
    ) -> T | None:
        """Look until it is found, and at least once after the window has passed.

        That nothing was found takes two lists after the window, unless that is 0: one alone may be wrong, and those
        before its end may lag behind. Of lists that are blank it takes five.

        Args:
            look: Looks once, given whether it is the last time.
            settle: The window, in seconds; 0 looks once, None is the client's own.
            poll_interval: The first pause, in seconds; each further one is longer by half, up to 5 s.

        Returns:
            What was found; None if the last look, after the window, found nothing.

        Raises:
            InvalidRequestError: `settle` or `poll_interval` can't be used.
            EksError: A look failed in a way that does not pass, or the last one failed.
        """
        window = self.settle if settle is None else settle
        if not is_seconds(window):
            raise InvalidRequestError("settle", "must be a number of seconds of at least 0, or None")
        if poll_interval is not None and (not is_seconds(poll_interval) or poll_interval == 0):
            raise InvalidRequestError("poll_interval", "must be a number of seconds above 0, or None")
        interval = FIRST_INTERVAL if poll_interval is None else float(poll_interval)
        pauses = exponential_pauses(interval, GROWTH, max(LAST_INTERVAL, interval))
        ends, misses, most = self.clock() + window, 0, AGREEING if window else 1
        blanks, most_blank, is_answered = 0, AGREEING_BLANK if window else 1, False
        while True:
            left = ends - self.clock()
            try:
                if (found := await look(left <= 0)) is not None:
                    return found
                misses, is_answered = misses + (left <= 0), is_answered or left > 0
            except BlankList:
                blanks += 1
            except NotFound as error:
                # The cluster of a node pool may not be readable yet. A 404 without a code may be a proxy's: in the last
                # look it is no proof that the service was asked at all.
                if left <= 0 and not error.code:
                    raise
                misses, is_answered = misses + (left <= 0), is_answered or left > 0
            except EksError as error:
                if left <= 0 or not may_pass(error):
                    raise
            if misses >= most or misses + blanks >= most_blank:
                return None
            if left > 0 or not is_answered:  # a service that answered all the time is asked again at once
                pause = jittered(next(pauses), self.rand())
                await self.sleep(pause if left <= 0 else max(0.0, min(pause, ends - self.clock())))


def is_seconds(value: object) -> bool:
    """Whether a value is a finite number of seconds of at least 0."""
    return is_finite(value) and 0 <= value < LONGEST
