"""How a runner in another process makes its client: settings by value, keys by the names of their variables."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, Literal

import attrs

from cds_eks.config import DEFAULT_REVISION, Limits, RetryPolicy, Timeouts, check_revision, endpoint_from
from cds_eks.errors import ConfigurationError
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
    """

    endpoint: str | None = None
    api_revision: str = DEFAULT_REVISION
    credentials_env: tuple[str, str] | None = attrs.field(default=None, validator=_names)
    timeouts: Timeouts = Timeouts()  # noqa: RUF009 - a frozen value
    retry: RetryPolicy = RetryPolicy()  # noqa: RUF009 - a frozen value
    limits: Limits = Limits()  # noqa: RUF009 - a frozen value
    backend: Literal["httpx", "native"] = "httpx"
    user_agent: str | None = None
    tls: str | None = None

    def resolved(self) -> ClientSettings:
        """Return the settings with what this process's environment says of endpoint and revision.

        So all runners talk to one service, whatever their own environment says.

        Raises:
            ConfigurationError: The environment says what can't be used.
        """
        endpoint = self.endpoint if self.endpoint is not None else endpoint_from()
        return attrs.evolve(self, endpoint=endpoint, api_revision=str(check_revision(self.api_revision)))

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
        )

    def _credentials(self) -> Credentials | None:
        if self.credentials_env is None:
            return None
        id_name, key_name = self.credentials_env
        missing = [name for name in self.credentials_env if not os.environ.get(name)]
        if missing:
            raise ConfigurationError(f"a runner finds no credentials: {' and '.join(missing)} is not set where it runs")
        return Credentials(os.environ[id_name], os.environ[key_name])
