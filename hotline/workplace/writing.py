"""What an agent writes about a call: drafts as they are typed, a disposition for each request, corrections of today.

The agent says when a call is finished; until then there is one request more to be written, and the agent is not free.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from agents.call_text import as_text
from agents.disposition import CORRECTABLE, PERSON, Outcome
from agents.forms import FormError
from agents.presence import Work
from config.schema import HotlineConfig
from hotline.case_work import CaseWork
from hotline.clock import Clock
from hotline.errors import AlreadyWritten, Refused
from hotline.exchange.calls import Call, Phase
from hotline.exchange.journal import Journal
from hotline.exchange.switchboard import Switchboard
from hotline.storage.drafts import Draft, Drafts
from hotline.storage.promises import Disposal, Person, Promises
from hotline.storage.written import Writings, Written
from hotline.views import written_view
from hotline.workplace.drafting import Drafting
from hotline.workplace.written import call_text, entry_view

log = structlog.get_logger()

GONE = "Diesen Eintrag gibt es so nicht mehr. Bitte die Liste neu laden."
NOTHING = "Zu diesem Anruf haben Sie nichts festgehalten."
DONE = "Dieser Anruf ist schon abgeschlossen."
OLD_PAGE = "Diese Seite ist veraltet. Bitte laden Sie sie neu."


class Writing:
    """One object for all agents; implements hotline.web.services.Writing. Refused when something cannot be now."""

    def __init__(
        self,
        configuration: Callable[[], tuple[int, HotlineConfig]],
        own_call: Callable[[str, str], Call],
        allow_time: Callable[[Call], None],
        refresh_callbacks: Callable[[], Any],
        switchboard: Switchboard,
        case_work: CaseWork,
        promises: Promises,
        drafts: Drafts,
        writings: Writings,
        journal: Journal,
        clock: Clock,
    ) -> None:
        self._configuration = configuration
        self._own_call = own_call
        self._allow_time = allow_time
        self._refresh_callbacks = refresh_callbacks
        self._switchboard = switchboard
        self._case_work = case_work
        self._promises = promises
        self._drafts = drafts
        self._writings = writings
        self._journal = journal
        self._clock = clock
        self._drafting = Drafting(drafts, journal)
        self._closing: set[str] = set()
        """Calls that are just being finished: what is typed about them comes too late."""

    # --- drafts ------------------------------------------------------------------------------

    async def save_draft(self, agent: str, call_id: str, number: int, values: Mapping[str, str]) -> bool:
        """Keep what stands in the form; whether it is stored already. It will be, as long as we live."""
        call = self._own_call(agent, call_id)
        if call.disposed is not None or number != call.number or call.id in self._closing:
            raise Refused(DONE)
        return await self._drafting.save(call.id, agent, Draft(number, dict(values), self._clock.now()))

    async def draft(self, agent: str, call_id: str) -> Mapping[str, Any] | None:
        """`{"number", "values", "saved_at"}` of the request that is being written; None when nothing is kept."""
        call = self._own_call(agent, call_id)
        draft = await self._drafting.of(call.id, agent)
        if draft is None or draft.number != call.number:
            return None
        return {"number": draft.number, "values": dict(draft.values), "saved_at": draft.at.isoformat()}

    # --- dispositions ------------------------------------------------------------------------

    async def dispose(
        self,
        agent: str,
        call_id: str,
        outcome: str,
        values: Mapping[str, str],
        number: int | None = None,
        more: bool = False,
    ) -> Mapping[str, Any]:
        """Store what became of a request and what was promised; without `more` the agent has finished with the call.

        `number` of the request, from 1: whoever repeats what is stored already gets the same answer again.
        """
        try:
            call = self._own_call(agent, call_id)
        except Refused:
            if number is not None and (done := await self._stored(agent, call_id, number)):
                return done
            raise
        if number is not None and number < call.number:
            return await self._stored(agent, call_id, number) or self._refuse(DONE)
        if call.disposed is not None:
            raise Refused(DONE)
        if number not in (None, call.number):
            raise Refused(OLD_PAGE)
        return await self._dispose(call, agent, outcome, values, more)

    async def _dispose(
        self, call: Call, agent: str, outcome: str, values: Mapping[str, str], more: bool
    ) -> Mapping[str, Any]:
        number, label = call.number, (call.request or call.config.unclear).label
        try:
            done = await self._case_work.dispose(call, agent, outcome, values, more=more)
        except AlreadyWritten:
            stored = await self._stored(agent, call.id, number)
            if stored is None:
                raise
            done = dict(stored)
        done = {**done, "number": number, "type": label, "agent": agent}
        if done["outcome"] == Outcome.CALLBACK:
            await self._refresh_callbacks()
        if call.number == number:
            call.written.append(done)
            self._go_on(call, agent, more=more)
        return done

    def _go_on(self, call: Call, agent: str, *, more: bool) -> None:
        """With a further request of the same call, or with the next call."""
        if more:
            call.disposed, call.request = None, call.config.unclear
            self._allow_time(call)
        else:
            call.disposed = call.written[-1]
            self._release(call, agent)
        self._switchboard.seats.touch_all()

    def _release(self, call: Call, agent: str) -> None:
        seat = self._switchboard.seats[agent]
        if seat.call is call and seat.presence.work is Work.WRAP_UP:
            self._switchboard.release(seat)

    async def _stored(self, agent: str, call_id: str, number: int) -> Mapping[str, Any] | None:
        """What that agent has stored for that request, as it was answered then."""
        found = [one for one in await self._writings.of_call(call_id) if (one.number, one.agent) == (number, agent)]
        return written_view(found[0], self._config) if found else None

    @staticmethod
    def _refuse(sentence: str) -> Mapping[str, Any]:
        raise Refused(sentence)

    async def another(self, agent: str, call_id: str) -> None:
        """The caller, or the agent, has one request more although the call was finished."""
        call = self._own_call(agent, call_id)
        if call.disposed is None:
            return
        fresh = Draft(call.number, {}, self._clock.now())
        await self._journal.now(partial(self._drafts.save, call.id, agent, fresh))
        if call.disposed is not None:  # no other window was quicker
            self._go_on(call, agent, more=True)
            self._bring_back(call, agent)

    def _bring_back(self, call: Call, agent: str) -> None:
        """The talk may have ended meanwhile, with nothing to be written then: nobody has the call any more."""
        held = any(seat.call is call for seat in self._switchboard.seats)
        if not held and call.phase in {Phase.WRAP_UP, Phase.OUTSIDE, Phase.OVER}:
            self._switchboard.wrap_ups.add(call, self._switchboard.seats[agent])

    async def finish(self, agent: str, call_id: str) -> None:
        """There was no further request after all: what is drafted for it goes."""
        call = self._own_call(agent, call_id)
        if not call.written:
            raise Refused("Bitte halten Sie erst fest, was aus dem Anruf geworden ist.")
        if call.disposed is not None:
            return
        self._closing.add(call.id)
        try:
            await self._journal.now(partial(self._drafting.drop, call.id))
        finally:
            self._closing.discard(call.id)
        self._go_on(call, agent, more=False)

    # --- what was written today --------------------------------------------------------------

    async def today(self, agent: str) -> list[Mapping[str, Any]]:
        """What the agent has written today, the newest first: see hotline/workplace/written.py."""
        rows = await self._writings.of_agent(agent, *self._day(self._clock.now()))
        return [entry_view(row, self._config) for row in rows]

    async def correct(
        self, agent: str, disposition_id: int, outcome: str, values: Mapping[str, str]
    ) -> Mapping[str, Any]:
        """Write it anew; the row before is kept for the audit. What was promised stays promised, with the new words.

        FormError with findings by field; Refused when it is not of this agent and this day.
        """
        row = await self._correctable(agent, disposition_id)
        if outcome not in CORRECTABLE[Outcome(row.outcome)]:
            raise FormError({"outcome": "Was zugesagt ist, bleibt zugesagt; ändern lassen sich nur die Angaben."})
        call = self._as_call(row)
        if row.outcome in {Outcome.SETTLED, Outcome.NO_REQUEST}:
            await self._case_work.dispose(call, agent, outcome, values, replaces=row.id)
            if outcome == Outcome.CALLBACK:
                await self._refresh_callbacks()
        else:
            await self._correct_words(call, agent, row, values)
        log.info("disposition corrected", call=row.call_id, agent=agent, outcome=outcome)
        return await self._corrected(row)

    async def _correct_words(self, call: Call, agent: str, row: Written, values: Mapping[str, str]) -> None:
        """Of a request with which something was promised: the caller's number for a callback stands in its task."""
        promised = row.outcome == Outcome.FORWARDED
        written = self._case_work.read(call, row.outcome if promised else Outcome.SETTLED, values)
        disposal = Disposal(
            row.call_id,
            agent,
            self._clock.now(),
            row.outcome,
            row.request_type,
            written.note,
            dict(written.form),
            person=Person(**{key: getattr(written, key) for key in PERSON}) if promised else None,
            replaces=row.id,
            real=self._clock.real_now(),
        )
        await self._journal.now(partial(self._promises.dispose, disposal))

    async def _correctable(self, agent: str, disposition_id: int) -> Written:
        row = await self._writings.one(disposition_id)
        if row is None or row.agent != agent:
            raise Refused(GONE)
        start, end = self._day(self._clock.now())
        if not start <= row.at < end:
            raise Refused("Berichtigen lässt sich nur, was heute festgehalten wurde.")
        return row

    def _as_call(self, row: Written) -> Call:
        """What reading the form needs of a call, which may be long over."""
        version, config = self._configuration()
        call = Call(row.call_id, "", "", config, version, row.called_at or row.at, row.caller, "")
        try:
            call.request = config.request_type(row.request_type)
        except KeyError:
            raise Refused("Diese Art von Anliegen gibt es nicht mehr.") from None
        return call

    async def _corrected(self, row: Written) -> Mapping[str, Any]:
        """The entry as it reads now, also on the screen of whoever still has the call."""
        rows = await self._writings.of_call(row.call_id)
        now = next((one for one in rows if one.number == row.number), row)
        for seat in self._switchboard.seats:
            if seat.call is not None and seat.call.id == row.call_id and len(seat.call.written) >= row.number:
                seat.call.written[row.number - 1] = written_view(now, self._config)
        self._switchboard.seats.touch_all()
        return entry_view(now, self._config)

    async def text(self, agent: str, call_id: str) -> str:
        """The whole call as plain text, for whoever has written about it."""
        rows = await self._writings.of_call(call_id)
        if agent not in {row.agent for row in rows}:
            raise Refused(NOTHING)
        return as_text(call_text(rows, self._config), self._config.hotline.timezone)

    # --- finding things ----------------------------------------------------------------------

    @property
    def _config(self) -> HotlineConfig:
        return self._configuration()[1]

    def _day(self, now: datetime) -> tuple[datetime, datetime]:
        """The hotline's own day: its first moment and that of the next one."""
        local = now.astimezone(ZoneInfo(self._config.hotline.timezone))
        start = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        return start, start + timedelta(days=1)
