"""Mocks of both clients have their groups, and these their methods: a misspelt name fails in a user's test."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any
from unittest.mock import AsyncMock, Mock, create_autospec

import pytest

from cds_eks import AsyncEksClient, Credentials, EksClient
from cds_eks._runtime.cached_group import Group
from support.api_description import API

GROUPS = (*API.operation_groups, "wait")
CLIENTS: list[Any] = [AsyncEksClient, EksClient]


@pytest.mark.parametrize("kind", CLIENTS)
def test_a_mock_has_the_groups_and_nothing_else(kind: Any) -> None:
    eks = Mock(spec=kind)
    for name in (*GROUPS, "call", "endpoint", "api_revision", "open_creates", "dismiss"):
        getattr(eks, name)
    for name in ("cluster", "pools", "close_all"):
        with pytest.raises(AttributeError):
            getattr(eks, name)


@pytest.mark.parametrize("kind", CLIENTS)
@pytest.mark.parametrize("is_instance", [False, True])
def test_an_autospec_has_their_methods_with_their_arguments(kind: Any, is_instance: bool) -> None:
    eks = create_autospec(kind, instance=is_instance)
    eks.clusters.get.return_value = "fine"
    found = eks.clusters.get("c-1")
    assert (asyncio.run(found) if kind is AsyncEksClient else found) == "fine"
    eks.clusters.get.assert_called_once_with("c-1")
    with pytest.raises(AttributeError):
        eks.clusters.fetch("c-1")
    with pytest.raises(TypeError):
        asyncio.run(eks.clusters.get("c-1", "too many", "arguments"))
    with pytest.raises(TypeError):
        asyncio.run(eks.wait.task())


def test_an_autospec_of_the_async_client_is_awaited() -> None:
    eks = create_autospec(AsyncEksClient, instance=True)
    assert isinstance(eks.clusters.create, AsyncMock)
    assert not isinstance(create_autospec(EksClient, instance=True).clusters.create, AsyncMock)


@pytest.mark.parametrize("kind", CLIENTS)
def test_each_group_is_made_once_and_is_of_the_class_that_the_clients_class_shows(
    kind: Any, credentials: Credentials
) -> None:
    one, other = kind(credentials), kind(credentials)
    for name in GROUPS:
        assert getattr(one, name) is getattr(one, name)
        assert getattr(one, name) is not getattr(other, name)
        assert type(getattr(one, name)) is getattr(kind, name)
        assert isinstance(inspect.getattr_static(kind, name), Group)
