"""What Asterisk did while the service was away reaches the ledger: when it is read, and what each row means for a call.

A row that cannot be understood is logged by its number, counted and passed over: it never holds back the others.
"""

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

import structlog

from config.schema import HotlineConfig
from dialplan import happenings, variables
from hotline.call_ids import id_of_channel
from hotline.caller_numbers import caller_number, number_plan
from hotline.calls import Call
from hotline.clock import Clock
from hotline.errors import StorageError
from hotline.happenings_file import BATCH, HappeningsFile, Written
from hotline.journal import Journal
from hotline.logs import log_failure
from hotline.storage.imports import (
    Answered,
    Arrived,
    CallbackAsked,
    Ended,
    Entry,
    Imports,
    Passed,
    Queued,
    Stored,
)
from routing.hours import Calendar

log = structlog.get_logger()

EVERY_SECONDS = 30.0
LATE_SECONDS = 1.0
"""Asterisk writes down the end of a call a moment after its channel is gone."""
SETTLED = timedelta(seconds=5)
"""A call that the service holds ends by AMI's word; the file's word counts when AMI's has not come so long after."""
MOST_FIELDS = 20
_PASSED = {happenings.CLOSED: "fallback_closed", happenings.RETURNED: "fallback_returned"}
_UNUSABLE = "Die per Telefontastatur eingegebene Rückrufnummer ist nicht verwendbar: {digits}"

Configuration = Callable[[], tuple[int, HotlineConfig]]


@dataclass(frozen=True, slots=True)
class Happening:
    """One row, understood: real time, and the fields of its query string."""

    place: int
    event: str
    at: datetime
    channel: str
    unique: str
    linked: str
    facts: Mapping[str, str]


def understood(row: Written) -> Happening:
    """ValueError when it is none of ours, or not as agreed."""
    if row.event not in happenings.EVENTS:
        raise ValueError("an event that is not ours")
    if not row.uniqueid or not row.linkedid:
        raise ValueError("a happening without a channel")
    return Happening(
        row.place, row.event, moment(row.at), str(row.channel), str(row.uniqueid), str(row.linkedid), _facts(row.extra)
    )


def moment(seconds: Any) -> datetime:
    """Seconds since 1970 as a time; ValueError when that is none."""
    try:
        return datetime.fromtimestamp(float(seconds), UTC)
    except (TypeError, OverflowError, OSError) as error:
        raise ValueError("not a time") from error


def _facts(extra: Any) -> dict[str, str]:
    """The query string; Asterisk puts what a dialplan says about its own event into a JSON object."""
    text = str(extra or "")
    if text.startswith("{"):
        text = str(json.loads(text).get("extra", ""))
    return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS))


class Meaning:
    """What a happening means for the ledger, by configuration and clock. `held`: the calls the service holds itself."""

    def __init__(self, configuration: Configuration, clock: Clock, held: Callable[[str], Call | None]) -> None:
        self._configuration = configuration
        self._clock = clock
        self._held = held

    def entry(self, told: Happening) -> Entry:
        """ValueError when it names an agent or another thing that we do not know."""
        version, config = self._configuration()
        caller_channel = told.linked if told.event == happenings.ANSWERED else told.unique
        common: dict[str, Any] = {
            "place": told.place,
            "call_id": told.facts.get("call") or id_of_channel(caller_channel),
            "at": self._business(told.at),
            "channel": told.channel,
            "config_version": version,
        }
        match told.event:
            case happenings.FALLBACK:
                return self._arrived(told, config, common)
            case happenings.QUEUED:
                return Queued(**common, from_start=not told.facts.get("call"))
            case happenings.ANSWERED:
                return Answered(**common, agent=_agent(told, config))
            case happenings.CALLBACK:
                return self._callback(told, config, common)
            case happenings.END:
                return self._ended(told, common)
        return Passed(**common, kind=_PASSED[told.event])

    @staticmethod
    def _arrived(told: Happening, config: HotlineConfig, common: dict[str, Any]) -> Arrived:
        gateway = told.facts.get("gateway", "")
        known = gateway if gateway in {one.name for one in config.gateways} else ""
        number = caller_number(config, gateway, told.facts.get("from", ""), told.facts.get("privacy", ""))
        return Arrived(**common, gateway=known, caller=number)

    @staticmethod
    def _callback(told: Happening, config: HotlineConfig, common: dict[str, Any]) -> CallbackAsked:
        """Digits that we may not ring stand in the note: somebody may see what the caller meant."""
        digits = told.facts.get("number", "")
        number = number_plan(config).entered(digits) if digits else None
        note = _UNUSABLE.format(digits=digits[:40]) if digits and number is None else None
        return CallbackAsked(**common, number=number, note=note, due=Calendar(config).due(common["at"]))

    def _ended(self, told: Happening, common: dict[str, Any]) -> Ended:
        facts, call = told.facts, self._held(common["call_id"])
        lane = facts.get("lane", "")
        dialled = facts.get("next") == variables.NEXT_DIAL and facts.get("dial") == "ANSWER"
        talked = timedelta(seconds=float(facts.get("talked") or 0))
        return Ended(
            **common,
            lane=lane,
            known=bool(facts.get("call") or lane),
            how=call.end_reason if call is not None else None,
            talked_since=common["at"] - talked if dialled else None,
        )

    def _business(self, real: datetime) -> datetime:
        return real + self._clock.offset


def _agent(told: Happening, config: HotlineConfig) -> str:
    name = told.facts.get("agent", "")
    if name not in {agent.name for agent in config.agents}:
        raise ValueError("an agent who is not in the configuration")
    return name


class Importer:
    """Brings what is new in the file into the ledger; `bring_in` at once, `run` from time to time."""

    def __init__(
        self,
        file: HappeningsFile,
        imports: Imports,
        journal: Journal,
        meaning: Meaning,
        clock: Clock,
        held: Callable[[str], Call | None],
        on_callbacks: Callable[[], Awaitable[None]],
    ) -> None:
        self._file = file
        self._imports = imports
        self._journal = journal
        self._meaning = meaning
        self._clock = clock
        self._held = held
        self._on_callbacks = on_callbacks
        self._one = asyncio.Lock()
        self._tidied = False
        self._wanted = asyncio.Event()
        self.skipped = 0
        """Rows that could not be understood or stored, since the start."""

    async def run(self) -> None:
        """For ever, every EVERY_SECONDS and when it is wanted."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(EVERY_SECONDS):
                    await self._wanted.wait()
                    await asyncio.sleep(LATE_SECONDS)
            self._wanted.clear()
            await self.bring_in(settled_only=True)

    def soon(self) -> None:
        """A caller has just left the fallback."""
        self._wanted.set()

    async def bring_in(self, *, settled_only: bool = False) -> bool:
        """Enter all that is new, after what the journal already holds; False when it must be tried again later.

        `settled_only` leaves the latest ends of calls that the service holds to AMI's word.
        """
        try:
            async with self._one:
                await self._bring_in(SETTLED if settled_only else None)
        except (StorageError, sqlite3.Error, OSError) as error:
            log.warning("calls handled without the service are not imported yet", error=type(error).__name__)
            return False
        except Exception as error:
            log_failure("the import of calls handled without the service failed", "", error)
            return False
        return True

    async def _bring_in(self, settled: timedelta | None) -> None:
        source, cursor = await self._where()
        if not self._tidied:  # a crash may have come between the ledger and the deleting
            await asyncio.to_thread(self._file.forget, cursor)
            self._tidied = True
        while source is not None:
            rows = await asyncio.to_thread(self._file.after, cursor)
            entries, up_to = self._entries(rows, settled)
            if up_to is None:
                return
            stored: Stored = await self._journal.now(partial(self._imports.store, source, up_to, entries))
            await asyncio.to_thread(self._file.forget, stored.cursor)
            await self._tell(stored)
            if len(rows) < BATCH or stored.cursor <= cursor:
                return
            cursor = stored.cursor

    async def _where(self) -> tuple[str | None, int]:
        source = await asyncio.to_thread(self._file.source)
        cursor = await self._imports.cursor(source) if source is not None else 0
        if cursor and await asyncio.to_thread(self._file.went_back, cursor):
            log.warning("the file of happenings is an older one: it is imported as a new one")
            return await asyncio.to_thread(self._file.rename), 0
        return source, cursor

    def _entries(self, rows: list[Written], settled: timedelta | None) -> tuple[list[Entry], int | None]:
        """What is to be entered, and up to which number; None when there is nothing."""
        entries: list[Entry] = []
        up_to: int | None = None
        for row in rows:
            entry = self._entry(row)
            if entry is not None and settled is not None and self._unsettled(entry, settled):
                break
            entries += [entry] if entry is not None else []
            up_to = row.place
        return entries, up_to

    def _entry(self, row: Written) -> Entry | None:
        try:
            return self._meaning.entry(understood(row))
        except (ValueError, AttributeError, RecursionError) as error:
            self.skipped += 1
            log.error("happening not understood, passed over", place=row.place, error=type(error).__name__)
            return None

    def _unsettled(self, entry: Entry, settled: timedelta) -> bool:
        held = isinstance(entry, Ended) and self._held(entry.call_id) is not None
        return held and abs(self._clock.now() - entry.at) < settled

    async def _tell(self, stored: Stored) -> None:
        self.skipped += stored.refused
        if stored.calls:
            log.info("calls of the fallback are in the ledger", calls=stored.calls, callbacks=stored.callbacks)
        if stored.callbacks:
            await self._on_callbacks()
