"""The keys of a profile: asked for when they are first needed, and again from time to time."""

from __future__ import annotations

import copy
import logging
from collections.abc import Awaitable, Callable

from cds_eks._runtime import clocks, forks
from cds_eks._runtime.frames import clear_frames
from cds_eks.config.environment import check_credentials
from cds_eks.config.profiles import DEFAULT_MAX_AGE
from cds_eks.documents.secrets import SecretRef
from cds_eks.errors import ConfigurationError, CredentialsError, SecretUnavailable
from cds_eks.signing import Credentials

logger: logging.Logger = logging.getLogger("cds_eks.config")

AT_ONCE = ("env", "inline")
"""Where keys are that are there without waiting."""


class KeyUnavailable(SecretUnavailable, CredentialsError):
    """A key, or its id, can't be had from where the profile says that it is."""


def credentials_of(
    secret_id: SecretRef, secret_key: SecretRef, max_age: float = DEFAULT_MAX_AGE
) -> Credentials | ProfileCredentials:
    """Return the credentials, or their provider if they are where asking may take its time.

    Raises:
        KeyUnavailable: They can't be had.
        CredentialsError: They can't be used.
    """
    if secret_id.source in AT_ONCE and secret_key.source in AT_ONCE:
        return resolved(secret_id, secret_key)
    return ProfileCredentials(secret_id, secret_key, max_age=max_age)


def resolved(secret_id: SecretRef, secret_key: SecretRef) -> Credentials:
    """Ask for both now, however long that takes.

    Raises:
        KeyUnavailable: One can't be had.
        CredentialsError: They can't be used.
    """
    try:
        return check_credentials(Credentials(secret_id.resolve(), secret_key.resolve()))
    except SecretUnavailable as error:
        unavailable = KeyUnavailable(error.reference, error.reason)
    except ConfigurationError as error:
        raise clear_frames(error) from None
    raise unavailable


class ProfileCredentials:
    """Provides the keys of a profile to a client.

    They are asked for on another thread, so that a slow command does not keep the event loop; once, whatever calls wait
    for them. When they can't be had again, those before are used for as long again, and a warning is logged.

    What is pickled is where they are; a forked child asks for them itself.

    Args:
        secret_id: Where the access key's id is.
        secret_key: Where the key is.
        max_age: How long they are used before they are asked for again, in seconds.
        clock: Tells the time, in seconds.
    """

    def __init__(
        self,
        secret_id: SecretRef,
        secret_key: SecretRef,
        *,
        max_age: float = DEFAULT_MAX_AGE,
        clock: Callable[[], float] = clocks.monotonic,
    ) -> None:
        from anyio.lowlevel import RunVar

        self._refs = (secret_id, secret_key)
        self._max_age = max_age
        self._clock = clock
        self._known: tuple[int, float, Credentials] | None = None  # the process that asked, until when, and the keys
        self._failures = 0
        self._failure: ConfigurationError | None = None
        self._lock: RunVar[object] = RunVar("lock")  # each event loop has one

    def __repr__(self) -> str:
        return f"ProfileCredentials({self._refs[0].reference}, {self._refs[1].reference})"

    def __reduce__(self) -> tuple[Callable[..., ProfileCredentials], tuple[SecretRef, SecretRef, float]]:
        return _provider, (*self._refs, self._max_age)

    def __call__(self) -> Credentials | Awaitable[Credentials]:
        """Return the credentials, or an awaitable of them when they have to be asked for."""
        return self._fresh() or self._ask()

    def _fresh(self) -> Credentials | None:
        known = self._known
        return known[2] if known is not None and known[0] == forks.process() and self._clock() < known[1] else None

    async def _ask(self) -> Credentials:
        import anyio
        import anyio.to_thread

        lock = self._lock.get(None)
        if not isinstance(lock, anyio.Lock):
            lock = anyio.Lock()
            self._lock.set(lock)
        failures = self._failures
        async with lock:
            if (fresh := self._fresh()) is not None:  # another call has asked meanwhile
                return fresh
            if self._failures != failures and self._failure is not None:  # it has, and was refused
                raise copy.copy(self._failure)
            try:
                found = await anyio.to_thread.run_sync(resolved, *self._refs, abandon_on_cancel=True)
            except ConfigurationError as error:
                found = self._former(error)
            self._known = (forks.process(), self._clock() + self._max_age, found)
            return found

    def _former(self, error: ConfigurationError) -> Credentials:
        if self._known is None or self._known[0] != forks.process():
            self._failures += 1
            self._failure = copy.copy(error)
            raise error
        logger.warning("the profile's keys can't be read again, the previous ones stay in use: %s", error.message)
        return self._known[2]


def _provider(secret_id: SecretRef, secret_key: SecretRef, max_age: float) -> ProfileCredentials:
    return ProfileCredentials(secret_id, secret_key, max_age=max_age)
