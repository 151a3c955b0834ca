"""Spans of other processes: each writes those of its own to a file."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult

from cds_eks import otel


class ToFile(SpanExporter):
    """Appends each span to a file, as one line."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        with self._path.open("a", encoding="utf-8") as file:
            for span in spans:
                file.write(span.to_json(indent=None) + "\n")
        return SpanExportResult.SUCCESS


def set_up(folder: str) -> None:
    """Switch telemetry on in this process, as a worker's own set-up does."""
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(ToFile(Path(folder) / f"{os.getpid()}.jsonl")))
    otel.instrument(tracer_provider=provider)


def read(folder: Path) -> dict[int, list[dict[str, Any]]]:
    """Return the spans of each process."""
    return {
        int(path.stem): [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        for path in sorted(folder.glob("*.jsonl"))
    }


def text_of_id(number: int, digits: int) -> str:
    """Return an id as the files have it."""
    return f"0x{number:0{digits}x}"
