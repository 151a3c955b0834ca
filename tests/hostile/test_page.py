"""`docs/hostile.md` and its Chinese twin have a row for each scenario, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hostile import test_answers, test_inputs
from hostile.page import CHINESE, PAGES, in_chinese, pattern, rows

EACH_PAGE = pytest.mark.parametrize("page", PAGES, ids=["english", "chinese"])


@EACH_PAGE
def test_the_page_is_the_scenarios(page: Path) -> None:
    assert page.read_text(encoding="utf-8") == PAGES[page](), "run: cd tests && python -m hostile.page"


def test_every_text_is_there_in_chinese_and_no_other() -> None:
    cells = {cell for _, table in rows() for comes, does, _ in table for cell in (comes, does)}
    assert {pattern(cell) for cell in cells} - {"{}"} == set(CHINESE["texts"])
    for cell in cells:
        assert sorted(re.findall(r"`[^`]*`", cell)) == sorted(re.findall(r"`[^`]*`", in_chinese(cell))), cell
    assert set(CHINESE["titles"]) == {title for title, _ in rows()}


def test_a_text_that_is_not_there_in_chinese_is_an_error() -> None:
    assert in_chinese("zlib that says `x`") == "声明为 `x` 的 zlib"
    assert in_chinese("`null`") == "`null`"
    with pytest.raises(KeyError, match="a 429 without"):
        in_chinese("a 429 without `X: 1`")


@EACH_PAGE
def test_each_row_is_a_test_and_each_test_has_a_row(page: Path) -> None:
    told = re.findall(r"`(test_\w+\.py::[^`]+)` \|$", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert told == [test for _, table in rows() for _, _, test in table]
    assert len(set(told)) == len(told) >= 50
    functions = {
        f"{module.__name__.rpartition('.')[2]}.py::{name}"
        for module in (test_answers, test_inputs)
        for name in vars(module)
        if name.startswith("test_") and callable(vars(module)[name])
    }
    assert {test.partition("[")[0] for test in told} == functions
