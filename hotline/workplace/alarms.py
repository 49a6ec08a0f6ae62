"""The threat button: a silent alarm to the lead, kept until it is seen; nothing of it reaches the caller.

An alarm helps only if somebody sees it: whoever raised it is told who could and who has, and never more than is known.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

import structlog

from agents.presence import Work
from config.schema import HotlineConfig
from hotline.callback_board import CallbackBoard
from hotline.clock import Clock
from hotline.errors import Refused
from hotline.exchange.calls import Call
from hotline.exchange.journal import Journal
from hotline.exchange.outgoing import Outgoing
from hotline.exchange.ring import Ring
from hotline.exchange.seats import Seat, Seats
from hotline.storage.alarms import THREAT, Alarm, AlarmRows
from routing.numbers import NumberPlan

log = structlog.get_logger()

SEEN_AT_MOST = 200
"""So many alarms that were seen are remembered for the agents' pages."""
_MAY_ALARM = frozenset({Work.TALKING, Work.LOST, Work.WRAP_UP})


@dataclass(frozen=True, slots=True)
class _Talk:
    """What an agent may raise an alarm about: a call of the line, or a callback in which the caller was reached."""

    call_id: str
    since: datetime
    """An alarm of before belongs to an earlier talk about the same call."""
    caller: str | None
    request_type: str | None
    guidance: list[str]


class Alarms:
    """The alarms are held in memory and count at once: the lead is told also while the database does not answer.

    What is stored of them, as soon as it answers, is for the ledger and for the next start, see `load`.
    """

    def __init__(
        self,
        rows: AlarmRows,
        journal: Journal,
        seats: Seats,
        outgoing: Outgoing,
        callbacks: CallbackBoard,
        configuration: Callable[[], tuple[int, HotlineConfig]],
        clock: Clock,
    ) -> None:
        self._rows = rows
        self._journal = journal
        self._seats = seats
        self._outgoing = outgoing
        self._callbacks = callbacks
        self._configuration = configuration
        self._clock = clock
        self._watchers: frozenset[str] = frozenset()
        self._open: dict[int, Alarm] = {}
        self._seen: dict[int, Alarm] = {}

    async def load(self) -> None:
        """Those nobody had seen before the start."""
        for alarm in await self._rows.unseen():
            self._keep(alarm)

    async def threaten(self, agent: str, call_id: str) -> None:
        """The caller threatens somebody: alarm the lead. A second press changes nothing. Refused without that call."""
        talk = self._talk_of(agent, call_id)
        if self._of(talk, agent) is not None:
            return
        at = self._clock.now()
        self._keep(Alarm(THREAT, call_id, agent, at, talk.caller, talk.request_type))
        self._journal.later(partial(self._rows.add, call_id, agent, at))
        log.warning("threat alarm", call=call_id, agent=agent)
        self._seats.touch_all()

    def open_alarms(self) -> list[dict[str, Any]]:
        """For the lead's page, oldest first; `caller` is the number as people write it, None when it is not known."""
        return [self._view(number, alarm) for number, alarm in self._open.items()]

    def alarms_for(self, user: str) -> list[Mapping[str, Any]]:
        """Those of others; nobody is called to help themselves."""
        return [told for told in self.open_alarms() if told["agent"] != user]

    def watched_by(self, users: frozenset[str]) -> None:
        """Who has a page open on which alarms can be seen."""
        self._watchers = users
        if self._open:
            self._seats.touch_all()

    def not_mailed(self) -> list[tuple[int, Alarm]]:
        """With their numbers those nobody has seen, and of which no mail tells yet; oldest first."""
        return [(number, alarm) for number, alarm in self._open.items() if alarm.mailed_at is None]

    def mailed(self, number: int, at: datetime) -> None:
        """A mail that tells of the alarm is stored; the agent is shown so."""
        if number in self._open:
            self._open[number] = replace(self._open[number], mailed_at=at)
            self._seats.touch_all()

    async def seen(self, number: int, who: str) -> None:
        """`who`, a user's name, has seen the alarm; the agent is shown so. Refused when it is not open."""
        alarm, at = self._open.pop(number, None), self._clock.now()
        if alarm is None:
            raise Refused("Dieser Alarm ist schon als gesehen vermerkt.")
        self._journal.later(partial(self._rows.mark_seen, alarm, who, at, self._clock.real_now()))
        self._seen[number] = replace(alarm, caller=None, seen_by=who, seen_at=at)
        while len(self._seen) > SEEN_AT_MOST:
            self._seen.pop(next(iter(self._seen)))
        self._seats.touch_all()

    def view(self, seat: Seat, _now: datetime) -> Mapping[str, Any]:
        """For the agent who has raised it: since when, who could see it, who has, and what to do."""
        talk = self._on_screen(seat)
        alarm = None if talk is None else self._of(talk, seat.agent.name)
        if talk is None or alarm is None:
            return {"threat": None}
        told = {
            "at": alarm.at.isoformat(),
            "seen_by": None if alarm.seen_by is None else self._name(alarm.seen_by),
            "seen_at": None if alarm.seen_at is None else alarm.seen_at.isoformat(),
            "watched": bool(self._watchers - {alarm.agent}),
            "mailed_at": None if alarm.mailed_at is None else alarm.mailed_at.isoformat(),
            "guidance": talk.guidance,
        }
        return {"threat": told}

    def _talk_of(self, agent: str, call_id: str) -> _Talk:
        seat, ring = self._seats[agent], self._outgoing.of(agent)
        if seat.call is not None and seat.call.id == call_id and seat.presence.work in _MAY_ALARM:
            return _talk(seat.call)
        if ring is not None and ring.call_id == call_id and ring.talked_since is not None:
            return self._called_back(ring)
        raise Refused("Dieser Anruf ist nicht mehr bei Ihnen. Bitte alarmieren Sie die Leitung direkt.")

    def _on_screen(self, seat: Seat) -> _Talk | None:
        if seat.call is not None and seat.may_show_call:
            return _talk(seat.call)
        ring = self._outgoing.of(seat.agent.name)
        return self._called_back(ring) if ring is not None and ring.talked_since is not None else None

    def _called_back(self, ring: Ring) -> _Talk:
        task, guidance = self._callbacks.task(ring.task_id), self._configuration()[1].threat.guidance
        number, request = (None, None) if task is None else (task.number, task.request_type)
        return _Talk(ring.call_id, ring.at, number, request, list(guidance))

    def _keep(self, alarm: Alarm) -> None:
        """Open, under a number that is the same after a restart: its moment, in milliseconds."""
        number = int(alarm.at.timestamp() * 1000)
        while number in self._open or number in self._seen:
            number += 1
        self._open[number] = alarm

    def _of(self, talk: _Talk, agent: str) -> Alarm | None:
        known = [*self._open.values(), *self._seen.values()]
        mine = [alarm for alarm in known if (alarm.call_id, alarm.agent) == (talk.call_id, agent)]
        return next((alarm for alarm in mine if alarm.at >= talk.since), None)

    def _view(self, number: int, alarm: Alarm) -> dict[str, Any]:
        config = self._configuration()[1]
        plan = NumberPlan(config.hotline.country_code, config.hotline.area_code)
        return {
            "id": number,
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


def _talk(call: Call) -> _Talk:
    request = None if call.request is None else call.request.key
    return _Talk(call.id, call.arrived_at, call.caller, request, list(call.config.threat.guidance))


def _label(config: HotlineConfig, key: str | None) -> str | None:
    try:
        return None if key is None else config.request_type(key).label
    except KeyError:  # the configuration has changed since
        return None
