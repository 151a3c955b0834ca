"""Plain data fit to be printed: what has the name of a secret, and what is one, is replaced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cds_eks.redaction import NO_SECRETS, Secrets, is_secret_name, redact


def redacted(value: Any, secrets: Secrets = NO_SECRETS) -> Any:
    """Return plain data without secrets: all below a name that says so, and the given texts wherever they stand."""
    if isinstance(value, Mapping):
        return {
            name: _hidden(each) if is_secret_name(name) else redacted(each, secrets) for name, each in value.items()
        }
    if isinstance(value, list):
        return [redacted(each, secrets) for each in value]
    return redact(value, secrets) if isinstance(value, str) else value


def _hidden(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _hidden(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_hidden(each) for each in value]
    return "***" if value else value
