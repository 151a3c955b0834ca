"""Names that are imported when they are first used (PEP 562): an import of the package costs next to nothing."""

from __future__ import annotations

import importlib
import sys

from cds_eks._runtime import forks, loading

TYPE_CHECKING = False  # that of `typing` costs 5 ms
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any


def lazily(package: str, homes: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return the `__getattr__` and the `__dir__` of a package.

    Args:
        package: Its name.
        homes: For each name that it shows, the module that has it; a name that is a module's own stands for that.
    """

    def get(name: str) -> Any:
        home = homes.get(name)
        if home is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        with loading.here, forks.first_use.here():
            module = importlib.import_module(home)
        value = module if home == f"{package}.{name}" else getattr(module, name)
        setattr(sys.modules[package], name, value)
        return value

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *homes})

    return get, names
