"""What `doctor` says: of what was seen, one result a check, each with what is wrong and what to do. Pure."""

from __future__ import annotations

import re
from typing import Literal

import attrs

from cds_eks import errors
from cds_eks.errors import EksError
from cds_eks.schema.revisions import API_REVISIONS

MOST_SKEW = 60.0
"""How many seconds this machine's clock may be off before it is a problem. The service's window is not known [I]."""


@attrs.frozen
class Check:
    """The result of one check.

    Attributes:
        name: What was checked: `settings`, `key`, `proxy`, `tls`, `endpoint`, `clock` or `revision`.
        state: `ok`; `problem`; or `skipped` if something else must be put right first.
        message: In one line what was found, or what is wrong. Nothing secret is in it.
        advice: In one line what to do; empty unless it is a problem.
    """

    name: str
    state: Literal["ok", "problem", "skipped"]
    message: str
    advice: str = ""

    @property
    def is_ok(self) -> bool:
        """Whether it needs no attention."""
        return self.state != "problem"


def ok(name: str, message: str) -> Check:
    """Return the result of a check that found nothing wrong."""
    return Check(name, "ok", message)


def problem(name: str, message: str, advice: str) -> Check:
    """Return the result of a check that found something."""
    return Check(name, "problem", message, advice)


def skipped(name: str, message: str) -> Check:
    """Return the result of a check that could not be made."""
    return Check(name, "skipped", message)


@attrs.frozen(kw_only=True)
class Seen:
    """What came of one read.

    Attributes:
        endpoint: Where it went.
        error: What it raised, or None.
        answered: Whether the service, or something in its place, has answered.
        skew: How many seconds the service's clock is ahead of this machine's; None if no answer told its time.
        was_expired: Whether the service has refused a request for its time.
        proxy: The proxy's host and port, or empty.
        keys: Where the keys are, as `whoami` tells it.
    """

    endpoint: str
    error: EksError | None = None
    answered: bool = False
    skew: float | None = None
    was_expired: bool = False
    proxy: str = ""
    keys: str = "***"


_TLS = re.compile(r"\b(?:ssl|tls|certificate|handshake)", re.IGNORECASE)
_NAME = re.compile(r"getaddrinfo|name or service|nodename|name resolution|no address|not be resolved", re.IGNORECASE)


def endpoint_and_tls(seen: Seen) -> tuple[Check, Check]:
    """Return whether the endpoint answers, and whether its certificate is trusted."""
    error, is_https = seen.error, seen.endpoint.startswith("https:")
    plain = skipped("tls", f"{seen.endpoint} is not encrypted")
    if isinstance(error, errors.UnreadableResponse):
        advice = "check the endpoint, and whether a proxy or gateway answers in the service's place"
        return (
            problem("endpoint", f"{seen.endpoint} gives answers that are not the service's: {_line(error)}", advice),
            ok("tls", "the certificate is trusted") if is_https else plain,
        )
    if seen.answered:
        words = f"{seen.endpoint} answers"
        tls = ok("tls", "the certificate is trusted") if is_https else plain
        if isinstance(error, errors.ServerFault):
            advice = "try again later; if it stays, tell the service's support the request id"
            return problem("endpoint", f"{words} with a fault of its own: {_line(error)}", advice), tls
        return ok("endpoint", words), tls
    words = "nothing was asked" if error is None else _line(error)
    if is_https and isinstance(error, errors.TransportError) and _TLS.search(error.message):
        advice = "say with `tls` in the profile, or SSL_CERT_FILE, which authorities are trusted; docs/backends.md"
        return skipped("endpoint", "TLS comes first"), problem("tls", words, advice)
    if _NAME.search(words):
        advice = "check the endpoint's spelling and this machine's DNS"
    elif seen.proxy:
        advice = f"check the endpoint, and the proxy {seen.proxy} (HTTPS_PROXY, NO_PROXY)"
    else:
        advice = "check the endpoint and the network; behind a firewall, HTTPS_PROXY may be needed"
    tls = skipped("tls", "there was no connection") if is_https else plain
    return problem("endpoint", words, advice), tls


def clock(seen: Seen) -> Check:
    """Return whether this machine's clock goes with the service's."""
    if seen.skew is None:
        return skipped("clock", "the service has not told its time")
    off = "ahead of" if seen.skew < 0 else "behind"
    words = f"this machine's clock is {_duration(abs(seen.skew))} {off} the service's"
    if seen.was_expired:
        return problem("clock", f"{words}, and requests are refused for it", "set the clock, by NTP")
    if abs(seen.skew) > MOST_SKEW:
        return problem("clock", words, "set the clock, by NTP: requests may be refused for their time")
    return ok("clock", f"it is within {MOST_SKEW:.0f} s of the service's")


def key(seen: Seen) -> Check:
    """Return whether the service takes the key."""
    error = seen.error
    if isinstance(error, errors.AuthenticationError):
        code = (error.code or "").lower()
        if code == "requestexpired":
            return skipped("key", "the clock comes first")
        if code == "invalidaccesskeyid":
            return problem("key", f"the service does not know the access key's id ({seen.keys})",
                           "check the id, and whether the key was deleted or belongs to another endpoint")  # fmt: skip
        if code == "signaturedoesnotmatch":
            return problem("key", f"the key does not go with its id ({seen.keys})",
                           "check the key: it may be cut off, or another one's")  # fmt: skip
        return problem("key", f"the service refuses the key: {_line(error)}", "check the key and its id")
    if isinstance(error, errors.PermissionDenied):
        return problem("key", f"the key is known, but may not list clusters: {_line(error)}",
                       "ask who manages the account for the permission")  # fmt: skip
    if error is None:
        return ok("key", f"the service takes it ({seen.keys})")
    if isinstance(error, errors.ServiceError) and not isinstance(error, (errors.ServerFault, errors.Throttled)):
        return ok("key", f"the service takes it ({seen.keys})")
    return skipped("key", "the service did not judge it")


def revision(name: str, error: EksError | None) -> Check:
    """Return whether the service understands a revision of the API.

    Args:
        name: The revision.
        error: What came of a request for a cluster that does not exist, whose body differs by revision.
    """
    other = next(each for each in API_REVISIONS if each != name)
    if isinstance(error, errors.NotFound):
        return ok("revision", f"the service understands {name}")
    if isinstance(error, errors.BadArgument):
        advice = f"set api_revision to {other}: in the profile, or by CDS_EKS_API_REVISION"
        return problem("revision", f"the service does not understand {name}: {_line(error)}", advice)
    words = "it accepted what names nothing" if error is None else _line(error)
    return skipped("revision", f"that can't be told: {words}")


def _line(error: EksError) -> str:
    """Return what an error says, in one line."""
    code = getattr(error, "code", None)
    words = " ".join(error.message.split())
    told = f"{code}: {words}" if code and code not in words else words
    return f"{told} (request id {error.request_id})" if error.request_id else told


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
