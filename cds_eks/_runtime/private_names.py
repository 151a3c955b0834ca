"""Private names of other libraries, each for want of a public one.

`tests/unit/_runtime/test_private_names.py` says what breaks when one is renamed.
"""

from __future__ import annotations

ANYIO_ASYNCIO_BACKEND = "anyio._backends._asyncio"
"""The module that `anyio.run` imports when it first runs asyncio, so that it can be imported before.

Nothing public imports it alone: `anyio.get_available_backends` imports trio as well, which takes its time, and
`anyio.run` refuses to run inside of a running event loop.
"""
