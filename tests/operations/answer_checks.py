"""Whether an answer is read as the contract page says."""

from __future__ import annotations

from typing import Any

import attrs

from operations.shapes import Made


def check(got: Any, expected: Any) -> None:
    """The same value, and of just the same type, in every attribute all the way down."""
    if isinstance(expected, Made):
        assert type(got).__name__ == expected.shape
        names = {member.name for member in attrs.fields(type(got))}
        assert expected.attributes.keys() <= names
        for name, value in expected.attributes.items():
            check(getattr(got, name), value)
        for name in names - expected.attributes.keys() - {"extra"}:
            assert getattr(got, name) is None, name  # what only requests have
        assert dict(got.extra) == expected.extra
    elif isinstance(expected, list):
        assert type(got) is list
        assert len(got) == len(expected)
        for one, other in zip(got, expected, strict=True):
            check(one, other)
    else:
        assert type(got) is type(expected), (got, expected)
        assert got == expected
