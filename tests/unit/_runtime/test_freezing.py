"""Frozen classes made quickly: the same as made by the class."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from cds_eks._runtime.freezing import freeze_into, slots_of
from cds_eks.redaction import Secrets
from cds_eks.resources.clusters import LIST_CLUSTERS
from cds_eks.wire import (
    CallRecord,
    RawResponse,
    Request,
    Response,
    make_raw_response,
    make_request,
    make_response,
)

RECORD = CallRecord()

CASES: list[tuple[Any, Any, dict[str, Any]]] = [
    (Request, make_request, {"operation": LIST_CLUSTERS, "url": "u", "params": {"a": "b"}}),
    (
        *(Request, make_request),
        {
            "operation": LIST_CLUSTERS,
            "url": "u",
            "params": {},
            "content": b"c",
            "headers": {"d": "e"},
            "query": "f",
            "connect_timeout": 1.0,
            "read_timeout": 2.0,
            "secrets": frozenset({"g"}),
            "record": RECORD,
        },
    ),
    (RawResponse, make_raw_response, {"status": 200, "headers": {}, "content": b""}),
    (Response, make_response, {"data": None}),
    (Response, make_response, {"data": [1], "request_id": "r", "attempts": 2, "raw": {"a": 1}}),
]


@pytest.mark.parametrize(("cls", "make", "given"), CASES)
def test_what_is_made_is_what_the_class_makes(cls: Any, make: Any, given: dict[str, Any]) -> None:
    made = make(**given)
    assert type(made) is cls
    assert made == cls(**given)
    assert repr(made) == repr(cls(**given))
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(made, attrs.fields(cls)[0].name, None)
    assert attrs.evolve(made, **given) == made


@pytest.mark.parametrize("make", [make_request, make_raw_response, make_response])
def test_what_must_be_given_must_be_given(make: Any) -> None:
    with pytest.raises(TypeError, match="missing"):
        make()


def test_what_is_not_given_is_made_anew_each_time() -> None:
    first, second = (make_request(operation=LIST_CLUSTERS, url="u", params={}) for _ in range(2))
    assert first.record is not second.record
    assert first.headers is not second.headers
    assert make_raw_response(status=1, headers={}, content=b"").parsed == []


def test_a_request_is_signed_by_a_copy_that_is_frozen_as_well() -> None:
    request = make_request(operation=LIST_CLUSTERS, url="u", params={"a": "b"}, content=b"c", secrets=Secrets({"g"}))
    signed = request.signed("q")
    assert signed == attrs.evolve(request, query="q")
    assert signed.record is request.record
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        signed.query = "r"  # type: ignore[misc]


def test_what_has_other_slots_is_not_frozen_as_another() -> None:
    class Other:
        __slots__ = ("status",)

    assert slots_of(Other) == ("status",)
    with pytest.raises(TypeError, match="layout differs"):
        freeze_into(RawResponse, Other())
