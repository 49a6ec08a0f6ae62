"""Two times: real time for sessions, tokens, mail and retention; business time for everything a caller notices.

`AT=` moves business time by a running offset, so that the hotline can be tried at any hour.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True)
class Clock:
    offset: timedelta = timedelta()

    @classmethod
    def starting_at(cls, moment: datetime) -> "Clock":
        """A clock whose business time is `moment` (aware) now and runs on from there."""
        return cls(moment - datetime.now(UTC))

    @property
    def moved(self) -> bool:
        return bool(self.offset)

    def now(self) -> datetime:
        """Business time, UTC."""
        return datetime.now(UTC) + self.offset

    def real_now(self) -> datetime:
        """Real time, UTC."""
        return datetime.now(UTC)
