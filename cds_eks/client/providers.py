"""Credentials that a callable gives, at each attempt anew: a provider, which may be async."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping

from cds_eks.config import check_credentials, credentials_from
from cds_eks.errors import CredentialsError, EksError
from cds_eks.redaction import Secrets
from cds_eks.signing import Credentials, HmacSha1Signer, Signer

Provider = Callable[[], Credentials | Awaitable[Credentials]]


def signing_with(credentials: Credentials | Provider | None) -> tuple[Signer, Callable[[], Secrets]]:
    """Return what signs by the service's own scheme, and what returns the texts that it must not show.

    Args:
        credentials: Those to sign with, or their provider; None for the environment's.

    Raises:
        CredentialsError: There are none, or they can't be used.
    """
    if callable(credentials):
        provided = ProvidedSigner(credentials)
        return provided, provided.secrets
    fixed = check_credentials(credentials if credentials is not None else credentials_from())
    texts = fixed.texts
    return HmacSha1Signer(fixed), lambda: texts


class ProvidedSigner:
    """Signs with what a provider gives.

    Args:
        provide: Returns the credentials to use now, or an awaitable of them.
    """

    def __init__(self, provide: Provider) -> None:
        self._provide = provide
        self._current = Credentials("", "")
        self._own = HmacSha1Signer(lambda: self._current)
        self.secrets: Callable[[], Secrets] = self._own.secrets
        self.set_clock: Callable[[float], None] = self._own.set_clock

    def __repr__(self) -> str:
        return "ProvidedSigner(***)"

    def sign(self, method: str, params: Mapping[str, str]) -> str | Awaitable[str]:
        """Return the encoded query string with the common parameters and the signature.

        Raises:
            CredentialsError: The provider fails, or gives what can't be used.
        """
        return self._sign(method, params, None)

    def sign_at(self, method: str, params: Mapping[str, str], at: float) -> str | Awaitable[str]:
        """Return the same with another time than now: seconds since the epoch, by this machine's clock."""
        return self._sign(method, params, at)

    def _sign(self, method: str, params: Mapping[str, str], at: float | None) -> str | Awaitable[str]:
        try:
            given = self._provide()
        except EksError:
            raise
        except Exception as error:
            raise _failed(error) from error
        if inspect.isawaitable(given):
            return self._sign_later(given, method, params, at)
        return self._sign_with(given, method, params, at)

    async def _sign_later(
        self, given: Awaitable[Credentials], method: str, params: Mapping[str, str], at: float | None
    ) -> str:
        try:
            credentials = await given
        except EksError:
            raise
        except Exception as error:
            raise _failed(error) from error
        return self._sign_with(credentials, method, params, at)

    def _sign_with(self, credentials: Credentials, method: str, params: Mapping[str, str], at: float | None) -> str:
        # From here to the end nothing waits, so no other call comes between.
        self._current = check_credentials(credentials)
        return self._own.sign(method, params) if at is None else self._own.sign_at(method, params, at)


def _failed(error: Exception) -> CredentialsError:
    """Return the error of a provider; what the provider raised may hold a secret, and is only its cause."""
    return CredentialsError(f"the provider of the credentials failed ({type(error).__name__})")
