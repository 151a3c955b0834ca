"""The ledger as text."""

from __future__ import annotations

import asyncio

import pytest

from cds_eks import EksClient
from cds_eks.emulator import Fault
from cds_eks.testing import DrivenEmulator
from cds_eks.testing.tables import MOST_NAMED, MOST_ROWS, WIDEST, enumerated, ledger_table


def test_an_empty_ledger() -> None:
    assert ledger_table(DrivenEmulator().ledger) == "requests (0):\n  (none)\nresources (0):\n  (none)"


def test_the_newest_rows_of_a_long_one() -> None:
    with DrivenEmulator() as emulator:
        eks = emulator.sync_client()
        for _ in range(MOST_ROWS):
            eks.network_interfaces.create("subnet-1", netcard_name="one")
            eks.clusters.list()
        lines = ledger_table(emulator.ledger).splitlines()
    assert lines[0] == f"requests ({2 * MOST_ROWS}):"
    assert lines[2] == f"  … {MOST_ROWS} earlier ones"
    assert len(lines) == 1 + 2 + MOST_ROWS + 1 + 1 + MOST_ROWS


def test_a_lost_answer_is_marked() -> None:
    with DrivenEmulator(faults=[Fault("reset_after_commit", "ListClusters", count=1)]) as emulator:
        emulator.sync_client().clusters.list()
        lines = ledger_table(emulator.ledger).splitlines()
    assert lines[2].split() == ["+0.0", "s", "ListClusters", "200", "(lost)", "Success", "yes", "reset_after_commit"]
    assert lines[3].split()[2:5] == ["ListClusters", "200", "Success"]


def test_both_faces_leave_the_same_ledger() -> None:
    tables = []
    for client_kind in ("async", "sync"):
        with DrivenEmulator() as emulator:
            if client_kind == "async":
                asyncio.run(_list(emulator))
            else:
                eks: EksClient = emulator.sync_client()
                eks.clusters.list()
            tables.append(ledger_table(emulator.ledger))
    assert tables[0] == tables[1]


async def _list(emulator: DrivenEmulator) -> None:
    await emulator.client().clusters.list()


def test_names_that_would_break_a_table_do_not() -> None:
    names = ["two\nlines", "\x1b[31mred", "a\ttab", "集群", "x" * 500, "'quoted\""]
    with DrivenEmulator() as emulator:
        for name in names:
            emulator.sync_client().network_interfaces.create("subnet-1", netcard_name=name)
        with pytest.raises(AssertionError) as caught:
            emulator.assert_nothing_created()
    text = str(caught.value)
    assert all(each.isprintable() or each == "\n" for each in text)
    rows = text.splitlines()[-len(names) :]
    shown = [r"two\nlines", r"\x1b[31mred", r"a\ttab", "集群", "x" * (WIDEST - 1) + "…", "'quoted\""]
    at = WIDEST + len("  network_interface  ") + 2
    for row, name in zip(rows, shown, strict=True):
        assert row.startswith(f"  network_interface  {name}  ")
        assert row[at - (2 if name == "集群" else 0) :][8] == "-", "the ids are below each other"


def test_a_sentence_names_the_first_ones() -> None:
    assert enumerated([]) == "none"
    assert enumerated(["a", "b"]) == "a, b"
    assert enumerated(["a"] * MOST_NAMED) == ", ".join(["a"] * MOST_NAMED)
    assert enumerated(["a"] * (MOST_NAMED + 9_000)).endswith("a, a and 9000 more")


def test_a_ledger_of_ten_thousand_requests_is_told_in_little() -> None:
    with DrivenEmulator() as emulator:
        for at in range(10_000):
            id_, name = f"id-{at}", f"n-{at}"
            emulator.ledger.add_request(
                at=float(at), action="CreateNetworkInterface", method="POST", key="", params={}, body=None,
                status=200, code="Success", request_id=f"r-{at}", created=(id_,), committed=True, answered=True,
            )  # fmt: skip
            emulator.ledger.add_resource("network_interface", id_, name, request_id=f"r-{at}", at=float(at))
        for check in (
            emulator.assert_nothing_created,
            emulator.assert_nothing_left,
            emulator.assert_no_calls,
            emulator.assert_writes,
            lambda: emulator.assert_writes(*["CreateNetworkInterface"] * 10_001),
            lambda: emulator.assert_created_once("n-10000", kind="network_interface"),
        ):
            with pytest.raises(AssertionError) as caught:
                check()
            lines = str(caught.value).splitlines()
            assert len(lines) == 2 + 2 * (MOST_ROWS + 3)
            assert max(map(len, lines)) < 2_000
            assert lines[4] == f"  … {10_000 - MOST_ROWS} earlier ones"
        with pytest.raises(AssertionError, match="the first that differs is number 10000: DeleteCluster and Create"):
            emulator.assert_writes(*["CreateNetworkInterface"] * 9_999, "DeleteCluster")
