"""Both clients driven alike: a call goes in, what came of it comes out and is judged by what holds for all."""

from __future__ import annotations

import contextlib
import inspect
import itertools
import pickle
import re
import time
import traceback
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any, Literal

import anyio
import attrs

from cds_eks import AsyncEksClient, Credentials, EksClient, Limits, Response, RetryPolicy, Timeouts, errors, models
from support.backend_under_test import backend
from support.contract_files import observed_body
from support.socket_service import Service

ClientKind = Literal["asyncio", "trio", "blocking"]
CLIENT_KINDS: tuple[ClientKind, ...] = ("asyncio", "trio", "blocking")

# Each holds what JSON, HTML and URLs spell otherwise; none may be seen in any spelling, so this word is looked for.
MARK = re.compile(r"m4rk", re.IGNORECASE)
KEY_ID = 'AKID/m4rk+id="&<1>'
KEY = "SK/m4rk+key='&<2>é\\"
PASSWORD = 'Pw-M4rk"&<3>'
SECRETS = (KEY_ID, KEY, PASSWORD)
CREDENTIALS = Credentials(KEY_ID, KEY)

ATTEMPTS = 3
POLICY = RetryPolicy(max_attempts=ATTEMPTS, base_delay=0, throttled_base_delay=0, max_delay=0.02)
TOTAL = 5.0
"""Seconds for a call; none needs nearly as many."""

Call = Callable[[Any], Any]


def create_request(**changes: Any) -> models.CreateClusterRequest:
    """The vendor's own example, with secrets."""
    body = observed_body("CreateCluster")
    body["MasterConfig"]["Password"] = PASSWORD
    return models.CreateClusterRequest.from_dict({**body, "ClusterName": "one", **changes})


CREATE = create_request()
CALLS: dict[str, Call] = {
    "read": lambda eks: eks.clusters.get("c-1"),
    "write": lambda eks: eks.clusters.delete("c-1"),
    "create": lambda eks: eks.clusters.create(CREATE),
}


@attrs.frozen
class Result:
    """What came of a call: a value or an error."""

    value: Any = attrs.field(repr=False)  # asyncio shows the result of each task that it logs
    error: Exception | None
    elapsed: float
    requests: int = 0

    @property
    def data(self) -> Any:
        assert self.error is None, repr(self.error)
        return self.value.data if isinstance(self.value, Response) else self.value

    @property
    def refusal(self) -> errors.InvalidRequestError:
        assert isinstance(self.error, errors.InvalidRequestError), repr(self.error or self.value)
        return self.error


def drive(client_kind: ClientKind, service: Service, calls: Sequence[Call], **settings: Any) -> list[Result]:
    """Make a client and all the calls, one after the other. What the making raises is the result of each call.

    Args:
        client_kind: Which client.
        service: Where it goes, unless the settings say otherwise.
        calls: What to do with it.
        settings: The client's.
    """
    chosen: dict[str, Any] = {
        "credentials": CREDENTIALS,
        "endpoint": service.url,
        "backend": backend(),
        "timeouts": Timeouts(connect=2, read=2, total=TOTAL),
        "retry": POLICY,
        "limits": Limits(max_connections=1, max_in_flight=1),  # so that a lost place is noticed
        **settings,
    }

    def count() -> int:
        return len(service.ledger)

    if client_kind == "blocking":
        return _drive(calls, count, chosen)
    return anyio.run(_drive_async, calls, count, chosen, backend=client_kind)


def _drive(calls: Sequence[Call], count: Callable[[], int], settings: dict[str, Any]) -> list[Result]:
    results: list[Result] = []
    try:
        client = EksClient(**settings)
    except Exception as error:  # noqa: BLE001 - judged by the test
        return [Result(None, error, 0.0)] * len(calls)
    with client as eks:
        for call in calls:
            before, began, value, raised = count(), time.monotonic(), None, None
            try:
                value = call(eks)
                if isinstance(value, Iterator):
                    with contextlib.closing(value) as entries:  # type: ignore[type-var]
                        value = list(itertools.islice(entries, MOST_ENTRIES))
            except Exception as error:  # noqa: BLE001 - judged by the test
                raised = error
            results.append(Result(value, raised, time.monotonic() - began, count() - before))
    return results


MOST_ENTRIES = 250_000


async def _drive_async(calls: Sequence[Call], count: Callable[[], int], settings: dict[str, Any]) -> list[Result]:
    results: list[Result] = []
    try:
        client = AsyncEksClient(**settings)
    except Exception as error:  # noqa: BLE001 - judged by the test
        return [Result(None, error, 0.0)] * len(calls)
    async with client as eks:
        for call in calls:
            before, began, value, raised = count(), time.monotonic(), None, None
            try:
                value = call(eks)
                if isinstance(value, AsyncIterator):
                    value = await _entries_of(value)
                elif inspect.isawaitable(value):
                    value = await value
            except Exception as error:  # noqa: BLE001 - judged by the test
                raised = error
            results.append(Result(value, raised, time.monotonic() - began, count() - before))
    return results


async def _entries_of(walk: AsyncIterator[Any]) -> list[Any]:
    entries: list[Any] = []
    async with contextlib.aclosing(walk):  # type: ignore[type-var]
        async for entry in walk:
            entries.append(entry)
            if len(entries) == MOST_ENTRIES:
                break
    return entries


# --- what holds for every result -----------------------------------------------------------------------------------


def judge(result: Result, *, within: float = TOTAL) -> None:
    """Our own error or an answer, in time, fit to be shown, without a secret."""
    assert result.elapsed < within
    if result.error is None:
        for text in _shown(result.value):
            assert not MARK.search(text), text
        return
    error = result.error
    assert isinstance(error, errors.EksError), "".join(traceback.format_exception(error))
    assert type(error).__module__ == "cds_eks.errors"
    assert error.attempts <= ATTEMPTS
    assert isinstance(error, errors.AmbiguousCreate) <= (error.outcome == "unknown")
    assert len(str(error)) < 4000
    assert str(error).isprintable(), str(error)
    str(error).encode()
    for text in _shown(error):
        assert not MARK.search(text), text


def _shown(thing: Any, *, is_first: bool = True) -> Iterator[str]:
    yield repr(thing)
    yield str(thing)
    if isinstance(thing, (errors.EksError, Response)):
        kept = pickle.dumps(thing)
        yield kept.decode("latin-1")
        yield repr(pickle.loads(kept))
    if isinstance(thing, BaseException):
        yield repr(vars(thing))
        if is_first:  # it shows where the others come from as well, and takes time
            yield "".join(traceback.format_exception(thing))
        for other in (thing.__cause__, thing.__context__, *getattr(thing, "previous", ())):
            if other is not None:
                yield from _shown(other, is_first=False)
