"""Where a text holds secrets: in each of their encodings, in any case, behind escapes of any kinds.

A careless service or proxy repeats what it was sent in its messages, ids, pages and headers. Typed data stays
as it came: it is what is shown that goes through here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from cds_eks.redaction.encodings import encodings_of
from cds_eks.redaction.escapes import ESCAPES
from cds_eks.redaction.folding import folded, with_blanks
from cds_eks.redaction.marks import SHORTEST_FOLDED, SHORTEST_SECRET, has_escapes
from cds_eks.redaction.truncated import Truncated

STARS = "***"

MOST_ESCAPES = 3
"""Of a text in a URL in a URL in a page, all escapes are undone."""

_OF_HMAC = "[A-Za-z0-9+/ ]{27}="
_SIGNATURE = re.compile(
    rf"signature(?:=|[\"']\s{{0,2}}[:,]\s{{0,2}}[\"']|\W{{1,6}}(?={_OF_HMAC}))({_OF_HMAC}|[A-Za-z0-9+/%=_.~-]+)",
    re.IGNORECASE,
)
"""In a URL of ours, or in its query as a dict or a table: with it the request could be sent, if it never arrived."""

Span = tuple[int, int]
ByStart = dict[str, list[str]]


class Echoes:
    """Finds secrets in texts. A text is looked through once, however many secrets there are.

    Args:
        secrets: The secrets; those shorter than `SHORTEST_SECRET` are not looked for.
        has_signatures: Whether signatures are secrets as well.
    """

    __slots__ = ("_exact", "_folded", "_has_signatures", "_truncated")

    def __init__(self, secrets: Iterable[str] = (), *, has_signatures: bool = False) -> None:
        self._has_signatures = has_signatures
        # The encodings, the longest first, by their first characters: of secrets whose case matters, and of the others.
        self._exact: ByStart = {}
        self._folded: ByStart = {}
        self._truncated = Truncated()
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """Look for another secret from now on."""
        if len(secret) < SHORTEST_SECRET:
            return
        self._truncated.add(secret)
        is_folded = len(secret) >= SHORTEST_FOLDED
        by_start = self._folded if is_folded else self._exact
        for encoding in encodings_of(secret):
            form = with_blanks(folded(encoding) if is_folded else encoding)
            same = by_start.get(form[:SHORTEST_SECRET], [])
            if form not in same:
                by_start[form[:SHORTEST_SECRET]] = sorted([*same, form], key=len, reverse=True)

    def redacted(self, text: str, *, is_cut: bool = False, is_id: bool = False) -> str:
        """Return a text in which `***` stands for each secret, and for parts of them; see `truncated.py`.

        Args:
            text: The text.
            is_cut: Whether it was cut and may end in the middle of a secret; the shortest beginning is replaced then.
            is_id: Whether it is an id, a code or a name, which may end as a secret begins. What has blanks or is not
                all ASCII is none: Chinese messages have no blanks.
        """
        if not self._exact and not self._folded and not self._has_signatures:
            return text
        is_id = is_id and text.isascii() and not any(map(str.isspace, text))
        spans = sorted(self._spans(text, MOST_ESCAPES, {}, is_cut=is_cut, is_id=is_id))
        if not spans:
            return text
        shown: list[str] = []
        since, until = 0, -1
        for start, end in spans:
            if start >= until:
                shown += (text[since:start], STARS)
            since = until = max(until, end)
        return "".join((*shown, text[since:]))

    def _spans(self, text: str, depth: int, seen: dict[str, int], *, is_cut: bool, is_id: bool) -> Iterator[Span]:
        """Yield where secrets are in a text, and behind its escapes.

        Args:
            text: The text.
            depth: How many times escapes may still be undone.
            seen: With how many left a text was looked through already.
            is_cut: Whether it was cut and may end in the middle of a secret.
            is_id: Whether it may end as a secret begins.
        """
        if self._exact or self._folded:
            exact = with_blanks(text)
            lower = folded(exact)
            yield from _matches(exact, self._exact, is_cut=is_cut)
            yield from _matches(lower, self._folded, is_cut=is_cut)
            yield from self._truncated.spans(exact, lower, is_id=is_id)
        if self._has_signatures and "ignature" in text.lower():
            yield from (found.span(1) for found in _SIGNATURE.finditer(text))
        if not depth or not has_escapes(text):
            return
        for escape in ESCAPES:
            if escape.mark not in text:
                continue
            plain = escape.undone(text, is_cut=is_cut)
            if plain == text or seen.get(plain, 0) >= depth:
                continue
            seen[plain] = depth
            if spans := [*self._spans(plain, depth - 1, seen, is_cut=is_cut, is_id=is_id)]:
                edges = escape.undone_with_edges(text, is_cut=is_cut).edges
                for start, end in spans:
                    is_at_cut = is_cut and end == len(edges)
                    yield edges[start][0], len(text) if is_at_cut else edges[end - 1][1]


def _matches(text: str, by_start: ByStart, *, is_cut: bool) -> Iterator[Span]:
    size = len(text)
    for start, forms in by_start.items():  # no pattern: `re` keeps those that it has compiled, and with them secrets
        at = text.find(start)
        while at >= 0:
            for form in forms:
                if text.startswith(form, at):
                    yield at, at + len(form)
                    break
                if is_cut and len(form) > size - at and form.startswith(text[at:]):
                    yield at, size
                    break
            at = text.find(start, at + 1)
