"""Profiles: the settings of a client by name, as the file of profiles says them."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

import attrs

from cds_eks.config.config_file import ConfigText, read_config_text
from cds_eks.config.profile_values import Values, unknown_key
from cds_eks.config.settings import Limits, RetryPolicy, Timeouts
from cds_eks.documents.config_path import config_path
from cds_eks.documents.reading import Path as Place
from cds_eks.documents.reading import Unreadable
from cds_eks.documents.secrets import SCHEMES, SecretRef
from cds_eks.documents.toml_text import read_toml
from cds_eks.errors import ConfigFileError
from cds_eks.errors.faults import ConfigFault
from cds_eks.schema.validation import did_you_mean
from cds_eks.schema.validators import printable_name

DEFAULT_MAX_AGE = 300.0
"""How long keys from a file, a command or a keyring are used before they are asked for again, in seconds."""

_NAME = re.compile(r"[^\W_][\w.@-]{0,63}")
NAME_RULE = "a profile's name has at most 64 letters, digits and _ . @ -, and begins with a letter or digit"


def is_profile_name(name: object) -> bool:
    """Return whether a profile may have this name."""
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


@attrs.frozen(kw_only=True)
class Profile:
    """The settings that the file has under one name; None is not said. It holds references to keys, not keys.

    Attributes:
        name: Its name.
        file: The file.
        lines: The line of each key.
        secret_id: Where the access key's id is.
        secret_key: Where the key is.
        credentials_max_age: How long a key from a file, command or keyring is used before it is asked for again.
    """

    name: str
    file: str
    lines: Mapping[str, int] = attrs.field(factory=dict, repr=False)
    secret_id: SecretRef | None = None
    secret_key: SecretRef | None = None
    credentials_max_age: float = DEFAULT_MAX_AGE
    endpoint: str | None = None
    api_revision: str | None = None
    backend: str | None = None
    user_agent: str | None = None
    tls: str | None = None
    timeouts: Timeouts | None = None
    retry: RetryPolicy | None = None
    limits: Limits | None = None

    @property
    def has_credentials(self) -> bool:
        """Whether it says where the keys are."""
        return self.secret_id is not None


@attrs.frozen(kw_only=True)
class ProfilesFile:
    """What the file says.

    Attributes:
        path: The file.
        exists: Whether there is one.
        default: The name of the profile that is used when none is named.
        profiles: Those that can be used, by name, in the file's order.
        names: The names of all, in the file's order.
        faults: What is wrong with the file, in its order.
    """

    path: Path
    exists: bool = True
    default: str | None = None
    profiles: Mapping[str, Profile] = attrs.field(factory=dict)
    names: tuple[str, ...] = ()
    faults: tuple[ConfigFault, ...] = ()

    def profile(self, name: str, named_by: str = "profile") -> Profile:
        """Return a profile.

        Args:
            name: Its name.
            named_by: What named it, for the error.

        Raises:
            ConfigFileError: There is none, or something is wrong with it.
        """
        if faults := tuple(fault for fault in self.faults if fault.profile in (None, name)):
            raise ConfigFileError(faults)
        if (found := self.profiles.get(name)) is not None:
            return found
        shown = printable_name(name) if isinstance(name, str) else type(name).__name__
        if not self.exists:
            message = (
                f"{named_by} names the profile {shown!r}, but there is no such file: "
                "write it, or use `cds-eks profiles set`"
            )
        else:
            known = ", ".join(self.names) or "none"
            similar = did_you_mean(shown, set(self.names))
            message = f"{named_by} names the profile {shown!r}, which is not there (there are: {known}){similar}"
        raise ConfigFileError((ConfigFault(message=message, field="", file=str(self.path)),))

    def default_profile(self) -> Profile | None:
        """Return the profile that is used when none is named; None if there is none.

        Raises:
            ConfigFileError: Something is wrong with it.
        """
        if self.default is None and not any(fault.profile is None for fault in self.faults):
            return None
        return self.profile(self.default or "", "default")


def read_profiles(path: Path | None = None, environ: Mapping[str, str] = os.environ) -> ProfilesFile:
    """Read the file of profiles; no key is asked for.

    Args:
        path: The file; None for where it usually is.
        environ: The environment.

    Raises:
        ConfigFileError: It can't be read at all. What is wrong with what it says is in `faults`.
    """
    where = config_path(environ) if path is None else path
    del environ  # the credentials may be in it
    text = read_config_text(where)
    return ProfilesFile(path=where, exists=False) if text is None else parse_profiles(text)


def parse_profiles(text: ConfigText) -> ProfilesFile:
    """Return what a text says, with all that is wrong with it."""
    try:
        read = read_toml(text.text)
    except Unreadable as error:
        fault = ConfigFault(message=error.message, field="", file=str(text.path), line=error.line)
        return ProfilesFile(path=text.path, faults=(fault,))
    return _Reading(text, read.data, read.lines).result()


class _Reading:
    """Reads the data of one file, and notes what is wrong."""

    def __init__(self, text: ConfigText, data: Mapping[str, object], lines: Mapping[Place, int]) -> None:
        self._text = text
        self._data = data
        self._lines = lines
        self._faults: list[ConfigFault] = []

    def result(self) -> ProfilesFile:
        for key in self._data:
            if key not in ("default", "profiles"):
                self._tell((key,), unknown_key(key, {"default", "profiles"}))
        tables = self._data.get("profiles", {})
        if not isinstance(tables, dict):
            self._tell(("profiles",), "must be tables: write [profiles.NAME]")
            tables = {}
        found = {}
        for name, table in tables.items():
            before = len(self._faults)
            profile = self._profile(name, table)
            if len(self._faults) == before:
                found[name] = profile
        return ProfilesFile(
            path=self._text.path,
            default=self._default(tables),
            profiles=found,
            names=tuple(tables),
            faults=tuple(sorted(self._faults, key=lambda fault: fault.line or 0)),
        )

    def _default(self, tables: Mapping[str, object]) -> str | None:
        default = self._data.get("default")
        if default is None:
            return None
        if not isinstance(default, str):
            self._tell(("default",), "must be the name of a profile, in quotes")
        elif default not in tables:
            known = ", ".join(tables) or "none"
            self._tell(("default",), f"names a profile that is not there; there are: {known}")
        else:
            return default
        return None

    def _profile(self, name: str, table: object) -> Profile:
        place: Place = ("profiles", name)
        file = str(self._text.path)
        if not is_profile_name(name):
            self._tell(place, NAME_RULE, name)
        if not isinstance(table, dict):
            self._tell(place, f"must be a table: write [profiles.{printable_name(name)}]", name)
            return Profile(name=name, file=file)
        values = Values(table, self._text.path.parent, lambda keys, message: self._tell((*place, *keys), message, name))
        read = values.read()
        for key in ("secret_id", "secret_key"):
            if (ref := read.get(key)) is not None and ref.source == "inline":
                self._check_inline((*place, key), name, is_allowed=table.get("allow_inline") is True)
        lines = {key: line for key in table if (line := self._lines.get((*place, key))) is not None}
        return Profile(name=name, file=file, lines=lines, **read)

    def _check_inline(self, place: Place, name: str, *, is_allowed: bool) -> None:
        if not is_allowed:
            ways = ", ".join(f"{scheme}:…" for scheme in (*SCHEMES, "keyring"))
            message = f"is no reference ({ways}): say where the key is; or set allow_inline = true and chmod 0600"
            self._tell(place, message, name)
        elif not self._text.is_private:
            self._tell(place, "holds a key, and others may read the file: chmod 0600", name)

    def _tell(self, place: Place, message: str, profile: str | None = None) -> None:
        field = ".".join(printable_name(str(step)) for step in place)
        file, line = str(self._text.path), self._lines.get(place)
        self._faults.append(ConfigFault(message=message, field=field, file=file, line=line, profile=profile))
