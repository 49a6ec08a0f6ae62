"""A house full of people, callers brought into exactly the states a fault is to find them in, and the judgement."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from hotline.phone.call import PhoneError
from tests.faults import counting, logs
from tests.faults.agents import ABROAD, Agent, Talk, agents
from tests.faults.callers import Caller, Public
from tests.faults.counting import CUT, LEFT, MISSING, REFUSED, TALKED, Books
from tests.faults.house import House, eventually, house, telephone
from tests.faults.listening import heard
from tests.faults.rounds import Moments, Round
from tests.faults.rows import HOUSE, Row
from tests.faults.truth import Watch

GREETING, MENU, WAITING, OFFER = "greeting", "in the menu", "waiting", "at the moment of the offer"
RINGING, BRIDGED, WRAP_UP, MAIL = "ringing", "bridged", "in wrap-up", "between ledger and mail"
ARRIVING, AFTERWARDS = "arriving meanwhile", "arriving afterwards"
STATES = (GREETING, MENU, WAITING, OFFER, RINGING, BRIDGED, WRAP_UP, MAIL)
SILENCE_LIMIT, HANGING_LIMIT = 2.0, 7.0
"""Seconds without sound that nobody may be left in; with a service that hangs."""
TRUE_STATE_LIMIT = 5.0
PRESSES_AFTER = 12.5
"""Seconds after the answer, when the whole menu was heard: a caller who has pressed nothing yet presses 0.

Silence while the menu waits for a key is the caller's turn to speak, not a fault's doing."""
TALKED_SECONDS = 1.0
"""Whoever hears an agent's tone for so long has talked to that agent."""
HANG_UP_PASSES_ON = 3.0
"""Seconds within which an agent's hanging up ends the caller's call."""
SETTLES = 60.0
"""Seconds after the fault's end within which everybody is served."""
BOOKS_CLOSE, MAILS_GO = 15.0, 45.0
FORWARDED = {
    "family_name": "Müller",
    "given_name": "Erika",
    "phone": "05721 777001",
    "best_time": "vormittags",
    "household_number": "24412345",
    "office": "stadthagen",
    "new_rent": "512,50",
    "from_date": "2026-12-01",
}


Between = Callable[[House], AbstractAsyncContextManager[Any]]


@dataclass(frozen=True)
class Fault:
    """One way to hurt a house, and what must be seen of it."""

    hit: Callable[["Scene"], Awaitable[float]]
    """Does it, returns when it is over, with the moment from which on the truth is due on the pages."""
    log: str
    """Pattern of the line in the log."""
    metric: str
    """Pattern of the event that `hotline_events_total` counts."""
    limit: float = SILENCE_LIMIT
    allowed: Sequence[str] = (TALKED,)
    """Ends that are true although the caller did not talk to anybody."""
    reachable: bool = True
    """Whether a telephone can reach the house meanwhile."""


@dataclass
class Scene:
    """Everybody, and what has happened so far."""

    house: House
    people: dict[str, Agent]
    public: Public
    watch: Watch
    between: Any = None
    """What was put between the service and Asterisk."""
    mail_may_be_answered: asyncio.Event = field(default_factory=asyncio.Event)
    promising: "asyncio.Task[None] | None" = None
    promises: int = 0
    """How many an agent has made."""
    others: set[str] = field(default_factory=set)
    """Numbers of further callers, whom somebody else counts."""
    gone_at: float | None = None
    """When Asterisk died, and every call with it."""
    findings: list[str] = field(default_factory=list)
    """What concerns no single caller."""
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def close(self) -> None:
        """Nobody does anything any more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def caller(self, state: str) -> Caller:
        return next(one for one in self.public.callers if one.state == state)

    async def endure(self, one: Round, fault: "Fault", moments: Moments) -> list[Row]:
        """The fault hits callers in all states; then everybody works, and all is counted."""
        await self.all_states(moments)
        before, fault_at = len(self.house.lines), time.monotonic()
        self.gone_at = None
        hitting = asyncio.create_task(fault.hit(self))
        self.everybody_works()
        self.mail_may_be_answered.set()
        for state in (GREETING, MENU):
            self._later(self._press_in_the_end(self.caller(state)))
        self._later(self._arrive(fault))
        over = await hitting
        afterwards = asyncio.create_task(self.public.call(AFTERWARDS, "4"))
        true_state = await self.true_again(over)
        await self.settle()
        await self.end_talks()
        await asyncio.gather(afterwards, return_exceptions=True)
        await self.close_books()
        await self.written_up()
        self.findings += [*await self.mails(), *await self._signs(fault, before), *self._breaks()]
        return await self.judge(one, fault, fault_at, true_state)

    async def _arrive(self, fault: "Fault") -> None:
        if fault.reachable:
            await asyncio.sleep(1.0)
            await self._press_in_the_end(await self.public.dial(ARRIVING))

    async def _press_in_the_end(self, caller: Caller) -> None:
        with contextlib.suppress(PhoneError):
            await caller.until_answered(3600)
            await asyncio.sleep(max(0.0, (caller.answered or 0.0) + PRESSES_AFTER - time.monotonic()))
            await caller.press("0")

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _signs(self, fault: "Fault", before: int) -> list[str]:
        """A clear line in the log and a metric."""
        found = []
        if not self.house.said(fault.log, before):
            found.append("no line in the log tells of it")
        if not await self.house.metric(fault.metric):
            found.append("no metric tells of it")
        return found

    def _breaks(self) -> list[str]:
        """Who was rung although on a break."""
        return [f"{name} was rung while on a break" for name, agent in self.people.items() if agent.rung_on_break]

    # --- before the fault --------------------------------------------------------------------

    async def talk(self, name: str, state: str, key: str) -> Talk:
        """This agent, and nobody else, is ready and takes that call."""
        agent = self.people[name]
        await agent.ready()
        agent.answers, agent.answers_after = True, 0.2
        talks = len(agent.talks)
        await self.public.call(state, key)
        await agent.until_state("talking")
        assert await eventually(lambda: len(agent.talks) > talks, 5), f"{name} does not talk"
        return agent.talks[-1]

    async def all_states(self, moments: Moments) -> None:
        """Return in the moment of an offer, with a caller in each other state."""
        self.house.mail.before_answer = self._hold_the_answer
        done = [("carla", await self.talk("carla", WRAP_UP, "1")), ("david", await self.talk("david", MAIL, "4"))]
        await self.talk("elif", BRIDGED, "6")
        await asyncio.gather(*(self._end_talk(name, talk) for name, talk in done))
        await self.people["david"].post("/agent/presence", intent="pause", reason="Pause")
        await self.public.call(MENU)
        menu_at = time.monotonic()
        ringing, offer, waiting = [await self.public.call(state) for state in (RINGING, OFFER, WAITING)]
        self.promising = asyncio.create_task(self._promise("david"))
        await asyncio.wait_for(self.house.mail.arrived.wait(), 10)
        await asyncio.sleep(max(0.0, menu_at + moments.between(4.0, 8.0, 4.0) - time.monotonic()))
        await self.people["anna"].ready()
        await ringing.press("4")
        await self._rings("anna")
        await waiting.press("6")
        await self._waits_in_line(1)
        self.people["ben"].shows_offers = False
        await self.people["ben"].ready()
        await self.public.call(GREETING)
        await asyncio.sleep(moments.between(0.1, 3.0, 1.0))
        await offer.press("4")
        await self.people["ben"].until_state("offered")
        await asyncio.sleep(moments.between(0.0, 0.3, 0.0))

    async def _end_talk(self, name: str, talk: Talk) -> None:
        await asyncio.sleep(max(0.0, talk.since + TALKED_SECONDS + 0.4 - time.monotonic()))
        await self.people[name].hang_up(talk)
        self.people[name].answers = False
        await self.people[name].until_state("wrap_up")

    async def _rings(self, name: str) -> None:
        self.people[name].answers = False
        await self.people[name].until_state("offered")
        agent = self.people[name]
        if not await eventually(lambda: agent.ringing, 5):
            raise AssertionError(f"{name}'s phone never rang")

    async def _waits_in_line(self, waiting: int) -> None:
        await self.people["elif"].until(lambda snapshot: snapshot["hotline"]["waiting"] == waiting)

    async def _promise(self, name: str) -> None:
        """Forwards the request; as a person does, again when it was not said to be stored and is still to be done."""
        agent, form = self.people[name], dict(FORWARDED)
        self.promises += 1
        while True:
            with contextlib.suppress(*ABROAD):
                await agent.dispose("forwarded", **form)
                return
            await asyncio.sleep(0.5)
            if agent.connected and (agent.snapshot["state"] != "wrap_up" or agent.snapshot["call"]["disposed"]):
                return  # the page says that it was stored

    async def _hold_the_answer(self, envelope: Any) -> None:
        await self.mail_may_be_answered.wait()

    # --- after it ----------------------------------------------------------------------------

    def everybody_works(self, besides: Iterable[str] = ("david", "elif")) -> None:
        """The agents do what people do; david is on his break, elif talks on until she is told."""
        for name, agent in self.people.items():
            if name not in besides:
                agent.work_alone()

    async def settle(self, patience: float = SETTLES, besides: Sequence[str] = (BRIDGED,)) -> None:
        """Return when every caller, but those in these states, has been served and is gone."""
        wanted = [one for one in self.public.callers if one.state not in besides]
        await eventually(lambda: not any(one.is_there for one in wanted), patience)

    async def end_talks(self) -> None:
        """Whoever was told to talk on hangs up now."""
        for agent in self.people.values():
            for talk in agent.talks:
                if talk.call.end is None and agent.talk_seconds is None:
                    with contextlib.suppress(PhoneError):
                        await agent.hang_up(talk)
        await eventually(lambda: not any(one.is_there for one in self.public.callers), 10)

    async def close_books(self, patience: float = BOOKS_CLOSE) -> Books:
        """The ledger once every caller has exactly one entry with an end, or as it is when the time is over."""
        numbers = [one.number for one in self.public.callers]

        def complete() -> bool:
            books = self._books()
            return books is not None and all(
                [entry.ended for entry in books.of(number)] == [True] for number in numbers
            )

        await eventually(complete, patience)
        return self._books() or Books([], Counter(), 0, 0, 0)

    async def written_up(self, patience: float = 5.0) -> None:
        """Return when agents have written up every talk, or when they had time enough."""
        self.people["elif"].work_alone()

        def done() -> bool:
            books = self._books()
            return books is not None and not books.unwritten()

        await eventually(done, patience)

    def _books(self) -> Books | None:
        try:
            return counting.read(self.house.database)
        except Exception:
            return None

    async def mails(self, patience: float = MAILS_GO) -> list[str]:
        """What is wrong with promises and mails, once there was time enough to send them."""
        self.mail_may_be_answered.set()
        taken = self.house.mail.message_ids

        def gone() -> bool:
            nonlocal taken
            taken, books = self.house.mail.message_ids, self._books()
            return books is not None and not counting.mail_findings(books, taken) and not books.unsent

        await eventually(gone, patience)
        books = self._books()
        found = ["the database could not be read"] if books is None else counting.mail_findings(books, taken)
        promises = self.promises + sum(agent.promises for agent in self.people.values())
        if books is not None and books.promises != promises:
            found.append(f"{promises} promises were made, the database has {books.promises}")
        return found

    async def true_again(self, moment: float, patience: float = 15.0) -> float | None:
        """Seconds from that moment to the true state on all pages; a finding when it took too long."""
        await eventually(lambda: self.watch.since(moment) is not None, patience)
        seconds = self.watch.since(moment)
        if seconds is None:
            self.findings.append(f"pages never became true: {self.watch.last_untruth(moment)}")
        elif seconds > TRUE_STATE_LIMIT:
            self.findings.append(f"pages became true after {seconds:.1f} s: {self.watch.last_untruth(moment)}")
        return seconds

    async def _listen(self) -> None:
        """Work out what everybody heard; silence after the end of Asterisk is the end of the call."""
        tones = [agent.tone for agent in self.people.values()]
        for caller in self.public.callers:
            await caller.analyse(self._before_the_end(caller.dialled), tones)
        for agent in self.people.values():
            for talk in agent.talks:
                recording = await agent.phone.recorded(talk.call)
                until = min(talk.until or time.monotonic(), self._before_the_end(talk.since) or float("inf"))
                talk.heard = await heard(recording, talk.since, until, ())

    def _before_the_end(self, since: float) -> float | None:
        """The end of Asterisk for who was there; None for who came later."""
        return self.gone_at if self.gone_at is not None and since < self.gone_at else None

    def _deaf_agents(self, limit: float) -> list[str]:
        """Agents too are somebody: nobody talks into silence."""
        silences = [
            (name, talk.heard.worst_silence.seconds)
            for name, agent in self.people.items()
            for talk in agent.talks
            if talk.heard is not None
        ]
        return [f"{name} heard nothing for {seconds:.1f} s in a talk" for name, seconds in silences if seconds > limit]

    def _note_who_was_when(self) -> None:
        """For whoever looks for the cause of a failure."""
        for caller in self.public.callers:
            logs.note(f"caller {caller.state}: dialled {caller.dialled:.3f}, ended {caller.ended or 0:.3f}")
        for name, agent in self.people.items():
            for talk in agent.talks:
                logs.note(
                    f"talk of {name}: {talk.since:.3f} to {talk.until or 0:.3f}, hung up: {talk.hung_up_by_agent}"
                )

    # --- the judgement -----------------------------------------------------------------------

    async def judge(self, one: Round, fault: Fault, fault_at: float, true_state: float | None) -> list[Row]:
        """One row for each state, and one for the house."""
        await self._listen()
        await self.public.leave()
        self.findings += self._deaf_agents(fault.limit)
        books = await self.close_books(5)
        self._note_who_was_when()
        found = []
        for state in dict.fromkeys(caller.state for caller in self.public.callers):
            mine = [caller for caller in self.public.callers if caller.state == state]
            verdicts = [_Verdict(self, caller, books, fault, fault_at) for caller in mine]
            silences = [verdict.silence for verdict in verdicts if verdict.silence is not None]
            found.append(
                one.row(
                    state,
                    callers_in=len(mine),
                    callers_out=dict(Counter(verdict.label for verdict in verdicts)),
                    worst_silence=round(max(silences), 2) if silences else None,
                    failures=[text for verdict in verdicts for text in verdict.failures()],
                )
            )
        known = {caller.number for caller in self.public.callers} | self.others
        strangers = [entry for entry in books.entries if entry.caller not in known]
        self.findings += [f"a call in the ledger that nobody has made: {entry}" for entry in strangers]
        states = {caller.number: caller.state for caller in self.public.callers}
        self.findings += [
            f"no page showed the talk of the caller {states.get(entry.caller or '', 'nobody knows')} to be written up"
            for entry in books.unwritten()
        ]
        found.append(one.row(HOUSE, true_state=true_state and round(true_state, 2), failures=list(self.findings)))
        return found


class _Verdict:
    """What became of one caller: by ear, by the telephone, by the ledger."""

    def __init__(self, scene: Scene, caller: Caller, books: Books, fault: Fault, fault_at: float) -> None:
        self._caller, self._fault_at, self._gone_at = caller, fault_at, scene.gone_at
        self._limit, self._allowed = fault.limit, fault.allowed
        self._people = scene.people.values()
        self._talks = caller.heard.spells if caller.heard is not None else {}
        kind = books.kind(caller.number)
        self.kind = REFUSED if kind == MISSING and caller.refused == 503 else kind
        self.label = REFUSED if self.kind == REFUSED else books.label(caller.number)
        self._silence = caller.heard.worst_silence if caller.heard is not None else None
        self.silence = self._silence.seconds if self._silence is not None else None

    def failures(self) -> list[str]:
        if self.fate == REFUSED:
            return (
                [] if REFUSED in self._allowed and self.kind == REFUSED else [f"was refused; the ledger: {self.kind}"]
            )
        return [*self._in_silence(), *self._dropped(), *self._in_the_ledger()]

    def _in_silence(self) -> list[str]:
        silence = self._silence
        if silence is None:
            return ["was never answered"]
        if silence.seconds <= self._limit:
            return []
        when = silence.since - self._fault_at
        return [f"heard nothing for {silence.seconds:.1f} s, from {when:+.1f} s after the fault on"]

    @property
    def fate(self) -> str:
        """How it ended for the caller."""
        caller, gone_at = self._caller, self._gone_at
        if caller.refused == 503:
            return REFUSED
        if gone_at is not None and caller.dialled < gone_at and (caller.ended or gone_at) >= gone_at - 0.2:
            return CUT
        if sum(spell.seconds for spells in self._talks.values() for spell in spells) >= TALKED_SECONDS:
            return TALKED
        return LEFT if caller.hung_up_themselves else "hung up by our side"

    def _dropped(self) -> list[str]:
        caller = self._caller
        if self.fate == CUT or caller.gave_up:
            return []
        if caller.hung_up_themselves or caller.ended is None:
            return ["was still there when all should have been done"]
        if self.fate != TALKED:
            return [] if self.kind in self._allowed else ["was hung up by our side without a conversation"]
        return [] if self._agent_hung_up(caller.ended) else ["the conversation was dropped by our side"]

    def _agent_hung_up(self, at: float) -> bool:
        """One of those who were heard last has hung up on purpose."""
        heard = {
            tone for tone, spells in self._talks.items() for spell in spells if at - spell.until <= HANG_UP_PASSES_ON
        }
        talks = [talk for agent in self._people if agent.tone in heard for talk in agent.talks if talk.hung_up_by_agent]
        return any(talk.until is not None and -0.3 <= at - talk.until <= HANG_UP_PASSES_ON for talk in talks)

    def _in_the_ledger(self) -> list[str]:
        if self.kind == self.fate or (self.kind in self._allowed and self.fate not in {TALKED, CUT}):
            return []
        return [f"the ledger says “{self.kind}”, but the caller {_as_heard(self.fate)}"]


def _as_heard(fate: str) -> str:
    return {TALKED: "talked to an agent", LEFT: "left", CUT: "was cut off by the end of Asterisk"}.get(
        fate, f"was {fate}"
    )


@asynccontextmanager
async def scene(raw: dict[str, Any], between: Between | None = None, **options: Any) -> AsyncIterator[Scene]:
    """A house with that configuration, its five agents logged in, and a telephone for all callers.

    `between` is entered before anybody works; what it yields is `scene.between`.
    """
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(house(raw, **options))
        entered = await stack.enter_async_context(between(running)) if between is not None else None
        people = await stack.enter_async_context(agents(running))
        phone = await stack.enter_async_context(telephone())
        watch = Watch(running, people)
        watching = asyncio.create_task(watch.run())
        stack.callback(watching.cancel)
        here = Scene(running, people, Public(running, phone), watch, entered)
        stack.push_async_callback(here.close)
        yield here
