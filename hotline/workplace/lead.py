"""What the lead sees and may do: the whole hotline at one moment, and a hand on each agent's state."""

import asyncio
import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import structlog

from agents.presence import Intent, State, Work
from config.schema import HotlineConfig
from hotline.clock import Clock
from hotline.errors import Refused
from hotline.exchange.calls import Call, Phase
from hotline.exchange.journal import Journal
from hotline.exchange.seats import Seat
from hotline.exchange.switchboard import Switchboard
from hotline.storage.audit import Audit
from hotline.storage.presences import Presences
from hotline.views import hotline_view, language_name, pause_minutes
from hotline.workplace.figures import Figures
from hotline.workplace.notices import Notices
from hotline.workplace.redirecting import GONE
from routing.hours import Calendar

log = structlog.get_logger()

REFRESH_SECONDS = 4.0
"""So often, at least, a page that looks is told anew: figures change without anything happening at a seat."""
GATHER_SECONDS = 0.2
"""What happens within so short a time is told at once."""
AGENT_FIGURES = "figures_shown"
"""Audited before one agent's figures are shown; its subject is the agent's name."""
_WAITS = (Phase.OFFERED, Phase.LOST, Phase.WAITING)
_WITH_A_CALLER = frozenset({Work.TALKING, Work.LOST, Work.WRAP_UP})

Configuration = Callable[[], tuple[int, HotlineConfig]]


class Alarms(Protocol):
    """See hotline/workplace/alarms.py."""

    def open_alarms(self) -> list[dict[str, Any]]: ...

    async def seen(self, number: int, who: str) -> None: ...


class Knowledge(Protocol):
    """See hotline/workplace/knowledge.py."""

    def current(self) -> dict[str, dict[str, str]]: ...

    async def save(self, request_type: str, text: str, author: str) -> None: ...


class Callbacks(Protocol):
    """See hotline/callback_board.py."""

    def given_up_view(self, config: HotlineConfig) -> list[dict[str, Any]]: ...

    async def give_back(self, agent: str) -> None: ...


class Mails(Protocol):
    """See hotline/workplace/redirecting.py."""

    async def retry(self, mail_id: int) -> bool: ...

    async def redirect(self, mail_id: int, to: str, who: str) -> None: ...


class Lead:
    """Implements hotline.web.services.Lead; one object for all pages. Listens to all seats."""

    def __init__(
        self,
        configuration: Configuration,
        switchboard: Switchboard,
        figures: Figures,
        notices: Notices,
        alarms: Alarms,
        knowledge: Knowledge,
        presences: Presences,
        audit: Audit,
        journal: Journal,
        clock: Clock,
        callbacks: Callbacks,
        mails: Mails,
        draining: Callable[[], bool] = lambda: False,
    ) -> None:
        self._configuration = configuration
        self._switchboard = switchboard
        self._figures = figures
        self._notices = notices
        self._alarms = alarms
        self._knowledge = knowledge
        self._presences = presences
        self._audit = audit
        self._journal = journal
        self._clock = clock
        self._callbacks = callbacks
        self._mails = mails
        self._draining = draining
        self._seq = 1
        self._pulse = asyncio.Event()
        switchboard.seats.listeners.append(self._beat)

    # --- what the page shows -----------------------------------------------------------------

    def now(self) -> str:
        """Business time."""
        return self._clock.now().isoformat()

    async def snapshot(self) -> Mapping[str, Any]:
        """The whole page as JSON values; `seq` grows with each change."""
        seq, figures = self._seq, await self._figures.today()
        board, now, config = self._switchboard, self._clock.now(), self._configuration()[1]
        opening = Calendar(config).opening(now)
        unserved = board.duty.unserved()
        hotline = hotline_view(config, opening, board.seats, board.waiting, unserved, draining=self._draining())
        return {
            "seq": seq,
            "now": now.isoformat(),
            "hotline": hotline,
            "closes": None if opening.closes_at is None else f"{opening.closes_at:%H:%M}",
            "waiting": self._waiting(),
            "agents": [self._agent(seat, config) for seat in board.seats],
            "figures": figures,
            "callbacks_given_up": self._callbacks.given_up_view(config),
            "alarms": self._alarms.open_alarms(),
            "knowledge": self._knowledge.current(),
            **self._notices.overview(),
        }

    async def changed(self, seen: int) -> None:
        """Return soon after there is something newer than `seen`, and at the latest when figures may have changed."""
        try:
            async with asyncio.timeout(REFRESH_SECONDS):
                while self._seq <= seen:
                    await self._pulse.wait()
        except TimeoutError:
            self._beat()
        else:
            await asyncio.sleep(GATHER_SECONDS)

    def _beat(self, _seat: Seat | None = None) -> None:
        self._seq += 1
        pulse, self._pulse = self._pulse, asyncio.Event()
        pulse.set()

    def _waiting(self) -> list[dict[str, Any]]:
        """Who waits for an agent: those a telephone rings for, then the line in its order, with the callbacks that keep
        a place in it; those whose time comes later are the last."""
        places = {one.call_id: place for place, one in enumerate(self._switchboard.line.waiting(), start=1)}
        waiting = [call for call in self._switchboard.calls if _waits(call)]
        waiting.sort(key=lambda call: (places.get(call.id, 0), call.joined_at))
        callers = [self._caller(call, places.get(call.id)) for call in waiting]
        kept = [] if self._switchboard.places is None else self._switchboard.places.waiting(places)
        return sorted([*callers, *kept], key=_by_place)

    def _caller(self, call: Call, place: int | None) -> dict[str, Any]:
        """No number: who calls is of no concern here."""
        agent = call.agent if call.phase is Phase.OFFERED else None
        return {
            "call_id": call.id,
            "type": (call.request or call.config.unclear).label,
            "language": language_name(call),
            "since": call.joined_at.isoformat() if call.joined_at else None,
            "position": place,
            "rings_at": None if agent is None else self._switchboard.seats[agent].agent.full_name,
            "held_for": self._switchboard.same_agent.held_for(call, self._clock.now()),
            "broke_off": call.phase is Phase.LOST or call.front,
        }

    @staticmethod
    def _agent(seat: Seat, config: HotlineConfig) -> dict[str, Any]:
        presence, call = seat.presence, seat.call
        with_caller = call is not None and seat.may_show_call
        return {
            "name": seat.agent.name,
            "full_name": seat.agent.full_name,
            "state": presence.state.value,
            "cause": presence.cause(ZoneInfo(config.hotline.timezone)),
            "since": presence.since.isoformat(),
            "pause_minutes": pause_minutes(seat, config),
            "intent": presence.intent.value,
            "type": (call.request or call.config.unclear).label if call is not None and with_caller else None,
            "with_caller": presence.work in _WITH_A_CALLER,
            "wrap_up_until": _until(seat),
        }

    # --- a hand on an agent's state ------------------------------------------------------------

    async def pause(self, agent: str, who: str) -> None:
        """No calls for this agent until they press "ready" themselves; a talk goes on. Refused when not ready now."""
        seat = self._seat(agent)
        if seat.presence.intent is not Intent.READY:
            state = "hat schon Feierabend" if seat.presence.intent is Intent.HOME else "ist schon in Pause"
            raise Refused(f"{seat.agent.full_name} {state}.")
        await self._decide(seat, Intent.PAUSE, who, "agent_paused")

    async def log_out(self, agent: str, who: str, *, even_in_talk: bool) -> None:
        """No calls for this agent any more; whoever asks ends the sessions of the agent's browser afterwards.

        Refused in the middle of a talk or its wrap-up, unless that was said.
        """
        seat = self._seat(agent)
        if seat.presence.work in _WITH_A_CALLER and not even_in_talk:
            doing = "in der Nacharbeit" if seat.presence.state is State.WRAP_UP else "im Gespräch"
            raise Refused(
                f"{seat.agent.full_name} ist {doing}. Ein Gespräch geht zwar weiter, aber festgehalten werden kann es "
                "erst nach der nächsten Anmeldung. Bitte bestätigen Sie, dass Sie trotzdem abmelden wollen."
            )
        await self._decide(seat, Intent.HOME, who, "agent_logged_out")
        await self._callbacks.give_back(agent)

    async def _decide(self, seat: Seat, intent: Intent, who: str, action: str) -> None:
        """Stored, and audited, before it counts. Who sends themselves needs no "by the lead"."""
        name, by = seat.agent.name, None if who == seat.agent.name else who

        async def write() -> None:
            await self._presences.save(name, intent.value, None, self._clock.now(), by)
            await self._audit.record(self._clock.real_now(), who, action, name)

        await self._journal.now(write)
        self._switchboard.staff.wanting(seat, intent, None, by)
        log.info("the lead has changed an agent's state", agent=name, intent=intent.value)

    def _seat(self, agent: str) -> Seat:
        if agent not in self._switchboard.seats:
            raise Refused("Diese Person gibt es im Telefonservice nicht.")
        return self._switchboard.seats[agent]

    # --- one agent's day -----------------------------------------------------------------------

    async def agent_figures(self, agent: str, who: str) -> Mapping[str, Any]:
        """One agent's figures of today; that `who` looks at them is in the audit log before."""
        seat = self._seat(agent)
        await self._journal.now(partial(self._audit.record, self._clock.real_now(), who, AGENT_FIGURES, agent))
        return {"name": agent, "full_name": seat.agent.full_name, **await self._figures.of_agent(agent)}

    # --- mails that did not arrive ---------------------------------------------------------------

    async def retry_mail(self, number: int, who: str) -> None:
        """Somebody has seen to the cause: the mail is sent once more. Refused when there is nothing to be sent."""

        async def write() -> None:
            if not await self._mails.retry(number):
                raise Refused(GONE)
            await self._audit.record(self._clock.real_now(), who, "mail_retried", str(number))

        await self._journal.now(write)
        self._figures.look_again()
        self._beat()
        log.info("mail is sent once more", mail=number)

    async def redirect_mail(self, number: int, to: str, who: str) -> None:
        """Another mail about the same promise: to a case worker's address, or to "team". Refused as for `retry_mail`,
        and for an address that nobody of the configuration has."""
        await self._mails.redirect(number, to, who)
        self._figures.look_again()
        self._beat()

    # --- alarms, messages, announcement, knowledge ---------------------------------------------

    async def alarm_seen(self, number: int, who: str) -> None:
        """The lead knows of the alarm, and cares."""
        await self._alarms.seen(number, who)

    async def message(self, text: str, until: str, who: str) -> None:
        """To all agents; `until` is a time of today, "17:30". FormError, Refused."""
        await self._notices.send(text, until, who)

    async def announce(self, text: str, until: str, who: str) -> None:
        """To all callers; see hotline/workplace/notices.py."""
        await self._notices.announce(text, until, who)

    async def end_notice(self, number: int, who: str) -> None:
        """End a message or the announcement now."""
        await self._notices.end(number, who)

    async def message_read(self, agent: str, number: int) -> None:
        """An agent has read a message."""
        await self._notices.read(number, agent)

    async def note(self, request_type: str, text: str, who: str) -> None:
        """A new text of the knowledge note of that request type; an empty one takes it away. FormError."""
        await self._knowledge.save(request_type, text, who)


def _by_place(row: Mapping[str, Any]) -> float:
    later = "callback" in row and row["rings_at"] is None
    return float(row["position"] or (math.inf if later else 0))


def _waits(call: Call) -> bool:
    return call.phase in _WAITS and call.joined_at is not None and not call.over.is_set()


def _until(seat: Seat) -> str | None:
    """Until when a wrap-up was given time; it may last longer."""
    until = seat.call.wrap_up_until if seat.call is not None and seat.presence.state is State.WRAP_UP else None
    return None if until is None else until.isoformat()
