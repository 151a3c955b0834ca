"""Secrets by reference: where they are, whether they can be had, and, when they are needed, what they are."""

from __future__ import annotations

import os
import shlex
import stat
import subprocess
from pathlib import Path
from typing import Literal, NoReturn

import attrs

from cds_eks.documents.commands import CommandStopped, output_of
from cds_eks.errors import SecretUnavailable

Source = Literal["env", "file", "cmd", "keyring", "inline", "redacted"]

SCHEMES: tuple[Source, ...] = ("env", "file", "cmd")
LONGEST = 65536
COMMAND_TIMEOUT = 30.0

REDACTED = "redacted:"
"""What stands for an inline secret in what a plan shows of itself."""

HOW = "give it as env:NAME, file:PATH or cmd:COMMAND, or set allow_inline_secrets = true"


@attrs.frozen(repr=False)
class SecretRef:
    """A secret as a plan or a profile has it: a reference, or, where that is allowed, the secret itself.

    Attributes:
        source: Where it is.
        text: The name, path or command; for an inline secret the secret.
        base: The folder that a path begins in.
    """

    source: Source
    text: str
    base: str = attrs.field(default="", eq=False)

    @classmethod
    def of(cls, text: str, base: str = "", schemes: tuple[Source, ...] = SCHEMES) -> SecretRef:
        """Read what stands in a plan, or, with its schemes, in a profile."""
        if text.startswith(REDACTED):
            return cls("redacted", "", base)
        for scheme in schemes:
            if text.startswith(f"{scheme}:"):
                return cls(scheme, text[len(scheme) + 1 :].strip(), base)
        return cls("inline", text, base)

    @property
    def reference(self) -> str:
        """The reference as a plan spells it; nothing of an inline secret."""
        return REDACTED if self.source in ("inline", "redacted") else f"{self.source}:{self.text}"

    def __repr__(self) -> str:
        return f"SecretRef({self.reference})"

    def __reduce__(self) -> tuple[type[SecretRef], tuple[Source, str, str]]:
        if self.source == "inline":
            raise TypeError("the plan holds an inline secret and is not pickled: give secrets by reference")
        return type(self), (self.source, self.text, self.base)

    def resolve(self) -> str:
        """Return the secret. It is asked for each time, and not kept.

        Raises:
            SecretUnavailable: It can't be had.
        """
        if self.source == "inline":
            return self.text
        if self.source == "redacted":
            self._fail(f"is what a plan shows in place of an inline secret: {HOW}")
        if not self.text:
            self._fail("names nothing")
        ways = {
            "env": self._from_env,
            "file": self._from_file,
            "cmd": self._from_command,
            "keyring": self._from_keyring,
        }
        found = ways[self.source]()
        return found or self._fail("is empty")

    def look(self) -> str | None:
        """Return the secret as far as it can be known without running a command or asking a keyring; else None.

        Raises:
            SecretUnavailable: It can't be had.
        """
        if self.source not in ("cmd", "keyring") or not self.text:
            return self.resolve()
        if self.source == "cmd":
            self._arguments()
        else:
            self._entry()
        return None

    def _fail(self, reason: str) -> NoReturn:
        raise SecretUnavailable(self.reference, reason)

    def _from_env(self) -> str:
        if "\0" in self.text or "=" in self.text or (value := os.environ.get(self.text)) is None:
            self._fail("there is no such environment variable")
        return value

    @property
    def _path(self) -> Path:
        return Path(self.base) / Path(self.text).expanduser()

    def _from_file(self) -> str:
        try:
            # a pipe would make `open` wait for a writer
            number = os.open(self._path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
        except FileNotFoundError:
            self._fail("there is no such file")
        except (OSError, ValueError, RuntimeError) as error:  # a NUL in the path, a home that is not known
            self._fail(f"can't be opened ({type(error).__name__})")
        try:
            self._check_file(os.fstat(number))
            with open(number, "rb", closefd=False) as file:
                content = file.read(LONGEST + 1)
        except OSError as error:
            self._fail(f"can't be read ({type(error).__name__})")
        finally:
            os.close(number)
        return self._text_of(content)

    def _check_file(self, status: os.stat_result) -> None:
        if not stat.S_ISREG(status.st_mode):
            self._fail("is no regular file")
        if os.name != "posix":
            return  # pragma: no cover - Windows has no such modes
        if status.st_uid != os.geteuid():
            self._fail("belongs to another user")
        if stat.S_IMODE(status.st_mode) & 0o7177:
            self._fail(f"must have the mode 0600; it has {stat.S_IMODE(status.st_mode):04o}")

    def _arguments(self) -> list[str]:
        try:
            arguments = shlex.split(self.text)
        except ValueError:
            self._fail("has a quote that does not end")
        return arguments if arguments and arguments[0] else self._fail("names no command")

    def _from_command(self) -> str:
        arguments = self._arguments()
        try:
            # without a shell; what it complains about may hold anything, so that is not shown
            status, said = output_of(arguments, timeout=COMMAND_TIMEOUT, folder=self.base or None)
        except subprocess.TimeoutExpired:
            reason = f"did not end within {COMMAND_TIMEOUT:g} s"
        except CommandStopped:
            reason = "was stopped: nobody waits for it any more"
        except (OSError, ValueError) as error:
            reason = f"can't be run ({type(error).__name__})"
        else:
            if not status:
                return self._text_of(said)
            reason = f"ended with status {status}"
        return self._fail(reason)  # outside of `except`: a timeout holds what the command had said until then

    def _entry(self) -> tuple[str, str]:
        service, _, user = self.text.rpartition("/")
        return (service, user) if service and user else self._fail("must be keyring:SERVICE/USER")

    def _from_keyring(self) -> str:
        service, user = self._entry()
        try:
            import keyring  # pyright: ignore[reportMissingImports]
        except ImportError:
            self._fail("needs the package keyring: pip install keyring")
        try:
            found: str | None = keyring.get_password(service, user)
        except Exception as error:  # noqa: BLE001 - each system's keyring has errors of its own
            reason = f"the keyring can't be read ({type(error).__name__})"
        else:
            return self._fail("the keyring has no such entry") if found is None else found
        return self._fail(reason)  # outside of `except`: what failed may hold anything

    def _text_of(self, content: bytes) -> str:
        """Return what a file or a command has said, without the line's end."""
        if len(content) > LONGEST:
            self._fail("is longer than any secret")
        try:
            text = content.decode()
        except UnicodeDecodeError:
            text = ""
            is_text = False
        else:
            is_text = True
        if not is_text:
            self._fail("is not UTF-8")
        return text.removesuffix("\n").removesuffix("\r")
