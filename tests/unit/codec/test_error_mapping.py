"""What an answer says went wrong: each code, each status, and answers that are no answers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from cds_eks import errors
from cds_eks.codec import failure_of as codecs
from cds_eks.codec.error_codes import BY_CODE
from cds_eks.codec.error_mapping import failure_of
from support.contract_files import contract_page
from unit.codec.mapped_errors import CREATE, answer, request_for, service_error


def test_the_codec_hands_out_the_same_function() -> None:
    assert codecs is failure_of


@pytest.mark.parametrize("code", ["Success", "success", "SUCCESS"])
@pytest.mark.parametrize("status", [200, 201, 202, 299])
def test_success_is_no_failure(code: str, status: int) -> None:
    assert failure_of(request_for(), answer({"Code": code}, status)) is None


ROWS = json.loads((Path(__file__).parent / "error_codes.json").read_text(encoding="utf-8"))["rows"]
CLASSES = {row["code"]: row["class"] for row in ROWS}
"""By code, the name of its class: written by hand, beside `cds_eks/codec/error_codes.py`."""

ADD_ROWS = "add a row for each to tests/unit/codec/error_codes.json"


def codes_of_the_contract() -> dict[str, int]:
    """Each code of the page, with its HTTP status."""
    words = re.search(r"Codes seen on this cloud \[O\]:(.*?)The list is open", contract_page(), re.DOTALL)
    assert words is not None
    found: dict[str, int] = {}
    for part in words[1].split(";"):
        status, names = part.strip().split(" ", 1)
        found |= dict.fromkeys(re.findall(r"`(\w+)`", names), int(status))
    return found


def test_all_codes_of_the_contract_are_here() -> None:
    assert len(codes_of_the_contract()) >= 18
    missing = sorted(codes_of_the_contract().keys() - CLASSES.keys())
    assert not missing, f"codes of the page: {ADD_ROWS}"
    statuses = {row["code"]: row["http_status"] for row in ROWS}
    assert codes_of_the_contract().items() <= statuses.items()


def test_all_codes_that_the_codec_knows_are_here() -> None:
    missing = sorted(BY_CODE.keys() - {code.lower() for code in CLASSES})
    assert not missing, f"codes of error_codes.py: {ADD_ROWS}"
    assert len(CLASSES) == len(ROWS)


@pytest.mark.parametrize(("code", "status"), codes_of_the_contract().items())
def test_each_code_has_its_class_at_its_status_and_inside_a_200(code: str, status: int) -> None:
    for shown_status in (status, 200):
        for spelling in (code, code.lower(), code.upper()):
            failure = service_error({"Code": spelling, "Msg": "no"}, shown_status)
            assert type(failure).__name__ == CLASSES[code]
            assert (failure.code, failure.http_status, failure.message) == (spelling, shown_status, "no")
            assert failure.outcome == "refused"
            assert failure.action == "GetCluster"


ZERO = {"ClusterId": "", "TaskId": ""}
"""What a Go service sends along with a refusal."""


@pytest.mark.parametrize("data", [{"Data": ZERO}, {"Data": None}, {}], ids=["zero struct", "null", "missing"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["code"])
def test_the_services_facts_about_its_codes_are_known(row: dict[str, Any], data: dict[str, Any]) -> None:
    for status in (row["http_status"], 200):
        failure = service_error({"Code": row["code"], **data}, status, request_for(CREATE))
        assert type(failure).__name__ == row["class"]
        assert (failure.outcome, failure.ids) == (row["create_outcome"], {})


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("MaxEcsCountExceed", errors.QuotaExceeded),
        ("InappropriateJSON", errors.BadArgument),
        ("InvalidURI", errors.BadArgument),
        ("UnsupportedHTTPMethod", errors.BadArgument),
        ("InvalidHTTPAuthHeader", errors.AuthenticationError),
        ("InvalidOperation", errors.Conflict),
        ("InvalidOperation.AzMismatch", errors.Conflict),
        ("InvalidOperation.InstanceStatusUnsupported", errors.Conflict),
        ("InvalidVpc.NotFound", errors.NotFound),
        ("InvalidAny.Thing.NotFound", errors.NotFound),
        ("InvalidParameter.Some.Thing", errors.BadArgument),
        ("ResourceInUse.Cluster", errors.Conflict),
        (" authfailure ", errors.AuthenticationError),
    ],
)
def test_codes_of_the_service_and_its_siblings_have_their_class_inside_a_200_too(
    code: str, kind: type[errors.ServiceError]
) -> None:
    for status in (400, 200):
        failure = service_error({"Code": code, "Data": ZERO}, status, request_for(CREATE))
        assert (type(failure), failure.outcome) == (kind, "refused")


def test_a_dotted_code_with_an_unknown_head_is_an_unknown_code() -> None:
    failure = service_error({"Code": "Foo.InvalidParameter", "Data": ZERO}, 200, request_for(CREATE))
    assert (type(failure), failure.outcome) == (errors.ServiceError, "unknown")
