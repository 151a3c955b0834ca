"""docs/tracing.md and docs/logging.md: their code runs, and their tables are those of the code."""

from __future__ import annotations

import io
import json
import logging
import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog
from doc_pages import blocks, read, run
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from telemetry.recording import Recorded, tree_of

from cds_eks import AsyncEksClient, Credentials, EksClient, RetryPolicy, models
from cds_eks._runtime.logs import FACTS
from cds_eks.emulator import Emulator, Fault
from cds_eks.otel import names, uninstrument
from cds_eks.testing import FakeBackend

ROOT = Path(__file__).parents[2]
TRACING = pytest.mark.parametrize("page", ["docs/tracing.md", "docs/zh/tracing.md"])
LOGGING = pytest.mark.parametrize("page", ["docs/logging.md", "docs/zh/logging.md"])
VALUES = {value for name, value in vars(names).items() if name.isupper() and isinstance(value, str)}
NOT_NAMES = {names.SCHEMA_URL, names.SCOPE, names.CDS_ID_PREFIX, names.RPC_SERVICE, names.RPC_SYSTEM, names.WAIT_SPAN}
REQUEST = models.CreateClusterRequest.from_dict(
    tomllib.loads((ROOT / "examples" / "first_cluster.toml").read_text(encoding="utf-8"))
)


@TRACING
def test_the_tables_have_each_name_of_the_code(page: str) -> None:
    text = re.sub(r"^```.*?^```$", "", read(page), flags=re.MULTILINE | re.DOTALL)
    assert VALUES - NOT_NAMES - set(re.findall(r"`([^`]+)`", text)) == set()


@TRACING
def test_the_tables_have_no_name_that_the_code_has_not(page: str) -> None:
    rows = re.findall(r"^\| (`(?:cds|rpc|http|url|server|network|error)\.[^|]*) \|", read(page), flags=re.MULTILINE)
    told = {name for row in rows for name in re.findall(r"`([^`]+)`", row)}
    assert len(told) > 25
    assert told - VALUES == {"cds.cluster_id", "cds.task_id"}


@TRACING
@pytest.mark.anyio
@pytest.mark.usefixtures("quick_polls")
async def test_the_code_on_tracing_runs(page: str, anyio_backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    emulator = Emulator(speed=6000)
    emulator.faults.add(Fault("throttle", "CreateCluster", count=1))
    printed: list[str] = []
    names_: dict[str, Any] = {"request": REQUEST, "print": lambda *words: printed.append(str(words[0]))}
    try:
        with emulator.serve() as url:
            for name, value in (
                ("CDS_SECRET_ID", emulator.credentials.access_key_id),
                ("CDS_SECRET_KEY", emulator.credentials.secret_access_key),
                ("CDS_EKS_ENDPOINT", url),
            ):
                monkeypatch.setenv(name, value)
            assert await run(page, names_) == 4
    finally:
        HTTPXClientInstrumentor().uninstrument()
        uninstrument()
    spans = names_["exporter"].get_finished_spans()
    assert printed == [span.name for span in spans]
    [(root, [create, (wait, polls)])] = tree_of(spans)
    assert (root, create) == ("make a cluster", ("EKS/CreateCluster", ["POST", "POST"]))
    assert wait == "wait task"
    assert polls
    assert all(poll == ("EKS/GetTaskStatus", ["GET"]) for poll in polls)
    (picture,) = blocks(read(page), "text")
    shown = re.findall(r"[├└]── ([\w/ ]+?)(?:  |$)", picture, flags=re.MULTILINE)
    assert shown == ["EKS/CreateCluster", "POST", "POST", "wait task", *["EKS/GetTaskStatus", "GET"] * 2]


def test_the_workers_set_up_is_one_that_works() -> None:
    [code] = [code for code in blocks(read("docs/tracing.md"), "python") if "ProcessPoolExecutor" in code]
    from cds_eks import otel

    names_: dict[str, Any] = {"otel": otel}
    exec(code, names_)
    options = dict(names_["make_executor"].keywords)
    assert options.pop("mp_context").get_start_method() == "spawn"  # others end without the SDK's last export
    assert options == {"initializer": names_["set_up_tracing"]}


@contextmanager
def logging_by(code: str) -> Iterator[io.StringIO]:
    """Set logging up by some code, as in a program that has none yet, and return what is written."""
    logger = logging.getLogger()
    before, level = list(logger.handlers), logger.level
    logger.handlers.clear()
    names_: dict[str, Any] = {"__name__": "a_program"}
    try:
        exec(code, names_)
        written = names_["handler"].stream = io.StringIO()
        yield written
    finally:
        logger.handlers[:] = before
        logger.setLevel(level)
        structlog.reset_defaults()


@LOGGING
@pytest.mark.parametrize("number", [0, 1], ids=["standard library", "structlog"])
@pytest.mark.anyio
async def test_logs_are_lines_of_json_with_the_ids_of_the_trace(page: str, number: int, anyio_backend: str) -> None:
    recorded, service = Recorded(), FakeBackend()
    service.list_clusters.error("InternalError", status=500).respond([])
    with logging_by(blocks(read(page), "python")[number]) as written:
        async with AsyncEksClient(
            Credentials("an-id", "a-key"),
            backend=service,
            retry=RetryPolicy(base_delay=0),
            telemetry=recorded.telemetry(),
        ) as eks:
            await eks.clusters.list()
        logging.getLogger("a_program").info("no call, %s", "no trace")
    retry, own = [json.loads(line) for line in written.getvalue().splitlines()]
    context = recorded.one("EKS/ListClusters").context
    assert context is not None
    assert retry["trace_id"] == f"{context.trace_id:032x}"
    assert retry["span_id"] == f"{context.span_id:016x}"
    assert retry["cds_eks"] == retry["cds_eks"] | {
        "action": "ListClusters",
        "event": "failed, and is sent again",
        "attempt": 1,
        "error": "ServerFault",
        "code": "InternalError",
    }
    assert retry["logger"] == "cds_eks.retry"
    assert retry["level"].lower() == "info"
    assert "trace_id" not in own
    assert "no call, no trace" in own.values()
    (example,) = blocks(read(page), "json")
    shown = json.loads(example)
    assert shown.keys() <= retry.keys() | {"level"}
    assert shown["cds_eks"].items() <= retry["cds_eks"].items()


@LOGGING
@pytest.mark.parametrize("number", [0, 1], ids=["standard library", "structlog"])
def test_an_exception_is_in_its_line_with_its_traceback(page: str, number: int) -> None:
    with logging_by(blocks(read(page), "python")[number]) as written:
        try:
            raise LookupError("what went wrong")
        except LookupError:
            logging.getLogger("a_program").exception("it has failed")
            if number:
                structlog.get_logger("a_program").exception("it has failed")
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    assert len(lines) == 1 + number
    for line in lines:
        assert line["exception"].startswith("Traceback (most recent call last)")
        assert line["exception"].endswith("LookupError: what went wrong")
        assert (line["logger"], line["level"].lower()) == ("a_program", "error")
        assert "it has failed" in line.values()
        assert "exc_info" not in line


@LOGGING
def test_a_line_of_structlog_s_own_has_the_ids_of_the_trace(page: str) -> None:
    recorded = Recorded()
    with (
        logging_by(blocks(read(page), "python")[1]) as written,
        recorded.tracer.start_as_current_span("outer") as outer,
    ):
        structlog.get_logger("a_program").info("a step", count=2)
    (line,) = [json.loads(each) for each in written.getvalue().splitlines()]
    assert line["trace_id"] == f"{outer.get_span_context().trace_id:032x}"
    assert (line["event"], line["count"], line["level"]) == ("a step", 2, "info")


@LOGGING
def test_the_table_of_facts_is_that_of_the_code(page: str) -> None:
    rows = re.findall(r"^\| (`[^|]*) \|", read(page), flags=re.MULTILINE)
    told = [name for row in rows for name in re.findall(r"`([^`]+)`", row)]
    assert sorted(told) == sorted({*FACTS, "action", "event"})


def test_a_line_of_a_blocking_call_has_the_ids_of_its_trace() -> None:
    recorded, service = Recorded(), FakeBackend()
    service.list_clusters.error("InternalError", status=500).respond([])
    with (
        EksClient(
            Credentials("an-id", "a-key"),
            backend=service,
            retry=RetryPolicy(base_delay=0),
            telemetry=recorded.telemetry(),
        ) as eks,
        logging_by(blocks(read("docs/logging.md"), "python")[0]) as written,
        recorded.tracer.start_as_current_span("outer") as outer,
    ):
        eks.clusters.list()
    (line,) = [json.loads(each) for each in written.getvalue().splitlines()]
    assert line["trace_id"] == f"{outer.get_span_context().trace_id:032x}"
