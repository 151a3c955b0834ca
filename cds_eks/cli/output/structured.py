"""JSON and YAML, without a byte that a terminal would act on."""

from __future__ import annotations

import json
import re
from typing import Any

import click

_RAW = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def _safe(text: str) -> str:
    """Escape what JSON leaves as it is: it stands inside of strings only."""
    return text if text.isascii() and "\x7f" not in text else _RAW.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def document(value: Any) -> str:
    """Return a value as a document of JSON, for people to read too."""
    return _safe(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def one_line(value: Any) -> str:
    """Return a value as JSON in one line."""
    return _safe(json.dumps(value, ensure_ascii=False, default=str))


def yaml_document(value: Any) -> str:
    """Return a value as a document of YAML.

    Raises:
        UsageError: PyYAML is not installed.
    """
    try:
        import yaml
    except ModuleNotFoundError:
        raise click.UsageError("-o yaml needs PyYAML: pip install 'cds-eks[cli]'") from None

    class Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]  # the quick one, if it is there
        """Quotes what has to be escaped."""

        def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML asks so
            return True

    def text(dumper: Any, value: str) -> Any:
        style = '"' if _RAW.search(value) else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    Dumper.add_representer(str, text)
    plain = json.loads(json.dumps(value, default=str))
    return _safe(str(yaml.dump(plain, Dumper=Dumper, allow_unicode=True, sort_keys=False, width=10**6)))
