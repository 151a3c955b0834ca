"""Walking the pages of a list. Knows no resource: it is handed what fetches a page."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable
from contextlib import aclosing
from typing import TypeVar

from cds_eks.wire import Response

T = TypeVar("T")


async def paginate(
    fetch: Callable[[int], Awaitable[Response[list[T]]]], *, identity: Callable[[T], Hashable]
) -> AsyncGenerator[T]:
    """Yield the entries of all pages, one page in memory at a time; see `pages`.

    Args:
        fetch: Fetches a page by its number; the first is 1.
        identity: Returns what tells one entry from another.
    """
    async with aclosing(pages(fetch, identity=identity)) as walk:
        async for page in walk:
            for entry in page:
                yield entry


async def pages(
    fetch: Callable[[int], Awaitable[Response[list[T]]]], *, identity: Callable[[T], Hashable]
) -> AsyncGenerator[list[T]]:
    """Yield what each page brings that the page before did not have.

    It ends when just as many entries have been given as the service says there are, at an empty page, at a page that
    brings nothing that the page before did not have, or at one that was there before (a service that ignores the page
    number, or goes round in circles, would never end). An entry that slid from the page before, because the list grew
    meanwhile, is given once. A total that was passed is no end: it may be wrong, or the list have shrunk, and one more
    request tells.

    Args:
        fetch: Fetches a page by its number; the first is 1.
        identity: Returns what tells one entry from another.
    """
    page_index = 1
    fetched = 0
    before: frozenset[Hashable] = frozenset()
    known: set[int] = set()  # a number for each page that was given: pages themselves would fill the memory
    while True:
        page = await fetch(page_index)
        identities = frozenset(identity(entry) for entry in page.data)
        if hash(identities) in known:
            return
        known.add(hash(identities))
        new = [entry for entry in page.data if identity(entry) not in before]
        yield new
        fetched += len(new)
        if not new or fetched == page.total_count:
            return
        before = identities
        page_index += 1
