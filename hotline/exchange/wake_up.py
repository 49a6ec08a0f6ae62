"""Something is looked at again at a moment of business time, although nothing happens meanwhile."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from hotline.clock import Clock

MOMENT = 0.05
"""So long after the moment it is looked, never before: seconds."""


class WakeUp:
    """At most one moment; another one takes its place. `wake` must set the next one itself."""

    def __init__(self, clock: Clock, wake: Callable[[], None]) -> None:
        self._clock = clock
        self._wake = wake
        self.at: datetime | None = None
        """The moment that is set."""
        self._timer: asyncio.TimerHandle | None = None

    def set(self, at: datetime | None) -> None:
        """Wake then (aware business time); None: not at all. Setting the same moment again changes nothing."""
        if at == self.at:
            return
        self.cancel()
        if at is not None:
            seconds = max(0.0, (at - self._clock.now()).total_seconds()) + MOMENT
            self.at, self._timer = at, asyncio.get_running_loop().call_later(seconds, self._due)

    def cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self.at = self._timer = None

    def _due(self) -> None:
        self.at = self._timer = None
        self._wake()
