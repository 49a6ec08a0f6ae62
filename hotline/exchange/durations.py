"""How long something took each time: counted by steps, for the metrics; nothing about whom it concerned is kept."""

from collections.abc import Sequence


class Durations:
    """Counts how many took at most so many seconds, for each of `bounds` (rising)."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(self._bounds) + 1)
        self.total = 0.0
        """Seconds of all together."""

    def add(self, seconds: float) -> None:
        place = next((place for place, bound in enumerate(self._bounds) if seconds <= bound), len(self._bounds))
        self._counts[place] += 1
        self.total += seconds

    def up_to(self) -> list[tuple[float, int]]:
        """Each bound with how many took at most so long; the last one is infinity, and counts them all."""
        told, together = [], 0
        for bound, count in zip((*self._bounds, float("inf")), self._counts, strict=True):
            together += count
            told.append((bound, together))
        return told
