"""The file of profiles as the commands see it: a profile by its name, as plain data, and the file rewritten."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs

from cds_eks.cli.accounts.profile_edits import write_profiles
from cds_eks.config.config_file import read_config_text
from cds_eks.config.profiles import Profile, ProfilesFile
from cds_eks.documents.config_path import config_path
from cds_eks.documents.secrets import SecretRef
from cds_eks.errors import ConfigFileError

Change = Callable[[str, Path], str]


def rewrite(change: Change) -> Path:
    """Rewrite the file; another process that does so at the same time waits, so that neither's change is lost.

    Args:
        change: Returns its new text, of its text and its path.

    Raises:
        ConfigurationError: It can't be read, changed or written.
    """
    path = config_path()
    with _locked(path):
        found = read_config_text(path)
        write_profiles(path, change("" if found is None else found.text, path))
    return path


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock of the file: that of a file beside it, since the file itself is replaced.

    Without a lock, on Windows or on a file system that has none, the last one wins.
    """
    lock = path.with_name(f".{path.name}.lock")
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(ModuleNotFoundError, OSError):  # what is wrong with the folder, the writing tells
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = _lock(lock)
            stack.callback(os.close, descriptor)
            stack.callback(lock.unlink, missing_ok=True)  # while it is held
        yield


def _lock(path: Path) -> int:
    """Return the descriptor of a file, locked, once nobody else has it."""
    import fcntl

    while True:
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(descriptor), path.stat()):
                    return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)  # whoever had it has removed it


def check_named(file: ProfilesFile, name: str, command: str) -> None:
    """Refuse a profile that is not there, naming those that are, or that has faults.

    Raises:
        ConfigFileError: It is not there, or has faults.
    """
    if name not in file.names:
        raise ConfigFileError(_not_there(file, name, command).faults)
    if faults := tuple(fault for fault in file.faults if fault.profile == name):
        raise ConfigFileError(faults)


def _not_there(file: ProfilesFile, name: str, command: str) -> ConfigFileError:
    try:
        attrs.evolve(file, faults=()).profile(name, f"`{command}`")
    except ConfigFileError as error:
        return error
    raise AssertionError(name)  # pragma: no cover - the caller has looked


def columns() -> tuple[str, ...]:
    """Return the keys that a profile may have as plain data."""
    return ("name", "file", "default", *(name for field in attrs.fields(Profile) if (name := field.name) != "lines"))


def as_data(profile: Profile, *, is_default: bool) -> dict[str, Any]:
    """Return a profile as plain data: where its keys are, never what they are."""
    found: dict[str, Any] = {"name": profile.name, "file": profile.file, "default": is_default}
    for field in attrs.fields(Profile):
        value = getattr(profile, field.name)
        if field.name in ("name", "file", "lines") or value is None:
            continue
        if field.name == "credentials_max_age" and not profile.has_credentials:
            continue
        if isinstance(value, SecretRef):
            value = value.reference
        elif attrs.has(type(value)):
            value = {name: each for name, each in attrs.asdict(value).items() if each is not None}
        found[field.name] = value
    return found
