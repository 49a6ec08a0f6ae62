"""How long a name must wait after wrong passwords: nothing at first, then doubling up to half a minute.

Counted per name, known or unknown alike, so that the answer tells nobody which names exist. The bound is low on
purpose: a stranger who types wrong passwords must not lock an agent out for the day.
"""

from collections import OrderedDict
from datetime import datetime, timedelta

FREE_TRIES = 3
LONGEST = timedelta(seconds=30)
NAMES_KEPT = 10_000


class Backoff:
    """Counts tries per name; a try counts from its start, so that guesses in parallel gain nothing."""

    def __init__(self) -> None:
        self._tries: OrderedDict[str, tuple[int, datetime]] = OrderedDict()

    def begin(self, name: str, now: datetime) -> timedelta:
        """Start a try: zero when it may go on, otherwise the time still to wait (then nothing is counted)."""
        count, last = self._tries.get(name, (0, now))
        wait = min(last, now) + self._delay(count) - now  # the clock may have been set back
        if count and wait > timedelta():
            return wait
        self._remember(name, count + 1, now)
        return timedelta()

    def succeeded(self, name: str) -> None:
        self._tries.pop(name, None)

    @staticmethod
    def _delay(count: int) -> timedelta:
        if count < FREE_TRIES:
            return timedelta()
        return min(timedelta(seconds=2 ** min(count - FREE_TRIES + 1, 10)), LONGEST)

    def _remember(self, name: str, count: int, now: datetime) -> None:
        self._tries[name] = (count, now)
        self._tries.move_to_end(name)
        while len(self._tries) > NAMES_KEPT:
            self._tries.popitem(last=False)
