"""The EKS service on your own machine, for tests, demos and CI: `pip install "cds-eks[emulator]"`.

It verifies signatures, checks arguments, keeps state, and runs clusters, nodes, pools and network interfaces through
their life, at a speed of your choice. It fails in the ways that you tell it to. Its ledger tells what really happened.
It is written after the contract of the service, not after this SDK, of which it uses nothing but the signature.

Its packages, each of which imports only itself and those before it: `protocol` (the description of the API, validation,
the envelope, redaction), `engine` (state, clock, life cycles, ledger), `handlers` (what each action does), `faults`,
`http` (from a request to its answer), `setup` (the command line and the file of a world) and `control` (what is below
`/_emulator/`). `app` puts them together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cds_eks.emulator.engine.clock import Clock, DrivenClock, ManualClock, WallClock
from cds_eks.emulator.engine.ledger import Ledger, RequestEntry, ResourceEntry
from cds_eks.emulator.faults.fault import Fault
from cds_eks.emulator.faults.schedule import Faults
from cds_eks.emulator.faults.text import parse_fault

if TYPE_CHECKING:
    from cds_eks.emulator.app import Emulator
else:

    def __getattr__(name: str) -> object:
        # Imported when it is asked for, so that `python -m cds_eks.emulator` can say in one line what is not installed.
        if name != "Emulator":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        try:
            from cds_eks.emulator.app import Emulator
        except ModuleNotFoundError as missing:
            raise ModuleNotFoundError(
                f'the emulator needs {missing.name}: pip install "cds-eks[emulator]"', name=missing.name
            ) from missing
        return Emulator


__all__ = [
    "Clock",
    "DrivenClock",
    "Emulator",
    "Fault",
    "Faults",
    "Ledger",
    "ManualClock",
    "RequestEntry",
    "ResourceEntry",
    "WallClock",
    "parse_fault",
]
