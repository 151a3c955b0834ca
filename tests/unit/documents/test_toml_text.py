"""TOML with lines: a key that is there twice is named where that can be made out."""

from __future__ import annotations

import pytest

from cds_eks.documents import toml_text


class Unreadable:
    def __init__(self, text: str) -> None:
        raise IndexError(text)


def test_where_the_key_can_not_be_made_out_it_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert toml_text._last_key("a = 1\n", None) == (("a",), 1)
    monkeypatch.setattr(toml_text, "_Scan", Unreadable)
    assert toml_text._last_key("a = 1\n", None) is None
