"""Tasks and pools that end in steps."""

from __future__ import annotations

from typing import Any

import anyio
import anyio.lowlevel

from cds_eks.models import TaskStatus
from cds_eks.wire import Response
from support.scripted_service import ScriptedService


class Scripts(ScriptedService):
    """A service that has a script for each id: its states, poll after poll (the last for ever)."""

    def __init__(self, **scripts: list[Any]) -> None:
        super().__init__()
        self.left = {id_: list(states) for id_, states in scripts.items()}
        self.running = self.most = 0

    async def answer(self, *asked: str | None) -> Response[Any]:
        self.asked.append(asked)
        self.polls.append(self.now)
        assert len(self.polls) < 2000, "the wait does not end"
        self.running += 1
        self.most = max(self.most, self.running)
        for _ in range(3):
            await anyio.lowlevel.checkpoint()
        self.running -= 1
        states = self.left[str(asked[-1])]
        state = states.pop(0) if len(states) > 1 else states[0]
        if isinstance(state, BaseException):
            raise state
        return Response(data=state)


def named(id_: str, status: str, msg: str | None = None) -> TaskStatus:
    return TaskStatus(task_id=id_, task_status=status, task_msg=msg)
