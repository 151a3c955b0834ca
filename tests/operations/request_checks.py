"""Whether a call is on the wire as the contract page says."""

from __future__ import annotations

from typing import Any

from operations.table import Row
from support.contract_server import Server


def check(server: Server, row: Row, sends: dict[str, Any]) -> None:
    seen = server.only()
    assert (seen.action, seen.method) == (row.action, row.http)
    if row.http == "GET":
        assert seen.arguments == sends
        assert all(type(value) is str for value in sends.values())
    else:
        assert_same(seen.body, sends)


def assert_same(got: Any, expected: Any) -> None:
    """Equal, and of the same types all the way down (`True == 1` in Python, not on the wire)."""
    assert type(got) is type(expected), (got, expected)
    if isinstance(expected, dict):
        assert got.keys() == expected.keys()
        for key, value in expected.items():
            assert_same(got[key], value)
    elif isinstance(expected, list):
        assert len(got) == len(expected)
        for one, other in zip(got, expected, strict=True):
            assert_same(one, other)
    else:
        assert got == expected
