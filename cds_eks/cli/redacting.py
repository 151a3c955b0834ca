"""Plain data fit to be printed: what has the name of a secret, and what is one, is replaced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from cds_eks.redaction import NO_SECRETS, Secrets, is_secret_name, redact, secrets_of_proxy
from cds_eks.redaction.marks import SHORTEST_FOLDED

if TYPE_CHECKING:
    from cds_eks.pipeline import Send
    from cds_eks.wire import RawResponse, Request


def redacted(value: Any, secrets: Secrets = NO_SECRETS) -> Any:
    """Return plain data without secrets: all below a name that says so, and the given texts wherever they stand."""
    if isinstance(value, Mapping):
        return {
            name: _hidden(each) if is_secret_name(name) else redacted(each, secrets) for name, each in value.items()
        }
    if isinstance(value, list):
        return [redacted(each, secrets) for each in value]
    return redact(value, secrets, is_id=True) if isinstance(value, str) else value


def _hidden(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _hidden(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_hidden(each) for each in value]
    return "***" if value else value


class SentSecrets:
    """What the requests of one command have sent of secrets: a service may repeat it in any text of its answers.

    Short ones are not looked for in results: they may be in names that programs go on with.
    """

    def __init__(self) -> None:
        self._known = self._looked_for = NO_SECRETS

    async def __call__(self, request: Request, send: Send) -> RawResponse:
        """Note the secrets of a call: a middleware."""
        try:
            return await send(request)
        finally:
            known = self._known | request.hidden
            if known is not self._known:
                self._known, self._looked_for = known, known.of_length(SHORTEST_FOLDED)

    def fit_to_print(self, value: Any) -> Any:
        """Return the result of a command without them; an iterator is read as it is printed."""
        if isinstance(value, Iterator):
            return map(self.fit_to_print, value)
        return _without(value, self._looked_for) if self._looked_for else value


def _without(value: Any, secrets: Secrets) -> Any:
    if isinstance(value, str):
        return redact(value, secrets, is_id=True)
    if isinstance(value, Mapping):
        return {_without(name, secrets): _without(each, secrets) for name, each in value.items()}
    return [_without(each, secrets) for each in value] if isinstance(value, (list, tuple)) else value


_FOLDERS = frozenset({"PWD", "OLDPWD"})


def secrets_of_environment(environ: Mapping[str, str]) -> Secrets:
    """Return what an environment has of secrets: the values of names that say so, and the passwords of proxies."""
    found = {value for name, value in environ.items() if is_secret_name(name) and name not in _FOLDERS}
    proxies = (value for name, value in environ.items() if name.lower().endswith("_proxy"))
    return Secrets(found.union(*map(secrets_of_proxy, proxies)))
