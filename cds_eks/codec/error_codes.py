"""Which error each code of the service is, and each HTTP status where there is no code."""

from __future__ import annotations

import re

from cds_eks import errors
from cds_eks.errors import ServiceError

# The codes of this cloud [O], and what they mean here. The list is open: an unknown one is judged by the HTTP status.
# Each has a row in tests/unit/codec/error_codes.json as well, with the outcome of a create that is answered with it.
BY_CODE: dict[str, type[ServiceError]] = {
    "argmissing": errors.BadArgument,
    "invalidparameter": errors.BadArgument,
    "badargs": errors.BadArgument,
    "unsupportedoperation": errors.BadArgument,
    "invalidhttprequest": errors.BadArgument,
    "malformedjson": errors.BadArgument,
    "invalidversion": errors.BadArgument,
    "paramerror": errors.BadArgument,
    "missingparameter": errors.BadArgument,
    "paramparseerror": errors.BadArgument,
    "inappropriatejson": errors.BadArgument,
    "invaliduri": errors.BadArgument,
    "unsupportedaction": errors.BadArgument,
    "unsupportedhttpmethod": errors.BadArgument,
    "notenoughbalance": errors.QuotaExceeded,
    "insufficientbalance": errors.QuotaExceeded,
    "account.arrearage": errors.QuotaExceeded,
    "quotaexceeded": errors.QuotaExceeded,
    "maxecscountexceed": errors.QuotaExceeded,
    "requestexpired": errors.AuthenticationError,
    "invalidaccesskeyid": errors.AuthenticationError,
    "signaturedoesnotmatch": errors.AuthenticationError,
    "authfailure": errors.AuthenticationError,
    "invalidhttpauthheader": errors.AuthenticationError,
    "accessdenied": errors.PermissionDenied,
    "optinrequired": errors.PermissionDenied,
    "resourcenotfound": errors.NotFound,
    "resourceinuse": errors.Conflict,
    "preconditionfailed": errors.Conflict,
    "invalidoperation": errors.Conflict,
    "internalerror": errors.ServerFault,
    "createorderexcept": errors.ServerFault,
}
BY_STATUS: dict[int, type[ServiceError]] = {
    401: errors.AuthenticationError,
    402: errors.QuotaExceeded,
    403: errors.PermissionDenied,
    404: errors.NotFound,
    408: errors.ServerFault,
    409: errors.Conflict,
    410: errors.NotFound,
    412: errors.Conflict,
    429: errors.Throttled,
}

REFUSALS = frozenset(
    {400, 401, 402, 403, 404, 405, 410, 411, 412, 413, 414, 415, 416, 417, 421, 422, 426, 428, 429, 431, 451}
)
"""The HTTP statuses that mean, even without a body, that nothing was done: the request was refused.

Not 406 (it was done, but the answer has another media type), 407 (about a proxy), 408 (a gateway timed out), 409 (the
answer to a second delivery of one request), 423 to 425, and 499 (a proxy's client closed the connection).
"""

_NO_SUCH_THING = re.compile(r"invalid.*\.notfound", re.DOTALL)  # `InvalidEcs.NotFound`, whatever stands between [O]
# No throttling code of this cloud is known [I]: these are the words that other clouds use.
_THROTTLING = re.compile(r"throttl|toomanyrequests|requestlimit|ratelimit|rateexceeded|flowcontrol", re.IGNORECASE)
_QUOTA = re.compile(r"quota|limitexceeded|balance", re.IGNORECASE)


def by_code(code: str) -> type[ServiceError] | None:
    """Return the error of a code of this cloud, or None if it is unknown; a dotted one is that of its head [O]."""
    lowered = code.strip().lower()
    if found := BY_CODE.get(lowered):
        return found
    if _NO_SUCH_THING.fullmatch(lowered):
        return errors.NotFound
    return BY_CODE.get(lowered.partition(".")[0])


def by_code_pattern(code: str) -> type[ServiceError] | None:
    """Return the error of a code by the words in it, as other clouds use them [I], or None."""
    if _THROTTLING.search(code):
        return errors.Throttled
    return errors.QuotaExceeded if _QUOTA.search(code) else None


def by_status(status: int) -> type[ServiceError]:
    """Return the error of an HTTP status."""
    if status >= 500:
        return errors.ServerFault
    return BY_STATUS.get(status, errors.BadArgument if status >= 400 else ServiceError)
