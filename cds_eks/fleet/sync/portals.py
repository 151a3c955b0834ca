"""The way to the event loop thread of a blocking client."""

from __future__ import annotations

from cds_eks.errors import ConfigurationError
from cds_eks.sync.client import EksClient
from cds_eks.sync.portal import Portal


def portal_of(eks: EksClient) -> Portal:
    """Return what runs async calls on a client's event loop.

    Raises:
        ConfigurationError: It is no `EksClient`.
    """
    if not isinstance(eks, EksClient):
        raise ConfigurationError(f"cds_eks.fleet.sync takes an EksClient, not {type(eks).__name__}: see cds_eks.fleet")
    return eks._portal  # noqa: SLF001 - the client's other half
