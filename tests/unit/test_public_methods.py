"""The public methods: signatures, their sync twins, what is said of errors. A change here is a change for our users."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cds_eks import (
    AsyncEksClient,
    Credentials,
    EksClient,
    errors,
)
from support.api_description import API
from support.signatures import spelt

NAMESPACES = (*API.operation_groups, "wait")


PINNED: dict[str, str] = {
    "clusters.create": "(request, *, extra=None, timeout=None)",
    "clusters.get": "(cluster_id, *, extra=None, timeout=None)",
    "clusters.list": "(*, keyword=None, vpc_id=None, extra=None, timeout=None)",
    "clusters.delete": "(cluster_id, *, extra=None, timeout=None)",
    "clusters.list_events": "(cluster_id, *, extra=None, timeout=None)",
    "clusters.find": "(request_or_error, *, settle=None, poll_interval=None)",
    "clusters.add_subnets": "(cluster_id, subnets, *, extra=None, timeout=None)",
    "tasks.get_status": "(task_id, *, extra=None, timeout=None)",
    "nodes.list": (
        "(cluster_id, *, node_status=None, node_type=None, schedulable=None, status=None, keyword=None, "
        "page_index=None, page_size=None, extra=None, timeout=None)"
    ),
    "nodes.iterate": (
        "(cluster_id, *, node_status=None, node_type=None, schedulable=None, status=None, keyword=None, "
        "page_size=100, extra=None, timeout=None)"
    ),
    "nodes.delete": "(cluster_id, node_ids, *, extra=None, timeout=None)",
    "node_pools.create": "(request, *, extra=None, timeout=None)",
    "node_pools.update_config": "(request, *, extra=None, timeout=None)",
    "node_pools.scale": "(cluster_id, node_pool_id, replicas, *, extra=None, timeout=None)",
    "node_pools.list": "(cluster_id, *, node_pool_id=None, filter=None, extra=None, timeout=None)",
    "node_pools.delete": "(cluster_id, node_pool_id, *, extra=None, timeout=None)",
    "node_pools.find": "(request_or_error, *, settle=None, poll_interval=None)",
    "network_interfaces.find": "(request_or_error, *, settle=None, poll_interval=None)",
    "network_interfaces.create": "(subnet_id, *, netcard_name=None, vpc_id=None, extra=None, timeout=None)",
    "network_interfaces.delete": "(netcard_id, *, extra=None, timeout=None)",
    "network_interfaces.attach": "(ecs_id, netcard_id, *, vlan_id=None, extra=None, timeout=None)",
    "network_interfaces.detach": "(ecs_id, netcard_id, *, extra=None, timeout=None)",
    "network_interfaces.describe": "(netcard_id, *, extra=None, timeout=None)",
    "network_interfaces.is_attached": "(netcard_id, *, extra=None, timeout=None)",
    "events.get_status": "(event_id, *, extra=None, timeout=None)",
    "scaling_groups.describe": "(scaling_group_id, *, extra=None, timeout=None)",
    "scaling_groups.add_nodes": "(scaling_group_id, add_num, *, extra=None, timeout=None)",
    "wait.task": ("(task_id, *, cluster_id=None, timeout=3600.0, poll_interval=None, on_change=None, on_step=None)"),
    "wait.event": "(event_id, *, timeout=3600.0, poll_interval=None, on_change=None)",
    "wait.cluster_running": "(cluster_id, *, timeout=3600.0, poll_interval=None, on_change=None, on_step=None)",
    "wait.cluster_deleted": (
        "(cluster_id, *, task_id=None, missing_ok=False, timeout=3600.0, poll_interval=None, on_change=None)"
    ),
    "wait.idle": "(cluster_id, *, timeout=3600.0, poll_interval=None, on_change=None)",
    "wait.node_pool_ready": (
        "(cluster_id, node_pool_id, replicas=None, *, timeout=3600.0, poll_interval=None, on_change=None)"
    ),
    "wait.tasks": "(task_ids, *, timeout=3600.0, poll_interval=None, on_change=None)",
    "wait.clusters_running": "(cluster_ids, *, timeout=3600.0, poll_interval=None, on_change=None)",
    "wait.node_pools_ready": "(node_pools, *, timeout=3600.0, poll_interval=None, on_change=None)",
    "wait.each": ("(task_ids=(), *, event_ids=(), cluster_ids=(), node_pools=(), timeout=3600.0, poll_interval=None)"),
    "call": "(action, *, method='GET', params=None, body=None, timeout=None)",
}
"""What users have been promised: a change here is a change for them."""


def described() -> Iterator[tuple[str, str]]:
    """The methods that the description gives, each with its arguments."""
    for operation in API.operations.values():
        fields = API.shapes[operation.request].fields
        required = [name for name, field in fields.items() if field.required]
        optional = [f"{name}=None" for name, field in fields.items() if not field.required]
        if operation.style == "request":
            required, optional = ["request"], []
        names = [*required, "*", *optional, "extra=None", "timeout=None"]
        yield f"{operation.group}.{operation.method}", f"({', '.join(names)})"
        if operation.paged:
            walked = [name for name in names if name != "page_index=None"]
            words = ", ".join(walked).replace("page_size=None", "page_size=100")
            yield f"{operation.group}.iterate", f"({words})"
        if operation.find is not None:
            yield f"{operation.group}.find", "(request_or_error, *, settle=None, poll_interval=None)"


METHODS = {**dict(described()), **PINNED}


@pytest.fixture
def async_client(credentials: Credentials) -> AsyncEksClient:
    return AsyncEksClient(credentials)


@pytest.fixture
def sync_client(credentials: Credentials) -> Iterator[EksClient]:
    with EksClient(credentials) as eks:
        yield eks


def at(eks: object, path: str) -> Callable[..., Any]:
    found: Any = eks
    for step in path.split("."):
        found = getattr(found, step)
    method: Callable[..., Any] = found
    return method


def methods_of(eks: object) -> set[str]:
    """The paths of all public methods below the namespaces."""
    found = set()
    for namespace in NAMESPACES:
        part = getattr(eks, namespace)
        found |= {f"{namespace}.{name}" for name in dir(part) if not name.startswith("_") and callable(at(part, name))}
    return found


@pytest.mark.parametrize("path", METHODS)
def test_a_method_takes_these_arguments(path: str, async_client: AsyncEksClient) -> None:
    assert spelt(inspect.signature(at(async_client, path))) == METHODS[path]


def test_what_is_promised_is_what_the_description_gives() -> None:
    by_hand = {path for path in PINNED if path.startswith("wait.") or path == "call"}
    given = dict(described())
    assert {path: given.get(path) for path in PINNED.keys() - by_hand} == {
        path: PINNED[path] for path in PINNED.keys() - by_hand
    }


def test_there_are_no_other_methods(async_client: AsyncEksClient, sync_client: EksClient) -> None:
    expected = {path for path in METHODS if "." in path}
    assert methods_of(async_client) == expected
    assert methods_of(sync_client) == expected


def public(eks: object) -> set[str]:
    return {name for name in dir(eks) if not name.startswith("_")}


def test_the_clients_show_these_names(async_client: AsyncEksClient, sync_client: EksClient) -> None:
    values = {"api_revision", "dismiss", "endpoint", "open_creates"}
    assert public(async_client) == {*NAMESPACES, *values, "aclose", "call", "execute"}
    assert public(sync_client) == {*NAMESPACES, *values, "call", "close"}


@pytest.mark.parametrize("path", METHODS)
def test_a_sync_method_has_the_signature_and_the_docstring_of_its_async_twin(
    path: str, async_client: AsyncEksClient, sync_client: EksClient
) -> None:
    one, other = at(async_client, path), at(sync_client, path)
    first, second = inspect.signature(one), inspect.signature(other)
    assert spelt(first) == spelt(second)
    for name, parameter in first.parameters.items():
        twin = str(second.parameters[name].annotation)
        # A callback of a blocking call can't be awaited; all else has the same type.
        assert twin == str(parameter.annotation).replace("Awaitable[None] | None", "None"), name
    assert str(second.return_annotation) == str(first.return_annotation).replace("AsyncIterator", "Iterator")
    assert inspect.getdoc(one) == inspect.getdoc(other)
    assert inspect.getdoc(one)


RAISED = {
    "read": "What a read raises",
    "idempotent": "What an idempotent write raises",
    "create": "What a create raises",
}
"""By kind: the words under which `cds_eks.errors` says what an operation raises."""


@pytest.mark.parametrize("documented", API.operations)
def test_the_docstring_of_an_operation_says_where_its_errors_are_told(
    documented: str, async_client: AsyncEksClient
) -> None:
    operation = API.operations[documented]
    words = inspect.getdoc(at(async_client, f"{operation.group}.{operation.method}")) or ""
    raises = " ".join(words.partition("\nRaises:\n")[2].partition("\n\n")[0].split())
    assert raises.startswith(f"EksError: {RAISED[operation.kind]}")
    assert raises.endswith("see `cds_eks.errors`.")
    assert ("`AmbiguousCreate`" in raises) == (operation.kind == "create")


def test_the_errors_of_each_kind_of_operation_are_told() -> None:
    told = {words: part for words in RAISED.values() for part in (errors.__doc__ or "").split("\n\n") if words in part}
    assert told.keys() == set(RAISED.values())
    listed = (errors.__doc__ or "").partition(RAISED["read"])[2].partition(RAISED["idempotent"])[0]
    for kind in ("InvalidRequestError", "ServiceError", "TransportError", "UnreadableResponse", "DeadlineExceeded"):
        assert f"* `{kind}`: " in listed
        assert kind in errors.__all__
    assert "the same" in told[RAISED["idempotent"]]
    assert "the same" in told[RAISED["create"]]
    assert "`AmbiguousCreate`" in told[RAISED["create"]]
    assert "`open_creates`" in told[RAISED["create"]]


@pytest.mark.parametrize("path", METHODS)
def test_async_methods_are_awaited_and_sync_ones_are_not(
    path: str, async_client: AsyncEksClient, sync_client: EksClient
) -> None:
    is_iterator = path.endswith(".iterate") or path == "wait.each"
    assert not inspect.iscoroutinefunction(at(sync_client, path))
    assert inspect.iscoroutinefunction(at(async_client, path)) != is_iterator
