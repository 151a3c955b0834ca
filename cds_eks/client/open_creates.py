"""What both clients tell of the creates whose outcome is open."""

from __future__ import annotations

from cds_eks.errors import EksError
from cds_eks.outcome.open_creates import OpenCreate, OpenCreates


class HoldsOpenCreates:
    """The part of a client that shows its open creates."""

    _open: OpenCreates

    @property
    def open_creates(self) -> tuple[OpenCreate, ...]:
        """The creates whose outcome is open, the oldest first.

        Those that may have been carried out, or were, but ended without an answer in the caller's hands: cut off by a
        cancellation, a timeout of the caller's or Ctrl-C, or with an error whose `outcome` is `unknown` or `accepted`.
        Each stays here until it is dismissed; of more than 10,000 the oldest are forgotten, which is logged.
        """
        return self._open.all()

    def dismiss(self, create: OpenCreate | EksError) -> bool:
        """Forget one of the open creates, when what became of it is known.

        Args:
            create: One of `open_creates`, or an error of one.

        Returns:
            Whether it was among them.
        """
        return self._open.dismiss(create)
