"""The async client: wiring, lifetime, and what can be called."""

from cds_eks.client.async_client import AsyncEksClient

__all__ = ["AsyncEksClient"]
