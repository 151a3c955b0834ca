"""Keys that were typed in, put where a profile refers to them: files beside the file of profiles, or the keyring."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args

from cds_eks.config.profile_credentials import KeyUnavailable
from cds_eks.documents.writing import write_whole
from cds_eks.errors import ConfigurationError
from cds_eks.signing import Credentials

Store = Literal["file", "keyring"]
STORES: tuple[Store, ...] = get_args(Store)
SERVICE = "cds-eks"


def references(store: Store, name: str) -> dict[str, str]:
    """Return how a profile refers to its keys in a store."""
    head = "file:" if store == "file" else f"keyring:{SERVICE}/"
    return {"secret_id": f"{head}{name}.id", "secret_key": f"{head}{name}.key"}


def store_of(name: str, values: Mapping[str, Any]) -> Store | None:
    """Return the store that has a profile's keys, if they were put there by `put`."""
    return next((store for store in STORES if references(store, name).items() <= values.items()), None)


def check_free(store: Store, name: str, folder: Path) -> None:
    """Refuse to put keys where files of another origin are.

    Raises:
        ConfigurationError: There are such files.
    """
    for path in _paths(name, folder) if store == "file" else ():
        if path.exists():
            raise ConfigurationError(
                f"{path}: is there already, and the profile does not refer to it: move it away, or refer to it with "
                "--secret-id and --secret-key"
            )


def put(store: Store, name: str, credentials: Credentials, folder: Path) -> None:
    """Put a profile's keys into a store.

    Args:
        store: The store.
        name: The profile.
        credentials: The keys.
        folder: That of the file of profiles.

    Raises:
        ConfigurationError: They can't be put there.
    """
    texts = (credentials.access_key_id, credentials.secret_access_key)
    if store == "keyring":
        for reference, text in zip(references(store, name).values(), texts, strict=True):
            _put_into_keyring(reference, text)
        return
    for path, text in zip(_paths(name, folder), texts, strict=True):
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_whole(path, f"{text}\n".encode(), is_private=True)
        except OSError as error:
            reason = error.strerror or type(error).__name__
        else:
            continue
        raise ConfigurationError(f"{path}: can't be written: {reason}")


def remove(store: Store, name: str, folder: Path) -> None:
    """Remove a profile's keys from a store; what is not there is gone already.

    Raises:
        ConfigurationError: They can't be removed.
    """
    if store == "keyring":
        keyring = _keyring(references(store, name)["secret_key"])
        for reference in references(store, name).values():
            with contextlib.suppress(Exception):  # each system's keyring has errors of its own for what is not there
                keyring.delete_password(SERVICE, reference.rpartition("/")[2])
        return
    for path in _paths(name, folder):
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            reason = error.strerror or type(error).__name__
        else:
            continue
        raise ConfigurationError(f"{path}: can't be removed: {reason}")


def _paths(name: str, folder: Path) -> tuple[Path, Path]:
    return folder / f"{name}.id", folder / f"{name}.key"


def _put_into_keyring(reference: str, text: str) -> None:
    keyring = _keyring(reference)
    try:
        keyring.set_password(SERVICE, reference.rpartition("/")[2], text)
    except Exception as error:  # noqa: BLE001 - each system's keyring has errors of its own
        reason = f"the keyring can't be written ({type(error).__name__})"
    else:
        return
    raise KeyUnavailable(reference, reason)  # outside of `except`: what failed may hold anything


def _keyring(reference: str) -> Any:
    try:
        import keyring  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise KeyUnavailable(reference, "needs the package keyring: pip install keyring") from None
    return keyring
