"""The pictures of the page: bars as SVG, small, with words for those who do not see them, for light and dark.

A picture has a ground of its own, which goes by the colour scheme of the reader's system, so that it can be read on any
page. Nothing is fetched, and nothing is needed to draw them.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

import attrs

from benchmarks.speed.headlines import Headline
from benchmarks.speed.result import Result
from benchmarks.speed.stats import Spread
from benchmarks.speed.tables import number

__all__ = ["alt", "picture", "shown"]

WIDTH, LEFT, LONGEST = 440, 150, 210
ROW, TOP, BOTTOM = 24, 44, 14

STYLE = (
    "text{font:12px system-ui,-apple-system,'Segoe UI','Noto Sans',sans-serif;fill:#1f2328}"
    ".title{font-weight:600}.note{fill:#57606a}.ground{fill:#fff;stroke:#d0d7de}"
    ".ours{fill:#0969da}.other{fill:#6e7781}.range{stroke:#1f2328;fill:none}"
    "@media (prefers-color-scheme:dark){text{fill:#e6edf3}.note{fill:#9198a1}.ground{fill:#161b22;stroke:#3d444d}"
    ".ours{fill:#4493f8}.other{fill:#8b949e}.range{stroke:#e6edf3}}"
)


@attrs.frozen(kw_only=True)
class Shown:
    """A bar that was measured.

    Attributes:
        label: Whose it is.
        spread: Where its samples lie.
        is_ours: Whether it is of this package.
    """

    label: str
    spread: Spread
    is_ours: bool


def shown(line: Headline, result: Result, *, is_chinese: bool) -> list[Shown]:
    """Return the bars of a line that were measured.

    Args:
        line: The line.
        result: What was measured.
        is_chinese: Whether labels are in Chinese.
    """
    return [
        Shown(label=bar.zh if is_chinese else bar.label, spread=there, is_ours=bar.is_ours)
        for bar in line.bars
        if (there := result.spread(*bar.where)) is not None
    ]


def alt(line: Headline, bars: Sequence[Shown], *, is_chinese: bool) -> str:
    """Return the words that stand for a picture: all that it shows."""
    colon, comma = ("：", "；") if is_chinese else (": ", "; ")
    values = comma.join(f"{bar.label} {number(bar.spread.median)}" for bar in bars)
    return f"{line.zh if is_chinese else line.what}{colon}{values}"


def picture(line: Headline, bars: Sequence[Shown], *, is_chinese: bool) -> str:
    """Return the SVG of a line.

    Args:
        line: The line.
        bars: Those that were measured.
        is_chinese: Whether in Chinese.
    """
    height = TOP + ROW * len(bars) + BOTTOM
    most = max(bar.spread.high for bar in bars) or 1.0
    title = line.zh if is_chinese else line.what
    words = ("越长越好", "越短越好") if is_chinese else ("longer is better", "shorter is better")
    note = words[0] if line.more_is_better else words[1]
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    words_for_it = quoteattr(alt(line, bars, is_chinese=is_chinese))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label={words_for_it}>',
        f"<style>{STYLE}</style>",
        f'<rect class="ground" x=".5" y=".5" width="{WIDTH - 1}" height="{height - 1}" rx="6"/>',
        f'<text class="title" x="12" y="20">{escape(title)}</text>',
        f'<text class="note" x="12" y="36">{note}</text>',
    ]
    for index, bar in enumerate(bars):
        parts += _row(bar, TOP + ROW * index, most)
    return "\n".join([*parts, "</svg>", ""])


def _row(bar: Shown, top: int, most: float) -> list[str]:
    long, low, high = (
        round(LONGEST * value / most, 1) for value in (bar.spread.median, bar.spread.low, bar.spread.high)
    )
    middle = top + ROW / 2
    kind, size = "ours" if bar.is_ours else "other", f'width="{max(long, 1):g}" height="{ROW - 8}"'
    return [
        f'<text x="12" y="{middle + 4:g}">{escape(bar.label)}</text>',
        f'<rect class="{kind}" x="{LEFT}" y="{top + 4}" {size} rx="2"/>',
        f'<path class="range" d="M{LEFT + low:g} {middle:g}H{LEFT + high:g}"/>',
        f'<text x="{LEFT + max(high, long) + 8:g}" y="{middle + 4:g}">{number(bar.spread.median)}</text>',
    ]
