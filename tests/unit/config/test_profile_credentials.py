"""The keys of a profile: asked for late, once for all that wait, again after a while, and never shown."""

from __future__ import annotations

import logging
import os
import pickle
import shlex
import sys
import threading
import traceback
from collections.abc import Awaitable
from pathlib import Path
from types import ModuleType
from typing import Any

import anyio
import pytest

from cds_eks import Credentials, EksClient
from cds_eks._runtime import forks
from cds_eks.config import profile_credentials as module
from cds_eks.config.profile_credentials import ProfileCredentials, credentials_of, resolved
from cds_eks.documents.secrets import SecretRef
from cds_eks.errors import ConfigurationError, CredentialsError, SecretUnavailable
from support.eventually import WAIT_TIMEOUT

from .files import PLANTED_ID, PLANTED_KEY, write

pytestmark = pytest.mark.anyio


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Asked:
    """Stands for the secrets: counts how often they are asked for, and fails when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self.fails = False
        self.threads: set[int] = set()
        self.go = threading.Event()
        self.go.set()
        monkeypatch.setattr(module, "resolved", self)

    def __call__(self, *_: SecretRef) -> Credentials:
        assert self.go.wait(WAIT_TIMEOUT)
        self.count += 1
        self.threads.add(threading.get_ident())
        if self.fails:
            raise SecretUnavailable("cmd:vault", "ended with status 1")
        return Credentials(PLANTED_ID, f"{PLANTED_KEY}-{self.count}")


REFS = SecretRef("cmd", "vault id"), SecretRef("cmd", "vault key")


async def had(provider: ProfileCredentials) -> Credentials:
    given = provider()
    return await given if isinstance(given, Awaitable) else given


async def test_they_are_asked_for_when_they_are_first_needed_and_on_another_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked, clock = Asked(monkeypatch), Clock()
    provider = ProfileCredentials(*REFS, max_age=60, clock=clock)
    assert asked.count == 0
    first = await had(provider)
    assert asked.threads == asked.threads - {threading.get_ident()}
    clock.now += 59.9
    assert provider() is first  # at once, without waiting for anything
    clock.now += 0.1
    assert (await had(provider)).secret_access_key == f"{PLANTED_KEY}-2"
    assert asked.count == 2


async def test_all_that_wait_share_one_question(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked(monkeypatch)
    provider = ProfileCredentials(*REFS)
    found: list[Credentials] = []

    async def call() -> None:
        found.append(await had(provider))

    asked.go.clear()
    async with anyio.create_task_group() as tasks:
        for _ in range(500):
            tasks.start_soon(call)
        await anyio.wait_all_tasks_blocked()
        asked.go.set()
    assert asked.count == 1
    assert len(found) == 500
    assert len(set(map(id, found))) == 1


async def test_all_that_wait_share_one_refusal_and_the_next_asks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked(monkeypatch)
    provider = ProfileCredentials(*REFS)
    asked.fails = True
    errors: list[SecretUnavailable] = []

    async def call() -> None:
        try:
            await had(provider)
        except SecretUnavailable as error:
            errors.append(error)

    asked.go.clear()
    async with anyio.create_task_group() as tasks:
        for _ in range(100):
            tasks.start_soon(call)
        await anyio.wait_all_tasks_blocked()
        asked.go.set()
    assert asked.count == 1
    assert len(set(map(id, errors))) == 100  # each call has an error of its own
    assert {error.reference for error in errors} == {"cmd:vault"}
    asked.fails = False
    assert (await had(provider)).access_key_id == PLANTED_ID


async def test_when_they_can_not_be_had_again_the_former_are_used_and_it_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked, clock = Asked(monkeypatch), Clock()
    provider = ProfileCredentials(*REFS, max_age=60, clock=clock)
    first = await had(provider)
    clock.now += 60
    asked.fails = True
    with caplog.at_level(logging.WARNING, "cds_eks"):
        assert await had(provider) is first
    assert provider() is first  # they are not asked for at each call
    (record,) = caplog.records
    assert "the previous ones stay in use: cmd:vault: ended with status 1" in record.getMessage()
    assert PLANTED_KEY not in caplog.text


async def test_a_call_that_is_cancelled_does_not_wait_and_harms_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked(monkeypatch)
    provider = ProfileCredentials(*REFS)
    asked.go.clear()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(had, provider)
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    assert asked.count == 0
    asked.go.set()
    assert (await had(provider)).access_key_id == PLANTED_ID


async def test_another_process_asks_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked(monkeypatch)
    provider = ProfileCredentials(*REFS)
    await had(provider)
    number = forks.process()
    monkeypatch.setattr(forks, "process", lambda: number + 1)
    await had(provider)
    assert asked.count == 2


async def test_a_pickle_has_the_references_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    Asked(monkeypatch)
    provider = ProfileCredentials(*REFS, max_age=7)
    await had(provider)
    data = pickle.dumps(provider)
    assert PLANTED_KEY.encode() not in data
    assert PLANTED_ID.encode() not in data
    copied = pickle.loads(data)
    assert repr(copied) == repr(provider) == "ProfileCredentials(cmd:vault id, cmd:vault key)"
    assert copied._max_age == 7


def test_one_provider_serves_one_event_loop_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, clock = Asked(monkeypatch), Clock()
    provider = ProfileCredentials(*REFS, max_age=1, clock=clock)
    for backend in ("asyncio", "trio", "asyncio"):
        clock.now += 1
        anyio.run(had, provider, backend=backend)
    assert asked.count == 3


def test_what_is_there_at_once_is_no_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_VARIABLE", PLANTED_KEY)
    inline = SecretRef("inline", PLANTED_ID)
    assert credentials_of(inline, SecretRef("env", "A_VARIABLE")) == Credentials(PLANTED_ID, PLANTED_KEY)
    for source in ("file", "cmd", "keyring"):
        assert isinstance(credentials_of(inline, SecretRef(source, "x/y")), ProfileCredentials)
        assert isinstance(credentials_of(SecretRef(source, "x/y"), inline), ProfileCredentials)


@pytest.mark.parametrize("value", ["", " x", "a\nb"])
def test_a_key_that_can_not_be_one_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("A_VARIABLE", value and f"{value}{PLANTED_KEY}")
    with pytest.raises(ConfigurationError) as raised:
        resolved(SecretRef("inline", PLANTED_ID), SecretRef("env", "A_VARIABLE"))
    shown = f"{raised.value}{raised.value!r}"
    for frame, _ in traceback.walk_tb(raised.tb):
        if frame.f_globals["__name__"].startswith("cds_eks."):
            shown += repr(frame.f_locals)
    assert PLANTED_KEY not in shown


def test_keys_come_from_files_and_commands(tmp_path: Path) -> None:
    write(tmp_path / "id", f"{PLANTED_ID}\n")
    command = f"{shlex.quote(sys.executable)} -c 'print(\"{PLANTED_KEY}\")'"
    refs = SecretRef("file", "id", str(tmp_path)), SecretRef("cmd", command, str(tmp_path))
    assert resolved(*refs) == Credentials(PLANTED_ID, PLANTED_KEY)


def test_a_file_that_can_not_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(number: int) -> os.stat_result:
        raise OSError(5, "Input/output error")

    ref = SecretRef("file", str(write(tmp_path / "key", PLANTED_KEY)))
    with monkeypatch.context() as patch:
        patch.setattr(os, "fstat", broken)
        with pytest.raises(SecretUnavailable, match=r"can't be read \(OSError\)"):
            ref.resolve()


class Keyring(ModuleType):
    """Stands for the package keyring."""

    def __init__(self, entries: dict[tuple[str, str], str], error: Exception | None = None) -> None:
        super().__init__("keyring")
        self._entries = entries
        self._error = error

    def get_password(self, service: str, user: str) -> str | None:
        if self._error is not None:
            raise self._error
        return self._entries.get((service, user))


KEYRING = SecretRef("keyring", "cds/eks/ann")


def test_a_key_comes_from_the_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", Keyring({("cds/eks", "ann"): PLANTED_KEY}))
    assert KEYRING.resolve() == PLANTED_KEY
    assert KEYRING.look() is None


@pytest.mark.parametrize(
    ("keyring", "reason"),
    [
        (None, "needs the package keyring: pip install keyring"),
        (Keyring({}), "the keyring has no such entry"),
        (Keyring({}, RuntimeError(PLANTED_KEY)), r"the keyring can't be read (RuntimeError)"),
    ],
)
def test_what_a_keyring_does_not_give_is_told(monkeypatch: pytest.MonkeyPatch, keyring: Any, reason: str) -> None:
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    with pytest.raises(SecretUnavailable) as raised:
        KEYRING.resolve()
    assert raised.value.reason == reason
    assert raised.value.reference == "keyring:cds/eks/ann"
    assert PLANTED_KEY not in f"{raised.value}{raised.value.__cause__}{raised.value.__context__}"


def test_a_plan_has_no_keyring() -> None:
    assert SecretRef.of("keyring:a/b").source == "inline"


def test_the_blocking_client_asks_for_the_keys_of_a_profile_off_its_event_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "c.toml", "[profiles.w]\nsecret_id = 'cmd:false'\nsecret_key = 'cmd:true'\n")
    monkeypatch.setenv("CDS_CONFIG_FILE", str(path))
    with EksClient(profile="w", endpoint="http://127.0.0.1:1") as eks:
        with pytest.raises(SecretUnavailable, match="cmd:false: ended with status 1") as raised:
            eks.clusters.get("c-1")
        assert isinstance(raised.value, CredentialsError)
        assert raised.value.outcome == "not_sent"
