"""The service's times, which name no zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cds_eks import models
from cds_eks.schema.times import parse_beijing_time


def test_a_time_is_read_in_beijings_zone_and_given_in_utc() -> None:
    moment = parse_beijing_time("2025-09-08 08:30:00")
    assert moment == datetime(2025, 9, 8, 0, 30, tzinfo=UTC)
    assert moment.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "text", [None, "", "soon", "2025-09-08", "2025-09-08T08:30:00Z", "0001-01-01 00:00:00", "2025-13-08 08:30:00"]
)
def test_an_invalid_time_is_none(text: str | None) -> None:
    assert parse_beijing_time(text) is None


def test_models_have_their_times_with_a_zone() -> None:
    cluster = models.ClusterSummary(create_time="2025-09-08 08:00:00", update_time="")
    assert cluster.created_at == datetime(2025, 9, 8, tzinfo=UTC)
    assert cluster.updated_at is None
    assert models.ClusterDetail(create_time="2025-09-08 08:00:00").created_at == cluster.created_at
    assert models.Node(create_time="2025-09-08 08:00:00").created_at == cluster.created_at
    assert models.NodePool(update_time="2025-09-08 08:00:00").updated_at == cluster.created_at
    assert models.ClusterEvent(subtask_start_time="2025-09-08 08:00:00").started_at == cluster.created_at
