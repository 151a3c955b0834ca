"""Where a setting comes from: what a client was made with, setting by setting."""

from __future__ import annotations

from typing import Literal

import attrs

OriginKind = Literal["argument", "profile", "environment", "default"]


@attrs.frozen
class Origin:
    """Where a setting comes from.

    Attributes:
        kind: An argument of the client, a profile, the environment, or the usual value.
        detail: The profile or the variable; empty for the others.
        file: The file of the profile; else empty.
        line: The line in it, or None.
    """

    kind: OriginKind
    detail: str = ""
    file: str = ""
    line: int | None = None

    def __str__(self) -> str:
        if self.kind != "profile":
            return f"{self.kind} ({self.detail})" if self.detail else self.kind
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"profile {self.detail} ({where})"


ARGUMENT = Origin("argument")
DEFAULT = Origin("default")


@attrs.frozen
class SettingOrigin:
    """One setting of a client, for people.

    Attributes:
        name: The name of the client's argument.
        value: Its value as text; of credentials, where they are and nothing of what they are.
        origin: Where it comes from.
    """

    name: str
    value: str
    origin: Origin
