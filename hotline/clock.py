"""Two times: real time for sessions, tokens, mail and audit; business time for everything a caller notices.

`AT=` moves business time by a running offset, so that the hotline can be tried at any hour.

While it is watched, business time runs on by the monotonic clock: somebody who sets the system clock, or puts the
machine to sleep, does not make callers wait an hour longer in one moment. Within a second such a step is noticed,
told to whoever remembers times, and only then taken over.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

log = structlog.get_logger()

LOOK_SECONDS = 1.0
STEP = timedelta(seconds=1)
"""From this difference on the system clock was stepped; below it is being adjusted, and simply followed."""
AT_ONCE = 0.1
"""Two clocks count as read at the same moment when it took no longer, seconds."""

OnStep = Callable[[timedelta], None]
"""Called with how far the system clock was stepped: add it to every business time that is remembered."""


class Clock:
    """`offset` moves business time. `system` (aware) and `monotonic` (seconds) are the clocks of the machine."""

    def __init__(
        self,
        offset: timedelta = timedelta(),
        *,
        system: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.offset = offset
        self._system, self._monotonic = system, monotonic
        self._zero: datetime | None = None
        """Real time when the monotonic clock stood at zero; None while nobody watches: then there is no steadiness."""
        self._stepped: float | None = None

    @classmethod
    def starting_at(cls, moment: datetime) -> "Clock":
        """A clock whose business time is `moment` (aware) now and runs on from there."""
        return cls(moment - datetime.now(UTC))

    @property
    def moved(self) -> bool:
        return bool(self.offset)

    @property
    def seconds_since_step(self) -> float | None:
        """How long ago the last step of the system clock was noticed; None when there was none."""
        return None if self._stepped is None else self._monotonic() - self._stepped

    def now(self) -> datetime:
        """Business time, UTC."""
        if self._zero is None:
            return self.real_now() + self.offset
        return self._zero + timedelta(seconds=self._monotonic()) + self.offset

    def real_now(self) -> datetime:
        """Real time, UTC, as the system has it: it may jump."""
        return self._system()

    async def watch(self, on_step: OnStep, every: float = LOOK_SECONDS) -> None:
        """Keep business time steady; ends only by being cancelled. Looks at the system clock `every` so many seconds.

        `on_step` is called before anything else can see the new time; it must not fail.
        """
        self._zero = self._measured()
        try:
            while True:
                await asyncio.sleep(every)
                self._look(self._zero, on_step)
        finally:
            self._zero = None

    def _look(self, before: datetime, on_step: OnStep) -> None:
        self._zero = self._measured()
        step = self._zero - before
        if abs(step) < STEP:
            return
        self._stepped = self._monotonic()
        log.warning("the system clock was stepped", seconds=round(step.total_seconds(), 3))
        on_step(step)

    def _measured(self) -> datetime:
        """The system's time when the monotonic clock stood at zero; again if something came between two readings."""
        while True:
            before, system, after = self._monotonic(), self.real_now(), self._monotonic()
            if after - before <= AT_ONCE:
                return system - timedelta(seconds=after)
