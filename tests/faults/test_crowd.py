"""Fault 7: 200 callers at once on five agents (60 in the short form), and one number that calls 50 times.

Most callers are light telephones (tests/faults/light.py); a sample among them has real sound and ears. Some wait until
an agent has talked with them, some leave by themselves, some want to be called back as soon as that is offered.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field

import aiohttp
import pytest

from hotline.phone.call import PhoneError
from tests.faults.callers import Caller
from tests.faults.counting import CALLBACK, LEFT, MISSING, TALKED, TWICE, Books
from tests.faults.house import House, configuration, eventually
from tests.faults.light import LightCaller
from tests.faults.rounds import Round, Script, require_no_failures, stamped
from tests.faults.rows import Row
from tests.faults.scene import TALKED_SECONDS, TRUE_STATE_LIMIT, Fault, Scene, scene

SAMPLE, CROWD = "with real sound", "light telephones"
ARRIVE_WITHIN = 1.0
"""Seconds in which all of them dial."""
TALK_SECONDS = 2.0
PATIENCE = 220.0
RTP_PORTS = 1000
LONGEST_WAIT = 30
"""Seconds after which a callback is offered, by the configuration."""
PRESSES_EVERY = 6.0
"""Whoever wants to be called back presses 1 every so many seconds, from when it may be offered."""
LEAVE_WITHIN = 2.0 * LONGEST_WAIT
LOOK = 0.5
pytestmark = pytest.mark.timeout(100_000)

Act = Callable[["Crowd", LightCaller | Caller, random.Random], Awaitable[None]]


# --- what people do ------------------------------------------------------------------------------


async def _waits(crowd: "Crowd", caller: LightCaller | Caller, chance: random.Random) -> None:
    """For an agent, as long as it takes."""


async def _leaves(crowd: "Crowd", caller: LightCaller | Caller, chance: random.Random) -> None:
    await asyncio.sleep(chance.uniform(2.0, LEAVE_WITHIN))
    if isinstance(caller, Caller):
        await caller.give_up()
    else:
        await caller.hang_up()


async def _wants_to_be_called_back(crowd: "Crowd", caller: LightCaller | Caller, chance: random.Random) -> None:
    """Offered after the longest wait; pressed too early it means nothing."""
    await asyncio.sleep(LONGEST_WAIT)
    while caller.is_there:
        await caller.press("1")
        await asyncio.sleep(PRESSES_EVERY)


PEOPLE: Sequence[Act] = (_waits, _waits, _leaves, _wants_to_be_called_back)


@dataclass
class Crowd:
    """Who calls, and what became of them."""

    scene: Scene
    chance: random.Random
    light: list[LightCaller] = field(default_factory=list)
    most_waiting: float = 0.0
    """By the metric."""

    async def comes(self, numbers: Sequence[str], sample: int) -> None:
        """All at once; return when everybody is out again."""
        house, watching = self.scene.house, asyncio.create_task(self._watch_the_line())
        self.light = [LightCaller(number, house.config.network.sip.port) for number in numbers]
        people = [self._live(caller, act) for caller, act in zip(self.light, self._acts(), strict=False)]
        ears = [self._live_with_ears(act) for _, act in zip(range(sample), self._acts(), strict=False)]
        await self._all_of(people + ears, watching)

    async def redials(self, number: str, times: int) -> None:
        """The same telephone, again and again; it hangs up within seconds."""
        for _ in range(times):
            caller = LightCaller(number, self.scene.house.config.network.sip.port)
            self.light.append(caller)
            leaving = asyncio.create_task(self._leave_soon(caller))
            await caller.dial()
            await leaving

    async def _leave_soon(self, caller: LightCaller) -> None:
        await asyncio.sleep(self.chance.uniform(0.3, 3.0))
        await caller.hang_up()

    async def _all_of(self, people: Sequence[Awaitable[None]], watching: "asyncio.Task[None]") -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                await asyncio.gather(*people)
        except TimeoutError:
            left = sum(caller.is_there for caller in [*self.light, *self.scene.public.callers])
            self.scene.findings.append(f"{left} callers were still there after {PATIENCE:g} s")
        finally:
            watching.cancel()

    def _acts(self) -> Iterator[Act]:
        while True:
            yield from self.chance.sample(PEOPLE, len(PEOPLE))

    async def _live(self, caller: LightCaller, act: Act) -> None:
        await asyncio.sleep(self.chance.uniform(0.0, ARRIVE_WITHIN))
        await caller.dial()
        acting = asyncio.create_task(self._choose_and(caller, act, "01234567"))
        await caller.until_over()
        acting.cancel()

    async def _live_with_ears(self, act: Act) -> None:
        await asyncio.sleep(self.chance.uniform(0.0, ARRIVE_WITHIN))
        caller = await self.scene.public.dial(SAMPLE)
        try:
            await caller.until_answered()
        except PhoneError:
            return
        acting = asyncio.create_task(self._choose_and(caller, act, "01234567"))
        while caller.is_there:  # noqa: ASYNC110 - the telephone is another process
            await asyncio.sleep(0.1)
        acting.cancel()

    async def _choose_and(self, caller: LightCaller | Caller, act: Act, keys: str) -> None:
        """A key during the greeting or the menu; then as the person is."""
        await asyncio.sleep(self.chance.uniform(0.5, 8.0))
        await caller.press(self.chance.choice(keys))
        await act(self, caller, self.chance)

    async def _watch_the_line(self) -> None:
        while True:
            self.most_waiting = max(self.most_waiting, await _waiting(self.scene.house))
            await asyncio.sleep(LOOK)


async def _waiting(house: House) -> float:
    """How many wait, as an operator's monitoring reads it."""
    address = f"{house.config.hotline.public_url}/metrics"
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(3)) as http, http.get(address) as answer:
            lines = (await answer.text()).splitlines()
    except (aiohttp.ClientError, TimeoutError):
        return 0.0
    return next((float(line.split()[1]) for line in lines if line.startswith("hotline_line_callers ")), 0.0)


# --- what became of them -------------------------------------------------------------------------


def _failures(number: str, callers: Sequence[LightCaller], books: Books) -> list[str]:
    """Of all calls from one number: each once in the ledger, ended as its telephone says."""
    entries = Counter(entry.kind for entry in books.of(number))
    stayed = [caller for caller in callers if not caller.hung_up_themselves]
    found = [f"was refused with {caller.refused}" for caller in callers if caller.refused]
    found += ["was never answered" for caller in stayed if caller.answered is None and not caller.refused]
    if entries.total() != len(callers):
        found.append(TWICE if entries.total() > len(callers) else MISSING)
    if entries[TALKED] + entries[CALLBACK] < len(stayed):
        found.append(f"was hung up by our side without a conversation or a callback request ({dict(entries)})")
    if others := {kind: count for kind, count in entries.items() if kind not in {TALKED, CALLBACK, LEFT}}:
        found.append(f"the ledger says {others}")
    return found


def _talks(crowd: Crowd, books: Books) -> list[str]:
    """The ledger's talks are those that agents' telephones had; one of a moment counts as either."""
    talks = [talk for agent in crowd.scene.people.values() for talk in agent.talks]
    sure = [talk for talk in talks if (talk.until or time.monotonic()) - talk.since >= TALKED_SECONDS]
    told = sum(entry.kind == TALKED for entry in books.entries)
    if len(sure) <= told <= len(talks):
        return []
    return [f"agents had {len(talks)} talks, {len(sure)} of them long, but the ledger has {told}"]


def _crowd_row(one: Round, crowd: Crowd, books: Books) -> Row:
    by_number: dict[str, list[LightCaller]] = {}
    for caller in crowd.light:
        by_number.setdefault(caller.number, []).append(caller)
    out = Counter(entry.kind for number in by_number for entry in books.of(number))
    failures = [text for number, callers in by_number.items() for text in _failures(number, callers, books)]
    return one.row(CROWD, callers_in=len(crowd.light), callers_out=dict(out), failures=failures)


# --- the rounds ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rush:
    """So many light callers with numbers of their own, in the long form and in the short one."""

    many: int
    few: int

    async def come(self, crowd: Crowd, one: Round) -> None:
        count = self.many if one.form == "long" else self.few
        await crowd.comes([f"+49572166{number:04}" for number in range(count)], sample=10)


@dataclass(frozen=True)
class OneNumber:
    """One number calls so often: half of it at once, the other half one after the other; some others call too."""

    times: int
    number: str = "+49572166001"

    async def come(self, crowd: Crowd, one: Round) -> None:
        at_once = self.times // 2
        coming = asyncio.create_task(crowd.comes([self.number] * at_once, sample=6))
        await asyncio.sleep(0)  # the crowd's list is made
        await asyncio.gather(coming, crowd.redials(self.number, self.times - at_once))


VARIANTS: dict[str, Rush | OneNumber] = {
    "200 callers at once": Rush(200, 60),
    "one number calls 50 times": OneNumber(50),
}


async def _play(one: Round) -> list[Row]:
    raw = configuration(longest_wait_seconds=LONGEST_WAIT, position_every_seconds=10)
    raw["network"]["rtp"]["to"] = raw["network"]["rtp"]["from"] + RTP_PORTS
    async with scene(raw) as here:
        crowd = Crowd(here, random.Random(one.seed))
        found = await _endure(crowd, one)
        return stamped(found, here.house.release)


async def _endure(crowd: Crowd, one: Round) -> list[Row]:
    here = crowd.scene
    for agent in here.people.values():
        agent.work_alone(TALK_SECONDS)
        await agent.ready()
    before, began = len(here.house.lines), time.monotonic()
    await VARIANTS[one.variant].come(crowd, one)
    over = time.monotonic()
    here.others = {caller.number for caller in crowd.light}
    true_state = await here.true_again(over)
    await here.written_up()
    books = await _closed_books(crowd)
    here.findings += [*_talks(crowd, books), *await here.mails(), *_pages(here, began, over), *_told(crowd, before)]
    found = await here.judge(one, Fault(_nothing, "", "", allowed=(TALKED, LEFT, CALLBACK)), began, true_state)
    for caller in crowd.light:
        caller.close()
    return [_crowd_row(one, crowd, books), *found]


async def _nothing(_: Scene) -> float:
    raise NotImplementedError("the callers themselves are the fault")


async def _closed_books(crowd: Crowd) -> Books:
    """Once every call has an end."""
    books = await crowd.scene.close_books()
    calls = len(crowd.light) + len(crowd.scene.public.callers)

    def complete() -> bool:
        now = crowd.scene._books()
        return now is not None and sum(entry.ended for entry in now.entries) >= calls

    await eventually(complete, 10)
    return crowd.scene._books() or books


def _pages(here: Scene, began: float, over: float) -> list[str]:
    """They stay true all the time."""
    seconds, what = here.watch.longest_untruth(began, over)
    return [f"a page was untrue for {seconds:.1f} s: {what}"] if seconds > TRUE_STATE_LIMIT else []


def _told(crowd: Crowd, before: int) -> list[str]:
    """Every call has a line in the log, and the metric shows how many wait."""
    calls = len(crowd.light) + len(crowd.scene.public.callers)
    told = len(crowd.scene.house.said("call arrived", before))
    found = [] if told == calls else [f"{calls} calls, but {told} lines in the log tell of one"]
    if crowd.most_waiting < 5:
        found.append(f"the metric showed at most {crowd.most_waiting:g} callers in the line")
    return found


SCRIPT = Script("crowd", tuple(VARIANTS), _play)


@pytest.mark.parametrize("variant", VARIANTS)
def test_more_callers_than_anybody_can_answer_are_all_accounted_for(rows: list[Row], variant: str) -> None:
    require_no_failures(rows, SCRIPT, variant)
