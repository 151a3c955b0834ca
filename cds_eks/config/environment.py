"""What the environment says: the credentials, the endpoint and the revision of the API."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final

import attrs

from cds_eks.config.endpoint import DEFAULT_ENDPOINT, service_url
from cds_eks.errors import ConfigurationError, CredentialsError
from cds_eks.schema.revisions import API_REVISIONS
from cds_eks.signing import Credentials

_PAIRS = (("CDS_SECRET_ID", "CDS_SECRET_KEY"), ("CDS_ACCESS_KEY_ID", "CDS_ACCESS_KEY_SECRET"))

NO_CREDENTIALS = "there are no credentials: pass them, or set CDS_SECRET_ID and CDS_SECRET_KEY"

TLS_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""What may name the trusted certificates; the first that is set counts. The first two are OpenSSL's."""


def credential_variables(environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """Return the names of those variables that count and are set: a pair, one half of it, or nothing."""
    found = ([name for name in pair if environ.get(name)] for pair in _PAIRS)
    return tuple(next((names for names in found if names), ()))


def credentials_from(environ: Mapping[str, str] = os.environ) -> Credentials:
    """Return the credentials that the environment names: `CDS_SECRET_ID` and `CDS_SECRET_KEY` [D].

    `CDS_ACCESS_KEY_ID` and `CDS_ACCESS_KEY_SECRET` [O], which other tools of this cloud read, are used in their place.

    Raises:
        CredentialsError: Neither pair is there, or only one half of the first that is: the next pair may be another
            account's.
    """
    for id_name, key_name in _PAIRS:
        missing = [name for name in (id_name, key_name) if not environ.get(name)]
        if not missing:
            for name in (id_name, key_name):
                if (fault := _fault_of(environ[name])) is not None:
                    del environ
                    raise CredentialsError(f"credentials ({name}): it {fault}")
            return Credentials(environ[id_name], environ[key_name])
        if len(missing) == 1:
            other = id_name if missing[0] == key_name else key_name
            del environ  # the other half is in it
            raise CredentialsError(
                f"half of the credentials: {missing[0]} is not set, though {other} is; set {id_name} and {key_name}, "
                "or neither"
            )
    del environ
    raise CredentialsError(NO_CREDENTIALS)


def check_credentials(credentials: Credentials) -> Credentials:
    """Return the credentials if they can be used.

    Raises:
        CredentialsError: They are empty, or not text.
    """
    if not isinstance(credentials, Credentials):
        raise CredentialsError(f"credentials must be Credentials, not {type(credentials).__name__}")
    for field in attrs.fields(Credentials):
        if (fault := _fault_of(getattr(credentials, field.name))) is not None:
            raise CredentialsError(f"credentials.{field.name} {fault}")
    return credentials


def _fault_of(value: object) -> str | None:
    """Return what is wrong with a key or its id. It does not raise: a traceback would lead to the value."""
    if not isinstance(value, str) or not value:
        return "must be a text that is not empty"
    if not value.isprintable() or value != value.strip():
        return "has spaces around it, line ends or other stray characters"
    return None


def endpoint_from(environ: Mapping[str, str] = os.environ) -> str:
    """Return the endpoint that the environment names, or the service's own.

    Read in this order: `CDS_EKS_ENDPOINT` (a URL), `CDS_API_HOST` with `CDS_API_SCHEMA`, `EKS_API_HOST` with
    `EKS_API_SCHEMA` [O]; the scheme is https unless it says otherwise.

    Raises:
        ConfigurationError: It can't be one; the variable is named.
    """
    name, endpoint = _named_endpoint(environ)
    del environ
    try:
        service_url(endpoint, name)
    except ConfigurationError:
        del endpoint  # it may be a secret in the wrong place
        raise
    return endpoint


def endpoint_variable(environ: Mapping[str, str] = os.environ) -> str | None:
    """Return the name of the variable that says the endpoint; None if none does."""
    return next((name for name in ("CDS_EKS_ENDPOINT", "CDS_API_HOST", "EKS_API_HOST") if environ.get(name)), None)


def _named_endpoint(environ: Mapping[str, str]) -> tuple[str, str]:
    """Return the variable that names the endpoint, and the endpoint."""
    if endpoint := environ.get("CDS_EKS_ENDPOINT"):
        return "endpoint (CDS_EKS_ENDPOINT)", endpoint
    for prefix in ("CDS", "EKS"):
        if host := environ.get(f"{prefix}_API_HOST"):
            if "://" in host:
                return f"endpoint ({prefix}_API_HOST)", host
            scheme = environ.get(f"{prefix}_API_SCHEMA") or "https"
            is_known = scheme.lower() in ("http", "https")
            return f"endpoint ({prefix}_API_{'HOST' if is_known else 'SCHEMA'})", f"{scheme}://{host}"
    return "endpoint", DEFAULT_ENDPOINT


class DefaultText(str):
    """The default of an argument that is a text, such as the revision of the API.

    It has a type of its own, so that passing "2025-09-08" differs from passing nothing.
    """

    __slots__ = ()


DEFAULT_REVISION: Final[str] = DefaultText(API_REVISIONS[0])
DEFAULT_BACKEND: Final[Any] = DefaultText("httpx")


def check_revision(revision: str, environ: Mapping[str, str] = os.environ) -> str:
    """Return the revision of the API if it is known; if none was passed, the one of `CDS_EKS_API_REVISION`.

    Raises:
        ConfigurationError: It is not known.
    """
    name = "api_revision"
    if isinstance(revision, DefaultText):
        if not (named := environ.get("CDS_EKS_API_REVISION")):
            return str(revision)
        name, revision = "CDS_EKS_API_REVISION", named
    if revision not in API_REVISIONS:
        del environ  # the credentials are in it
        raise ConfigurationError(f"{name} must be one of {', '.join(API_REVISIONS)}; got {revision!r}")
    return revision
