"""How an item is created: the call, and what its answer is to be taken for."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from cds_eks.fleet.ensure.attempt import Send


@attrs.frozen(kw_only=True)
class Call:
    """How an item is created.

    Attributes:
        send: Makes the call.
        action: The operation's name.
        result_id: What the id of the thing is called among those that an answer names.
        replicas: How many nodes are asked for.
        made_with: What else it makes, as the item's ids tell it.
    """

    send: Send
    action: str
    result_id: str
    replicas: int
    made_with: Mapping[str, str] = attrs.field(factory=dict)
