"""The pytest plugin by a name to load it with, where pytest does not load plugins by itself.

pytest -p cds_eks.testing.plugin

PYTEST_DONT_REWRITE: it asserts nothing, and may be imported already.
"""

from _cds_eks_pytest import (
    eks_client,
    eks_credentials,
    eks_emulator,
    eks_endpoint,
    eks_fake_backend,
    eks_respx,
    eks_sync_client,
    pytest_configure,
    pytest_load_initial_conftests,
    pytest_runtest_setup,
)

__all__ = [
    "eks_client",
    "eks_credentials",
    "eks_emulator",
    "eks_endpoint",
    "eks_fake_backend",
    "eks_respx",
    "eks_sync_client",
    "pytest_configure",
    "pytest_load_initial_conftests",
    "pytest_runtest_setup",
]
