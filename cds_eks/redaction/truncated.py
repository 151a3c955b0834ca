"""Secrets of which a text has only a part: a service may cut what it repeats, or leave out its middle.

The beginning of a secret counts where a text, a line or a quotation ends, and before an ellipsis; its end counts behind
one. Elsewhere a few characters that a secret begins with are in other words by chance.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import attrs

from cds_eks.redaction.folding import folded, with_blanks
from cds_eks.redaction.marks import SHORTEST_FOLDED, SHORTEST_SECRET, base64_core, in_json_bodies, least_of

COMMON_WORDS = frozenset(
    re.findall(
        "[a-z]+",
        "access account admin auth cluster code credential data date demo deployment desc error errors event events "
        "exists failed fail field found host image invalid kube kubernetes login main master name names network node "
        "nodes parameter pass passcode passphrase passwd password passwords policy pool pools prod production region "
        "request root route running secret secrets server service state status subnet success task tasks test testing "
        "text time token unknown user username value values welcome word worker workers wrong zone",
    )
)
"""Words that messages end with and secrets begin with: in lower case, behind another word, they are no secret's."""

_BEHIND_WORD = re.compile(r"[^\W\d_] |, ")

_REST = (
    r"(?P<rest>[\x80-\xff\ud800-\udbff]{0,3}"
    r"(?:%(?:[0-9a-f]?|u[0-9a-f]{0,3})|\\(?:[xu]\{?[0-9a-f]{0,7}|[0-3][0-7]?)?|&#?[a-z0-9]{0,31}){0,3})"
)
"""What is left of a character's bytes, and of escapes within each other, that were cut in two."""

_DOTS = r"(?:[…⋯•]|\.\.|\*\*|truncated)"
_BEFORE_DOTS = re.compile(rf"{_REST}\s?[\[(<{{]?{_DOTS}", re.IGNORECASE)
# No more of them than 16: a long run would be gone through from each place in it.
_SIGNS = r"\s)\]}>.,;:!?=*，。、；：！？）】》」』”’"
_ENDS = re.compile(
    rf"{_REST}[{_SIGNS}]{{0,16}}(?:\Z|[\r\n\"'`<|“”‘’「」『』]|[\[({{（【]?{_DOTS})",
    re.IGNORECASE,
)
_ELLIPSIS = re.compile(r"[…⋯•]+|\.{2,}|\*{2,}")
_BRACKETS = frozenset({"[]", "()", "<>", "{}"})

Span = tuple[int, int]


@attrs.frozen
class _Beginning:
    """How a text begins that holds a secret, in one encoding.

    Args:
        exact: All of it.
        form: The same in lower case.
        least: How many of its characters count.
        is_base64: Whether one more character may follow of which only some bits are of the secret.
        breaks: Where it has no letters and digits behind these: it may have been cut there, though what follows in a
            text is as in the secret.
    """

    exact: str
    form: str
    least: int
    is_base64: bool
    breaks: tuple[int, ...]

    def end_in(self, exact: str, text: str, at: int, ends: re.Pattern[str]) -> int | None:
        """Return where the part of it ends that is at a place of a text; None if there is none that counts."""
        form = self.form
        if not text.startswith(form[: self.least], at):
            return None
        low, high = self.least, min(len(form), len(text) - at)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if text.startswith(form[:middle], at) else (low, middle - 1)
        if self.is_base64:
            is_end = ends.match(text, at + low) or ends.match(text, at + low + 1)
            return at + low if is_end and self._counts(exact, at, at + low) else None
        for size in (low, *[place for place in self.breaks if place < low]):
            found = ends.match(text, at + size)
            if found is not None and self._counts(exact, at, at + size):
                return found.end("rest") if size < len(form) else at + size
        return None

    def _counts(self, text: str, start: int, end: int) -> bool:
        """Whether a part of a text is one of the secret: a short one in another case is not, nor is a common word."""
        part = text[start:end]
        if len(part) < SHORTEST_FOLDED and not self.exact.startswith(part):
            return False
        return part not in COMMON_WORDS or _BEHIND_WORD.match(text, max(start - 2, 0)) is None


class Truncated:
    """Finds parts of secrets in texts."""

    __slots__ = ("_beginnings", "_secrets")

    def __init__(self) -> None:
        self._beginnings: dict[str, list[_Beginning]] = {}
        self._secrets: list[tuple[str, str, int]] = []

    def add(self, secret: str) -> None:
        """Look for parts of another secret from now on."""
        least = least_of(secret)
        plain = with_blanks(secret)
        self._secrets.append((plain, folded(plain), least))
        breaks = tuple([at for at in range(len(plain) - 1, least - 1, -1) if not plain[at].isalnum()])
        self._add(plain, least, breaks=breaks)
        data = secret.encode(errors="replace")
        self._add(data.hex(), 2 * len(secret[:least].encode(errors="replace")))
        for body in (secret, *in_json_bodies(secret)):
            data, size = body.encode(errors="replace"), len(body[:least].encode(errors="replace"))
            for before in range(3):
                core, shortest = base64_core(data, before), len(base64_core(data[:size], before))
                for form in {core, core.replace("+", "-").replace("/", "_")}:
                    self._add(with_blanks(form), shortest, is_base64=True)

    def _add(self, exact: str, least: int, *, is_base64: bool = False, breaks: tuple[int, ...] = ()) -> None:
        form = folded(exact)
        same = self._beginnings.setdefault(form[:SHORTEST_SECRET], [])
        same.append(_Beginning(exact, form, least, is_base64, breaks))

    def spans(self, exact: str, text: str, *, is_id: bool) -> Iterator[Span]:
        """Yield where parts of secrets are.

        Args:
            exact: A text with blanks for pluses.
            text: The same in lower case.
            is_id: Whether it may end as a secret begins; only before an ellipsis it was cut then.
        """
        ends = _BEFORE_DOTS if is_id else _ENDS
        for start, beginnings in self._beginnings.items():
            at = text.find(start)
            while at >= 0:
                for beginning in beginnings:
                    if (end := beginning.end_in(exact, text, at, ends)) is not None:
                        yield at, end
                at = text.find(start, at + 1)
        for found in _ELLIPSIS.finditer(text):
            before, after = found.span()
            for secret in self._secrets:
                yield from _around(before, after, exact, text, secret)
                if text[before - 1 : before] + text[after : after + 1] in _BRACKETS:
                    yield from _around(before - 1, after + 1, exact, text, secret)


def _around(before: int, after: int, exact: str, text: str, secret: tuple[str, str, int]) -> Iterator[Span]:
    """Yield the place of a secret whose middle was left out, or its beginning.

    Args:
        before: Where the ellipsis begins.
        after: Where it ends.
        exact: The text with blanks for pluses.
        text: The same in lower case.
        secret: The secret, the same in lower case, and how many of its characters count.
    """
    whole, form, least = secret
    if not (tail := _tail(text, after, form)):
        return
    head = _head(text, before, form)
    first, last = exact[before - head : before], exact[after : after + tail]
    is_exact = whole.startswith(first) and whole.endswith(last)
    if head + tail >= (least if is_exact else max(least, SHORTEST_FOLDED)) and (head or last not in COMMON_WORDS):
        yield before - head, after + tail


def _tail(text: str, after: int, form: str) -> int:
    """Return how many of a secret's last characters are at a place of a text."""
    if len(probe := text[after : after + SHORTEST_SECRET]) == SHORTEST_SECRET:
        at = form.find(probe, 1)
        while at > 0:
            if text.startswith(form[at:], after):
                return len(form) - at
            at = form.find(probe, at + 1)
    return next((size for size in (3, 2, 1) if text.startswith(form[-size:], after)), 0)


def _head(text: str, before: int, form: str) -> int:
    """Return how many of a secret's first characters are before a place of a text."""
    if len(probe := text[max(0, before - SHORTEST_SECRET) : before]) == SHORTEST_SECRET:
        at = form.rfind(probe, 0, len(form) - 1)
        while at >= 0:
            size = at + SHORTEST_SECRET
            if text.startswith(form[:size], before - size) and size <= before:
                return size
            at = form.rfind(probe, 0, size - 1)
    return next((size for size in (3, 2, 1) if size <= before and text.startswith(form[:size], before - size)), 0)
