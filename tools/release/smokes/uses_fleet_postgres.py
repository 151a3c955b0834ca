"""The extra `fleet-postgres`: a journal is sought where no server is, which is an error of the package's own."""

from __future__ import annotations

import asyncio

from cds_eks import errors, fleet


async def opened() -> None:
    """Open a journal."""
    async with fleet.open_journal("postgresql://nobody@127.0.0.1:1/none"):
        raise AssertionError("there is a server")


said = ""
try:
    asyncio.run(opened())
except errors.EksError as error:
    said = str(error)
assert "127.0.0.1" in said, said
