"""Wherever an answer repeats a secret, and however it spells it: nothing that is made of the answer shows it."""

from __future__ import annotations

import json
import logging
import pickle
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_eks._runtime.logs import log
from cds_eks.codec.decode import decode
from cds_eks.codec.error_mapping import failure_of
from cds_eks.errors import EksError
from cds_eks.fleet.hidden import Hidden
from cds_eks.fleet.items import Change
from cds_eks.redaction import Secrets
from cds_eks.resources.clusters import CREATE_CLUSTER, DELETE_CLUSTER, GET_CLUSTER
from cds_eks.wire import RawResponse, Request
from unit.redaction.spellings import ESCAPED, SPELLINGS, shown_of

PLACES = ("Code", "Msg", "Desc", "RequestId", "TaskId", "Data", "header", "Location", "page", "cut page", "long text")
secrets = st.text('abcXYZ019+/=-_. %&<"\\ä密', min_size=8, max_size=40)


def answer_with(spelt: str, place: str, status: int) -> RawResponse:
    """Return an answer that has a text at a place."""
    body: dict[str, Any] = {"Code": "SomeError", "Msg": "no", "RequestId": "r-1", "Data": {}}
    headers: dict[str, str] = {}
    text = f"it was {spelt}!"
    if place in ("Code", "Msg", "Desc", "RequestId"):
        body[place] = text
    elif place == "long text":
        body["Msg"] = f"{'x' * 950} {text} {'x' * 200}"
    elif place == "TaskId":
        body["Data"] = {"TaskId": text, "ClusterId": text, "OtherId": spelt}
    elif place == "Data":
        body["Data"] = [text]
    elif place == "header":
        del body["RequestId"]
        headers = {"cds-request-id": text}
    elif place == "Location":
        return RawResponse(status=302, headers={"location": f"https://{spelt}.test/{spelt}"}, content=b"")
    else:
        start = 2048 - len("<p>") - 20 if place == "cut page" else 5
        return RawResponse(status=502, headers={}, content=f"<p>{'x' * start}{spelt}</p>".encode(errors="replace"))
    return RawResponse(status=status, headers=headers, content=json.dumps(body).encode(errors="replace"))


def texts_of(error: EksError) -> Iterator[str]:
    """Yield all that is shown of an error."""
    again = pickle.loads(pickle.dumps(error))
    for each in (error, again):
        yield from (str(each), repr(each), *map(repr, each.args), *getattr(each, "__notes__", ()))
        yield from map(str, vars(each).values())


def assert_hidden(secret: str, spelling: str, texts: Iterator[str]) -> None:
    spelt = SPELLINGS[spelling](secret)
    for text in texts:
        assert spelt not in text
        if spelling in ESCAPED:
            assert not any(secret in reading for reading in shown_of(text))


def request_with(secret: str, operation: Any) -> Request:
    return Request(
        operation=operation, url="https://eks.test/eks/v1", params={}, content=b"{}", secrets=Secrets([secret])
    )


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    secret=secrets,
    spelling=st.sampled_from(sorted(SPELLINGS)),
    place=st.sampled_from(PLACES),
    status=st.sampled_from([200, 400, 404, 500]),
    operation=st.sampled_from([GET_CLUSTER, CREATE_CLUSTER, DELETE_CLUSTER]),
)
def test_no_error_of_an_answer_shows_a_secret(
    secret: str, spelling: str, place: str, status: int, operation: Any
) -> None:
    request = request_with(secret, operation)
    error = failure_of(request, answer_with(SPELLINGS[spelling](secret), place, status))
    assert error is not None
    assert_hidden(secret, spelling, texts_of(error))


@settings(max_examples=80, deadline=None, derandomize=True)
@given(secret=secrets, spelling=st.sampled_from(sorted(SPELLINGS)), place=st.sampled_from(["Msg", "RequestId"]))
def test_no_success_shows_a_secret_and_its_data_stay_as_they_came(secret: str, spelling: str, place: str) -> None:
    spelt = SPELLINGS[spelling](secret)
    body = {"Code": "Success", "Data": {"ClusterId": spelt, "ClusterStatus": "running"}, place: spelt}
    raw = RawResponse(status=200, headers={}, content=json.dumps(body).encode(errors="replace"))
    response = decode(GET_CLUSTER, request_with(secret, GET_CLUSTER), raw, elapsed=0.1)
    assert response.data.cluster_id == json.loads(raw.content)["Data"]["ClusterId"]
    assert_hidden(secret, spelling, iter([response.message, str(response.request_id)]))
    assert "***" in f"{response.message} {response.request_id}"


@settings(max_examples=80, deadline=None, derandomize=True)
@given(secret=secrets, spelling=st.sampled_from(sorted(SPELLINGS)))
def test_no_journal_and_no_report_holds_a_secret_and_what_holds_one_is_no_id(secret: str, spelling: str) -> None:
    spelt = SPELLINGS[spelling](secret)
    change = Change(
        item_id="i", runner="r", epoch=1, state="accepted", origin="created", request_id=spelt, call_id=spelt,
        ids={"cluster_id": spelt, "task_id": "t-1"}, error={"message": f"no {spelt}", "code": spelt},
    )  # fmt: skip
    written = Hidden([secret]).change(change)
    assert (written.state, written.ids) == ("unknown", {"task_id": "t-1"})
    assert_hidden(secret, spelling, iter([str(written.error), str(written.request_id), str(written.call_id)]))


@settings(max_examples=80, deadline=None, derandomize=True)
@given(secret=secrets, spelling=st.sampled_from(sorted(SPELLINGS)), place=st.sampled_from(PLACES))
def test_no_span_holds_a_secret(secret: str, spelling: str, place: str) -> None:
    facts = pytest.importorskip("cds_eks.otel.facts")
    request = request_with(secret, CREATE_CLUSTER)
    error = failure_of(request, answer_with(SPELLINGS[spelling](secret), place, 500))
    shown = facts.call_ends(request, facts.code_of(error), error)
    assert_hidden(secret, spelling, iter([*map(str, shown.values()), facts.words_of(error, request)]))


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_log_holds_a_secret(spelling: str, caplog: pytest.LogCaptureFixture) -> None:
    secret = "Secret/12345+67"
    request = request_with(secret, CREATE_CLUSTER)
    logger = logging.getLogger("cds_eks.test")
    spelt = SPELLINGS[spelling](secret)
    with caplog.at_level(logging.DEBUG, logger="cds_eks.test"):
        for place in PLACES:
            error = failure_of(request, answer_with(spelt, place, 400))
            assert error is not None
            facts = {"request_id": error.request_id, "ids": error.ids, "code": getattr(error, "code", None)}
            log(logger, logging.INFO, "CreateCluster", "failed", **facts)
    assert len(caplog.records) == len(PLACES)
    assert not any(spelt in f"{record.getMessage()} {vars(record)!r}" for record in caplog.records)
