"""Clients that nobody closes, and clients that are closed when their event loop has ended."""

from __future__ import annotations

import asyncio
import gc
import threading
import warnings
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from cds_eks import AsyncEksClient, Credentials, errors
from cds_eks.wire import RawResponse, Request, make_raw_response
from support.eventually import EVENT_TIMEOUT
from support.forked_child import pass_for_child

CREDENTIALS = Credentials("AKIDEXAMPLE000", "secret-key-of-nobody")
BODY = b'{"Code": "Success", "Data": {"TaskId": "t", "TaskStatus": "doing"}}'


class Holding:
    """A backend that has connections to free."""

    def __init__(self) -> None:
        self.did: list[str] = []

    async def send(self, request: Request) -> RawResponse:
        return make_raw_response(status=200, headers={}, content=BODY)

    async def aclose(self) -> None:
        self.did.append("aclose")

    def abandon(self) -> bool:
        self.did.append("abandon")
        return True


class Empty(Holding):
    """One that turns out to have none."""

    def abandon(self) -> bool:
        super().abandon()
        return False


class Plain(Holding):
    """One that knows nothing of that."""

    abandon = None  # type: ignore[assignment]


Run = Callable[..., Any]


def on(name: str) -> Run:
    return lambda function: anyio.run(function, backend=name)


async def use(eks: AsyncEksClient) -> None:
    await eks.tasks.get_status("t")


@pytest.mark.parametrize("name", ["asyncio", "trio"])
def test_a_client_is_closed_on_another_event_loop_when_its_own_has_ended(name: str) -> None:
    backend = Holding()
    eks = AsyncEksClient(CREDENTIALS, backend=backend)
    on(name)(lambda: use(eks))
    on(name)(eks.aclose)
    on(name)(eks.aclose)
    assert backend.did == ["abandon", "aclose", "aclose"]
    with pytest.raises(errors.ConfigurationError, match="closed"):
        on(name)(lambda: use(eks))


def test_a_client_of_a_loop_that_stands_still_is_closed_on_another() -> None:
    backend, loop = Holding(), asyncio.new_event_loop()
    eks = AsyncEksClient(CREDENTIALS, backend=backend)
    loop.run_until_complete(use(eks))
    asyncio.run(eks.aclose())
    loop.close()
    assert backend.did == ["abandon", "aclose"]


@pytest.mark.parametrize("name", ["asyncio", "trio"])
def test_a_client_whose_loop_runs_in_another_thread_is_not_closed_here(name: str) -> None:
    backend, used, done = Holding(), threading.Event(), threading.Event()
    eks = AsyncEksClient(CREDENTIALS, backend=backend)

    async def live() -> None:
        await use(eks)
        used.set()
        while not done.is_set():  # noqa: ASYNC110 - an event of threads
            await anyio.sleep(0.001)
        await eks.aclose()

    thread = threading.Thread(target=lambda: on(name)(live))
    thread.start()
    assert used.wait(EVENT_TIMEOUT)
    with pytest.raises(errors.ConfigurationError, match="belongs to the event loop"):
        on(name)(eks.aclose)
    done.set()
    thread.join(EVENT_TIMEOUT)
    assert backend.did == ["aclose"]


def test_an_unclosed_client_warns_and_frees_what_it_holds() -> None:
    backend = Holding()
    eks = AsyncEksClient(CREDENTIALS, backend=backend)
    asyncio.run(use(eks))
    with pytest.warns(ResourceWarning, match="unclosed AsyncEksClient: use it in `async with`"):
        eks.__del__()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        eks.__del__()
    assert backend.did == ["abandon"]


def test_no_client_warns_that_has_nothing_open() -> None:
    kinds = Holding, Holding, Empty, Plain
    closed, unused, empty, plain = (AsyncEksClient(CREDENTIALS, backend=make()) for make in kinds)

    async def main() -> None:
        await use(empty)
        await use(plain)
        async with closed as eks:
            await use(eks)

    asyncio.run(main())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for each in (closed, unused, empty, plain):
            each.__del__()


def test_a_client_that_could_not_be_made_says_nothing_more(recwarn: pytest.WarningsRecorder) -> None:
    with pytest.raises(errors.ConfigurationError):
        AsyncEksClient(CREDENTIALS, timeouts=None)  # type: ignore[arg-type]
    gc.collect()
    assert [str(warning.message) for warning in recwarn] == []


def test_what_a_child_of_a_fork_inherits_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its connections are the parent's."""
    backend = Holding()
    eks = AsyncEksClient(CREDENTIALS, backend=backend)
    asyncio.run(use(eks))
    with monkeypatch.context() as patch, warnings.catch_warnings():
        pass_for_child(patch)
        warnings.simplefilter("error")
        with pytest.raises(errors.ConfigurationError, match="each process"):
            asyncio.run(eks.aclose())
        eks.__del__()
    asyncio.run(eks.aclose())
    assert backend.did == ["abandon", "aclose"]
