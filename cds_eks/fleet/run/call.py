"""How an item is created: the call, and what its answer is to be taken for."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from cds_eks.fleet.ensure.attempt import Send
from cds_eks.fleet.ensure.decide import FOUND, found_text


@attrs.frozen(kw_only=True)
class Call:
    """How an item is created.

    Attributes:
        send: Makes the call.
        action: The operation's name.
        result_id: What the id of the thing is called among those that an answer names.
        replicas: How many nodes are asked for.
        ids: What is kept with the intent: what else it makes, and what is there beside it.
    """

    send: Send
    action: str
    result_id: str
    replicas: int
    ids: Mapping[str, str] = attrs.field(factory=dict)

    def beside(self, ids: tuple[str, ...]) -> Call:
        """Return the same with the ids of others that are there, and are not what it makes."""
        return attrs.evolve(self, ids={**self.ids, FOUND: found_text(ids)})
