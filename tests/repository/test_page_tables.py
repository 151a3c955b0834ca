"""The tables of a page and of its Chinese twin: as many, with the same rows and cells, and the same code in each."""

from __future__ import annotations

import pytest
from doc_pages import ENGLISH, PAIRS, read
from page_tables import differences, tables_of

QUOTING = ("docs/cli-reference.md", "docs/reference/operations/")
"""Pages whose twins quote the descriptions of fields in the vendor's own Chinese document."""

TABLE = """Before.

| comes | does | test |
|---|---|---|
| a `x`, then `y` | `Refused` | `test_a.py::test_b[c]` |
| a \\| b | reads it | `eks.get`, `eks.list` |

```text
| no | table |
```

| one more |
|---|
| `z` |
"""
TWIN = """之前。

| 收到 | 处理 | 测试 |
|---|---|---|
| `y` 之前的 `x` | `Refused` | `test_a.py::test_b[c]` |
| a \\| b | 读取 | `eks.get`、`eks.list` |

| 还有 |
|---|
| `z` |
"""


@pytest.mark.parametrize(("english", "chinese"), PAIRS)
def test_both_languages_have_the_same_tables(english: str, chinese: str) -> None:
    assert differences(read(english), read(chinese), quotes=english.startswith(QUOTING)) == []


def test_there_are_tables_to_compare() -> None:
    tables = [table for page in ENGLISH for table in tables_of(read(page))]
    assert len(tables) >= 150
    assert sum(map(len, tables)) >= 1500


def test_rows_and_cells_are_found() -> None:
    assert [[len(row) for row in table] for table in tables_of(TABLE)] == [[3, 3, 3, 3], [1, 1, 1]]
    assert tables_of(TABLE)[0][3] == ["a \\| b", "reads it", "`eks.get`, `eks.list`"]
    assert differences(TABLE, TWIN) == differences(TWIN, TABLE) == []


@pytest.mark.parametrize(
    ("written", "instead", "told"),
    [
        ("| 还有 |\n|---|\n| `z` |\n", "", "2 and 1 tables"),
        ("| a \\| b | 读取 | `eks.get`、`eks.list` |\n", "", "table 1: 2 and 1 rows"),
        ("| 收到 | 处理 |", "| 收到 | 说明 | 处理 |", "table 1: 3 and 4 cells: comes and 收到"),
        ("test_b[c]", "test_b[d]", "table 1: `test_a.py::test_b[c]` and `test_a.py::test_b[d]`"),
        ("`Refused`", "被拒绝", "table 1: `Refused` and 被拒绝"),
        ("`Refused`", "`Refused` 一次", "table 1: `Refused` and `Refused` 一次"),
        ("`eks.get`、`eks.list`", "`eks.list`、`eks.get`", "table 1: `eks.get`, `eks.list` and `eks.list`、`eks.get`"),
        ("| 读取 |", "| `读取` |", "table 1: reads it and `读取`"),
        ("之前的 `x`", "之前的", "table 1: a `x`, then `y` and `y` 之前的"),
        ("`z`", "z", "table 2: `z` and z"),
    ],
)
def test_each_difference_is_told(written: str, instead: str, told: str) -> None:
    assert TWIN.count(written) == 1
    assert differences(TABLE, TWIN.replace(written, instead)) == [told]


def test_rows_in_another_order_differ() -> None:
    first, second = TWIN.splitlines(keepends=True)[4:6]
    assert len(differences(TABLE, TWIN.replace(first + second, second + first))) >= 3


def test_words_that_are_quoted_may_have_other_code_but_names_may_not() -> None:
    assert differences(TABLE, TWIN.replace("之前的 `x`", "之前"), quotes=True) == []
    assert differences(TABLE, TWIN.replace("test_b[c]", "test_b[d]"), quotes=True) != []


@pytest.mark.parametrize("page", ["reliability.md", "hostile.md"])
def test_what_a_matrix_says_alike_is_said_alike_in_chinese(page: str) -> None:
    repeated = 0
    for tables in zip(*(tables_of(read(f"docs/{folder}{page}")) for folder in ("", "zh/")), strict=True):
        said: dict[str, set[str]] = {}
        for ours, theirs in zip(*tables, strict=True):
            for cell, twin in zip(ours, theirs, strict=True):
                repeated += cell in said
                said.setdefault(cell, set()).add(twin)
        assert [twins for twins in said.values() if len(twins) > 1] == []
    assert repeated >= 50
