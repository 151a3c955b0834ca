"""What schemathesis is told: how requests are signed, which texts there are, and checks in place of two of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.specs.openapi.checks import negative_data_rejection

from tools.openapi_check.lenient import Lenient
from tools.openapi_check.seeded import SEEDED
from tools.openapi_check.signed import Signed

__all__ = ["REPLACED", "hooked"]

REPLACED = ("positive_data_acceptance", "negative_data_rejection")
"""Checks of schemathesis in whose place stand `good_requests_are_taken` and `faulty_requests_are_refused`."""

BEYOND_SCHEMA = (
    r"MinReplicas must not be more than .*MaxReplicas",
    r"NodeConfig must name types with GPUs: bms takes no others",
    r"AddNum would make .* nodes, more than",
    r"UsedIpNum must be at most .*, as many as the Segment has",
    r"(AddNum|Number) must be from [01] to 99",  # a limit of the emulator's own
)
"""What the emulator says of the rules that JSON Schema has no words for: two numbers of which one must not be greater,
what follows from the name of a machine type, and what follows from what is there."""


@contextmanager
def hooked(sign: Signed, on_answer: Callable[[str, int], None]) -> Iterator[None]:
    """Have schemathesis sign what it sends, and know the formats of ours.

    Args:
        sign: Signs requests.
        on_answer: Told of each response: the operation, and the status.
    """
    networks = st.ip_addresses(v=4).map(lambda ip: f"{ip}/24") | st.ip_addresses(v=6).map(lambda ip: f"{ip}/64")
    schemathesis.openapi.format("cidr", networks)
    for name, ids in SEEDED.items():
        schemathesis.openapi.format(f"seeded-{name}", st.sampled_from(ids) | st.sampled_from(ids) | st.text(min_size=1))

    @schemathesis.hook
    def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:  # noqa: ARG001  # its own names
        kwargs["auth"] = sign

    @schemathesis.hook
    def map_body(context: Any, body: Any) -> Any:  # noqa: ARG001
        return _as_go_reads(body)

    @schemathesis.hook
    def after_call(context: Any, case: Any, response: Any) -> None:  # noqa: ARG001
        on_answer(case.operation.definition.raw["operationId"], response.status_code)

    try:
        yield
    finally:
        schemathesis.hooks.unregister_all()


def _as_go_reads(value: Any) -> Any:
    """Write whole numbers without a fraction: to JSON Schema 1.0 is one, to a service in Go it is none."""
    if isinstance(value, dict):
        return {name: _as_go_reads(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_as_go_reads(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


@schemathesis.check
def good_requests_are_taken(ctx: Any, response: Any, case: Any) -> None:  # noqa: ARG001
    """What the document allows is refused only for what is not there, is busy, or breaks a rule that has no keyword."""
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code != 400:
        return
    said = response.json()["Msg"]
    assert any(re.search(words, said) for words in BEYOND_SCHEMA), f"a good request is refused: {said}"


@schemathesis.check
def faulty_requests_are_refused(ctx: Any, response: Any, case: Any) -> None:
    """What the document forbids is refused, but for what the service is known to take all the same."""
    try:
        negative_data_rejection(ctx, response, case)
    except AcceptedNegativeData:
        document = case.operation.schema.raw_schema
        if not Lenient(document).takes(case.operation.path, case.method, case.query or {}, case.body):
            raise
