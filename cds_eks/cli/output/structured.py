"""JSON and YAML, without a byte that a terminal would act on."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

import click

_RAW = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

_HALF = re.compile("[\ud800-\udfff]")


def _safe(text: str) -> str:
    """Escape what JSON leaves as it is: it stands inside of strings only."""
    return text if text.isascii() and "\x7f" not in text else _RAW.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def document(value: Any) -> str:
    """Return a value as a document of JSON, for people to read too."""
    return _safe(_json(value, indent=2))


def one_line(value: Any) -> str:
    """Return a value as JSON in one line."""
    return _safe(_json(value))


def _json(value: Any, indent: int | None = None) -> str:
    """Return a value as JSON. It has no number that is infinite or none: such a one is null."""
    try:
        return json.dumps(value, ensure_ascii=False, indent=indent, default=str, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(value), ensure_ascii=False, indent=indent, default=str, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def yaml_document(value: Any, *, is_ascii: bool = False) -> str:
    """Return a value as a document of YAML.

    Args:
        value: The value.
        is_ascii: Whether all other characters are escapes.

    Raises:
        UsageError: PyYAML is not installed.
    """
    try:
        import yaml
    except ModuleNotFoundError:
        raise click.UsageError("-o yaml needs PyYAML: pip install 'cds-eks[cli]'") from None

    plain = json.loads(json.dumps(value, default=str))
    # The quick one, if it is there; it can't write half a surrogate pair.
    has_halves = _HALF.search(json.dumps(plain, ensure_ascii=False)) is not None
    base: Any = yaml.SafeDumper if has_halves else getattr(yaml, "CSafeDumper", yaml.SafeDumper)

    class Dumper(base):  # type: ignore[misc]  # it is known at run time
        """Quotes what has to be escaped."""

        def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML asks so
            return True

    def text(dumper: Any, value: str) -> Any:
        style = '"' if _RAW.search(value) else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    Dumper.add_representer(str, text)
    return _safe(str(yaml.dump(plain, Dumper=Dumper, allow_unicode=not is_ascii, sort_keys=False, width=10**6)))
