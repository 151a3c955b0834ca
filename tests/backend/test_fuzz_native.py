"""The fuzz run of the native backend, in short."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks import fuzz_native
from benchmarks.fuzz_native import fuzz
from support.native_backend import LOOPS

pytestmark = pytest.mark.slow

asynchronous = pytest.mark.anyio


@pytest.fixture(params=LOOPS)
def anyio_backend(request: pytest.FixtureRequest) -> Any:
    return request.param


@asynchronous
@pytest.mark.parametrize("tls", [False, True])
async def test_a_slice_of_the_fuzz_run(tls: bool) -> None:
    """The rest of it: `python -m benchmarks.fuzz_native`."""
    report = await fuzz(calls=800 if tls else 2000, seed=20250908, tls=tls)
    assert report.faults == []
    assert {"answered", "ConnectionLost", "UnreadableResponse"} <= report.ends.keys()


def test_the_command_says_what_came_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz_native.main(["--calls", "50", "--seed", "3", "--in-flight", "4"]) == 0
    assert "50 calls, 0 faults" in capsys.readouterr().out
