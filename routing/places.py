"""Decides since when a callback that keeps its place stands in the line, and until when it does."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Place:
    """What a caller was told: in their turn (`place_at`), or between two moments (`not_before`). Aware times."""

    place_at: datetime | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None
    next_try_at: datetime | None = None
    """Nobody answered: not before this time again."""

    def joins_at(self) -> datetime | None:
        """The place in the line: of the caller, of one who joins when the window begins, or when the next try is due.

        None when no place is kept.
        """
        first = self.not_before or self.place_at
        if first is None or self.next_try_at is None:
            return first
        return max(first, self.next_try_at)

    def stands(self, now: datetime) -> bool:
        """Whether it is in the line; not before its time, nor after its window, when it is a callback like others."""
        joins = self.joins_at()
        if joins is None or (self.not_after is not None and now >= self.not_after):
            return False
        waits = self.not_before is not None or self.next_try_at is not None
        return now >= joins or not waits
