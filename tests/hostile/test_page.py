"""`docs/hostile.md` has a row for each scenario, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from hostile import test_answers, test_inputs
from hostile.page import page, rows

DOCS = Path(__file__).parent.parent.parent / "docs" / "hostile.md"


def test_the_page_is_the_scenarios() -> None:
    assert DOCS.read_text(encoding="utf-8") == page(), "run: cd tests && python -m hostile.page > ../docs/hostile.md"


def test_each_row_is_a_test_and_each_test_has_a_row() -> None:
    told = re.findall(r"`(test_\w+\.py::[^`]+)` \|$", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    assert told == [test for _, table in rows() for _, _, test in table]
    assert len(set(told)) == len(told) >= 50
    functions = {
        f"{module.__name__.rpartition('.')[2]}.py::{name}"
        for module in (test_answers, test_inputs)
        for name in vars(module)
        if name.startswith("test_") and callable(vars(module)[name])
    }
    assert {test.partition("[")[0] for test in told} == functions
