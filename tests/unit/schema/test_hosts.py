"""Names and addresses of hosts: which of them can be one."""

from __future__ import annotations

import pytest

from cds_eks import config
from cds_eks.errors import ConfigurationError
from cds_eks.schema import hosts

GOOD = [
    "api.capitalonline.net",
    "localhost",
    "a_b",
    "_eks._tcp.test",
    "api.test.",
    "xn--bcher-kva.example",
    "bücher.example",
    "首都在线.中国",
    "1password.test",
    "3.a",
    "127.0.0.1",
    "::1",
    "2001:db8::ffff:10.0.0.1",
    f"{'a' * 63}.test",
    ".".join(["a" * 49] * 5),
]

BAD = {
    "": "empty",
    ".": "nothing between two of its dots",
    "a..b": "nothing between two of its dots",
    ".a": "nothing between two of its dots",
    "999.1.1.1": "no IPv4 address",
    "1.2.3": "no IPv4 address",
    "1.2.3.4.5": "no IPv4 address",
    "2130706433": "no IPv4 address",
    "0x7f.1": "no IPv4 address",
    "127.0.0.01": "no IPv4 address",
    "-a.b": "no dash",
    "a-.b": "no dash",
    "a.-": "no dash",
    "a b": "letters, digits",
    "a<b>": "letters, digits",
    f"{'a' * 64}.b": "63 characters",
    ".".join(["a" * 50] * 5): "253 characters",
    "fe80::1%25eth0": "zone",
    "fe80::1%eth0": "zone",
    "1:2": "no IPv6 address",
    "::1::": "no IPv6 address",
    "☃.test": "no international name",
}


@pytest.mark.parametrize("name", GOOD)
def test_a_valid_host_passes(name: str) -> None:
    assert hosts.host_fault(name) is None
    assert hosts.is_host(name)


@pytest.mark.parametrize("name", BAD)
def test_an_invalid_host_is_refused_with_the_reason_and_not_repeated(name: str) -> None:
    fault = hosts.host_fault(name)
    assert fault is not None
    assert BAD[name] in fault
    assert len(name) < 5 or name not in fault


@pytest.mark.parametrize("host", [f"[{name}]" if ":" in name else name for name in BAD if name and " " not in name])
def test_an_endpoint_at_such_a_host_is_refused_when_the_client_is_made(host: str) -> None:
    with pytest.raises(ConfigurationError, match=r"must name a host|must be a URL") as caught:
        config.service_url(f"https://{host}:443")
    assert len(host) < 5 or host not in str(caught.value)
