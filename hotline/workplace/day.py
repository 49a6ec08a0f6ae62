"""„Mein Tag“: what an agent has done and promised today, and who has not reached us since we last closed."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from math import isfinite
from typing import Any
from zoneinfo import ZoneInfo

from agents.callbacks import may_be_rung
from config.schema import HotlineConfig
from hotline.callback_board import CallbackBoard
from hotline.clock import Clock
from hotline.errors import Refused
from hotline.storage.day import CLOSED, CUT, Day, Days, MissedCall
from hotline.workplace.search import callback_label, outcome_label, promise_label
from routing.hours import Calendar
from routing.numbers import NumberPlan


class MyDay:
    def __init__(
        self, days: Days, board: CallbackBoard, configuration: Callable[[], tuple[int, HotlineConfig]], clock: Clock
    ) -> None:
        self._days = days
        self._board = board
        self._configuration = configuration
        self._clock = clock

    async def day(self, agent: str) -> Mapping[str, Any]:
        """Today by the hotline's own time: `calls`, `promises`, `callbacks` of this agent, and `missed` callers.

        These since the last opening before today ended: nobody has seen to them since.
        """
        now = self._clock.now()
        found = await self._days.day(agent, self._midnight(), self._last_closing())
        return {"now": now.isoformat(), **self._own(found, now), "missed": [self._missed(one) for one in found.missed]}

    async def request(self, agent: str, call_id: str) -> None:
        """Make a callback task of a call that did not reach us. Refused when its number may not be rung."""
        config, now = self._configuration()[1], self._clock.now()
        number = await self._days.missed_number(call_id, self._last_closing())
        if number is None:
            raise Refused("Zu diesem Anruf kann kein Rückruf angelegt werden.")
        if not may_be_rung(config, number):
            raise Refused("Diese Nummer darf nicht angerufen werden.")
        await self._board.request_for(call_id, agent, now, Calendar(config).due(now))

    def _midnight(self) -> datetime:
        zone = ZoneInfo(self._configuration()[1].hotline.timezone)
        return self._clock.now().astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)

    def _last_closing(self) -> datetime:
        """Midnight itself when we were open then, or never before."""
        midnight = self._midnight()
        closed = Calendar(self._configuration()[1]).closed_for(midnight)
        return midnight - timedelta(seconds=closed if isfinite(closed) else 0)

    def _own(self, day: Day, now: datetime) -> dict[str, Any]:
        return {
            "calls": [
                {
                    "at": one.started_at.isoformat(),
                    "type": self._label(one.request_type),
                    "number": self._number(one.caller),
                    "seconds": _seconds(one.answered_at, one.talk_ended_at),
                    "outcome": ", ".join(map(outcome_label, one.outcomes)) or "noch offen",
                }
                for one in day.calls
            ],
            "promises": [
                {
                    "receipt": one.receipt,
                    "type": self._label(one.request_type),
                    "due": one.due_at.isoformat(),
                    "status": promise_label(one.status, one.due_at, now),
                }
                for one in day.promises
            ],
            "callbacks": [
                {
                    "number": self._number(one.number),
                    "type": self._label(one.request_type),
                    "due": one.due_at.isoformat(),
                    "finished": one.finished_at.isoformat() if one.finished_at is not None else None,
                    "status": callback_label(one.outcome),
                }
                for one in day.callbacks
            ],
        }

    def _missed(self, one: MissedCall) -> dict[str, Any]:
        config = self._configuration()[1]
        open_still = not one.served_later and not one.callback_open
        return {
            "id": one.id,
            "at": one.started_at.isoformat(),
            "type": self._label(one.request_type),
            "number": self._number(one.caller),
            "why": _why(one.how),
            "since": _since(one),
            "can_call_back": open_still and one.caller is not None and may_be_rung(config, one.caller),
        }

    def _label(self, key: str | None) -> str:
        config = self._configuration()[1]
        labels = {known.key: known.label for known in (*config.request_types, config.unclear)}
        return labels.get(key or "", config.unclear.label)

    def _number(self, number: str | None) -> str | None:
        ours = self._configuration()[1].hotline
        return None if number is None else NumberPlan(ours.country_code, ours.area_code).display(number)


def _why(how: str) -> str:
    if how in CLOSED:
        return "geschlossen"
    return "Störung" if how in CUT else "hat aufgelegt"


def _since(one: MissedCall) -> str | None:
    """What became of the caller since."""
    if one.served_later:
        return "hat später jemanden erreicht"
    return "Rückruf steht auf der Liste" if one.callback_open else None


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    return None if start is None or end is None else (end - start).total_seconds()
