"""TLS: the certificates that the environment names, `tls=` of a client, and what failures of TLS are called."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import ipaddress
import logging
import re
import socket
import ssl
import tempfile
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from cds_eks import AsyncEksClient, Credentials, EksClient, RetryPolicy, errors, models
from cds_eks.backend import tls
from cds_eks.backend.tls import ssl_context, tls_context, tls_words
from cds_eks.errors import ConfigurationError
from support.raw_server import CLUSTER, answer, answering, serve

asynchronous = pytest.mark.anyio
BACKENDS = ["httpx", "native"]
CREDENTIALS = Credentials("AKID-marked-id", "SK-marked-key")


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", *tls.VARIABLES):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setattr(tls, "_loaded", {})


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def bundle(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tls") / "authority.pem"
    path.write_bytes(authority.cert_pem.bytes())
    return path


@pytest.fixture(scope="session")
def server_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1", "eks.test").configure_cert(context)
    return context


@pytest.fixture
def create(create_cluster_body: dict[str, Any]) -> models.CreateClusterRequest:
    return models.CreateClusterRequest.from_dict(create_cluster_body)


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest, anyio_backend: str) -> str:
    if request.param == "native" and "trio" in str(anyio_backend):
        pytest.skip("the native backend runs on asyncio only")
    return str(request.param)


def client(url: str, **settings: Any) -> AsyncEksClient:
    return AsyncEksClient(CREDENTIALS, endpoint=url, retry=RetryPolicy.none(), **settings)


def authorities(context: ssl.SSLContext) -> int:
    return len(context.get_ca_certs())


# --- what the environment names ------------------------------------------------------------------------------------


def test_the_first_variable_that_is_set_counts(bundle: Path, tmp_path: Path) -> None:
    two = tmp_path / "two.pem"
    two.write_bytes(bundle.read_bytes() + trustme.CA().cert_pem.bytes())
    one, more = str(bundle), str(two)
    assert authorities(ssl_context({})) > 50  # certifi's
    assert authorities(ssl_context({"SSL_CERT_FILE": one, "REQUESTS_CA_BUNDLE": more})) == 1
    assert authorities(ssl_context({"SSL_CERT_FILE": "", "REQUESTS_CA_BUNDLE": more, "CURL_CA_BUNDLE": one})) == 2
    assert authorities(ssl_context({"CURL_CA_BUNDLE": one})) == 1
    assert authorities(ssl_context({"SSL_CERT_DIR": str(tmp_path), "REQUESTS_CA_BUNDLE": one})) == 0  # looked up late


@asynchronous
@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
async def test_a_server_is_trusted_by_a_bundle_of_the_environment(
    variable: str, backend: str, bundle: Path, server_context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, str(bundle))
    async with (
        serve(answering(answer(CLUSTER)), tls=server_context) as server,
        client(server.url, backend=backend) as eks,
    ):
        assert (await eks.clusters.get("c-1")).data.cluster_name == "one"


@asynchronous
async def test_a_server_is_trusted_by_a_directory_of_the_environment(
    bundle: Path, server_context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / f"{_subject_hash(bundle):08x}.0").symlink_to(bundle)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path))
    async with serve(answering(answer(CLUSTER)), tls=server_context) as server, client(server.url) as eks:
        await eks.clusters.get("c-1")


def _subject_hash(bundle: Path) -> int:
    """OpenSSL's name for a certificate in a directory: the begin of the SHA-1 of its subject in canonical form."""
    subject = x509.load_pem_x509_certificate(bundle.read_bytes()).subject
    der = b""
    for attribute in subject:
        text = " ".join(str(attribute.value).lower().split()).encode()
        oid = {NameOID.ORGANIZATION_NAME: b"\x55\x04\x0a", NameOID.ORGANIZATIONAL_UNIT_NAME: b"\x55\x04\x0b"}
        inner = b"\x06\x03" + oid[attribute.oid] + b"\x0c" + bytes([len(text)]) + text
        pair = b"\x30" + bytes([len(inner)]) + inner
        der += b"\x31" + bytes([len(pair)]) + pair
    return int.from_bytes(hashlib.sha1(der, usedforsecurity=False).digest()[:4], "little")


def test_a_context_is_made_once_and_again_when_its_file_is_replaced(bundle: Path, tmp_path: Path) -> None:
    path = tmp_path / "bundle.pem"
    path.write_bytes(bundle.read_bytes())
    environ = {"SSL_CERT_FILE": str(path)}
    first = ssl_context(environ)
    assert ssl_context(environ) is first
    fresh = tmp_path / "fresh.pem"
    fresh.write_bytes(bundle.read_bytes() + trustme.CA().cert_pem.bytes())
    fresh.replace(path)
    second = ssl_context(environ)
    assert second is not first
    assert (authorities(first), authorities(second)) == (1, 2)
    assert ssl_context(environ) is second


def test_a_file_that_is_just_being_replaced_leaves_what_was_trusted(
    bundle: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "bundle.pem"
    path.write_bytes(bundle.read_bytes())
    environ = {"REQUESTS_CA_BUNDLE": str(path)}
    first = ssl_context(environ)
    path.write_bytes(b"-----BEGIN CERT")
    assert ssl_context(environ) is first
    path.unlink()
    assert ssl_context(environ) is first
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
    assert "REQUESTS_CA_BUNDLE" in caplog.text
    assert str(path) not in caplog.text
    path.write_bytes(bundle.read_bytes() * 2)
    assert ssl_context(environ) is not first


def test_contexts_of_many_files_are_not_kept_for_ever(bundle: Path, tmp_path: Path) -> None:
    for number in range(tls.MOST_CONTEXTS + 3):
        path = tmp_path / f"{number}.pem"
        path.write_bytes(bundle.read_bytes())
        ssl_context({"SSL_CERT_FILE": str(path)})
    assert len(tls._loaded) == tls.MOST_CONTEXTS


@pytest.mark.parametrize("variable", tls.VARIABLES)
@pytest.mark.parametrize("what", ["absent", "no certificate", "a NUL"])
def test_certificates_that_can_not_be_loaded_are_an_error_that_names_the_variable(
    variable: str, what: str, tmp_path: Path
) -> None:
    path = f"{tmp_path}/marked"
    if what == "no certificate":
        Path(path).write_text("marked")
    if what == "a NUL":
        path += "\0"
    with pytest.raises(ConfigurationError, match=variable) as caught:
        ssl_context({variable: path})
    assert "marked" not in f"{caught.value!r} {caught.value.__context__!r}"


# --- tls= of a client ----------------------------------------------------------------------------------------------


@asynchronous
@pytest.mark.parametrize("kind", ["context", "text", "path"])
async def test_a_client_trusts_what_tls_says(
    kind: str, backend: str, bundle: Path, server_context: ssl.SSLContext
) -> None:
    tls = {"context": ssl.create_default_context(cafile=str(bundle)), "text": str(bundle), "path": bundle}[kind]
    async with serve(answering(answer(CLUSTER)), tls=server_context) as server:
        async with client(server.url, backend=backend, tls=tls) as eks:
            assert (await eks.clusters.get("c-1")).data.cluster_name == "one"
        async with client(server.url, backend=backend) as eks:
            with pytest.raises(errors.ConnectFailed, match="tls= or SSL_CERT_FILE says which") as caught:
                await eks.clusters.get("c-1")
        assert f"to 127.0.0.1:{server.port} (" in str(caught.value)


@asynchronous
@pytest.mark.parametrize("backend", BACKENDS)
async def test_the_blocking_client_trusts_what_tls_says(
    backend: str, bundle: Path, server_context: ssl.SSLContext
) -> None:
    async with serve(answering(answer(CLUSTER)), tls=server_context) as server:

        def ask() -> str | None:
            with EksClient(CREDENTIALS, endpoint=server.url, backend=backend, tls=bundle) as eks:
                return eks.clusters.get("c-1").data.cluster_name

        assert await anyio.to_thread.run_sync(ask) == "one"


@pytest.mark.parametrize("client_class", [AsyncEksClient, EksClient])
@pytest.mark.parametrize("foreign", [httpx.MockTransport(lambda _: httpx.Response(200)), "own"])
def test_tls_beside_a_backend_that_has_its_own_is_refused(client_class: Any, foreign: Any, bundle: Path) -> None:
    class Own:
        async def send(self, request: Any) -> Any: ...

        async def aclose(self) -> None: ...

    with pytest.raises(ConfigurationError, match="tls goes with"):
        client_class(CREDENTIALS, backend=Own() if foreign == "own" else foreign, tls=bundle)


@pytest.mark.parametrize("client_class", [AsyncEksClient, EksClient])
@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("/absent/marked.pem", "can be loaded \\(FileNotFoundError\\)"),
        ("marked\0", "can be loaded \\(ValueError\\)"),
        ("", "not str"),
        (b"marked", "not bytes"),
        (True, "not bool"),
        (ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), "for clients"),
    ],
)
def test_what_tls_can_not_be_is_refused_when_the_client_is_made(client_class: Any, wrong: Any, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says) as caught:
        client_class(CREDENTIALS, tls=wrong)
    assert "marked" not in f"{caught.value!r} {caught.value.__context__!r}"


def test_a_context_that_checks_less_is_warned_of_once(caplog: pytest.LogCaptureFixture) -> None:
    careless = ssl.create_default_context()
    careless.check_hostname = False
    for _ in range(2):
        EksClient(CREDENTIALS, tls=careless).close()
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "checks no host name:" in caplog.text
    careless = ssl.create_default_context()
    careless.check_hostname, careless.verify_mode = False, ssl.CERT_NONE
    assert tls_context(careless) is careless
    assert "checks no certificate and checks no host name" in caplog.text
    caplog.clear()
    caplog.set_level(logging.DEBUG, logger="cds_eks.backend")
    tls_context(ssl.create_default_context())
    assert caplog.text == ""


# --- client certificates -------------------------------------------------------------------------------------------


def demanding(authority: trustme.CA, version: ssl.TLSVersion) -> ssl.SSLContext:
    """A server's context that asks for client certificates of an authority."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = context.maximum_version = version
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


@contextlib.asynccontextmanager
async def serve_patiently(context: ssl.SSLContext) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that says why it ends a handshake before it closes the connection, as real ones do."""
    heard: list[bytes] = []

    def answer_one(plain: socket.socket) -> None:
        plain.settimeout(10)
        with plain, context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False) as secure:
            try:
                secure.do_handshake()
            except OSError:  # the alert is on its way; closing now, with unread data, would overtake it
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(secure, socket.SHUT_WR)
                    while socket.socket.recv(secure, 65536):
                        pass
                return
            with contextlib.suppress(OSError):
                heard.append(secure.recv(65536))
                secure.sendall(answer(CLUSTER, headers=(("Connection", "close"),)))

    def serve_all() -> None:
        with contextlib.suppress(OSError):
            while True:
                answer_one(listening.accept()[0])

    listening = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=serve_all, daemon=True)
    thread.start()
    try:
        yield f"https://127.0.0.1:{listening.getsockname()[1]}", heard
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        await anyio.to_thread.run_sync(thread.join, 10)


VERSIONS = pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])


@asynchronous
@VERSIONS
async def test_a_client_certificate_is_shown(
    version: ssl.TLSVersion, backend: str, authority: trustme.CA, bundle: Path
) -> None:
    context = ssl.create_default_context(cafile=str(bundle))
    authority.issue_cert("client.test").configure_cert(context)
    async with serve_patiently(demanding(authority, version)) as (url, heard):
        async with client(url, backend=backend, tls=context) as eks:
            assert (await eks.clusters.get("c-1")).data.cluster_name == "one"
        assert len(heard) == 1


@asynchronous
@VERSIONS
async def test_a_client_without_a_certificate_is_told_that_the_server_asks_for_one(
    version: ssl.TLSVersion, backend: str, authority: trustme.CA, bundle: Path, create: models.CreateClusterRequest
) -> None:
    async with serve_patiently(demanding(authority, version)) as (url, heard):
        async with client(url, backend=backend, tls=bundle) as eks:
            with pytest.raises(errors.TransportError, match=r"client certificate.*tls=") as caught:
                await eks.clusters.get("c-1")
            assert str(caught.value).count("tls=") == 1
            with pytest.raises((errors.ConnectFailed, errors.AmbiguousCreate)) as created:
                await eks.clusters.create(create)
        # With TLS 1.3 the refusal comes after the handshake. The request may have left by then; if it comes before the
        # first byte, both backends know that.
        if version is ssl.TLSVersion.TLSv1_2:
            assert isinstance(caught.value, errors.ConnectFailed)
            assert created.value.outcome == "not_sent"
        else:
            is_known = isinstance(created.value, errors.ConnectFailed)
            assert created.value.outcome == ("not_sent" if is_known else "unknown")
        assert heard == []


@asynchronous
@VERSIONS
async def test_a_client_with_a_certificate_of_others_is_told_that_it_is_rejected(
    version: ssl.TLSVersion, backend: str, authority: trustme.CA, bundle: Path
) -> None:
    context = ssl.create_default_context(cafile=str(bundle))
    trustme.CA().issue_cert("client.test").configure_cert(context)
    async with serve_patiently(demanding(authority, version)) as (url, heard):
        async with client(url, backend=backend, tls=context) as eks:
            with pytest.raises(errors.TransportError, match="rejects the client certificate of tls="):
                await eks.clusters.get("c-1")
        assert heard == []


# --- strict certificates, and words --------------------------------------------------------------------------------


@asynchronous
async def test_the_strictness_of_newer_pythons_can_be_turned_off(backend: str) -> None:
    loose = _server_with_a_certificate_that_is_not_strict()
    context = ssl.create_default_context(cadata=loose.authority)
    async with serve_patiently(loose.server) as (url, _):
        context.verify_flags |= ssl.VERIFY_X509_STRICT  # as create_default_context has it since Python 3.13
        async with client(url, backend=backend, tls=context) as eks:
            with pytest.raises(errors.ConnectFailed, match="VERIFY_X509_STRICT"):
                await eks.clusters.get("c-1")
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        async with client(url, backend=backend, tls=context) as eks:
            assert (await eks.clusters.get("c-1")).data.cluster_name == "one"


class _Loose:
    """A server whose authority's certificate does not say what the strict rules ask for."""

    def __init__(self, server: ssl.SSLContext, authority: str) -> None:
        self.server = server
        self.authority = authority


def _server_with_a_certificate_that_is_not_strict() -> _Loose:
    def name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    now = datetime.datetime.now(datetime.UTC)
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    base = x509.CertificateBuilder().not_valid_before(now - datetime.timedelta(days=1))
    base = base.not_valid_after(now + datetime.timedelta(days=9)).issuer_name(name("an old authority"))
    root = base.subject_name(name("an old authority")).public_key(root_key.public_key()).serial_number(1)
    root = root.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=False)
    leaf = base.subject_name(name("127.0.0.1")).public_key(key.public_key()).serial_number(2)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    leaf = leaf.add_extension(x509.SubjectAlternativeName([address]), critical=False)
    signed = leaf.sign(root_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "server.pem")
        path.write_bytes(signed + private)
        context.load_cert_chain(path)
    authority = root.sign(root_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
    return _Loose(context, authority)


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        ("[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert certificate required", "asks for a client certificate"),
        ("[SSL: SSL/TLS_ALERT_BAD_CERTIFICATE] ssl/tls alert bad certificate (_ssl.c:1)", "rejects the client"),
        ("[SSL] tlsv1 alert unknown ca (_ssl.c:1)", "rejects the client"),
        ("SSLV3_ALERT_CERTIFICATE_EXPIRED", "rejects the client"),
        ("[SSL: SSLV3_ALERT_HANDSHAKE_FAILURE]", "may ask for a client certificate"),
        ("certificate verify failed: Missing Authority Key Identifier", "VERIFY_X509_STRICT"),
        ("certificate verify failed: self-signed certificate in certificate chain", "SSL_CERT_FILE"),
        ("SSLError: [SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1016)", "speaks plain HTTP"),
        ("SSLError: [SSL: HTTP_REQUEST] http request (_ssl.c:1016)", "speaks plain HTTP"),
    ],
)
def test_the_words_of_openssl_are_explained(words: str, meaning: str) -> None:
    assert tls_words(words).startswith(f"{words}: ")
    assert meaning in tls_words(words)
    assert tls_words(tls_words(words)) == tls_words(words)


def test_the_pieces_of_the_page_run_as_they_stand(
    authority: trustme.CA, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "proxies-and-tls.md").read_text(encoding="utf-8")
    certificate = authority.issue_cert("client.test")
    (tmp_path / "authority.pem").write_bytes(bundle.read_bytes())
    (tmp_path / "client.pem").write_bytes(certificate.cert_chain_pems[0].bytes())
    (tmp_path / "client.key").write_bytes(certificate.private_key_pem.bytes())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CDS_SECRET_ID", "AKID")
    monkeypatch.setenv("CDS_SECRET_KEY", "SK")
    names: dict[str, Any] = {}
    for mark in ("client certificate", "strict"):
        found = re.search(rf"<!-- {mark} -->\n```python\n(.*?)```", page, re.DOTALL)
        assert found is not None
        exec(compile(found[1], "docs/how-to/proxies-and-tls.md", "exec"), names)
    assert not names["context"].verify_flags & ssl.VERIFY_X509_STRICT


def test_other_words_stay_as_they_are() -> None:
    assert tls_words("ConnectError: all attempts failed") == "ConnectError: all attempts failed"
