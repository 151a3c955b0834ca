"""Redaction: secrets, the encodings in which a text may hold them, and foreign text made fit to show."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, NoReturn

from cds_eks.redaction.marks import SHORTEST_SECRET, is_altered, marks_of
from cds_eks.redaction.names import is_secret_name, secrets_in
from cds_eks.redaction.urls import redacted_url, secrets_of_proxy

if TYPE_CHECKING:
    from cds_eks.redaction.echoes import Echoes

__all__ = [
    "NO_SECRETS",
    "Secrets",
    "is_secret_name",
    "presentable",
    "printable",
    "redact",
    "redacted_url",
    "secrets_in",
    "secrets_of_proxy",
]

LONGEST_LOOK = 65536
"""How far secrets are looked for in a text of which much less is shown."""

LONGEST_TEXT = 2**19
"""Of a longer text that may hold a secret only `LONGEST_LOOK` characters are shown: escapes take time to undo."""

_SAID_OF_EACH_SUCCESS = frozenset({"Success", "success"})
"""Messages of nearly all answers: they tell nothing of a secret, even if it is the same word."""


class Secrets:
    """Texts that must never be shown. Neither `repr` nor a walk through it shows them: it is no collection.

    Their encodings are computed once, when they are first looked for, and stored here, not in a cache of the module: so
    they live no longer than the client that has them.

    Args:
        texts: The texts.
    """

    __slots__ = ("__weakref__", "_echoes", "_least", "_marks", "_marks_of", "_texts")

    def __init__(self, texts: Iterable[str] | Secrets = ()) -> None:
        self._texts: frozenset[str] = _texts_of(texts)
        self._marks_of: dict[str, tuple[str, ...]] = {}
        self._marks: list[str] | None = None
        self._least = 0
        self._echoes: Echoes | None = None

    @staticmethod
    def of(texts: Iterable[str] | Secrets) -> Secrets:
        """Return some texts as secrets."""
        return texts if isinstance(texts, Secrets) else Secrets(texts)

    def of_length(self, least: int) -> Secrets:
        """Return those of so many characters at least."""
        return Secrets(text for text in self._texts if len(text) >= least)

    def redacted(self, text: str, *, is_cut: bool = False, is_id: bool = False) -> str:
        """Return a text in which `***` stands for each of them; see `redact`."""
        if self._echoes is None:
            from cds_eks.redaction.echoes import Echoes  # it is needed for few answers

            self._echoes = Echoes(self._texts, has_signatures=True)
        return self._echoes.redacted(text, is_cut=is_cut, is_id=is_id)

    def may_be_in(self, text: str) -> bool:
        """Whether a text may hold one of them or a part, in any encoding; false means that it does not."""
        marks = self._marks
        if marks is None:
            marks = self._make_marks()
        if not marks or len(text) < self._least:
            return False
        if is_altered(text):
            return True
        lower = text.lower()
        for mark in marks:  # noqa: SIM110 - a third quicker than `any`, and on the path of each call
            if mark in lower:
                return True
        return False

    def _make_marks(self) -> list[str]:
        """Make the marks, but for those that are known of the secrets that this was made of."""
        known = self._marks_of
        own: dict[str, tuple[str, ...]] = {}
        marks: list[str] = []
        for text in self._texts:
            if len(text) >= SHORTEST_SECRET:
                own[text] = found = known.get(text) or marks_of(text)
                marks += found
        self._marks_of = own
        self._least = min(map(len, marks), default=0)
        self._marks = marks
        return marks

    def __or__(self, other: Iterable[str] | Secrets) -> Secrets:
        both = self._texts | _texts_of(other)
        if len(both) == len(self._texts):
            return self
        made = Secrets(both)
        made._marks_of = self._marks_of  # those of a client are made once, however many requests have more
        return made

    __ror__ = __or__

    def __le__(self, other: Secrets) -> bool:
        return self._texts <= _texts_of(other)

    def __ge__(self, other: Secrets) -> bool:
        return self._texts >= _texts_of(other)

    def __bool__(self) -> bool:
        return bool(self._texts)

    def __eq__(self, other: object) -> bool:
        return self._texts == _texts_of(other) if isinstance(other, (Secrets, AbstractSet)) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._texts)

    def __repr__(self) -> str:
        return "Secrets(***)"

    def __copy__(self) -> Secrets:
        return self

    def __deepcopy__(self, memo: object) -> Secrets:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("secrets are not pickled")


def _texts_of(texts: Iterable[str] | Secrets) -> frozenset[str]:
    return texts._texts if isinstance(texts, Secrets) else frozenset(texts)  # noqa: SLF001 - our own


NO_SECRETS = Secrets()


def printable(text: str, most: int) -> str:
    """Return a foreign text in one line of bounded length, without control characters and lone surrogates."""
    if len(text) <= most and text.isprintable():
        return text
    line = "".join([char if char.isprintable() else " " for char in text[: most + 1]])
    return line if len(line) <= most else f"{line[:most]}…"


def presentable(text: str, secrets: Iterable[str] | Secrets, most: int, *, is_id: bool = False) -> str:
    """Return a foreign text fit to be shown: one line of bounded length, without secrets. Megabytes are cut first.

    Args:
        text: The text.
        secrets: The secrets.
        most: How many characters are shown.
        is_id: Whether it is an id, a code or a name; see `redact`.
    """
    if text in _SAID_OF_EACH_SUCCESS:
        return text
    hidden = secrets if isinstance(secrets, Secrets) else Secrets(secrets)
    if len(text) <= most and text.isprintable() and "ignature" not in text.lower() and not hidden.may_be_in(text):
        return text  # as nearly all are
    is_cut = len(text) > LONGEST_LOOK
    return printable(redact(text[:LONGEST_LOOK], hidden, is_cut=is_cut, is_id=is_id), most)


def redact(text: str, secrets: Iterable[str] | Secrets, *, is_cut: bool = False, is_id: bool = False) -> str:
    """Return a text with each secret of four characters or more and each signature replaced, in any encoding.

    So is the beginning of a secret where a text, a line or a quotation ends, and before an ellipsis: see
    `truncated.py`. Of a text of megabytes only the beginning is returned.

    Args:
        text: The text.
        secrets: The secrets.
        is_cut: Whether the text was cut and may end in the middle of a secret; the shortest beginning is replaced then.
        is_id: Whether it is an id, a code or a name, with which programs go on: such a one may end as a secret begins.
    """
    hidden = Secrets.of(secrets)
    if is_cut or hidden.may_be_in(text) or "ignature" in text.lower():
        if len(text) > LONGEST_TEXT:
            return f"{hidden.redacted(text[:LONGEST_LOOK], is_cut=True, is_id=is_id)}…"
        return hidden.redacted(text, is_cut=is_cut, is_id=is_id)
    return text
