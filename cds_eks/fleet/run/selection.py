"""Which clusters of a plan are meant: `only=` and `exclude=`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase

from cds_eks.errors import ConfigurationError
from cds_eks.fleet.ensure.wanted import WantedCluster
from cds_eks.redaction import printable

LONGEST_NAME = 80
MOST_TOLD = 10
MOST_NEAR = 3
_GLOB = re.compile(r"[*?\[]")


def selected(
    clusters: Iterable[WantedCluster], only: Collection[str] | None, exclude: Collection[str]
) -> tuple[WantedCluster, ...]:
    """Return the clusters that are meant, by names or patterns.

    What matches nothing is a slip: with `only=` nothing would be done, and with `exclude=` what was to be left alone
    would be created or deleted.

    Raises:
        ConfigurationError: A name or pattern matches no cluster, or all together leave none.
    """
    clusters = tuple(clusters)
    names = [cluster.name for cluster in clusters]
    included = None if only is None else _checked("only", only, names)
    excluded = _checked("exclude", exclude, names)
    found = tuple(
        cluster
        for cluster in clusters
        if (included is None or included.match(cluster.name)) and not excluded.match(cluster.name)
    )
    if clusters and not found:
        raise ConfigurationError("only= and exclude= leave no cluster of the plan: nothing was sent")
    return found


class _Patterns:
    """Names and patterns: the names are looked up, however many there are."""

    def __init__(self, patterns: Collection[str]) -> None:
        self._names = frozenset(patterns)
        self._globs = [pattern for pattern in patterns if _GLOB.search(pattern)]

    def match(self, name: str) -> bool:
        return name in self._names or any(fnmatchcase(name, glob) for glob in self._globs)

    def match_any(self, names: Iterable[str]) -> bool:
        return any(map(self.match, names))


def _checked(argument: str, given: Collection[str], names: Sequence[str]) -> _Patterns:
    patterns = () if isinstance(given, str) else tuple(given)
    if isinstance(given, str) or not all(isinstance(pattern, str) for pattern in patterns):
        what = "one text" if isinstance(given, str) else "one of other values"
        raise ConfigurationError(f"{argument} must be a collection of names, not {what}")
    if argument == "only" and not patterns:
        raise ConfigurationError("only= names no cluster: leave it out if all are meant; nothing was sent")
    known = frozenset(names)
    unknown = [
        each
        for each in patterns
        if each not in known and not (_GLOB.search(each) and _Patterns((each,)).match_any(names))
    ]
    if unknown:
        told = "; ".join(f"{_shown(pattern)}{_hint(pattern, names)}" for pattern in unknown[:MOST_TOLD])
        more = f"; and {len(unknown) - MOST_TOLD} more" if len(unknown) > MOST_TOLD else ""
        raise ConfigurationError(f"{argument}= matches no cluster of the plan: {told}{more}; nothing was sent")
    return _Patterns(patterns)


def _hint(pattern: str, names: Sequence[str]) -> str:
    """Return what may have been meant, in words."""
    cluster, slash, _ = pattern.partition("/")
    if slash and _Patterns((cluster,)).match_any(names):
        return f" (a cluster is meant with all its pools: {_shown(cluster)})"
    near = get_close_matches(_GLOB.split(cluster, maxsplit=1)[0], names, n=MOST_NEAR)
    if near:
        return f" (did you mean {' or '.join(map(_shown, near))}?)"
    more = ", …" if len(names) > MOST_NEAR else ""
    return f" (there are {', '.join(map(_shown, names[:MOST_NEAR]))}{more})" if names else ""


def _shown(name: str) -> str:
    return repr(printable(name, LONGEST_NAME))
