"""Each sync method is the async one's mirror: same name, same signature, same words."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from cds_eks import AsyncEksClient, EksClient, resources
from cds_eks.sync import resources as sync_resources
from cds_eks.waiting import Waiters

PAIRS: list[tuple[type, type]] = [
    *((getattr(resources, name), getattr(sync_resources, name)) for name in resources.__all__),
    (Waiters, sync_resources.Waiters),
]
METHODS = [
    pytest.param(kind, mirror, name, id=f"{mirror.__name__}.{name}")
    for kind, mirror in PAIRS
    for name in dir(kind)
    if not name.startswith("_")
]


def parameters(function: Callable[..., Any]) -> list[tuple[str, Any, Any, str]]:
    """Names, kinds, defaults and annotations; a sync client's callback is never awaited."""
    return [
        (
            parameter.name,
            parameter.kind,
            parameter.default,
            str(parameter.annotation).replace("Awaitable[None] | None]", "None]").replace("backends.", ""),
        )
        for parameter in inspect.signature(function).parameters.values()
    ]


@pytest.mark.parametrize(("kind", "mirror"), PAIRS, ids=[mirror.__name__ for _, mirror in PAIRS])
def test_both_have_the_same_methods(kind: type, mirror: type) -> None:
    names = [{name for name in dir(one) if not name.startswith("_")} for one in (kind, mirror)]
    assert names[0] == names[1]
    assert names[0]


@pytest.mark.parametrize(("kind", "mirror", "name"), METHODS)
def test_a_method_has_the_same_signature_and_the_same_words(kind: type, mirror: type, name: str) -> None:
    one, other = getattr(kind, name), getattr(mirror, name)
    assert parameters(one) == parameters(other)
    returns = [str(inspect.signature(function).return_annotation) for function in (one, other)]
    assert returns[0].removeprefix("Async") == returns[1]
    assert inspect.getdoc(one) == inspect.getdoc(other)
    assert len(inspect.getdoc(one) or "") > 80
    assert not inspect.iscoroutinefunction(other)


def test_both_clients_are_made_and_called_in_the_same_way() -> None:
    assert parameters(AsyncEksClient.__init__) == parameters(EksClient.__init__)
    assert parameters(AsyncEksClient.call) == parameters(EksClient.call)
    assert inspect.getdoc(AsyncEksClient.call) == inspect.getdoc(EksClient.call)


def test_both_clients_have_the_same_groups_and_methods() -> None:
    settings: dict[str, Any] = {"signer": object(), "endpoint": "http://127.0.0.1:1"}
    names = [
        {name for name in dir(client) if not name.startswith("_")}
        for client in (AsyncEksClient(**settings), EksClient(**settings))
    ]
    assert names[0] - {"aclose", "execute"} == names[1] - {"close"}
    assert {"clusters", "wait", "call"} < names[1]
