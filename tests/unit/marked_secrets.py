"""Secrets with a mark, and the search for it in all that can be printed of a thing."""

from __future__ import annotations

import pickle
import re
import traceback
from collections.abc import Iterator

from cds_eks import Credentials, Response, errors
from cds_eks.pipeline import Send
from cds_eks.wire import CallRecord, RawResponse, Request

# Each holds what JSON, HTML and URLs spell otherwise; none may be seen in any spelling, so this word is looked for.
MARK = re.compile(r"m4rk", re.IGNORECASE)
KEY_ID = 'AKID/m4rk+id="&<1>'
KEY = "SK/m4rk+key='&<2>é"
PASSWORD = 'Pw-M4rk"&<3>'
POOL_PASSWORD = "Pw-M4rk+/='4"
AK = "cluster-ak-m4rk-5"
SK = "cluster-sk/m4rk-6=="
EXTRA = "extra-m4rk-7"
CREDENTIALS = Credentials(KEY_ID, KEY)


def shown(thing: object) -> Iterator[str]:
    """Yield all that can be printed of a thing."""
    yield repr(thing)
    yield str(thing)
    yield f"{thing}"
    if isinstance(thing, BaseException):
        yield from shown_of_error(thing, set())
    if isinstance(thing, (errors.EksError, Response)):
        yield pickle.dumps(thing).decode("latin-1")
        yield from shown_of(pickle.loads(pickle.dumps(thing)))


def shown_of(thing: object) -> Iterator[str]:
    yield repr(thing)
    yield str(thing)


def shown_of_error(error: BaseException, seen: set[int]) -> Iterator[str]:
    """Yield all that an error, what it came from, and what came before it show."""
    if id(error) in seen:
        return
    seen.add(id(error))
    yield from shown_of(error)
    yield repr(error.args)
    yield repr(vars(error))
    yield repr(getattr(error, "__notes__", None))
    yield "".join(traceback.format_exception(error))
    for other in (error.__cause__, error.__context__, *getattr(error, "previous", ())):
        if other is not None:
            yield from shown_of_error(other, seen)
    if isinstance(error, BaseExceptionGroup):
        for part in error.exceptions:
            yield from shown_of_error(part, seen)


def assert_unmarked(*things: object) -> None:
    for thing in things:
        for text in shown(thing):
            assert not MARK.search(text), text


class Watched:
    """What a test has seen of calls from within: requests on their way, and records."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.records: list[CallRecord] = []

    async def per_call(self, request: Request, send: Send) -> RawResponse:
        self.records.append(request.record)
        self.requests.append(request)
        return await send(request)

    async def per_attempt(self, request: Request, send: Send) -> RawResponse:
        self.requests.append(request)
        response = await send(request)
        assert_unmarked(response)
        return response
