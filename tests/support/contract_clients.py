"""Both clients of the SDK, so that one table of calls drives them."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from cds_eks import AsyncEksClient, Credentials, EksClient, Response, RetryPolicy
from support.contract_server import ACCESS_KEY_ID, SECRET_ACCESS_KEY, Server

SETTINGS: dict[str, Any] = {
    "credentials": Credentials(ACCESS_KEY_ID, SECRET_ACCESS_KEY),
    "retry": RetryPolicy.none(),
}


@asynccontextmanager
async def async_client(server: Server, **more: Any) -> AsyncIterator[AsyncEksClient]:
    async with AsyncEksClient(**{"endpoint": server.url} | SETTINGS | more) as eks:
        yield eks


@contextmanager
def sync_client(server: Server, **more: Any) -> Iterator[EksClient]:
    with EksClient(**{"endpoint": server.url} | SETTINGS | more) as eks:
        yield eks


def method_of(eks: AsyncEksClient | EksClient, group: str, method: str) -> Callable[..., Any]:
    found: Callable[..., Any] = getattr(getattr(eks, group), method)
    return found


async def answer_of(made: Any) -> Response[Any]:
    assert inspect.isawaitable(made)
    response = await made
    assert type(response) is Response
    return response
