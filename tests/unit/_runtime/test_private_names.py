"""What breaks if another library renames what we use of it though it is private."""

from __future__ import annotations

import anyio
import anyio.lowlevel

from cds_eks._runtime.private_names import ANYIO_ASYNCIO_BACKEND


async def backend_module() -> str:
    return anyio.lowlevel.current_token().backend_class.__module__


def test_anyio_runs_asyncio_with_the_module_that_the_sync_client_imports_ahead() -> None:
    """Otherwise the event loop thread imports it, and a child that is forked meanwhile waits for ever to import it."""
    assert anyio.run(backend_module, backend="asyncio") == ANYIO_ASYNCIO_BACKEND
