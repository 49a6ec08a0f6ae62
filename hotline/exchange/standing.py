"""Which callbacks stand in the line at present, where, and for which skill."""

from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from config.schema import HotlineConfig, RequestType
from hotline.storage.callbacks import CallbackTask
from hotline.storage.places import entry_of
from routing.line import Line


@dataclass(frozen=True, slots=True)
class Stood:
    task_id: int
    skill: str
    since: datetime
    """By the row of the callback."""
    joined: datetime
    """In the line: whoever waited while it was closed has not waited there."""
    second_at: datetime

    def shifted(self, delta: timedelta) -> "Stood":
        """Business time has jumped by that."""
        return replace(self, joined=self.joined + delta, second_at=self.second_at + delta)


class Standing:
    """The entries of the line that are callbacks."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._stood: dict[str, Stood] = {}

    def __len__(self) -> int:
        return len(self._stood)

    def bring_up(
        self, tasks: Iterable[CallbackTask], config: HotlineConfig, now: datetime, opened: datetime | None
    ) -> bool:
        """These are to stand in the line, in this order, and no others; whether anything changed.

        `opened`: since when it is open, where that matters.
        """
        wanted = {entry_of(task.id): task for task in tasks}
        gone = self._stood.keys() - wanted.keys()
        for entry in gone:
            self._line.leave(entry)
            del self._stood[entry]
        before: set[datetime] = set()
        for entry, task in wanted.items():
            if self._stand(entry, self._place(entry, task, config, now, opened), before):
                before.add(self._stood[entry].joined)
        return bool(gone or before)

    def _place(
        self, entry: str, task: CallbackTask, config: HotlineConfig, now: datetime, opened: datetime | None
    ) -> Stood:
        since, known = task.place.joins_at() or now, self._stood.get(entry)
        if known is not None and known.since == since and entry in self._line:
            joined = known.joined
        else:
            joined = min(max(since, opened or since), now)
        second = joined + timedelta(seconds=config.distribution.second_choice_after_seconds)
        return Stood(task.id, str(request_of(config, task).skill), since, joined, second)

    def _stand(self, entry: str, place: Stood, before: Container[datetime]) -> bool:
        """Whether it had to be put there. Those behind it who joined at the same moment have to be put there, too:
        `before` are the moments of those who were put there before this one."""
        if entry in self._line and self._stood.get(entry) == place and place.joined not in before:
            return False
        self._line.join(entry, place.skill, place.joined, second_at=place.second_at)
        self._stood[entry] = place
        return True

    def take(self, entry: str) -> Stood | None:
        """The matcher has taken it out of the line; where it stood, if it did."""
        return self._stood.pop(entry, None)

    def shift(self, delta: timedelta) -> None:
        """Business time has jumped by that; the line itself has been shifted."""
        self._stood = {entry: stood.shifted(delta) for entry, stood in self._stood.items()}


def request_of(config: HotlineConfig, task: CallbackTask) -> RequestType:
    """What the caller wants; unclear when the configuration does not know it any more."""
    try:
        return config.request_type(task.request_type or config.unclear.key)
    except KeyError:
        return config.unclear
