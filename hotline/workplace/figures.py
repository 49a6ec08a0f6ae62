"""Today's figures for the lead: service level, first contact, who was not served, what is still to be done.

Service level: of all calls that joined the line and were answered, or waited longer than 30 s without an answer, the
share that was answered within 30 s of joining. The time counts from the end of the menu, when the caller begins to
wait. Whoever hangs up within the 30 s is counted on neither side, because no answer was owed yet; whoever still waits
after 30 s counts as not answered in time at once. The aim, 75 % within 30 s, is that of the Behördenrufnummer 115
(its Serviceversprechen: "75 Prozent der Anrufe werden innerhalb von 30 Sekunden angenommen"), which leaves open how
those who hang up count; of the three usual ways (counted, removed, failures) this removes short ones and takes long
ones as failures. The page says so in words.

First contact: of the requests written up today that had one, the share that was settled in the call; the aim of
85 % is the one with which the Jobcenter's telephone service was announced.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import structlog

from config.schema import HotlineConfig, ScreenNeed
from hotline.clock import Clock
from hotline.errors import StorageError
from hotline.storage.figures import CallCounts, FigureRows, OpenCounts, OutcomeCounts, StateChange, Unwritten
from hotline.storage.open_work import WRITE_UP
from hotline.storage.outbox import UndeliveredMail
from hotline.workplace.stuck_mails import MOST_COUNTED, mails_view
from routing.hours import Calendar

log = structlog.get_logger()

SERVICE_SECONDS = 30.0
SERVICE_AIM = 0.75
FIRST_CONTACT_AIM = 0.85
CACHE_SECONDS = 3.0
"""However many pages look, the database is asked no more often."""
ANSWER_SECONDS = 0.5
"""So long a page waits for figures; then it shows those of before, and everything else as it is now."""
UNWRITTEN_AFTER = timedelta(minutes=30)
"""A call that is over for so long should have been written up."""
SHOWN_STATES = ("ready", "talking", "wrap_up", "pause", "not_ready")

Configuration = Callable[[], tuple[int, HotlineConfig]]


class Mails(Protocol):
    """The outbox."""

    async def stuck_mails(self, attempts: int = ..., limit: int = ...) -> list[UndeliveredMail]: ...


@dataclass(frozen=True, slots=True)
class Share:
    """`reached` of `counted`; without any there is no share."""

    reached: int
    counted: int
    aim: float

    def view(self) -> dict[str, Any]:
        share = self.reached / self.counted if self.counted else None
        met = None if share is None else share >= self.aim
        return {"share": share, "reached": self.reached, "counted": self.counted, "aim": self.aim, "met": met}


def service_level(calls: CallCounts) -> Share:
    """See this module's first words."""
    return Share(calls.answered_soon, calls.answered + calls.unanswered_late, SERVICE_AIM)


def first_contact(outcomes: OutcomeCounts) -> Share:
    """Who had no request counts on neither side."""
    requests = outcomes.settled + outcomes.forwarded + outcomes.callback
    return Share(outcomes.settled, requests, FIRST_CONTACT_AIM)


def seconds_in(states: Sequence[StateChange], now: datetime) -> dict[str, float]:
    """How long each state lasted, the last one until now."""
    spent: dict[str, float] = {}
    for change, after in zip(states, [*(one.at for one in states[1:]), now], strict=False):
        spent[change.state] = spent.get(change.state, 0.0) + max(0.0, (after - change.at).total_seconds())
    return spent


class Figures:
    """Asked by the lead's pages; what the database does not tell now is told as last known."""

    def __init__(self, rows: FigureRows, mails: Mails, configuration: Configuration, clock: Clock) -> None:
        self._rows = rows
        self._mails = mails
        self._configuration = configuration
        self._clock = clock
        self._asking: asyncio.Task[None] | None = None
        self._asked_at = self._read_at = float("-inf")
        self._last: dict[str, Any] | None = None

    async def today(self) -> Mapping[str, Any] | None:
        """The figures of the lead's page, at most CACHE_SECONDS old; None as long as the database tells none.

        `fresh` is False when they are older because the database does not answer in time.
        """
        now = asyncio.get_running_loop().time()
        if self._asking is None and now - self._read_at >= CACHE_SECONDS:
            self._asked_at = self._read_at = now
            self._asking = asyncio.create_task(self._ask(), name="figures")
        asking = self._asking
        if asking is None:
            return self._last
        await asyncio.wait([asking], timeout=max(0.0, self._asked_at + ANSWER_SECONDS - now))
        if not asking.done():
            return self._stale()
        asking.result()
        return self._last

    async def _ask(self) -> None:
        try:
            self._last = await self._read()
        finally:
            self._asking = None

    def _stale(self) -> dict[str, Any] | None:
        return None if self._last is None else {**self._last, "fresh": False}

    async def _read(self) -> dict[str, Any] | None:
        now = self._clock.now()
        try:
            calls, outcomes, still_open = await self._rows.day(*self._day(now), SERVICE_SECONDS)
            unwritten = await self._rows.unwritten(now - WRITE_UP, now - UNWRITTEN_AFTER)
            stuck = await self._mails.stuck_mails(limit=MOST_COUNTED)
        except StorageError as error:
            log.warning("figures not read", why=str(error))
            return self._stale()
        mails = {"mails_stuck": len(stuck), "mails": mails_view(stuck, self._configuration()[1])}
        left = {"unwritten": self._unwritten(unwritten)}
        return {"fresh": True, "at": now.isoformat(), **mails, **left, **_view(calls, outcomes, still_open)}

    def _unwritten(self, found: Sequence[Unwritten]) -> list[dict[str, str]]:
        """Whose call and when. Agents who work without a page never write anything up."""
        agents = {agent.name: agent for agent in self._configuration()[1].agents}
        names = {name: agent.full_name for name, agent in agents.items()}
        pageless = {name for name, agent in agents.items() if agent.screen is ScreenNeed.OPTIONAL}
        return [
            {"agent_name": names.get(one.agent, one.agent), "at": one.at.isoformat()}
            for one in found
            if one.agent not in pageless
        ]

    def look_again(self) -> None:
        """Something was changed that the figures tell: the next question goes to the database."""
        self._read_at = float("-inf")

    def _day(self, now: datetime) -> tuple[datetime, datetime, list[tuple[datetime, datetime]]]:
        config = self._configuration()[1]
        start = self._midnight(now)
        return start, now, list(Calendar(config).openings(start, now)) if start < now else []

    def _midnight(self, now: datetime) -> datetime:
        zone = ZoneInfo(self._configuration()[1].hotline.timezone)
        return datetime.combine(now.astimezone(zone).date(), time(), zone)

    async def of_agent(self, name: str) -> Mapping[str, Any]:
        """One agent's day: only for those who may see it, and whoever asks writes it into the audit log first."""
        now = self._clock.now()
        start = self._midnight(now)
        counts, states = await self._rows.agent(name, start), await self._rows.states(name, start)
        spent = seconds_in(states, now)
        return {
            "since": start.isoformat(),
            "at": now.isoformat(),
            "calls": counts.calls,
            "talk_seconds": spent.get("talking", 0.0),
            "mean_talk_seconds": spent.get("talking", 0.0) / counts.calls if counts.calls else None,
            "seconds": {state: spent.get(state, 0.0) for state in SHOWN_STATES},
            "not_taken": sum(counts.not_taken.values()),
            "missed": counts.not_taken.get("missed", 0),
            "rejected": counts.not_taken.get("rejected", 0),
            "unreachable": counts.not_taken.get("stale", 0) + counts.not_taken.get("gone", 0),
        }


def _view(calls: CallCounts, outcomes: OutcomeCounts, still_open: OpenCounts) -> dict[str, Any]:
    return {
        "calls": calls.calls,
        "answered": calls.answered,
        "service_level": service_level(calls).view(),
        "first_contact": first_contact(outcomes).view(),
        "gave_up": calls.gave_up,
        "gave_up_soon": calls.gave_up_soon,
        "closed": calls.closed,
        "promises_open": still_open.promises,
        "promises_overdue": still_open.promises_overdue,
        "callbacks_open": still_open.callbacks,
        "callbacks_overdue": still_open.callbacks_overdue,
        "callbacks_next": still_open.callbacks_next,
    }
