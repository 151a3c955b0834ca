"""The keys of a profile: what each may be, in the words of the clients' arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs

from cds_eks.config.endpoint import service_url
from cds_eks.config.settings import Limits, RetryPolicy, Timeouts
from cds_eks.documents.secrets import SCHEMES, SecretRef
from cds_eks.errors import ConfigurationError
from cds_eks.schema.revisions import API_REVISIONS
from cds_eks.schema.validation import did_you_mean

BACKENDS = ("httpx", "native")
"""The backends that have a name."""

TABLES: Mapping[str, tuple[type[Any], frozenset[str]]] = {
    "timeouts": (Timeouts, frozenset(field.name for field in attrs.fields(Timeouts))),
    "retry": (RetryPolicy, frozenset(field.name for field in attrs.fields(RetryPolicy))),
    "limits": (Limits, frozenset(field.name for field in attrs.fields(Limits)) - {"adaptive"}),
}
"""The keys that are tables, and what each may hold."""

KEYS = frozenset(
    {"secret_id", "secret_key", "allow_inline", "credentials_max_age", "endpoint", "api_revision", "backend", "tls"}
    | {"user_agent"}
    | TABLES.keys()
)

_HINTS = {
    "proxy": "the proxy is what HTTPS_PROXY and NO_PROXY say",
    "ca_file": "the file of trusted certificates is `tls`",
    "access_key_id": "the access key's id is `secret_id`",
    "secret_access_key": "the access key is `secret_key`",
}


def unknown_key(key: str, known: set[str]) -> str:
    """Return what is wrong with a key that is not known."""
    hint = f"; {_HINTS[key]}" if key in _HINTS else did_you_mean(key, known)
    return f"is not known{hint}"


class Values:
    """Reads the keys of one profile.

    Args:
        table: What the file says.
        folder: That of the file, where relative paths begin.
        tell: Told of each fault: the keys that lead to it, and what is wrong.
    """

    def __init__(self, table: Mapping[str, Any], folder: Path, tell: Callable[[tuple[str, ...], str], None]) -> None:
        self._table = table
        self._folder = folder
        self._tell = tell

    def read(self) -> dict[str, Any]:
        """Return the values of a `Profile` by name; one that is wrong is left out."""
        for key in self._table:
            if key not in KEYS:
                self._tell((key,), unknown_key(key, set(KEYS)))
        found: dict[str, Any] = {
            "secret_id": self._secret("secret_id"),
            "secret_key": self._secret("secret_key"),
            "endpoint": self._endpoint(),
            "api_revision": self._one_of("api_revision", API_REVISIONS),
            "backend": self._one_of("backend", BACKENDS),
            "user_agent": self._text("user_agent"),
            "tls": self._path("tls"),
            **{key: self._settings(key) for key in TABLES},
        }
        if (max_age := self._max_age()) is not None:
            found["credentials_max_age"] = max_age
        for key, other in (("secret_id", "secret_key"), ("secret_key", "secret_id")):
            if key not in self._table and other in self._table:
                self._tell((other,), f"is half of the credentials: {key} must be in the same profile")
        if not isinstance(self._table.get("allow_inline", False), bool):
            self._tell(("allow_inline",), "must be true or false")
        return {key: value for key, value in found.items() if value is not None}

    def _text(self, key: str) -> str | None:
        """Return a text, or None if there is none."""
        value = self._table.get(key)
        if value is None:
            return None
        if isinstance(value, str) and value and value.isprintable() and value == value.strip():
            return value
        self._tell((key,), "must be a text that is not empty, in quotes, without line ends or spaces around it")
        return None

    def _secret(self, key: str) -> SecretRef | None:
        text = self._text(key)
        if text is None:
            return None
        ref = SecretRef.of(text, str(self._folder), (*SCHEMES, "keyring"))
        if ref.source == "redacted":
            self._tell((key,), "stands for a key that was not written down: say where it is")
        elif ref.source != "inline" and not ref.text:
            self._tell((key,), f"names nothing after {ref.source}:")
        elif ref.source == "keyring" and not all(part for part in ref.text.rpartition("/")):
            self._tell((key,), "must be keyring:SERVICE/USER")
        else:
            return ref
        return None

    def _endpoint(self) -> str | None:
        text = self._text("endpoint")
        if text is None:
            return None
        try:
            service_url(text)
        except ConfigurationError as error:
            message = error.message.removeprefix("endpoint ")
        else:
            return text
        self._tell(("endpoint",), message)
        return None

    def _one_of(self, key: str, known: tuple[str, ...]) -> str | None:
        text = self._text(key)
        if text is None or text in known:
            return text
        self._tell((key,), f"must be one of {', '.join(known)}")
        return None

    def _path(self, key: str) -> str | None:
        text = self._text(key)
        if text is None:
            return None
        try:
            return str(self._folder / Path(text).expanduser())
        except RuntimeError:  # there is no such user
            self._tell((key,), "begins with the home of a user who is not known")
            return None

    def _max_age(self) -> float | None:
        value = self._table.get("credentials_max_age")
        if value is None:
            return None
        if (message := _fault_of(Timeouts, "total", value)) is None:  # the same rule
            return float(value)
        self._tell(("credentials_max_age",), f"{message} (seconds)")
        return None

    def _settings(self, key: str) -> Any:
        """Return the settings of a table; what it does not say has its usual value."""
        table = self._table.get(key)
        if table is None:
            return None
        kind, names = TABLES[key]
        if not isinstance(table, dict):
            self._tell((key,), f"must be a table, such as {{ {min(names)} = … }}")
            return None
        good = True
        for name, value in table.items():
            message = unknown_key(name, set(names)) if name not in names else _fault_of(kind, name, value)
            if message is not None:
                self._tell((key, name), message)
                good = False
        return kind(**table) if good else None


def _fault_of(kind: type[Any], name: str, value: object) -> str | None:
    """Return what is wrong with one value of a table."""
    try:
        kind(**{name: value})
    except ConfigurationError as error:
        message = error.message.removeprefix(f"{name} ")
        # a text is not repeated: it may be a key in the wrong place
        return message if isinstance(value, (int, float)) else message.partition(", not ")[0]
    return None
