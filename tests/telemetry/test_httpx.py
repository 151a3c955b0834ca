"""httpx's own instrumentation beside ours, and without it: no signed URL is recorded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor

from cds_eks import AsyncEksClient
from cds_eks.emulator import Emulator
from cds_eks.otel import redact_request, redact_request_async
from telemetry.recording import Recorded, attributes_of, begin_of

SECRET = ("Signature=", "AccessKeyId=")


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Emulator, str]]:
    emulator = Emulator(speed=6000)
    with emulator.serve() as url:
        yield emulator, url


@pytest.fixture(params=["", "http", "http/dup"])
def conventions(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which conventions httpx's instrumentation writes."""
    from opentelemetry.instrumentation._semconv import _OpenTelemetrySemanticConventionStability

    kind = _OpenTelemetrySemanticConventionStability
    monkeypatch.setattr(kind, "_initialized", False)
    monkeypatch.setattr(kind, "_OTEL_SEMCONV_STABILITY_SIGNAL_MAPPING", {})
    monkeypatch.setenv("OTEL_SEMCONV_STABILITY_OPT_IN", request.param)


@pytest.fixture
def instrumented(recorded: Recorded) -> Iterator[Any]:
    instrumentor = HTTPXClientInstrumentor()

    def instrument(**options: Any) -> None:
        instrumentor.instrument(tracer_provider=recorded.tracer_provider, **options)

    yield instrument
    instrumentor.uninstrument()


async def calls(served: tuple[Emulator, str], **settings: Any) -> None:
    emulator, url = served
    async with AsyncEksClient(emulator.credentials, endpoint=url, **settings) as eks:
        await eks.clusters.list(keyword="gpu")


@pytest.mark.anyio
async def test_without_a_hook_a_signed_url_is_recorded(
    recorded: Recorded, instrumented: Any, served: tuple[Emulator, str]
) -> None:
    """If this fails, httpx's instrumentation has learned to redact, or our requests do not go through it any more."""
    instrumented()
    await calls(served)
    (span,) = recorded.spans
    assert all(each in span.to_json() for each in SECRET)


@pytest.mark.usefixtures("conventions")
@pytest.mark.anyio
async def test_the_hook_keeps_it_out(recorded: Recorded, instrumented: Any, served: tuple[Emulator, str]) -> None:
    instrumented(async_request_hook=redact_request_async)
    await calls(served)
    (span,) = recorded.spans
    found = attributes_of(span)
    urls = [str(found[name]) for name in ("url.full", "http.url") if name in found]
    assert urls
    for url in urls:
        query = httpx.URL(url).params
        assert (query["Signature"], query["AccessKeyId"], query["Action"]) == ("***", "***", "ListClusters")
    assert served[0].credentials.access_key_id not in span.to_json()


@pytest.mark.anyio
async def test_below_our_own_span_it_records_nothing(
    recorded: Recorded, instrumented: Any, served: tuple[Emulator, str]
) -> None:
    instrumented()
    await calls(served, telemetry=recorded.telemetry())
    assert recorded.tree() == [("EKS/ListClusters", ["GET"])]
    assert not any(each in text for text in recorded.texts() for each in SECRET)


@pytest.mark.anyio
async def test_what_the_program_itself_asks_for_by_httpx_is_recorded_as_ever(
    recorded: Recorded, instrumented: Any, served: tuple[Emulator, str]
) -> None:
    instrumented()
    await calls(served, telemetry=recorded.telemetry())
    async with httpx.AsyncClient() as http:
        await http.get(f"{served[1]}/_emulator/health")
    assert [span.name for span in sorted(recorded.spans, key=begin_of)] == ["EKS/ListClusters", "GET", "GET"]


@pytest.mark.anyio
async def test_a_span_that_is_not_recorded_is_left_alone() -> None:
    from opentelemetry.trace import INVALID_SPAN

    class NoRequest:
        @property
        def url(self) -> object:
            raise AssertionError("nobody asks for it")

    redact_request(INVALID_SPAN, NoRequest())
    await redact_request_async(INVALID_SPAN, NoRequest())


def test_the_hook_for_blocking_clients_does_the_same(
    recorded: Recorded, instrumented: Any, served: tuple[Emulator, str]
) -> None:
    instrumented(request_hook=redact_request)
    with httpx.Client() as http:
        http.get(f"{served[1]}/_emulator/health?Signature=hidden-words")
    (span,) = recorded.spans
    assert "hidden-words" not in span.to_json()
    assert "Signature=***" in span.to_json()


@pytest.mark.anyio
async def test_httpx_logs_no_url_of_ours(
    instrumented: Any, served: tuple[Emulator, str], caplog: pytest.LogCaptureFixture
) -> None:
    instrumented()
    with caplog.at_level(0):
        await calls(served)
    assert [record.getMessage() for record in caplog.records if record.name == "httpx"] == []
    assert not any(each in record.getMessage() for record in caplog.records for each in SECRET)


@pytest.mark.anyio
async def test_without_the_key_it_records_attempts_as_well(
    recorded: Recorded, instrumented: Any, served: tuple[Emulator, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cds_eks.otel.attempts._SUPPRESSION", None)
    instrumented(async_request_hook=redact_request_async)
    await calls(served, telemetry=recorded.telemetry())
    assert recorded.tree() == [("EKS/ListClusters", [("GET", ["GET"])])]
