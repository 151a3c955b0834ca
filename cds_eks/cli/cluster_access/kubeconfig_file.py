"""The kubeconfig on disk: which file, read, locked as kubectl does, and written whole."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from cds_eks.cli.cluster_access.kubeconfig import merged
from cds_eks.documents.writing import write_whole
from cds_eks.errors import ConfigurationError

LONGEST = 16 * 1024 * 1024


def kubeconfig_path(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the file that kubectl would write to: of those in `KUBECONFIG` the first that is there, or the last."""
    named = [Path(each) for each in environ.get("KUBECONFIG", "").split(os.pathsep) if each]
    if not named:
        return Path.home() / ".kube" / "config"
    return next((path for path in named if path.exists()), named[-1])


def merge_file(path: Path, fetched: Path, alias: str, *, use: bool = False, overwrite: bool = False) -> None:
    """Merge the current context of a kubeconfig that was fetched into another one, which only its owner may read then.

    Args:
        path: The kubeconfig; it is made if there is none.
        fetched: The one that was fetched.
        alias: The name of its cluster, user and context there.
        use: Whether it becomes the current context.
        overwrite: Whether those of that name may be replaced.

    Raises:
        ConfigurationError: One can't be read or written, is no kubeconfig, or has the name already.
    """
    text, folder = read_fetched(fetched)
    merge_text(path, text, alias, folder=folder, use=use, overwrite=overwrite)


def read_fetched(fetched: Path) -> tuple[str, Path]:
    """Return the text of a kubeconfig that was fetched, and the folder in which its relative paths begin.

    Raises:
        ConfigurationError: It can't be read.
    """
    text = _read(fetched)
    if text is None:
        raise ConfigurationError(f"{fetched}: there is no such file")
    return text, fetched.resolve().parent


def merge_text(path: Path, text: str, alias: str, *, folder: Path, use: bool = False, overwrite: bool = False) -> None:
    """Do what `merge_file` does, with the text of the kubeconfig that was fetched.

    Args:
        path: The kubeconfig; it is made if there is none.
        text: The text of the other one.
        alias: The name of its cluster, user and context there.
        folder: Where its relative paths begin.
        use: Whether it becomes the current context.
        overwrite: Whether those of that name may be replaced.

    Raises:
        ConfigurationError: The kubeconfig can't be read or written, one is none, or the name is taken.
    """
    with _told(path):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _locked(path):
        new = merged(_read(path) or "", text, alias, folder=folder, use=use, overwrite=overwrite)
        with _told(path):
            write_whole(path, new.encode(), is_private=True)


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """Tell of a file that can't be used."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
    else:
        return
    raise ConfigurationError(f"{path}: {reason}")


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock that kubectl takes while it changes a kubeconfig."""
    lock = path.with_name(f"{path.name}.lock")
    try:
        os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        is_held = True
    except OSError as error:
        raise ConfigurationError(f"{lock}: can't be made ({type(error).__name__})") from None
    else:
        is_held = False
    if is_held:
        raise ConfigurationError(f"{lock}: another program is changing the kubeconfig; if none is, delete this file")
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


def _read(path: Path) -> str | None:
    """Read a file; None if there is none."""
    with _told(path):
        try:
            with path.open("rb") as file:
                content = file.read(LONGEST + 1)  # a device may have no end
        except FileNotFoundError:
            return None
    if len(content) > LONGEST:
        raise ConfigurationError(f"{path}: is longer than any kubeconfig")
    with contextlib.suppress(UnicodeDecodeError):
        return content.decode("utf-8-sig")
    raise ConfigurationError(f"{path}: is not UTF-8")  # out here, as the error that is suppressed holds the content
