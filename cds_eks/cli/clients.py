"""The clients of the commands, as the common options ask for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cds_eks.cli.options import Options

if TYPE_CHECKING:
    from cds_eks.client import AsyncEksClient
    from cds_eks.config import ResolvedSettings
    from cds_eks.errors import ConfigurationError
    from cds_eks.pipeline import Middleware
    from cds_eks.sync.client import EksClient


def settings_of(options: Options) -> dict[str, Any]:
    """Return the settings of a client: those that were given, so that the SDK finds the others where it always does."""
    given = {
        "profile": options.profile,
        "endpoint": options.endpoint,
        "api_revision": options.api_revision,
        "backend": options.backend,
    }
    return _always(options) | {name: value for name, value in given.items() if value is not None}


def _always(options: Options) -> dict[str, Any]:
    """Return the settings that no option says; with `--debug` they show what is sent."""
    said: dict[str, Any] = {"user_agent": "cds-eks-cli"}
    if options.debug:
        from cds_eks.cli.tracing import trace_attempt, trace_call

        said |= {"per_call": [trace_call], "per_attempt": [trace_attempt]}
    return said


def open_client(options: Options, per_call: Sequence[Middleware] = ()) -> EksClient:
    """Make the blocking client.

    Args:
        options: Its settings.
        per_call: What goes around each call, inside of what `--debug` shows.
    """
    from cds_eks.errors import ConfigurationError
    from cds_eks.sync.client import EksClient

    try:
        settings = settings_of(options)
        settings["per_call"] = [*settings.get("per_call", ()), *per_call]
        return EksClient(**settings)
    except ConfigurationError as error:
        raise _of_the_option(error) from None


def open_async_client(options: Options, per_call: Sequence[Middleware] = ()) -> AsyncEksClient:
    """Make the async client; see `open_client`."""
    from cds_eks.client import AsyncEksClient
    from cds_eks.errors import ConfigurationError

    try:
        settings = settings_of(options)
        settings["per_call"] = [*settings.get("per_call", ()), *per_call]
        return AsyncEksClient(**settings)
    except ConfigurationError as error:
        raise _of_the_option(error) from None


def resolved_settings(options: Options) -> ResolvedSettings:
    """Return what a client would be set up with. No key is asked for, and there may be none.

    Raises:
        ConfigurationError: Something that is said can't be used, or there is no such profile.
    """
    from cds_eks.config import resolve_settings
    from cds_eks.errors import ConfigurationError

    names = ("profile", "endpoint", "api_revision", "backend", "user_agent")
    said = {name: value for name, value in settings_of(options).items() if name in names}
    try:
        return resolve_settings(**said, needs_credentials=False)
    except ConfigurationError as error:
        raise _of_the_option(error) from None


def _of_the_option(error: ConfigurationError) -> ConfigurationError:
    """Return an error that names the client's argument `profile=` as one that names the option."""
    from cds_eks.errors import ConfigFileError

    if not isinstance(error, ConfigFileError):
        return error
    faults = error.faults
    return ConfigFileError(
        tuple(each._replace(message=each.message.replace("profile= ", "--profile ", 1)) for each in faults)
    )
