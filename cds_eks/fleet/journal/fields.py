"""What of a change the journal keeps: a closed list, so that nothing else (a secret, above all) gets into it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

ERROR_FIELDS = frozenset({"class", "code", "message", "outcome"})
LONGEST_MESSAGE = 500
LONGEST_TEXT = 300

_NAME_OF_ID = re.compile(r"[a-z][a-z0-9_]{0,60}_id\Z")


def checked_error(error: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return an error as it is kept, its message cut to `LONGEST_MESSAGE`; None for an empty one.

    Raises:
        ValueError: It has a field that is not in `ERROR_FIELDS`, or one that is neither text, a number nor None.
    """
    if not error:
        return None
    if unknown := sorted(map(str, error.keys() - ERROR_FIELDS)):
        raise ValueError(f"error: the journal keeps only {sorted(ERROR_FIELDS)}, not {unknown}")
    return {name: _plain(f"error.{name}", value, LONGEST_MESSAGE) for name, value in error.items()}


def checked_ids(ids: Mapping[str, str]) -> dict[str, str]:
    """Return ids as they are kept.

    Raises:
        ValueError: A name does not end with `_id`, or a value is no short text.
    """
    for name, value in ids.items():
        if not _NAME_OF_ID.match(name):
            raise ValueError(
                f"ids: a name must be like cluster_id, in lower case and ending with _id, not {name[:80]!r}"
            )
        if not isinstance(value, str) or len(value) > LONGEST_TEXT:
            raise ValueError(f"ids.{name}: must be a text of at most {LONGEST_TEXT} characters")
    return {name: storable(value) for name, value in ids.items()}


def checked_text(field: str, value: str | None) -> str | None:
    """Return a short text (a request id, an action) as it is kept.

    Raises:
        ValueError: It is too long to be what the field is for.
    """
    if value is None:
        return None
    if len(value) > LONGEST_TEXT:
        raise ValueError(f"{field}: must be a text of at most {LONGEST_TEXT} characters")
    return storable(value)


def storable(text: str) -> str:
    """Return a text without what no database stores: NUL, and halves of surrogate pairs."""
    if text.isascii():
        return text.replace("\0", "\ufffd") if "\0" in text else text
    return text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _plain(field: str, value: Any, longest: int) -> str | int | None:
    if value is None or (isinstance(value, int) and abs(value) < 2**53):
        return value
    if not isinstance(value, str):
        raise ValueError(  # noqa: TRY004 - as all that a change has wrong
            f"{field}: must be text, a number or None, not {type(value).__name__}"
        )
    return storable(value if len(value) <= longest else value[: longest - 1] + "…")
