"""What a sampler is certain to drop, so that no span has to be started to learn it: pure.

The SDK takes 3 to 5 us to start a span that is dropped. Most calls of a program whose traces are sampled lie in traces
that are not, and for these its usual samplers always say the same.
"""

from __future__ import annotations

import re

from opentelemetry.trace import SpanContext

_ALL = frozenset(
    {"root", "remoteParentSampled", "remoteParentNotSampled", "localParentSampled", "localParentNotSampled"}
)
_OFF = "AlwaysOffSampler"
_DELEGATE = re.compile(rf"[{{,](\w+):{_OFF}(?=[,}}])")


def always_dropped(sampler: object) -> frozenset[str]:
    """Return the kinds of parents under which a sampler drops each span, by its public description.

    The names are those that the description of `ParentBased` has: `root` is for no parent at all.

    Args:
        sampler: Any sampler; of one that says nothing that is known here, nothing is certain.
    """
    describe = getattr(sampler, "get_description", None)
    description = describe() if callable(describe) else None
    if not isinstance(description, str):
        return frozenset()
    if description == _OFF:
        return _ALL
    # One that holds another `ParentBased` asks it about the same parent: too rare to be worth working out.
    if (
        not description.startswith("ParentBased{")
        or description.count("{") - description.count("TraceIdRatioBased{") > 1
    ):
        return frozenset()
    return _ALL.intersection(_DELEGATE.findall(description))


def kind_of_parent(parent: SpanContext) -> str:
    """Return the kind of a span's parent, by the names of `always_dropped`."""
    if not parent.is_valid:
        return "root"
    where = "remote" if parent.is_remote else "local"
    return f"{where}ParentSampled" if parent.trace_flags.sampled else f"{where}ParentNotSampled"
