"""Names that are imported when they are first used (PEP 562): an import of the package costs next to nothing."""

from __future__ import annotations

import importlib
import sys

from cds_eks._runtime import forks, loading

TYPE_CHECKING = False  # that of `typing` costs 5 ms
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any


def lazily(package: str, modules: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return the `__getattr__` and the `__dir__` of a package.

    Args:
        package: Its name.
        modules: For each public name, the path of the module that has it; the name of a module has its own path.
    """

    def get(name: str) -> Any:
        path = modules.get(name)
        if path is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        with loading.in_progress, forks.first_use.of_this_process():
            module = importlib.import_module(path)
        value = module if path == f"{package}.{name}" else getattr(module, name)
        setattr(sys.modules[package], name, value)
        return value

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *modules})

    return get, names
