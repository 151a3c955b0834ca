"""The ledger as text."""

from __future__ import annotations

import asyncio

from cds_eks import EksClient
from cds_eks.emulator import Fault
from cds_eks.testing import DrivenEmulator
from cds_eks.testing.tables import MOST_ROWS, ledger_table


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
