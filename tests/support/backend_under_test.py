"""The backend under test: `python -m pytest tests/faults tests/hostile --backend native`."""

from __future__ import annotations

import os
import ssl

from cds_eks.backend import Backend

BACKEND_VARIABLE = "BACKEND_UNDER_TEST"

NOT_NATIVE = {"trio", "proxy", "proxy-that-refuses"}
"""Parameters of tests that the native backend has no part in: it runs on asyncio alone, and goes through no proxy."""


def backend() -> str:
    """The name of the backend that the tests of faults and hostile answers use."""
    return os.environ.get(BACKEND_VARIABLE, "httpx")


def trusting_backend(verify: ssl.SSLContext) -> Backend:
    """That backend, with authorities of the test's own."""
    if backend() == "native":
        from cds_eks.backend.native import NativeBackend

        return NativeBackend(verify=verify)
    from cds_eks.backend.httpx import HttpxBackend

    return HttpxBackend(verify=verify)
