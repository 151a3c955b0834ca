"""Reading the pages of a list. Knows no resource: it is given what fetches a page."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable, Sequence
from contextlib import aclosing
from typing import Any, TypeVar

from cds_eks.errors import UnreadableResponse
from cds_eks.wire import Response

T = TypeVar("T")

logger: logging.Logger = logging.getLogger("cds_eks.paging")

MAX_WALKS_WITHOUT_NEW = 3
"""How many walks in a row may bring nothing new while the total still changes: the total may be wrong."""


async def paginate(
    fetch: Callable[[int], Awaitable[Response[list[T]]]], *, identity: Callable[[T], Hashable], action: str = ""
) -> AsyncGenerator[T]:
    """Yield the entries of all pages, one page in memory at a time; see `pages`.

    Args:
        fetch: Fetches a page by its number; the first is 1.
        identity: Returns what identifies an entry.
        action: The operation, for errors.
    """
    async with aclosing(pages(fetch, identity=identity, action=action)) as walk:
        async for page in walk:
            for entry in page:
                yield entry


async def pages(
    fetch: Callable[[int], Awaitable[Response[list[T]]]], *, identity: Callable[[T], Hashable], action: str = ""
) -> AsyncGenerator[list[T]]:
    """Yield what each page brings that no page before it had.

    A list that becomes shorter while it is walked moves later entries to earlier pages: when the service's total has
    fallen, the list is walked again from its first page, until it no longer changes. So nothing is skipped, whatever is
    deleted meanwhile, and each entry is yielded once. If as much is added as is deleted, the total does not show it.

    A list that becomes longer at its front moves earlier entries to later pages: if a page brings nothing new for that
    reason, the list is walked again as well.

    A walk ends when just as many entries have been found as the service says there are, at an empty page, or at a page
    that brings nothing new. A total that was exceeded is no end: it may be wrong, and one more request shows it. A list
    that ends before its total is logged as a warning. So is a page that brings nothing new where there is no total;
    where the total says that entries are missing, it is an error.

    Args:
        fetch: Fetches a page by its number; the first is 1.
        identity: Returns what identifies an entry.
        action: The operation, for errors.

    Raises:
        UnreadableResponse: A page brings nothing new, though there are more entries than were yielded.
    """
    given: set[int] = set()  # a hash for each entry that was yielded: entries themselves would fill the memory
    walks_without_new = 0
    while True:
        walk = _Walk()
        count = len(given)
        while not walk.has_ended:
            answer = await fetch(walk.page_index + 1)
            numbers = [hash(identity(entry)) for entry in answer.data]
            walk.take(numbers, answer.total_count)
            new = [entry for entry, number in zip(answer.data, numbers, strict=True) if number not in given]
            given.update(numbers)
            yield new
        walks_without_new = walks_without_new + 1 if len(given) == count else 0
        has_moved = walk.has_shrunk or (walk.has_grown and walk.is_stuck and walk.is_short)
        if has_moved and walks_without_new < MAX_WALKS_WITHOUT_NEW:
            continue
        if walk.is_short and walk.is_stuck:
            raise _stuck(walk, action, answer)
        if walk.is_short or (walk.is_stuck and walk.total is None):
            why = "repeats itself" if walk.is_stuck else "ends early"
            logger.warning("%s: the list %s: %s", action or "a list", why, walk.found)
        return


class _Walk:
    """The state of one walk from the first page on."""

    def __init__(self) -> None:
        self.page_index = 0
        self.total: int | None = None
        self.has_ended = False
        self.is_stuck = False
        self.has_shrunk = False
        self.has_grown = False
        self._fetched = 0
        self._before: frozenset[int] = frozenset()
        self._known: set[int] = set()  # a number for each page

    def take(self, numbers: Sequence[int], total: int | None) -> None:
        """Take the next page into account, and the total of the list."""
        self.page_index += 1
        page = frozenset(numbers)
        new = sum(number not in self._before for number in numbers)
        is_repeated = hash(page) in self._known
        self.is_stuck = bool(numbers) and (is_repeated or not new)
        if not is_repeated:
            self._fetched += new
        if total is not None and self.total is not None:
            self.has_shrunk = self.has_shrunk or total < self.total
            self.has_grown = self.has_grown or total > self.total
        self.total = total
        self._known.add(hash(page))
        self._before = page
        self.has_ended = not numbers or self.is_stuck or self._fetched == total

    @property
    def is_short(self) -> bool:
        """Whether entries are missing at its end, as far as the service says how many there are."""
        return self.total is not None and self._fetched < self.total

    @property
    def found(self) -> str:
        """How much was found, in words."""
        whole = "an unknown number" if self.total is None else f"{self.total}"
        return f"{self._fetched} of {whole} entries on {self.page_index} pages"


def _stuck(walk: _Walk, action: str, answer: Response[Any]) -> UnreadableResponse:
    error = UnreadableResponse(
        f"page {walk.page_index} of the list repeats an earlier one: {walk.found}",
        http_status=200,
        action=action or None,
        request_id=answer.request_id,
    )
    error.attempts = answer.attempts
    return error
