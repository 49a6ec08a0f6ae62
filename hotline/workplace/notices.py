"""What the lead tells everybody: messages on the agents' pages, and one announcement that callers hear.

Each has an end; when it comes, pages and callers are told no more, whether or not anybody looks.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime, time
from functools import partial
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import structlog

from agents.forms import FormError
from config.schema import HotlineConfig
from hotline.clock import Clock
from hotline.errors import Refused
from hotline.exchange.journal import Journal
from hotline.exchange.seats import Seat
from hotline.exchange.switchboard import Switchboard
from hotline.storage.notices import ANNOUNCEMENT, MESSAGE, Notice, NoticeRows
from hotline.storage.steps import storable
from hotline.workplace.announcements import LONGEST

log = structlog.get_logger()

MESSAGE_LENGTH = 500
MESSAGES_AT_ONCE = 5
"""More at a time nobody reads."""
LOOK_SECONDS = 10.0
"""So often, at least, it is looked whether a notice is over: business time may jump."""
AGAIN_SECONDS = 30.0

Configuration = Callable[[], tuple[int, HotlineConfig]]


class Speaker(Protocol):
    """See hotline/workplace/announcements.py."""

    def prompt(self, text: str) -> Awaitable[str]: ...

    def forget_others(self, text: str | None) -> Awaitable[None]: ...


class Fallback(Protocol):
    """See hotline/recovery/announcement.py."""

    def on(self, prompt: str, until: datetime) -> Awaitable[None]: ...

    def off(self) -> Awaitable[None]: ...


class Notices:
    """What is going on is held in memory, as `load` finds it; every change is stored first."""

    def __init__(
        self,
        rows: NoticeRows,
        speaker: Speaker,
        fallback: Fallback,
        journal: Journal,
        switchboard: Switchboard,
        configuration: Configuration,
        clock: Clock,
    ) -> None:
        self._rows = rows
        self._speaker = speaker
        self._fallback = fallback
        self._journal = journal
        self._switchboard = switchboard
        self._configuration = configuration
        self._clock = clock
        self._messages: dict[int, Notice] = {}
        self._readers: dict[int, set[str]] = {}
        self._announcement: Notice | None = None
        self._changed = asyncio.Event()
        self._switching = asyncio.Lock()
        self._not_before = 0.0
        """A voice that has failed is tried again at that time of the event loop."""

    async def load(self) -> None:
        """Those that were going on before the start; a message that was read stays read."""
        found = await self._rows.current(self._clock.now())
        self._messages = {notice.id: notice for notice in found if notice.kind == MESSAGE}
        self._readers = await self._rows.readers(self._messages)
        self._announcement = next((notice for notice in found if notice.kind == ANNOUNCEMENT), None)
        try:
            await self._speaker.forget_others(self._announcement.text if self._announcement else None)
        except OSError as error:
            log.warning("old announcements not deleted", error=type(error).__name__)

    async def run(self) -> None:
        """For ever: speak what was on before the start, and end what is over."""
        while True:
            self._end_what_is_over()
            await self._speak_again()
            await self._tell_fallback()
            self._changed.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._until_next()):
                    await self._changed.wait()

    # --- messages to all agents --------------------------------------------------------------

    async def send(self, text: str, until: str, who: str) -> None:
        """A message on every agent's page until read, or until that time of today ("17:30"). FormError, Refused."""
        text, end = self._checked(text, until, MESSAGE_LENGTH)
        if len(self._messages) >= MESSAGES_AT_ONCE:
            raise Refused(f"Es sind schon {MESSAGES_AT_ONCE} Nachrichten offen. Bitte beenden Sie zuerst eine davon.")
        notice = await self._store(MESSAGE, text, who, end)
        self._messages[notice.id], self._readers[notice.id] = notice, set()
        self._tell()

    async def read(self, number: int, agent: str) -> None:
        """This agent has read the message; of one that is over there is nothing to note."""
        if number not in self._messages or agent in self._readers[number]:
            return
        await self._journal.now(partial(self._rows.read, number, agent, self._clock.real_now()))
        self._readers.setdefault(number, set()).add(agent)
        self._switchboard.seats.touch_all()

    # --- the announcement to callers -----------------------------------------------------------

    async def announce(self, text: str, until: str, who: str) -> None:
        """Callers hear it after the greeting, those who wait hear it once; in place of an earlier one.

        It is spoken first, which takes a second or two. FormError, Refused.
        """
        text, end = self._checked(text, until, LONGEST)
        async with self._switching:
            prompt = await self._speaker.prompt(text)
            self._announcement = await self._store(ANNOUNCEMENT, text, who, end)
            self._switchboard.announcement = prompt
        log.info("announcement on", notice=self._announcement.id)
        self._tell()
        await self._tell_fallback()

    async def end(self, number: int, who: str) -> None:
        """End a message or the announcement before its time. Refused when it is over already."""
        async with self._switching:
            notice = self._find(number)
            write = partial(self._rows.end, notice, who, self._clock.now(), self._clock.real_now())
            await self._journal.now(write)
            self._forget(notice)
        self._tell()
        await self._tell_fallback()

    # --- what pages show ---------------------------------------------------------------------

    def view(self, seat: Seat, now: datetime) -> Mapping[str, Any]:
        """For an agent's page: the messages this agent has not read."""
        name = seat.agent.name
        unread = [
            notice
            for notice in self._messages.values()
            if notice.until > now and name not in self._readers.get(notice.id, ())
        ]
        return {"messages": [self._row(notice) for notice in unread]}

    def overview(self) -> dict[str, Any]:
        """For the lead's page: messages with their readers, and the announcement."""
        messages = [
            {**self._row(notice), "read_by": sorted(self._name(who) for who in self._readers.get(notice.id, ()))}
            for notice in self._messages.values()
        ]
        on = self._announcement
        return {"messages": messages, "announcement": None if on is None else self._row(on)}

    def _row(self, notice: Notice) -> dict[str, Any]:
        return {
            "id": notice.id,
            "text": notice.text,
            "author": self._name(notice.author),
            "at": notice.at.isoformat(),
            "until": notice.until.isoformat(),
        }

    def _name(self, user: str) -> str:
        seats = self._switchboard.seats
        return seats[user].agent.full_name if user in seats else user

    # --- beginning and ending ------------------------------------------------------------------

    def _checked(self, text: str, until: str, longest: int) -> tuple[str, datetime]:
        words, findings = " ".join(str(storable(text)).split()), {}
        if not words:
            findings["text"] = "Bitte einen Text eingeben."
        elif len(words) > longest:
            findings["text"] = f"Der Text darf höchstens {longest} Zeichen lang sein."
        end = self._moment(until)
        if end is None or end <= self._clock.now():
            findings["until"] = "Bitte eine Uhrzeit angeben, die heute noch kommt, zum Beispiel 17:30."
        if findings or end is None:
            raise FormError(findings)
        return words, end

    def _moment(self, clock: str) -> datetime | None:
        """That time of today; None when it is none."""
        zone = ZoneInfo(self._configuration()[1].hotline.timezone)
        try:
            at = time.fromisoformat(clock.strip())
        except ValueError:
            return None
        if at.tzinfo is not None:
            return None
        return datetime.combine(self._clock.now().astimezone(zone).date(), at, zone)

    async def _store(self, kind: str, text: str, who: str, until: datetime) -> Notice:
        row = (kind, text, who, self._clock.now(), until, self._clock.real_now())
        stored: Notice = await self._journal.now(partial(self._rows.add, *row))
        return stored

    def _find(self, number: int) -> Notice:
        on = self._announcement
        notice = on if on is not None and on.id == number else self._messages.get(number)
        if notice is None:
            raise Refused("Das ist schon beendet.")
        return notice

    def _forget(self, notice: Notice) -> None:
        self._messages.pop(notice.id, None)
        self._readers.pop(notice.id, None)
        if self._announcement is not None and self._announcement.id == notice.id:
            self._announcement = self._switchboard.announcement = None

    def _tell(self) -> None:
        self._changed.set()
        self._switchboard.seats.touch_all()

    async def _tell_fallback(self) -> None:
        """One that was on before a start and is not spoken again yet stays as it is there."""
        on, prompt = self._announcement, self._switchboard.announcement
        if on is None:
            await self._fallback.off()
        elif prompt is not None:
            await self._fallback.on(prompt, on.until)

    def _going_on(self) -> list[Notice]:
        on = [self._announcement] if self._announcement is not None else []
        return [*self._messages.values(), *on]

    def _end_what_is_over(self) -> None:
        now = self._clock.now()
        over = [notice for notice in self._going_on() if notice.until <= now]
        for notice in over:
            self._forget(notice)
            log.info("notice is over", notice=notice.id, kind=notice.kind)
        if over:
            self._switchboard.seats.touch_all()

    def _until_next(self) -> float:
        now = self._clock.now()
        left = [(notice.until - now).total_seconds() for notice in self._going_on()]
        return max(0.0, min([LOOK_SECONDS, *left]))

    async def _speak_again(self) -> None:
        """After a restart; the sound file is usually still there. A voice that fails is tried again."""
        now = asyncio.get_running_loop().time()
        if self._announcement is None or self._switchboard.announcement is not None or now < self._not_before:
            return
        async with self._switching:
            notice = self._announcement
            if notice is None or self._switchboard.announcement is not None:
                return
            try:
                self._switchboard.announcement = await self._speaker.prompt(notice.text)
            except Refused:
                self._not_before = now + AGAIN_SECONDS
