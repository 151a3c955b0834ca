"""The header `User-Agent`."""

from __future__ import annotations

import platform

from cds_eks._version import __version__
from cds_eks.errors import ConfigurationError


def user_agent(prefix: str | None) -> str:
    """Return the `User-Agent`, with the application's name first if there is one.

    Raises:
        ConfigurationError: The name can't be sent.
    """
    own = f"cds-eks-python/{__version__} python/{platform.python_version()}"
    if prefix is None:
        return own
    if not isinstance(prefix, str) or not prefix.strip() or not prefix.isascii() or not prefix.isprintable():
        raise ConfigurationError("user_agent must be printable ASCII text")
    return f"{prefix.strip()} {own}"
