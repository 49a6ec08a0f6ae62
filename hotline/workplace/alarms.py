"""The threat button: a silent alarm to the lead, kept until it is seen; nothing of it reaches the caller."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

import structlog

from agents.presence import Work
from config.schema import HotlineConfig
from hotline.clock import Clock
from hotline.errors import Refused
from hotline.exchange.calls import Call
from hotline.exchange.journal import Journal
from hotline.exchange.seats import Seat, Seats
from hotline.storage.alarms import THREAT, Alarm, AlarmRows
from routing.numbers import NumberPlan

log = structlog.get_logger()

SEEN_AT_MOST = 200
"""So many alarms that were seen are remembered for the agents' pages."""
_MAY_ALARM = frozenset({Work.TALKING, Work.LOST, Work.WRAP_UP})


class Alarms:
    """The open alarms are held in memory, as `load` finds them; every change is stored first."""

    def __init__(
        self,
        rows: AlarmRows,
        journal: Journal,
        seats: Seats,
        configuration: Callable[[], tuple[int, HotlineConfig]],
        clock: Clock,
    ) -> None:
        self._rows = rows
        self._journal = journal
        self._seats = seats
        self._configuration = configuration
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()
        self._open: dict[int, Alarm] = {}
        self._seen: dict[int, Alarm] = {}

    async def load(self) -> None:
        """Those nobody had seen before the start."""
        self._open = {alarm.id: alarm for alarm in await self._rows.unseen()}

    async def threaten(self, agent: str, call_id: str) -> None:
        """The caller threatens somebody: alarm the lead. A second press changes nothing. Refused without that call."""
        call = self._call_of(agent, call_id)
        async with self._one_at_a_time:
            if self._of(call_id, agent) is not None:
                return
            at = self._clock.now()
            number = await self._journal.now(partial(self._rows.add, call_id, agent, at))
            request = call.request.key if call.request is not None else None
            self._open[number] = Alarm(number, THREAT, call_id, agent, at, call.caller, request)
        log.warning("threat alarm", call=call_id, agent=agent)
        self._seats.touch_all()

    def open_alarms(self) -> list[dict[str, Any]]:
        """For the lead's page, oldest first; `caller` is the number as people write it, None when it is not known."""
        return [self._view(alarm) for alarm in self._open.values()]

    async def seen(self, number: int, who: str) -> None:
        """`who`, a user's name, has seen the alarm; the agent is shown so. Refused when it is not open."""
        if number not in self._open:
            raise Refused("Dieser Alarm ist schon als gesehen vermerkt.")
        at = self._clock.now()
        await self._journal.now(partial(self._rows.mark_seen, number, who, at, self._clock.real_now()))
        if (alarm := self._open.pop(number, None)) is not None:
            self._seen[number] = replace(alarm, caller=None, seen_by=who, seen_at=at)
        while len(self._seen) > SEEN_AT_MOST:
            self._seen.pop(next(iter(self._seen)))
        self._seats.touch_all()

    def view(self, seat: Seat, _now: datetime) -> Mapping[str, Any]:
        """For the agent who has raised it: since when, who has seen it, and what to do."""
        call = seat.call if seat.may_show_call else None
        alarm = None if call is None else self._of(call.id, seat.agent.name)
        if call is None or alarm is None:
            return {"threat": None}
        told = {
            "at": alarm.at.isoformat(),
            "seen_by": None if alarm.seen_by is None else self._name(alarm.seen_by),
            "seen_at": None if alarm.seen_at is None else alarm.seen_at.isoformat(),
            "guidance": list(call.config.threat.guidance),
        }
        return {"threat": told}

    def _call_of(self, agent: str, call_id: str) -> Call:
        seat = self._seats[agent]
        if seat.call is None or seat.call.id != call_id or seat.presence.work not in _MAY_ALARM:
            raise Refused("Dieser Anruf ist nicht mehr bei Ihnen. Bitte alarmieren Sie die Leitung direkt.")
        return seat.call

    def _of(self, call_id: str, agent: str) -> Alarm | None:
        known = (*self._open.values(), *self._seen.values())
        return next((alarm for alarm in known if (alarm.call_id, alarm.agent) == (call_id, agent)), None)

    def _view(self, alarm: Alarm) -> dict[str, Any]:
        config = self._configuration()[1]
        plan = NumberPlan(config.hotline.country_code, config.hotline.area_code)
        return {
            "id": alarm.id,
            "kind": alarm.kind,
            "call_id": alarm.call_id,
            "agent": alarm.agent,
            "agent_name": self._name(alarm.agent),
            "at": alarm.at.isoformat(),
            "caller": None if alarm.caller is None else plan.display(alarm.caller),
            "request_type": _label(config, alarm.request_type),
        }

    def _name(self, user: str) -> str:
        return self._seats[user].agent.full_name if user in self._seats else user


def _label(config: HotlineConfig, key: str | None) -> str | None:
    try:
        return None if key is None else config.request_type(key).label
    except KeyError:  # the configuration has changed since
        return None
