"""Hostile answers, over real sockets, to both clients: our own error or a right answer, and the client lives on."""

from __future__ import annotations

import socket
import ssl
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import aclosing, closing, contextmanager
from functools import partial
from itertools import islice
from typing import Any

import attrs
import pytest
import trustme

from cds_eks import Response, RetryPolicy, Timeouts, errors, models
from cds_eks.schema.shape import Shape, fields_of
from hostile.answers import ANY, EVIL, MB, ON_NATIVE, SCENARIOS, Expect, Scenario
from hostile.client_driver import CALLS, CLIENT_KINDS, CREATE, TOTAL, Call, ClientKind, Result, drive, judge
from support.backend_under_test import backend, trusting_backend
from support.socket_service import Link, Seen, Service, envelope, good, http, normal, says, secured, serving

client_kinds = pytest.mark.parametrize("client_kind", CLIENT_KINDS)


@contextmanager
def bounded(megabytes: float | None) -> Iterator[None]:
    """Fails if more memory was taken at any time."""
    if megabytes is None:
        yield
        return
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < megabytes * MB, f"{peak / MB:.0f} MB"


def then_normal(service: Service) -> Call:
    """The call that follows: the service is well again."""

    def call(eks: Any) -> Any:
        service.answer = normal
        return CALLS["read"](eks)

    return call


def compare(result: Result, expect: Expect, name: str) -> None:
    judge(result)
    if expect.kind is None:
        assert isinstance(result.value, Response), repr(result.error)
        assert result.data.cluster_id == "c-1"
        attempts, request_id = result.value.attempts, result.value.request_id
    else:
        error = result.error
        assert error is not None, repr(result.value)
        assert isinstance(error, errors.EksError), repr(error)
        if isinstance(error, errors.AmbiguousCreate):
            assert name == "create"
            assert error.name == "one"
            if issubclass(expect.kind, errors.ServiceError):
                assert isinstance(error, errors.ServiceError)
            else:
                assert isinstance(error, expect.kind)
        else:
            assert type(error) is expect.kind, repr(error)
        if expect.outcome is not ANY:
            assert error.outcome == expect.outcome
        assert error.action == {"read": "GetCluster", "write": "DeleteCluster", "create": "CreateCluster"}[name]
        attempts, request_id = error.attempts, error.request_id
    assert attempts == expect.attempts
    if expect.kind is errors.DeadlineExceeded:
        assert result.requests <= attempts  # it may be on its way still
    else:
        assert result.requests == attempts
    if expect.request_id is not ANY:
        assert request_id == expect.request_id


@client_kinds
@pytest.mark.parametrize("name", SCENARIOS)
def test_answer(service: Service, client_kind: ClientKind, name: str) -> None:
    scenario = SCENARIOS[name]
    if backend() == "native" and name in ON_NATIVE:
        scenario = attrs.evolve(scenario, expect=ON_NATIVE[name])
    if scenario.location is not None:
        with serving() as other:
            status, location = scenario.location
            where = location.format(other=other.url.replace("127.0.0.1", "localhost"), port=other.port)
            body = envelope(Code="Slow", Data=...) if status == 429 else b""
            service.answer = says(http(body, f"Location: {where}", f"Content-Location: {where}", status=f"{status} X"))
            run(service, client_kind, scenario)
            assert (other.opened, other.ledger) == (0, [])
    else:
        service.answer = scenario.answer
        run(service, client_kind, scenario)
    assert not [seen for seen in service.ledger if "cookie" in seen.headers]


def run(service: Service, client_kind: ClientKind, scenario: Scenario) -> None:
    calls = [CALLS[name] for name in scenario.expect]
    timeouts = Timeouts(connect=2, read=2, total=scenario.total or TOTAL)

    def hostile_again(call: Call, eks: Any) -> Any:
        service.answer = answer
        return call(eks)

    answer = service.answer
    with bounded(scenario.peak):
        # A normal call after each: what is left of one answer must not come to the next.
        steps = [step for call in calls for step in (partial(hostile_again, call), then_normal(service))]
        found = drive(client_kind, service, steps, timeouts=timeouts)
    results = dict(zip(scenario.expect, found[::2], strict=True))
    for name, result in results.items():
        compare(result, scenario.expect[name], name)
    for result in found[1::2]:
        compare(result, Expect(request_id="req-1"), "read")
        assert result.data.cluster_name == "one"
    if scenario.check is not None:
        scenario.check(results)


# --- lists and pages -----------------------------------------------------------------------------------------------

Pages = Callable[[int], dict[str, Any]]


def nodes(*names: Any) -> list[dict[str, Any]]:
    return [{"NodeId": f"n-{name}", "NodeName": f"node {name}"} for name in names]


def paged(pages: Pages) -> Callable[[Link, Seen], None]:
    def answer(link: Link, seen: Seen) -> None:
        link.send(good(**pages(int(seen.query["PageIndex"]))))

    return answer


WALKS: dict[str, tuple[str, str, Pages, list[Any], int]] = {
    "pages-all-the-same": (
        "the same page for ever",
        "`iterate` ends after the second",
        lambda _: {"Data": nodes(1, 2)},
        [1, 2],
        2,
    ),
    "pages-in-a-circle-of-two": (
        "pages A, B, A, B for ever",
        "`iterate` gives each entry once, and ends at the first page that was there before",
        lambda index: {"Data": nodes(index % 2, index % 2 + 10)},
        [1, 11, 0, 10],
        3,
    ),
    "pages-in-a-circle-of-five": (
        "five pages, over and over",
        "the same",
        lambda index: {"Data": nodes(index % 5)},
        [1, 2, 3, 4, 0],
        6,
    ),
    "total-negative": (
        "`TotalCount: -5`",
        "counts for nothing: `iterate` walks to the empty page",
        lambda index: {"Data": nodes(index) if index < 4 else [], "TotalCount": -5},
        [1, 2, 3],
        4,
    ),
    "total-huge": (
        "`TotalCount` of 30 digits",
        "the same",
        lambda index: {"Data": nodes(index) if index < 4 else [], "TotalCount": 10**30},
        [1, 2, 3],
        4,
    ),
    "total-text": (
        '`"TotalCount": "many"`',
        "the same",
        lambda index: {"Data": nodes(index) if index < 4 else [], "TotalCount": "many"},
        [1, 2, 3],
        4,
    ),
    "pages-of-nulls": (
        "pages of null entries",
        "`iterate` ends",
        lambda index: {"Data": [None] * 100},
        [],
        1,
    ),
}


@client_kinds
@pytest.mark.parametrize("name", WALKS)
def test_walk(service: Service, client_kind: ClientKind, name: str) -> None:
    _, _, pages, expected, requests = WALKS[name]
    service.answer = paged(pages)
    walk, after = drive(client_kind, service, [lambda eks: eks.nodes.iterate("c-1"), then_normal(service)])
    assert [node.node_id for node in walk.data] == [f"n-{index}" for index in expected]
    assert walk.requests == requests
    assert walk.elapsed < TOTAL
    assert after.data.cluster_name == "one"


@client_kinds
def test_list_of_100000(service: Service, client_kind: ClientKind) -> None:
    service.answer = paged(lambda _: {"Data": nodes(*range(100_000)), "TotalCount": 100_000})
    # Reading this much takes seconds, on a busy machine several times as many.
    patient = Timeouts(connect=2, read=20, total=50)
    calls = [lambda eks: eks.nodes.list("c-1", page_index=1), then_normal(service)]
    found, after = drive(client_kind, service, calls, timeouts=patient)
    assert [node.node_id for node in found.data] == [f"n-{index}" for index in range(100_000)]
    assert after.data.cluster_name == "one"


@client_kinds
def test_endless_pages(service: Service, client_kind: ClientKind) -> None:
    """Nobody can know that they never end, so they are walked for as long as the caller wants."""
    service.answer = paged(lambda index: {"Data": nodes(*range(index * 100, index * 100 + 100))})

    async def count(eks: Any) -> int:
        async with aclosing(eks.nodes.iterate("c-1", page_size=100)) as walk:
            seen = 0
            async for _ in walk:
                if (seen := seen + 1) == 2500:
                    break
            return seen

    def count_blocking(eks: Any) -> int:
        with closing(eks.nodes.iterate("c-1", page_size=100)) as walk:
            return sum(1 for _ in islice(walk, 2500))

    with bounded(2):
        counted, after = drive(
            client_kind, service, [count_blocking if client_kind == "blocking" else count, then_normal(service)]
        )
    assert (counted.data, counted.requests) == (2500, 25)
    assert after.data.cluster_name == "one"


@client_kinds
def test_answer_twice_over_tls(service: Service, client_kind: ClientKind) -> None:
    """Two TLS records in one segment: httpcore reads the first only, and the socket shows nothing of the second."""
    authority, trusting = trustme.CA(), ssl.create_default_context()
    authority.configure_trust(trusting)
    service.at_once = secured(authority)

    def answer(link: Link, seen: Seen) -> None:
        link.raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        link.send(good(), EVIL)
        link.raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)

    service.answer = answer
    endpoint = f"https://127.0.0.1:{service.port}"
    calls = [*CALLS.values(), CALLS["read"], then_normal(service), CALLS["read"]]
    results = drive(client_kind, service, calls, endpoint=endpoint, backend=trusting_backend(trusting))
    for result, name in zip(results, [*CALLS, "read", "read", "read"], strict=True):
        compare(result, Expect(request_id="req-1"), name)
    assert [seen.connection for seen in service.ledger] == [1, 2, 3, 4, 5, 5]  # what is sound is used again


OTHERS = {
    "answer-twice-over-tls": (
        "a second response behind the first, in a TLS record of its own",
        "reads the first; the next call has a new connection, and never reads what is left",
        test_answer_twice_over_tls,
    ),
    "list-of-100000": ("a list of 100,000 entries", "reads it in seconds", test_list_of_100000),
    "endless-pages": (
        "pages for ever, all of them new",
        "`iterate` goes on for as long as the caller does, one page in memory",
        test_endless_pages,
    ),
}
"""What has a test of its own."""


# --- wrong types in every field -----------------------------------------------------------------------------------

WRONG: list[Any] = [{"a": {"b": 1}}, ["x", 1], [[]], "text", "", True, 1.5, -(10**25), None]

OPERATIONS: dict[str, tuple[Call, str]] = {
    "ClusterDetail": (lambda eks: eks.clusters.get("c-1"), "object"),
    "ClusterSummary": (lambda eks: eks.clusters.list(), "list"),
    "ClusterEvent": (lambda eks: eks.clusters.list_events("c-1"), "list"),
    "ClusterTask": (lambda eks: eks.clusters.create(CREATE), "object"),
    "TaskStatus": (lambda eks: eks.tasks.get_status("t-1"), "object"),
    "Node": (lambda eks: eks.nodes.list("c-1"), "list"),
    "TaskReference": (lambda eks: eks.nodes.delete("c-1", ["n-1"]), "object"),
    "NodePoolList": (lambda eks: eks.node_pools.list("c-1"), "object"),
    "NetworkInterface": (lambda eks: eks.network_interfaces.describe("i-1"), "object"),
    "NetworkInterfaceEvent": (lambda eks: eks.network_interfaces.create("s-1"), "object"),
    "AttachmentStatus": (lambda eks: eks.network_interfaces.is_attached("i-1"), "object"),
    "Event": (lambda eks: eks.events.get_status("e-1"), "object"),
    "ScalingGroup": (lambda eks: eks.scaling_groups.describe("g-1"), "object"),
}


def wrong(shape: type[Shape]) -> Iterator[dict[str, Any]]:
    """The shape's data with each of its fields wrong in each way, the nested ones too."""
    for member in fields_of(shape):
        wire = member.metadata.get("wire")
        if wire is not None:
            yield from ({wire: value} for value in WRONG)
            nested = nested_in(str(member.type))
            if nested is not None:
                yield from ({wire: [inner]} for inner in wrong(nested))
                yield {wire: [{}, {}]}


def nested_in(hint: str) -> type[Shape] | None:
    found = [getattr(models, word, None) for word in hint.replace("[", " ").replace("]", " ").replace(".", " ").split()]
    return next((one for one in found if isinstance(one, type) and issubclass(one, Shape)), None)


@client_kinds
@pytest.mark.parametrize("name", OPERATIONS)
def test_wrong_types_in(service: Service, client_kind: ClientKind, name: str) -> None:
    call, form = OPERATIONS[name]
    cases = list(wrong(getattr(models, name)))
    assert len(cases) >= len(WRONG)
    whole = dict.fromkeys(("ClusterId", "TaskId", "NetcardId", "EventId", "ScalingGroupId"), "x-1")
    data: list[Any] = [{**whole, **case} for case in cases]
    if form == "list":
        data = [[entry] for entry in data]
    data += [*WRONG, [[1]], [{}, {}]]
    left = iter(data)
    now: list[Any] = []

    def step(eks: Any) -> Any:
        now[:] = [good(Data=... if (entry := next(left)) is None else entry)]
        return call(eks)

    service.answer = lambda link, seen: link.send(now[0])
    results = drive(client_kind, service, [step] * len(data) + [then_normal(service)], retry=RetryPolicy.none())
    read = 0
    for sent, result in zip(data, results[:-1], strict=True):
        if result.error is None:
            read += 1
            repr(result.value)
        else:
            assert isinstance(result.error, errors.UnreadableResponse), (sent, result.error)
            assert (result.error.request_id, result.requests) == ("req-1", 1)
            assert "Data" in str(result.error) or "no data" in str(result.error) or "does not name" in str(result.error)
            if name in ("ClusterTask", "NetworkInterfaceEvent"):
                assert isinstance(result.error, errors.AmbiguousCreate)
    assert 0 < read < len(data)
    assert results[-1].data.cluster_name == "one"
