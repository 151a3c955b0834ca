"""`clusters endpoints`: the addresses of a cluster, as GetCluster tells them and nothing else. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from cds_eks.models import ClusterDetail, EipInfo

FIELDS = ("vip", "cluster_ip", "sub_domain", "ssh_port", "dashboard_addr")
NO_SERVERS = ("ssh_port", "dashboard_addr")
EIPS = ("source_eip", "destination_eip")


@attrs.frozen
class Address:
    """One address of a cluster.

    Attributes:
        field: The field of `ClusterDetail` that has it: `vip`, `source_eip.ip`.
        address: The address, or the port, as the service tells it.
        meaning: What the field is, by the description of the API.
    """

    field: str
    address: str
    meaning: str


def addresses(cluster: ClusterDetail) -> tuple[Address, ...]:
    """Return the addresses that the service has told; a field that is empty is left out.

    Nothing is put together of them: the service does not say which port the API server listens on, say.
    """
    found = [(name, getattr(cluster, name)) for name in FIELDS]
    found += [(f"{name}.ip", eip.ip) for name in EIPS if isinstance(eip := getattr(cluster, name), EipInfo)]
    meanings = _meanings()
    return tuple(
        Address(name, str(value), meanings.get(name.removesuffix(".ip"), ""))
        for name, value in found
        if value not in (None, "", 0)
    )


def of_servers(found: Sequence[Address]) -> list[str]:
    """Return those, each once, that the API server may be at: no port, and not the dashboard's."""
    return list(dict.fromkeys(each.address for each in found if each.field not in NO_SERVERS))


def _meanings() -> dict[str, str]:
    """Return what each field is, from the docstring of the model, which is made of the API's description."""
    found = {}
    for line in (ClusterDetail.__doc__ or "").splitlines():
        name, colon, words = line.strip().partition(": ")
        if colon and name.isidentifier():
            found[name] = words.removesuffix(" [O]").removesuffix(" [D]").removesuffix(".")
    return found
