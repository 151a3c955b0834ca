"""Walking the pages of a list."""

from __future__ import annotations

import logging
import weakref
from collections.abc import AsyncGenerator, Callable, Hashable, Iterable
from contextlib import aclosing
from typing import TypeVar, cast

import pytest

from cds_eks.errors import ConnectionLost, UnreadableResponse
from cds_eks.paging import paginate
from cds_eks.wire import Response

pytestmark = pytest.mark.anyio

T = TypeVar("T")


class Book:
    """Pages by number; the fetch fails a walk that does not end."""

    def __init__(self, *pages: list[str], total: int | None = None) -> None:
        self.pages = pages
        self.total = total
        self.asked: list[int] = []

    async def fetch(self, page_index: int) -> Response[list[str]]:
        self.asked.append(page_index)
        assert len(self.asked) < 50, "the walk does not end"
        return Response(data=self.page(page_index), total_count=self.total)

    def page(self, page_index: int) -> list[str]:
        return list(self.pages[page_index - 1]) if page_index <= len(self.pages) else []


def walk(book: Book, identity: Callable[[str], Hashable] = str) -> AsyncGenerator[str, None]:
    return cast("AsyncGenerator[str, None]", paginate(book.fetch, identity=identity))


async def all_of(book: Book) -> list[str]:
    return [entry async for entry in walk(book)]


async def test_an_exact_total_ends_the_walk_without_a_further_request() -> None:
    book = Book(["a", "b"], ["c", "d"], ["e"], total=5)
    assert await all_of(book) == ["a", "b", "c", "d", "e"]
    assert book.asked == [1, 2, 3]


async def test_a_last_page_that_is_full_ends_the_walk_too_when_the_total_is_known() -> None:
    book = Book(["a", "b"], ["c", "d"], total=4)
    assert await all_of(book) == ["a", "b", "c", "d"]
    assert book.asked == [1, 2]


async def test_without_a_total_an_empty_page_ends_the_walk() -> None:
    book = Book(["a", "b"], ["c"])
    assert await all_of(book) == ["a", "b", "c"]
    assert book.asked == [1, 2, 3]


@pytest.mark.parametrize("total", [None, 0, 7])
async def test_an_empty_list_takes_one_request(total: int | None) -> None:
    book = Book(total=total)
    assert await all_of(book) == []
    assert book.asked == [1]


async def test_a_service_that_gives_smaller_pages_than_asked_for_is_walked_to_its_end() -> None:
    book = Book(*[[f"n-{index}"] for index in range(20)], total=20)
    assert await all_of(book) == [f"n-{index}" for index in range(20)]
    assert len(book.asked) == 20


class Stuck(Book):
    def page(self, page_index: int) -> list[str]:
        return ["a", "b"]


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


async def test_the_same_page_for_ever_ends_with_a_warning_where_nothing_says_how_many_there_are(
    caplog: pytest.LogCaptureFixture,
) -> None:
    book = Stuck()
    assert await all_of(book) == ["a", "b"]
    assert book.asked == [1, 2]
    assert warnings(caplog) == ["a list: the list repeats itself: 2 of an unknown number entries on 2 pages"]


async def test_the_same_page_for_ever_is_an_error_when_entries_are_missing() -> None:
    book = Stuck(total=100)
    entries = paginate(book.fetch, identity=str, action="ListNodes")
    assert [await anext(entries), await anext(entries)] == ["a", "b"]
    with pytest.raises(UnreadableResponse, match="page 2 of the list repeats an earlier one: 2 of 100") as caught:
        await anext(entries)
    assert (caught.value.action, caught.value.http_status) == ("ListNodes", 200)
    assert book.asked == [1, 2]


@pytest.mark.parametrize(("total", "count"), [(4, 1), (3, 0), (None, 0), (-5, 0)])
async def test_a_list_that_ends_before_its_total_is_a_warning_once(
    total: int | None, count: int, caplog: pytest.LogCaptureFixture
) -> None:
    assert await all_of(Book(["a", "b"], ["c"], total=total)) == ["a", "b", "c"]
    assert warnings(caplog) == ["a list: the list ends early: 3 of 4 entries on 3 pages"] * count


class Shrinking(Book):
    """A list in pages of two, of which entries can be deleted."""

    def __init__(self, names: str) -> None:
        super().__init__()
        self.names = list(names)

    async def fetch(self, page_index: int) -> Response[list[str]]:
        self.total = len(self.names)
        return await super().fetch(page_index)

    def page(self, page_index: int) -> list[str]:
        return self.names[2 * page_index - 2 : 2 * page_index]


@pytest.mark.parametrize("names", ["ab", "abc", "abcdef", "abcdefghijk"])
@pytest.mark.parametrize("every", [1, 2, 3])
async def test_deleting_while_one_walks_skips_nothing(names: str, every: int, caplog: pytest.LogCaptureFixture) -> None:
    book = Shrinking(names)
    walked = []
    async for entry in walk(book):
        walked.append(entry)
        if len(walked) % every == 0:
            book.names.remove(entry)
    assert sorted(walked) == sorted(names)
    assert warnings(caplog) == []


async def test_a_list_that_shrinks_once_is_walked_once_more() -> None:
    book = Shrinking("abcdefg")
    walked = []
    async for entry in walk(book):
        walked.append(entry)
        if entry == "a":
            book.names.remove("a")
    assert walked == ["a", "b", "d", "e", "f", "g", "c"]
    assert book.asked == [1, 2, 3, 1, 2, 3]


@pytest.mark.parametrize("size", [1, 2, 3])
async def test_a_page_that_repeats_itself_because_the_list_grew_at_its_front_is_no_error(size: int) -> None:
    class Growing(Book):
        """The newest first: as many as fill a page have come in front by the time of the second request."""

        def __init__(self) -> None:
            super().__init__()
            self.entries = list("abcdefg")

        def page(self, page_index: int) -> list[str]:
            if len(self.asked) == 2:
                self.entries[:0] = list("xyz"[:size])
            self.total = len(self.entries)
            return self.entries[(page_index - 1) * size : page_index * size]

    assert sorted(await all_of(Growing())) == sorted("abcdefg" + "xyz"[:size])


async def test_a_list_that_only_says_that_it_grows_is_given_up_after_a_few_walks() -> None:
    class Boasting(Book):
        """Each page is the first, and the total rises."""

        def page(self, page_index: int) -> list[str]:
            self.total = 10 + len(self.asked)
            return ["a", "b"]

    book = Boasting()
    with pytest.raises(UnreadableResponse, match="repeats an earlier one"):
        await all_of(book)
    assert len(book.asked) < 10


async def test_a_service_that_gives_the_same_page_in_another_order_is_given_up() -> None:
    class Shuffled(Book):
        def page(self, page_index: int) -> list[str]:
            return ["a", "b"][:: 1 if page_index % 2 else -1]

    assert await all_of(Shuffled()) == ["a", "b"]


async def test_an_entry_that_slid_onto_the_next_page_is_given_once() -> None:
    """One more was made at the front of the list while it was walked; the service's total is still the old one."""
    book = Book(["a", "b", "c"], ["c", "d", "e"], ["f"], total=6)
    assert await all_of(book) == ["a", "b", "c", "d", "e", "f"]
    assert book.asked == [1, 2, 3]


async def test_a_page_that_slid_by_all_but_one_goes_on() -> None:
    book = Book(["a", "b", "c"], ["b", "c", "d"], ["c", "d", "e"])
    assert await all_of(book) == ["a", "b", "c", "d", "e"]


async def test_a_list_that_only_says_that_it_shrinks_ends_after_a_few_walks() -> None:
    class Lying(Book):
        async def fetch(self, page_index: int) -> Response[list[str]]:
            self.total = 10 - 3 * page_index
            return await super().fetch(page_index)

    book = Lying(["a", "b", "c", "d"], ["e", "f"])
    assert await all_of(book) == ["a", "b", "c", "d", "e", "f"]
    assert book.asked == [1, 2, 3] * 4


@pytest.mark.parametrize("total", [-1, -100, 1, 10**30])
async def test_a_total_that_can_not_be_true_loses_nothing_and_ends(total: int) -> None:
    book = Book(["a", "b"], ["c"], total=total)
    assert await all_of(book) == ["a", "b", "c"]
    assert book.asked == [1, 2, 3]


async def test_entries_are_distinguished_by_their_id_alone() -> None:
    book = Book(["a1", "b1"], ["b2", "c2"])
    assert [entry async for entry in walk(book, lambda entry: entry[0])] == ["a1", "b1", "c2"]


async def test_entries_of_one_page_are_all_yielded_even_if_they_are_equal() -> None:
    """A service that leaves the ids out still has its first page shown."""
    book = Book(["a", "b"], ["c"])
    assert [entry async for entry in walk(book, lambda entry: "")] == ["a", "b"]


async def test_an_error_in_the_middle_comes_after_what_was_fetched_before_it() -> None:
    class Failing(Book):
        def page(self, page_index: int) -> list[str]:
            if page_index == 2:
                raise ConnectionLost("gone", action="ListNodes")
            return ["a"]

    book = Failing()
    entries = walk(book)
    assert await anext(entries) == "a"
    with pytest.raises(ConnectionLost, match="gone"):
        await anext(entries)
    assert await anext(entries, "ended") == "ended"
    assert book.asked == [1, 2]


async def test_a_page_is_fetched_only_when_its_first_entry_is_wanted() -> None:
    book = Book(["a", "b"], ["c"])
    entries = walk(book)
    assert book.asked == []
    assert [await anext(entries), await anext(entries)] == ["a", "b"]
    assert book.asked == [1]
    assert await anext(entries) == "c"
    assert book.asked == [1, 2]
    await entries.aclose()


async def test_a_walk_that_is_broken_off_asks_for_nothing_more() -> None:
    book = Book(["a", "b"], ["c"])
    async with aclosing(walk(book)) as entries:
        async for entry in entries:
            assert entry == "a"
            break
    assert await anext(entries, "ended") == "ended"
    assert book.asked == [1]


class Entry:
    """Something that can be watched while it goes."""

    def __init__(self, name: str) -> None:
        self.name = name


async def test_only_one_page_is_held_in_memory() -> None:
    alive: weakref.WeakSet[Entry] = weakref.WeakSet()
    identities: weakref.WeakSet[Name] = weakref.WeakSet()

    class Name:
        def __init__(self, text: str) -> None:
            self.text = text
            identities.add(self)

        def __hash__(self) -> int:
            return hash(self.text)

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Name) and self.text == other.text

    def made(names: Iterable[str]) -> list[Entry]:
        entries = [Entry(name) for name in names]
        alive.update(entries)
        return entries

    async def fetch(page_index: int) -> Response[list[Entry]]:
        most = max(len(alive), len(identities))
        assert most <= 20, f"{most} alive"
        return Response(data=made(f"n-{page_index}-{index}" for index in range(10)) if page_index <= 30 else [])

    count = 0
    async for entry in paginate(fetch, identity=lambda entry: Name(entry.name)):
        assert entry.name
        count += 1
        del entry
    assert count == 300
