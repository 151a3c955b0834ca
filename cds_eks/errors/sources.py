"""Errors of what settings and secrets come from."""

from __future__ import annotations

from cds_eks.errors.base import ConfigurationError
from cds_eks.errors.faults import ConfigFault


class ConfigFileError(ConfigurationError):
    """The file of profiles can't be used, or not for what was asked of it.

    Attributes:
        faults: What is wrong with it: each with its field and its line, if it has one.
    """

    def __init__(self, faults: tuple[ConfigFault, ...]) -> None:
        super().__init__("; ".join(str(fault) for fault in faults))
        self.faults = faults


class SecretUnavailable(ConfigurationError):
    """A secret can't be had from where its reference says. The message names the reference, and nothing of the secret.

    Attributes:
        reference: The reference: `env:NAME`, say.
        reason: What is wrong.
        field: Which field it is for; empty if that is not known.
    """

    def __init__(self, reference: str, reason: str, field: str = "") -> None:
        super().__init__(": ".join(part for part in (field, reference, reason) if part))
        self.reference = reference
        self.reason = reason
        self.field = field
