"""The clusters that a command has made."""

from __future__ import annotations

from cds_eks.emulator import Emulator


def only_cluster(emulator: Emulator) -> str:
    """The id of the cluster that was made."""
    assert emulator.ledger.count("CreateCluster", "Success") == 1
    return str(emulator.ledger.to_plain()["resources"][0]["id"])
