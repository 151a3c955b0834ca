"""How telemetry is switched on: by a client, for the process, by the environment, by `opentelemetry-instrument`."""

from __future__ import annotations

import runpy
import subprocess
import sys
import textwrap
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.instrumentation.instrumentor import BaseInstrumentor  # type: ignore[attr-defined]

from cds_eks import AsyncEksClient, Credentials, EksClient, otel
from cds_eks.client.telemetry import telemetry_in
from cds_eks.errors import ConfigurationError
from cds_eks.otel import Telemetry
from cds_eks.otel.instrumentor import EksInstrumentor
from cds_eks.otel.telemetry import DEFAULT
from cds_eks.testing import FakeBackend
from telemetry.recording import Recorded

ROOT = Path(__file__).parents[2]
BOTH = pytest.mark.parametrize("kind", [AsyncEksClient, EksClient])


def client(kind: Any, service: FakeBackend | None = None, **settings: Any) -> Any:
    return kind(Credentials("an-id", "a-key"), backend=service or FakeBackend(), **settings)


@BOTH
def test_without_a_word_there_is_none(kind: Any) -> None:
    assert telemetry_in(client(kind)) is None
    assert telemetry_in(client(kind, telemetry=False)) is None


@BOTH
def test_a_client_has_what_it_was_given(kind: Any, recorded: Recorded) -> None:
    mine = recorded.telemetry()
    otel.instrument()
    assert telemetry_in(client(kind, telemetry=mine)) is mine
    assert telemetry_in(client(kind, telemetry=False)) is None


@BOTH
def test_true_is_the_process_s_own(kind: Any, recorded: Recorded) -> None:
    assert telemetry_in(client(kind, telemetry=True)) is DEFAULT
    otel.instrument(tracer_provider=recorded.tracer_provider)
    assert telemetry_in(client(kind, telemetry=True)) is telemetry_in(client(kind)) is not DEFAULT


@BOTH
def test_it_is_switched_on_for_all_clients_that_are_made_from_then_on(
    kind: Any, recorded: Recorded, service: FakeBackend
) -> None:
    before = client(kind)
    otel.instrument(tracer_provider=recorded.tracer_provider)
    after = client(kind)
    otel.uninstrument()
    assert (telemetry_in(before), telemetry_in(client(kind))) == (None, None)
    assert isinstance(telemetry_in(after), Telemetry)


def test_an_instrumented_process_traces_a_client_that_says_nothing(recorded: Recorded, service: FakeBackend) -> None:
    otel.instrument(tracer_provider=recorded.tracer_provider)
    service.list_clusters.respond([])
    with client(EksClient, service) as eks:
        eks.clusters.list()
    assert recorded.tree() == [("EKS/ListClusters", ["GET"])]


@BOTH
@pytest.mark.parametrize("word", ["1", "true", "ON", " yes ", "otel"])
def test_the_environment_switches_it_on(kind: Any, word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_EKS_TELEMETRY", word)
    assert telemetry_in(client(kind)) is DEFAULT
    assert telemetry_in(client(kind, telemetry=False)) is None


@BOTH
@pytest.mark.parametrize("word", ["0", "false", "Off", "no", ""])
def test_the_environment_leaves_it_off(kind: Any, word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_EKS_TELEMETRY", word)
    assert telemetry_in(client(kind)) is None
    otel.instrument()
    assert telemetry_in(client(kind)) is not None


@BOTH
def test_a_word_that_is_neither_is_refused(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_EKS_TELEMETRY", "jaeger")
    with pytest.raises(ConfigurationError, match="CDS_EKS_TELEMETRY must be one of") as caught:
        client(kind)
    assert "jaeger" not in str(caught.value)


@BOTH
@pytest.mark.parametrize("odd", ["on", 1, object()])
def test_what_is_no_telemetry_is_refused(kind: Any, odd: Any) -> None:
    with pytest.raises(ConfigurationError, match="telemetry must be a Telemetry, True, False or None"):
        client(kind, telemetry=odd)


@pytest.mark.parametrize("name", ["tracer_provider", "meter_provider"])
def test_a_provider_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{name} must be a "):
        Telemetry(**{name: object()})  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match=f"{name} must be a "):
        otel.instrument(**{name: object()})  # type: ignore[arg-type]


def test_the_entry_point_leads_to_an_instrumentor(recorded: Recorded, service: FakeBackend) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (value,) = project["entry-points"]["opentelemetry_instrumentor"].values()
    kind = EntryPoint("cds_eks", value, "opentelemetry_instrumentor").load()
    assert kind is EksInstrumentor
    assert issubclass(kind, BaseInstrumentor)
    assert kind().instrumentation_dependencies() == ("cds-eks",)
    kind().instrument(tracer_provider=recorded.tracer_provider, skip_dep_check=True)
    try:
        service.list_clusters.respond([])
        with client(EksClient, service) as eks:
            eks.clusters.list()
    finally:
        kind().uninstrument()
    assert recorded.tree() == [("EKS/ListClusters", ["GET"])]
    assert telemetry_in(client(EksClient)) is None


def test_a_client_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cds_eks.otel.telemetry", None)
    with pytest.raises(ConfigurationError, match=r'pip install "cds-eks\[otel\]"'):
        client(AsyncEksClient, telemetry=True)


def test_the_module_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", None)
    with pytest.raises(ImportError, match=r'pip install "cds-eks\[otel\]"'):
        runpy.run_path(str(ROOT / "cds_eks" / "otel" / "__init__.py"))


def run(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True, text=True, cwd=ROOT, env={"PYTHONPATH": str(ROOT), **environment}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


CALLS = """
    import sys
    from cds_eks import Credentials, EksClient
    from cds_eks.testing import FakeBackend
    service = FakeBackend()
    service.list_clusters.respond([])
    with EksClient(Credentials("an-id", "a-key"), backend=service) as eks:
        eks.clusters.list()
    print(sorted(name for name in sys.modules if name.startswith(("opentelemetry", "cds_eks.otel"))))
"""


def test_nothing_of_it_is_imported_unless_it_is_wanted() -> None:
    assert run(CALLS) == "[]\n"
    assert "opentelemetry.trace" in run(CALLS, CDS_EKS_TELEMETRY="1")


BLOCKED = """
    import sys
    sys.modules["opentelemetry"] = None
"""


@pytest.mark.slow
def test_where_it_is_not_installed_all_else_works() -> None:
    assert run(BLOCKED + CALLS) == "['opentelemetry']\n"


@pytest.mark.slow
def test_where_it_is_not_installed_it_is_said_how_to_get_it() -> None:
    code = (
        BLOCKED
        + """
    from cds_eks import Credentials, EksClient
    try:
        EksClient(Credentials("an-id", "a-key"), telemetry=True)
    except Exception as error:
        print(type(error).__name__, error)
    try:
        from cds_eks import otel
    except ImportError as error:
        print(error)
    """
    )
    first, second = run(code).splitlines()
    assert first.startswith("ConfigurationError")
    assert 'pip install "cds-eks[otel]"' in first
    assert 'pip install "cds-eks[otel]"' in second


@pytest.mark.slow
def test_a_provider_that_is_set_after_the_client_was_made_is_used() -> None:
    code = """
    from opentelemetry import metrics, trace
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
    from cds_eks import Credentials, EksClient, otel
    from cds_eks.testing import FakeBackend
    otel.instrument()
    service, exporter, reader = FakeBackend(), InMemorySpanExporter(), InMemoryMetricReader()
    for _ in range(2):
        service.list_clusters.respond([])
    with EksClient(Credentials("an-id", "a-key"), backend=service) as eks:
        eks.clusters.list()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        trace.set_tracer_provider(provider)
        metrics.set_meter_provider(MeterProvider([reader]))
        eks.clusters.list()
    print([span.name for span in exporter.get_finished_spans()])
    print(sorted(each.name for each in reader.get_metrics_data().resource_metrics[0].scope_metrics[0].metrics))
    """
    spans, metrics = run(code).splitlines()
    assert spans == "['GET', 'EKS/ListClusters']"
    assert "rpc.client.call.duration" in metrics


@pytest.mark.slow
def test_a_provider_that_the_environment_names_is_used() -> None:
    code = """
    from cds_eks import Credentials, EksClient, otel
    from cds_eks.testing import FakeBackend
    otel.instrument()
    service = FakeBackend()
    service.list_clusters.respond([])
    with EksClient(Credentials("an-id", "a-key"), backend=service) as eks:
        eks.clusters.list()
        print(type(eks._telemetry._providers._tracer_provider).__module__)
    """
    assert run(code, OTEL_PYTHON_TRACER_PROVIDER="sdk_tracer_provider") == "opentelemetry.sdk.trace\n"
