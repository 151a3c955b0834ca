"""What the journal keeps of a change, and what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cds_eks.fleet.items import STATES
from cds_eks.fleet.journal.fields import LONGEST_MESSAGE, checked_error, checked_ids, checked_text, storable
from cds_eks.fleet.journal.opening import open_journal

from .items import LEASE, cluster, to

SECRET = "hunter2-very-secret"


def test_an_error_is_kept_in_four_fields() -> None:
    error = {"class": "Conflict", "code": "ClusterNameExists", "message": "taken", "outcome": "refused"}
    assert checked_error(error) == error
    assert checked_error({"message": "x", "code": 40, "class": None}) == {"message": "x", "code": 40, "class": None}
    assert checked_error({}) is None
    assert checked_error(None) is None


@pytest.mark.parametrize("field", ["password", "request", "body", "headers", "Message", "", 7])
def test_no_other_field_of_an_error_is_taken(field: Any) -> None:
    with pytest.raises(ValueError, match="the journal keeps only") as caught:
        checked_error({"message": "x", field: SECRET})
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("value", [{"password": SECRET}, [SECRET], 1.5, b"x", 2**80])
def test_a_field_of_an_error_is_plain(value: Any) -> None:
    with pytest.raises(ValueError, match=r"error\.message: must be text") as caught:
        checked_error({"message": value})
    assert SECRET not in str(caught.value)


def test_a_long_message_is_cut() -> None:
    kept = checked_error({"message": "x" * 5000})
    assert kept == {"message": "x" * (LONGEST_MESSAGE - 1) + "…"}
    assert checked_error({"message": "x" * LONGEST_MESSAGE}) == {"message": "x" * LONGEST_MESSAGE}


@pytest.mark.parametrize(
    "name", ["password", "Cluster_id", "_id", "cluster_ids", "", "cluster id", "x" * 99 + "_id", "a_id\n"]
)
def test_an_id_has_a_name_like_one(name: str) -> None:
    with pytest.raises(ValueError, match="ids: a name must be like cluster_id"):
        checked_ids({name: "x"})


@pytest.mark.parametrize("value", ["x" * 301, None, 7, {"a": "b"}])
def test_an_id_is_a_short_text(value: Any) -> None:
    with pytest.raises(ValueError, match=r"ids\.cluster_id: must be a text"):
        checked_ids({"cluster_id": value})


def test_ids_are_kept() -> None:
    ids = {"cluster_id": "c-1", "node_pool_id": "np-1", "delete_task_id": "t"}
    assert checked_ids(ids) == ids


def test_a_text_that_is_too_long_is_refused() -> None:
    assert checked_text("request_id", "x" * 300) == "x" * 300
    assert checked_text("request_id", None) is None
    with pytest.raises(ValueError, match="request_id: must be a text of at most 300"):
        checked_text("request_id", "x" * 301)


def test_what_no_database_stores_is_replaced() -> None:
    assert storable("plain") == "plain"
    assert storable("a\0b") == "a\ufffdb"
    assert storable("内\0\ud800\U0001f600") == "内\ufffd\ufffd\U0001f600"


@pytest.mark.anyio
async def test_a_secret_in_a_field_that_is_not_known_gets_nowhere(tmp_path: Path) -> None:
    path = tmp_path / "fleet.db"
    async with open_journal(path) as journal:
        await journal.add([cluster(1)])
        (item,) = await journal.claim("a", limit=1, lease=LEASE, states=STATES)
        for more in (
            {"error": {"message": "refused", "body": {"Password": SECRET}}},
            {"error": {"message": {"Password": SECRET}}},
            {"ids": {"password": SECRET}},
            {"ids": {"cluster_id": {"Password": SECRET}}},
        ):
            with pytest.raises(ValueError) as caught:  # noqa: PT011 - what it says is above
                await journal.write(to(item, "sending", **more))
            assert SECRET not in str(caught.value)
        files = [each.read_bytes() for each in tmp_path.iterdir()]
    assert len(files) == 3
    assert not any(SECRET.encode() in content for content in (*files, path.read_bytes()))
