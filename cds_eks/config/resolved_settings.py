"""What a client is set up with, as a value."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from cds_eks.config.origins import Origin, SettingOrigin
from cds_eks.config.settings import Limits, RetryPolicy, Timeouts
from cds_eks.redaction import redacted_url
from cds_eks.signing import Credentials

if TYPE_CHECKING:
    import ssl


@attrs.frozen(kw_only=True)
class ResolvedSettings:
    """What a client is set up with, and where each setting comes from. `resolve_settings` makes it.

    Attributes:
        credentials: The access key or its provider; None if a signer is passed, or they were not asked for.
        endpoint: Where the service is.
        api_revision: The revision of the API.
        timeouts: How long things may take.
        retry: When and how calls are tried again.
        limits: How much is done at once.
        backend: What carries the requests.
        user_agent: The name of the application, or None.
        tls: The certificates that are trusted; None for those that the environment names, or the usual ones.
        profile: The name of the profile that is used, or None.
        unused_profile: The profile that `CDS_PROFILE` names, if it is not used because the environment has keys.
        origins: Where each comes from, by name; `credentials` is missing if there are none.
        keys: Where the keys are, as the profile spells it; nothing of an inline one.
    """

    credentials: Credentials | Callable[[], Credentials | Awaitable[Credentials]] | None = attrs.field(repr=False)
    endpoint: str
    api_revision: str
    timeouts: Timeouts
    retry: RetryPolicy
    limits: Limits
    backend: Any
    user_agent: str | None
    tls: ssl.SSLContext | str | os.PathLike[str] | None
    profile: str | None
    unused_profile: str | None
    origins: Mapping[str, Origin]
    keys: str = "***"

    def described(self) -> tuple[SettingOrigin, ...]:
        """Return each setting as text with where it comes from; nothing secret is in it."""
        values = {
            "credentials": self.keys,
            "endpoint": redacted_url(self.endpoint),
            "api_revision": str(self.api_revision),
            **{name: _spelt(getattr(self, name)) for name in ("timeouts", "retry", "limits")},
            "backend": str(self.backend) if isinstance(self.backend, str) else type(self.backend).__name__,
            "user_agent": self.user_agent or "",
            "tls": _spelt_path(self.tls),
        }
        return tuple(
            SettingOrigin(name, value, self.origins[name]) for name, value in values.items() if name in self.origins
        )


def _spelt(values: Any) -> str:
    told = ((field.name, getattr(values, field.name)) for field in attrs.fields(type(values)))
    return ", ".join(f"{name} {'none' if value is None else value}" for name, value in told)


def _spelt_path(tls: object) -> str:
    return "" if tls is None else str(tls) if isinstance(tls, (str, os.PathLike)) else type(tls).__name__
