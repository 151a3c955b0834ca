"""Signatures as a page would write them."""

from __future__ import annotations

import inspect


def spelt(signature: inspect.Signature) -> str:
    """A signature without its types."""
    plain = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in signature.parameters.values()]
    return str(inspect.Signature(plain))
