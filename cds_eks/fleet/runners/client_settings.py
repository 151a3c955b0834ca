"""How a runner in another process makes its client: settings by value, keys by the names of their variables."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, Literal, cast

import attrs

from cds_eks.config import (
    DEFAULT_BACKEND,
    DEFAULT_LIMITS,
    DEFAULT_RETRY,
    DEFAULT_REVISION,
    DEFAULT_TIMEOUTS,
    Limits,
    RetryPolicy,
    Timeouts,
    resolve_settings,
)
from cds_eks.errors import ConfigurationError, CredentialsError
from cds_eks.signing import Credentials

if TYPE_CHECKING:
    from cds_eks.client.async_client import AsyncEksClient

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _names(_: Any, field: attrs.Attribute[Any], value: object) -> None:
    if value is None:
        return
    names = value if isinstance(value, tuple) else ()
    if len(names) != 2 or not all(isinstance(name, str) and _VARIABLE.fullmatch(name) for name in names):
        # What was given is not repeated: it may be a key.
        raise ConfigurationError(f"{field.name} must be the names of two environment variables, or None")


@attrs.frozen(kw_only=True)
class ClientSettings:
    """How each runner makes its client. It holds no key: a runner reads the keys where it runs.

    Args:
        endpoint: Where the service is; None for what the environment of `launch` says.
        api_revision: The revision of the API; what the environment of `launch` says, if it is not passed.
        credentials_env: The names of the environment variables of a runner that hold the access key's id and the key;
            None for `CDS_SECRET_ID` and `CDS_SECRET_KEY`, or whatever else a client reads without credentials.
        timeouts: How long things may take.
        retry: When and how calls are tried again.
        limits: How much one runner does at once.
        backend: What carries the requests: `"httpx"` or `"native"`.
        user_agent: The name of your application.
        tls: The path of the authorities that are trusted, where a runner runs; None for the usual ones.
        profile: The name of a profile. Its settings are those of the file of profiles where `launch` runs; its keys are
            had where a runner runs, by the profile of that name there. None is for what the environment says.
        telemetry: Whether there are OpenTelemetry's spans and metrics, by the providers that are set where a runner
            runs; None for what `cds_eks.otel.instrument` or `CDS_EKS_TELEMETRY` has switched on there.
    """

    endpoint: str | None = None
    api_revision: str = DEFAULT_REVISION
    credentials_env: tuple[str, str] | None = attrs.field(default=None, validator=_names)
    timeouts: Timeouts = DEFAULT_TIMEOUTS
    retry: RetryPolicy = DEFAULT_RETRY
    limits: Limits = DEFAULT_LIMITS
    backend: Literal["httpx", "native"] = DEFAULT_BACKEND
    user_agent: str | None = None
    tls: str | None = None
    profile: str | None = None
    telemetry: bool | None = None

    def resolved(self) -> ClientSettings:
        """Return the settings with what this process's environment and profile say, but for the keys.

        So all runners talk to one service, whatever their own environment says.

        Raises:
            ConfigurationError: The environment or the profile says what can't be used.
        """
        found = resolve_settings(
            profile=self.profile, endpoint=self.endpoint, api_revision=self.api_revision, timeouts=self.timeouts,
            retry=self.retry, limits=self.limits, backend=self.backend, user_agent=self.user_agent, tls=self.tls,
            has_signer=self.credentials_env is not None, needs_credentials=False,
        )  # fmt: skip
        return attrs.evolve(
            self,
            endpoint=found.endpoint,
            api_revision=str(found.api_revision),
            timeouts=found.timeouts,
            retry=found.retry,
            limits=found.limits,
            backend=found.backend,
            user_agent=found.user_agent,
            tls=cast("str | None", found.tls),  # what `tls` here may be
            profile=found.profile,
        )

    def client(self) -> AsyncEksClient:
        """Return a client, with the keys that this process's environment has.

        Raises:
            ConfigurationError: There are none, or a setting can't be used.
        """
        from cds_eks.client.async_client import AsyncEksClient

        return AsyncEksClient(
            self._credentials(),
            endpoint=self.endpoint,
            api_revision=self.api_revision,
            timeouts=self.timeouts,
            retry=self.retry,
            limits=self.limits,
            backend=self.backend,
            user_agent=self.user_agent,
            tls=self.tls,
            profile=self.profile,
            telemetry=self.telemetry,
        )

    def _credentials(self) -> Credentials | None:
        if self.credentials_env is None:
            return None
        id_name, key_name = self.credentials_env
        missing = [name for name in self.credentials_env if not os.environ.get(name)]
        if missing:
            raise CredentialsError(f"a runner finds no credentials: {' and '.join(missing)} is not set where it runs")
        return Credentials(os.environ[id_name], os.environ[key_name])
