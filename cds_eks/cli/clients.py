"""The clients of the commands, as the common options ask for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cds_eks.cli.options import Options

if TYPE_CHECKING:
    from cds_eks.client import AsyncEksClient
    from cds_eks.sync.client import EksClient


def settings_of(options: Options) -> dict[str, Any]:
    """Return the settings of a client: those that were given, so that the SDK finds the others where it always does."""
    given = {
        "profile": options.profile,
        "endpoint": options.endpoint,
        "api_revision": options.api_revision,
        "backend": options.backend,
    }
    return {"user_agent": "cds-eks-cli"} | {name: value for name, value in given.items() if value is not None}


def open_client(options: Options) -> EksClient:
    """Make the blocking client."""
    from cds_eks.sync.client import EksClient

    return EksClient(**settings_of(options))


def open_async_client(options: Options) -> AsyncEksClient:
    """Make the async client."""
    from cds_eks.client import AsyncEksClient

    return AsyncEksClient(**settings_of(options))
