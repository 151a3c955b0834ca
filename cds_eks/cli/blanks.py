"""What stands in TOML, which has no null, for a required value that is not filled in."""

from __future__ import annotations

from typing import Any

from cds_eks.cli.description import Field


def blank_of(field: Field) -> Any:
    """Return it: no model takes it, unless the field is a list that may be empty, which nobody has to fill in."""
    return [] if field.is_list or _is_text_or_empty(field) else ""


def is_blank(field: Field, value: Any) -> bool:
    """Whether a value is only a blank: of another type than the field's, as empty texts and lists have rules anyway."""
    if not field.required or field.is_list or field.type == "shape":
        return False
    return (value == [] and _is_text_or_empty(field)) or (value == "" and field.type != "str")


def _is_text_or_empty(field: Field) -> bool:
    """Whether a field is a text that may be empty, so that the empty one does not show that nobody has seen to it."""
    return field.type == "str" and field.allow_empty
