"""Names and addresses of hosts: whether one is valid, and what is wrong with it."""

from __future__ import annotations

import ipaddress
import re

LONGEST_NAME = 253
LONGEST_LABEL = 63

_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


def host_fault(name: str) -> str | None:
    """Return what is wrong with the name or address of a host, without repeating it; None if nothing is.

    A name that none can have fails late and in odd ways when it is looked up. Names that only some resolvers know, with
    underscores or a dot at the end, pass; so do international ones, as the client that looks them up reads them.
    """
    if not name:
        return "it is empty"
    if "%" in name:
        return "an address with a zone can't be asked for"
    if ":" in name:
        return None if _is_address(name, ipaddress.IPv6Address) else "it is no IPv6 address"
    ascii_name = in_ascii(name)
    if ascii_name is None:
        return "a part of it is no international name"
    return _name_fault(ascii_name)


def is_host(name: str) -> bool:
    """Whether a name can be that of a host, or is an address."""
    return host_fault(name) is None


def in_ascii(name: str) -> str | None:
    """Return a name in lower case as it is looked up: international parts in ASCII; None if that can't be done."""
    if name.isascii():
        return name.lower()
    import idna  # as httpx does, and only for such names: its tables are large

    try:
        return idna.encode(name.lower()).decode("ascii")
    except UnicodeError:
        return None


def _name_fault(name: str) -> str | None:
    whole = name.removesuffix(".")
    if len(whole) > LONGEST_NAME:
        return f"a name has at most {LONGEST_NAME} characters"
    labels = whole.split(".")
    if "" in labels:
        return "there is nothing between two of its dots, or before the first"
    if max(map(len, labels)) > LONGEST_LABEL:
        return f"a part between dots has at most {LONGEST_LABEL} characters"
    if _NUMBER.fullmatch(labels[-1]):  # which no top-level domain is: systems take all such names for addresses
        return None if _is_address(name, ipaddress.IPv4Address) else "it is no IPv4 address"
    if not all(map(_LABEL.fullmatch, labels)):
        return "it may have letters, digits, dashes and underscores, and no dash at the begin or end of a part"
    return None


def _is_address(name: str, kind: type[ipaddress.IPv4Address | ipaddress.IPv6Address]) -> bool:
    try:
        kind(name)
    except ValueError:
        return False
    return True
