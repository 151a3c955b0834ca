"""What lies behind an answer answers no other request, and costs no connection where nothing lies there.

`python -m benchmarks.swaps --pairs 20000` tries many more.
"""

from __future__ import annotations

import pytest

from benchmarks.swaps import Cell, cells, run, run_one


@pytest.mark.parametrize("cell", cells("httpx"), ids=str)
def test_what_lies_behind_an_answer_answers_no_other_request(cell: Cell) -> None:
    found = run(cell, 24, seed=1)
    assert found.is_good, found.examples
    assert found.clean > 0
    assert found.share == 1.0


PLAIN = [each for each in cells("httpx") if each.loop != "trio" and not each.is_secure]


# httpcore asks for 64 KiB, and uvloop delivers 256,000 bytes at once: just there what is behind stayed unseen.
@pytest.mark.parametrize("size", [65_536, 256_000])
@pytest.mark.parametrize("behind", ["answer", "throttled"])
@pytest.mark.parametrize(
    "cell", [each for each in cells("httpx") if each.loop != "trio" and not each.is_secure], ids=str
)
def test_an_answer_that_ends_where_a_read_does_hides_nothing(cell: Cell, behind: str, size: int) -> None:
    found = run_one(cell, {"Size": str(size), "Behind": behind, "Delay": "0", "N": "1"}, times=3)
    assert found.is_good, found.examples
