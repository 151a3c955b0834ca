"""Answers, read."""

from __future__ import annotations

from typing import Any

from cds_eks.codec.hooks import answer_converter


def read(kind: Any, value: Any) -> Any:
    return answer_converter().structure(value, kind)
