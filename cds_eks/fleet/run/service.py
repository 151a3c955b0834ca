"""Which service a journal is about: its ids say nothing at another endpoint, so that one is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cds_eks.errors import ConfigurationError
from cds_eks.fleet.journal.base import Journal

if TYPE_CHECKING:
    from cds_eks.client.async_client import AsyncEksClient

_USUAL_PORTS = {"http": 80, "https": 443}


def service_of(endpoint: str) -> str:
    """Return how a journal calls the service at an endpoint: by host, port and path, whatever the scheme."""
    parts = urlsplit(endpoint)
    host = (parts.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    port = "" if parts.port in (None, _USUAL_PORTS.get(parts.scheme)) else f":{parts.port}"
    return f"{host}{port}{parts.path.rstrip('/')}"


async def check_service(eks: AsyncEksClient, journal: Journal) -> None:
    """See that a journal is about the service that a client talks to; one that is about none yet is from now on.

    Raises:
        ConfigurationError: It is about another one. Nothing was sent.
    """
    own = service_of(eks.endpoint)
    noted = await journal.belong_to(own)
    if noted != own:
        raise ConfigurationError(
            f"the journal belongs to the service at {noted}, and this client talks to {own}: there its ids say "
            "nothing, and what is open would be made again. Use the client or the journal of that place; if it is "
            "the same service under another name, open the journal with open_journal(..., rebind=True) once"
        )
