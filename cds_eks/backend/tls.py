"""TLS: whose certificates are trusted (of `tls=`, or of the environment), and what its failures mean."""

from __future__ import annotations

import logging
import os
import ssl
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import attrs
import httpx

from cds_eks._runtime import forks
from cds_eks.config.environment import TLS_VARIABLES
from cds_eks.errors import ConfigurationError

logger: logging.Logger = logging.getLogger("cds_eks.backend")

Tls: TypeAlias = "ssl.SSLContext | str | os.PathLike[str]"
"""What `tls=` of a client takes: a context, or the path of the certificates to trust (a file, or a directory)."""

_warned_of: weakref.WeakSet[ssl.SSLContext] = weakref.WeakSet()


def context_of(path: str) -> ssl.SSLContext:
    """Return a context that trusts the certificates of a file in PEM, or of a directory that `openssl rehash` has made.

    Raises:
        OSError: They can't be loaded.
        ValueError: The path is none.
    """
    directories = [each for each in path.split(os.pathsep) if Path(each).is_dir()]
    if directories:  # OpenSSL takes several, and would not complain of one that is not there
        return ssl.create_default_context(capath=path)
    return ssl.create_default_context(cafile=path)


def tls_context(tls: object) -> ssl.SSLContext:
    """Return the context for a client's `tls=`.

    Raises:
        ConfigurationError: It is neither a context for clients nor a path of certificates. What is in the file, or the
            path, is not repeated.
    """
    if isinstance(tls, ssl.SSLContext):
        return _checked(tls)
    if not isinstance(tls, (str, os.PathLike)) or not isinstance(path := os.fspath(tls), str) or not path:
        raise ConfigurationError(f"tls must be an ssl.SSLContext or the path of a file, not {type(tls).__name__}")
    try:
        with forks.first_use.of_this_process():
            return context_of(path)
    except (OSError, ValueError) as error:
        failure = type(error).__name__
    raise ConfigurationError(f"tls names no file or directory of certificates that can be loaded ({failure})")


def _checked(context: ssl.SSLContext) -> ssl.SSLContext:
    if context.protocol == ssl.PROTOCOL_TLS_SERVER:
        raise ConfigurationError("tls must be a context for clients, such as ssl.create_default_context() makes")
    lacks = []
    if context.verify_mode != ssl.CERT_REQUIRED:
        lacks.append("checks no certificate")
    if not context.check_hostname:
        lacks.append("checks no host name")
    if lacks and context not in _warned_of:
        _warned_of.add(context)
        logger.warning(
            "the SSL context of tls= %s: who is on the way can pass for the service, and read what is sent",
            " and ".join(lacks),
        )
    return context


VARIABLES = TLS_VARIABLES

MOST_CONTEXTS = 8
"""How many contexts are kept for the environment."""


@attrs.frozen
class _Loaded:
    state: tuple[int, int, int]
    context: ssl.SSLContext


_loaded: dict[tuple[str, str], _Loaded] = {}


def ssl_context(environ: Mapping[str, str] = os.environ) -> ssl.SSLContext:
    """Return the SSL context that all connections share: it takes 19 ms and much memory to make.

    One whose file has been replaced is made anew, for the connections to come.

    Raises:
        ConfigurationError: The environment names certificates that can't be loaded.
    """
    variable, path = next(((name, environ[name]) for name in VARIABLES if environ.get(name)), ("", ""))
    with forks.first_use.of_this_process():
        known = _loaded.get((variable, path))
        try:
            state = _state(variable, path)
            if known is not None and known.state == state:
                return known.context
            context = _made(variable, path)
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError; a path with a NUL is a ValueError
            failure = type(error).__name__
        else:
            while len(_loaded) >= MOST_CONTEXTS:
                del _loaded[next(iter(_loaded))]
            _loaded[variable, path] = _Loaded(state, context)
            return context
    if known is not None:  # it is being replaced, perhaps: what was trusted a moment ago is better than no service
        logger.warning(
            "the certificates of %s can't be loaded any more (%s): the previous ones stay in use", variable, failure
        )
        return known.context
    source = variable or "of the package certifi"
    raise ConfigurationError(f"the trusted certificates ({source}) can't be loaded ({failure})")


def _made(variable: str, path: str) -> ssl.SSLContext:
    if not variable:
        return httpx.create_ssl_context(trust_env=False)
    return ssl.create_default_context(cafile=path) if variable == "SSL_CERT_FILE" else context_of(path)


def _state(variable: str, path: str) -> tuple[int, int, int]:
    """Return what changes when a file is replaced."""
    if not variable or (variable == "SSL_CERT_DIR" and os.pathsep in path):
        return (0, 0, 0)
    facts = Path(path).stat()
    return (facts.st_mtime_ns, facts.st_size, facts.st_ino)


_REJECTED = "the server rejects the client certificate of tls="
_STRICT = (
    "Python 3.13 and newer check certificates strictly (ssl.VERIFY_X509_STRICT): have a better one issued, or give the "
    "client tls= an SSL context whose verify_flags lack that flag"
)
_UNTRUSTED = "tls= or SSL_CERT_FILE says which authorities are trusted"
_PLAIN = "the other side does not speak TLS: if its port speaks plain HTTP, begin the endpoint with http://"
_MEANINGS = {
    "wrong version number": _PLAIN,
    "http request": _PLAIN,
    "alert certificate required": "the server asks for a client certificate: load one into the context of tls=",
    "alert bad certificate": _REJECTED,
    "alert unsupported certificate": _REJECTED,
    "alert certificate expired": _REJECTED,
    "alert certificate revoked": _REJECTED,
    "alert certificate unknown": _REJECTED,
    "alert unknown ca": _REJECTED,
    "alert access denied": _REJECTED,
    "alert handshake failure": "the server rejects the handshake: it may ask for a client certificate (tls=)",
    "missing authority key identifier": _STRICT,
    "missing subject key identifier": _STRICT,
    "basic constraints of ca cert not marked critical": _STRICT,
    "self-signed certificate": _UNTRUSTED,
    "self signed certificate": _UNTRUSTED,
    "unable to get local issuer certificate": _UNTRUSTED,
}


def tls_words(words: str) -> str:
    """Return the words of a failure with what they mean, if they are those of OpenSSL for one that a caller can mend.

    With TLS 1.3 a server refuses the client's certificate only after the handshake, when the request may have left: the
    first read fails.

    Args:
        words: Those of the error: `str(error)`, with anything around it.
    """
    plain = words.lower().replace("_", " ")
    for mark, meaning in _MEANINGS.items():
        if mark in plain:
            return words if meaning in words else f"{words}: {meaning}"
    return words
