"""Properties that are made once."""

from __future__ import annotations

from cds_eks.kept import kept


class Thing:
    def __init__(self) -> None:
        self.made = 0

    @kept
    def part(self) -> list[int]:
        """What it is made of."""
        self.made += 1
        return [self.made]


def test_it_is_made_when_it_is_first_asked_for_and_kept() -> None:
    one, other = Thing(), Thing()
    assert one.made == 0
    assert one.part is one.part
    assert (one.part, one.made, other.made) == ([1], 1, 0)
    assert other.part is not one.part


def test_its_class_has_what_is_written_of_it() -> None:
    assert isinstance(Thing.part, kept)
    assert Thing.part.__doc__ == "What it is made of."
