"""What docstrings say: of a field, and of how an operation of a kind is repeated."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

from cds_eks.schema.text_rules import NAMED_RULES
from codegen import revision_differences
from codegen.description import Field

KIND_WORDS = {
    "read": "A read: it is repeated after any transient failure.",
    "idempotent": "An idempotent write: it is repeated after any transient failure.",
    "create": "A create: it is repeated only if it can't have been carried out.",
}
"""What the docstring of a method says of its kind; what each kind raises is told once, in `cds_eks.errors`."""

KINDS_RAISING = {
    "read": "What a read raises",
    "idempotent": "What an idempotent write raises",
    "create": "What a create raises, `AmbiguousCreate` among it",
}


def facts(field: Field, sources: Mapping[str, str] | None = None) -> str:
    """What a docstring says of a field: its description, allowed values, unit, default, revisions and provenance."""
    words = [field.doc]
    if field.one_of:
        words.append(
            f"One of {', '.join(map(str, field.one_of))}{f' [{field.one_of_source}]' if field.one_of_source else ''}."
        )
    if field.min is not None and field.max is not None:
        words.append(f"From {field.min} to {field.max}.")
    elif field.min is not None:
        words.append(f"At least {field.min}.")
    elif field.max is not None:
        words.append(f"At most {field.max}.")
    if field.unit:
        words.append(f"In {field.unit}.")
    if field.rule:
        words.append(NAMED_RULES[field.rule].doc)
    if field.values:
        words.append(f"See `{field.values}`; other values pass.")
    if field.default:
        words.append(f"When left out: {field.default}.")
    if field.secret:
        words.append("Secret.")
    if field.documented:
        words.append(f"Documented as {field.documented}.")
    words += revision_differences.words(field, sources or {})
    return f"{' '.join(words)} [{field.source}]"


def wrapped(text: str, indent: int, hang: int = 4, width: int = 118) -> str:
    """Break a text into lines; the first is not indented, the others hang."""
    return textwrap.fill(
        text, width, initial_indent=" " * indent, subsequent_indent=" " * (indent + hang), break_long_words=False,
        break_on_hyphens=False,
    ).lstrip()  # fmt: skip


def with_article(name: str) -> str:
    """The name of a class in a sentence: a `Node`, an `Event`."""
    return f"{'an' if name[0] in 'AEIOU' else 'a'} `{name}`"
