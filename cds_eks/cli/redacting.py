"""Plain data fit to be printed: what has the name of a secret, and what is one, is replaced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cds_eks.redaction import NO_SECRETS, Secrets, is_secret_name, redact, secrets_of_proxy


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


_FOLDERS = frozenset({"PWD", "OLDPWD"})


def secrets_of_environment(environ: Mapping[str, str]) -> Secrets:
    """Return what an environment has of secrets: the values of names that say so, and the passwords of proxies."""
    found = {value for name, value in environ.items() if is_secret_name(name) and name not in _FOLDERS}
    proxies = (value for name, value in environ.items() if name.lower().endswith("_proxy"))
    return Secrets(found.union(*map(secrets_of_proxy, proxies)))
