"""The table of faults on the emulator's page has what the emulator knows."""

from __future__ import annotations

import re

import pytest
from doc_pages import read
from page_tables import tables_of

from cds_eks.emulator.faults.kinds import KINDS


@pytest.mark.parametrize("page", ["docs/emulator.md", "docs/zh/emulator.md"])
def test_every_kind_of_fault_is_listed_with_its_parameters(page: str) -> None:
    table = next(table for table in tables_of(read(page)) if table[2][0] == "`refuse_connection`")
    listed = {row[0].strip("`"): tuple(re.findall(r"`(\w+)`", row[2])) for row in table[2:]}
    assert listed == KINDS
    assert all(row[1] for row in table)
