"""The error tree: what went wrong, and what is known of the request's outcome.

Every error carries `action` (the documented or wire name of the operation), `request_id` (the service's, for its
support), `attempts` (how many were made) and `outcome`:

* ``not_sent``: the service can't have seen the request;
* ``refused``: the service answered with an error response, and nothing was changed;
* ``accepted``: the service answered with a success response; what failed came later;
* ``unknown``: the request may or may not have been carried out.

What an operation raises depends on its kind, which the docstring of its method names.

What a read raises, after it was repeated as often as `RetryPolicy` says:

* `InvalidRequestError`: an argument is missing, breaks its rule, or can't be said in the client's `api_revision`;
  nothing was sent;
* `ServiceError`: the service refused; see its subclasses;
* `TransportError`: no answer came back;
* `UnreadableResponse`: the answer is not the service's;
* `DeadlineExceeded`: the time for the call ran out.

What an idempotent write raises: the same, after it was repeated in the same way.

What a create raises: the same; and if it may have been carried out nonetheless, the error is an `AmbiguousCreate` as
well. A create is repeated only if it can't have been carried out. One that is cut off (by a cancellation, Ctrl-C) is
among the client's `open_creates`.

All errors can be pickled, and none holds a secret.
"""

from cds_eks.errors.base import ConfigurationError, CredentialsError, EksError, InvalidRequestError, Outcome, _revive
from cds_eks.errors.creates import (
    AmbiguousAnswer,
    AmbiguousConnectionLost,
    AmbiguousCreate,
    AmbiguousDeadline,
    AmbiguousServerFault,
    AmbiguousTransport,
    DuplicateFound,
    IncompleteList,
)
from cds_eks.errors.retryable import may_pass
from cds_eks.errors.service import (
    AuthenticationError,
    BadArgument,
    Conflict,
    NotFound,
    PermissionDenied,
    QuotaExceeded,
    ServerFault,
    ServiceError,
    Throttled,
)
from cds_eks.errors.sources import ConfigFileError, SecretUnavailable
from cds_eks.errors.transport import (
    ConnectFailed,
    ConnectionLost,
    DeadlineExceeded,
    TransportError,
    UnreadableResponse,
)
from cds_eks.errors.waits import TaskFailed, WaitTimeout

__all__ = [
    "AmbiguousCreate",
    "AuthenticationError",
    "BadArgument",
    "ConfigFileError",
    "ConfigurationError",
    "Conflict",
    "ConnectFailed",
    "ConnectionLost",
    "CredentialsError",
    "DeadlineExceeded",
    "DuplicateFound",
    "EksError",
    "IncompleteList",
    "InvalidRequestError",
    "NotFound",
    "Outcome",
    "PermissionDenied",
    "QuotaExceeded",
    "SecretUnavailable",
    "ServerFault",
    "ServiceError",
    "TaskFailed",
    "Throttled",
    "TransportError",
    "UnreadableResponse",
    "WaitTimeout",
    "may_pass",
]

_KINDS_OF_AMBIGUOUS = (
    AmbiguousAnswer,
    AmbiguousConnectionLost,
    AmbiguousDeadline,
    AmbiguousServerFault,
    AmbiguousTransport,
)

# Tracebacks and pickles name the public module, wherever in it a class is written.
for _class in (*_KINDS_OF_AMBIGUOUS, *map(globals().get, __all__)):
    if isinstance(_class, type):
        _class.__module__ = __name__
_revive.__module__ = __name__
