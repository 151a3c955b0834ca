"""Signers of a user's own."""

from __future__ import annotations

from collections.abc import Mapping

import anyio


class Blocking:
    """A signer of a user's."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []

    def sign(self, method: str, params: Mapping[str, str]) -> str:
        self.asked.append((method, dict(params)))
        return f"Signed={len(self.asked)}"


class Remote(Blocking):
    """A signer of a user's that has to ask somebody."""

    async def sign(self, method: str, params: Mapping[str, str]) -> str:  # type: ignore[override]
        await anyio.lowlevel.checkpoint()
        return super().sign(method, params)
