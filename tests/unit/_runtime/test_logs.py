"""Only fields on the allow-list are logged."""

from __future__ import annotations

import logging

import pytest

from cds_eks._runtime.logs import FACTS, log

logger = logging.getLogger("cds_eks.test")


def test_a_field_that_is_not_on_the_allow_list_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="cds_eks"):
        log(
            logger,
            logging.INFO,
            "GetCluster",
            "answered",
            code="Success",
            url="secret",
            headers="secret",
            body="secret",
        )
    (record,) = caplog.records
    assert record.getMessage() == "GetCluster answered: code=Success"
    assert vars(record)["cds_eks"] == {"action": "GetCluster", "event": "answered", "code": "Success"}
    assert "secret" not in repr(vars(record))


def test_the_allow_list_has_no_field_of_a_request_or_an_answer() -> None:
    assert not set(FACTS) & {"url", "query", "params", "headers", "content", "body", "message", "desc", "data"}


def test_zero_is_a_fact_and_none_is_not(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="cds_eks"):
        log(logger, logging.INFO, "GetCluster", "answered", wait=0, code=None)
    assert caplog.records[0].getMessage() == "GetCluster answered: wait=0"


def test_a_log_record_names_the_file_that_logged_it(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="cds_eks"):
        log(logger, logging.INFO, "GetCluster", "answered")
    assert caplog.records[0].filename == "test_logs.py"


def test_nothing_is_formatted_if_the_level_is_off(caplog: pytest.LogCaptureFixture) -> None:
    class Loud:
        def __str__(self) -> str:
            raise AssertionError

    with caplog.at_level(logging.WARNING, logger="cds_eks"):
        log(logger, logging.DEBUG, "GetCluster", "answered", code=Loud())
    assert caplog.records == []
