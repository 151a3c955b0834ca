"""What a client is set up with, of all that says something. This is the one place that knows the order.

For each setting, the first that says it counts:

1. the argument of the client,
2. the profile that `profile=` names,
3. the environment,
4. the profile that `CDS_PROFILE` names, else the `default` of the file of profiles,
5. the usual value.

The access key's id and the key come from the same place. So that no key gets to an endpoint that goes with another,
a profile of step 4 that has keys is used only if its keys are; with credentials passed or in the environment, the
file's `default` is not looked at, and with credentials (or a signer) passed, `CDS_PROFILE` neither.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from cds_eks._runtime.frames import clear_frames
from cds_eks.config.endpoint import DEFAULT_ENDPOINT
from cds_eks.config.environment import (
    DEFAULT_BACKEND,
    DEFAULT_REVISION,
    NO_CREDENTIALS,
    TLS_VARIABLES,
    check_revision,
    credential_variables,
    credentials_from,
    endpoint_from,
    endpoint_variable,
)
from cds_eks.config.origins import ARGUMENT, DEFAULT, Origin
from cds_eks.config.resolved_settings import ResolvedSettings
from cds_eks.config.settings import DEFAULT_LIMITS, DEFAULT_RETRY, DEFAULT_TIMEOUTS, Limits, RetryPolicy, Timeouts
from cds_eks.errors import ConfigurationError
from cds_eks.schema.validators import printable_name
from cds_eks.signing import Credentials

if TYPE_CHECKING:
    import ssl

    from cds_eks.config.profiles import Profile, ProfilesFile

PROFILE_VARIABLE = "CDS_PROFILE"
FILE_VARIABLE = "CDS_CONFIG_FILE"
REVISION_VARIABLE = "CDS_EKS_API_REVISION"


def may_use_profile(profile: object, *, has_credentials: bool, environ: Mapping[str, str] = os.environ) -> bool:
    """Return whether a profile may say anything: else arguments, environment and usual values are all there is.

    Args:
        profile: The name that was passed, or None.
        has_credentials: Whether credentials, or a signer, were passed.
        environ: The environment.
    """
    if profile is not None or has_credentials:
        return profile is not None
    if environ.get(PROFILE_VARIABLE):
        return True
    return not (environ.get("CDS_SECRET_ID") or credential_variables(environ))  # the usual one first: it is quicker


def resolve_settings(
    credentials: Credentials | Callable[[], Credentials | Awaitable[Credentials]] | None = None,
    *,
    profile: str | None = None,
    endpoint: str | None = None,
    api_revision: str = DEFAULT_REVISION,
    timeouts: Timeouts = DEFAULT_TIMEOUTS,
    retry: RetryPolicy = DEFAULT_RETRY,
    limits: Limits = DEFAULT_LIMITS,
    backend: Any = DEFAULT_BACKEND,
    user_agent: str | None = None,
    tls: ssl.SSLContext | str | os.PathLike[str] | None = None,
    has_signer: bool = False,
    needs_credentials: bool = True,
    environ: Mapping[str, str] = os.environ,
) -> ResolvedSettings:
    """Return what a client with these arguments is set up with, in the order that this module's docstring tells.

    Keys in files, commands and keyrings are not asked for: the client does that when it first needs them.

    Args:
        credentials: As a client takes them; so are those below.
        profile: The name of a profile.
        endpoint: Where the service is.
        api_revision: The revision of the API.
        timeouts: How long things may take.
        retry: When and how calls are tried again.
        limits: How much is done at once.
        backend: What carries the requests.
        user_agent: The name of the application.
        tls: The certificates that are trusted.
        has_signer: Whether a signer is passed, so that no credentials are needed.
        needs_credentials: Whether there must be credentials; else none are looked for, and `origins` tells where they
            would come from.
        environ: The environment.

    Raises:
        ConfigurationError: There are no credentials, or something that is said can't be used; a `ConfigFileError` has
            the file and the line.
    """
    passed = {
        "endpoint": endpoint, "api_revision": api_revision, "timeouts": timeouts, "retry": retry, "limits": limits,
        "backend": backend, "user_agent": user_agent, "tls": tls,
    }  # fmt: skip
    said = {name: value for name, value in passed.items() if value is not _NOT_SAID[name]}
    try:
        return _Resolution(environ, said, profile, has_credentials=has_signer or credentials is not None).settings(
            credentials, is_needed=needs_credentials
        )
    except ConfigurationError as error:
        del credentials, endpoint, environ, passed, said  # what can't be used may be a secret in the wrong place
        raise clear_frames(error) from None


_USUAL = {
    "endpoint": DEFAULT_ENDPOINT, "api_revision": DEFAULT_REVISION, "timeouts": DEFAULT_TIMEOUTS,
    "retry": DEFAULT_RETRY, "limits": DEFAULT_LIMITS, "backend": DEFAULT_BACKEND, "user_agent": None, "tls": None,
}  # fmt: skip
"""What each setting is when nothing says it."""

_NOT_SAID: Mapping[str, Any] = {**_USUAL, "endpoint": None}
"""What an argument is that was not passed: this very object."""


class _Resolution:
    """The settings of one client, while they are put together.

    Args:
        environ: The environment.
        said: The arguments that were passed.
        name: The profile that was passed.
        has_credentials: Whether credentials, or a signer, were passed.
    """

    def __init__(
        self, environ: Mapping[str, str], said: Mapping[str, Any], name: str | None, *, has_credentials: bool
    ) -> None:
        self._environ = environ
        self._said = said
        self._is_named = name is not None
        self._has_credentials = has_credentials
        self._variables = credential_variables(environ)
        self._unused: str | None = None
        self._origins: dict[str, Origin] = {}
        self._file: ProfilesFile | None = None
        self._profile = self._chosen(name)

    def _chosen(self, name: str | None) -> Profile | None:
        """Return the profile that is used."""
        if name is not None and not isinstance(name, str):
            raise ConfigurationError(f"profile must be a text, not {type(name).__name__}")
        if not may_use_profile(name, has_credentials=self._has_credentials, environ=self._environ):
            return None
        variable = self._environ.get(PROFILE_VARIABLE)
        from cds_eks.config.profiles import read_profiles  # with what reads TOML: only now

        self._file = file = read_profiles(environ=self._environ)
        if not file.exists and (source := self._environ.get(FILE_VARIABLE)):
            raise ConfigurationError(f"{FILE_VARIABLE} names a file that is not there: {printable_name(source)}")
        if name is not None:
            return file.profile(name, "profile=")
        if variable:
            found = file.profile(variable, PROFILE_VARIABLE)
            if not (self._variables and found.has_credentials):
                return found
            self._unused = found.name
            return None
        return file.default_profile()

    def settings(self, credentials: Any, *, is_needed: bool) -> ResolvedSettings:
        from_environment = {
            "endpoint": endpoint_variable(self._environ),
            "api_revision": REVISION_VARIABLE if self._environ.get(REVISION_VARIABLE) else None,
            "tls": next((name for name in TLS_VARIABLES if self._environ.get(name)), None),
        }
        values = {name: self._setting(name, from_environment.get(name)) for name in _USUAL}
        found, keys = self._credentials(credentials, is_needed=is_needed)
        return ResolvedSettings(
            credentials=found,
            keys=keys,
            profile=None if self._profile is None else self._profile.name,
            unused_profile=self._unused,
            origins=self._origins,
            **values,
        )

    def _setting(self, name: str, variable: str | None) -> Any:
        """Return a setting by the order of the module's docstring, and note where it comes from."""
        if name in self._said:
            self._origins[name] = ARGUMENT
            value = self._said[name]
            return check_revision(value) if name == "api_revision" else value
        value = getattr(self._profile, name, None)
        if value is not None and (self._is_named or variable is None):
            self._origins[name] = self._of_profile(name)
            return value
        if variable is None:
            self._origins[name] = DEFAULT
            return _USUAL[name] if name != "api_revision" else str(DEFAULT_REVISION)
        self._origins[name] = Origin("environment", variable)
        if name == "endpoint":
            return endpoint_from(self._environ)
        # The certificates are loaded where connections are made, which looks at the file again when it is replaced.
        return check_revision(DEFAULT_REVISION, self._environ) if name == "api_revision" else None

    def _of_profile(self, key: str) -> Origin:
        assert self._profile is not None
        return Origin("profile", self._profile.name, self._profile.file, self._profile.lines.get(key))

    def _credentials(self, passed: Any, *, is_needed: bool) -> tuple[Any, str]:
        """Return the credentials, and where they are."""
        profile = self._profile
        if passed is not None:
            self._origins["credentials"] = ARGUMENT
            return passed, "***"
        if self._has_credentials:
            return None, "***"  # the signer has them
        if profile is not None and profile.secret_id is not None and profile.secret_key is not None:
            # One that is not named by an argument is here only if the environment has none.
            self._origins["credentials"] = self._of_profile("secret_id")
            keys = f"{profile.secret_id.reference}, {profile.secret_key.reference}"
            if not is_needed:
                return None, keys
            from cds_eks.config.profile_credentials import credentials_of

            return credentials_of(profile.secret_id, profile.secret_key, profile.credentials_max_age), keys
        if self._variables:
            self._origins["credentials"] = Origin("environment", ", ".join(self._variables))
        if not is_needed:
            return None, "***"
        if self._variables:
            return credentials_from(self._environ), "***"
        if profile is None:
            raise ConfigurationError(f"{NO_CREDENTIALS}{self._of_file()}")
        raise ConfigurationError(
            f"there are no credentials: the profile {profile.name!r} ({profile.file}) has no secret_id and secret_key; "
            "put them there, pass them, or set CDS_SECRET_ID and CDS_SECRET_KEY"
        )

    def _of_file(self) -> str:
        """Return the end of an error: which profiles could have been named."""
        if self._file is None or not self._file.names:
            return ""
        return f"; or name a profile of {self._file.path} (CDS_PROFILE): {', '.join(self._file.names)}"
