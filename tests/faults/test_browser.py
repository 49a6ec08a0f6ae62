"""Fault 5: browsers that are the agents' telephones are killed in mid-call, all at once, or reloaded in every state.

A caller whose agent's leg is lost hears a sentence and music within 5 s; the same agent gets the call back when the
browser is there again within 10 s, otherwise the next of the line does. Nobody else notices anything.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace

import pytest

from hotline.exchange.wishes import RETURN_SECONDS
from hotline.phone.call import PhoneError
from tests.faults.browsers import BrowserScene, PageAgent, Shown, browser_scene, missing
from tests.faults.callers import Caller
from tests.faults.counting import CALLBACK, LEFT, TALKED
from tests.faults.house import configuration, eventually
from tests.faults.rounds import Moments, Round, Script, require_no_failures, stamped
from tests.faults.rows import HOUSE, Row
from tests.faults.scene import ARRIVING, RINGING, SILENCE_LIMIT, TALKED_SECONDS, WAITING, WRAP_UP, Fault, Scene

LOST_LIMIT = 5.0
"""Seconds without sound that a caller may be left in whose agent's leg is gone."""
LOG = METRIC = "an agent's leg was lost, the agent is rung again"
BACK_IN_TIME, STAYS_AWAY = "bridged, the browser comes back", "bridged, the browser stays away"
ELSEWHERE, GONE = "bridged with another agent", "bridged, the browser is gone"
TALKING, CONSULTING = "bridged, with a draft", "in a consultation"
GIVES_UP, WANTS_CALLBACK = "waiting, then leaves", "waiting, wants to be called back"
LOST_STATES = frozenset({BACK_IN_TIME, STAYS_AWAY, GONE, TALKING, CONSULTING})
ALONE = LOST_STATES - {CONSULTING}
"""Whose caller has nobody else to talk to."""
PRESSES_EVERY = 3.0
LONGEST_WAIT = 10
POP_PATIENCE = 5.0
"""Seconds within which a page that was loaded again shows what it showed before."""
AT_ONCE = asyncio.Semaphore(1)
"""Rounds at the same time: browsers must not take the time from the other houses."""
EVERYBODY = ("anna", "ben", "carla", "david", "elif")
pytestmark = pytest.mark.timeout(100_000)


# --- what lost callers hear ----------------------------------------------------------------------


def _comforted(here: BrowserScene, fault_at: float) -> Iterator[str]:
    """Whoever has lost an agent hears a sentence of ours or music within seconds."""
    for caller in here.public.callers:
        since = [
            max(spell.since, fault_at) for spell in here.between_talks.get(caller.number, []) if spell.until > fault_at
        ]
        if caller.state in ALONE and min(since, default=float("inf")) - fault_at > LOST_LIMIT:
            yield f"the caller {caller.state} heard neither a sentence nor music within {LOST_LIMIT:g} s"


# --- one killed in mid-call ----------------------------------------------------------------------


async def _one_killed(here: BrowserScene, moments: Moments) -> tuple[float, float]:
    """Anna's browser and carla's are killed; anna logs in elsewhere at once, carla when her caller is with somebody."""
    annas, carlas, bens = [await here.open() for _ in range(3)]
    await asyncio.gather(here.arrive(annas, "anna"), here.arrive(carlas, "carla"), here.arrive(bens, "ben"))
    for name, state in (("anna", BACK_IN_TIME), ("carla", STAYS_AWAY), ("ben", ELSEWHERE)):
        await here.bring(name, state)
    await here.public.call(WAITING, "0")
    await asyncio.sleep(moments.between(1.5, 4.0, 1.5))
    fault_at = time.monotonic()
    await here.kill(annas, "anna")
    await here.kill(carlas, "carla")
    await asyncio.sleep(moments.between(0.0, 5.0, 0.5))
    await here.arrive(await here.open(), "anna", expects_call=True)
    await here.rest_works(besides=["carla"])
    await here.settle(besides=())
    await here.arrive(await here.open(), "carla")
    here.agent("carla").work_alone()
    return fault_at, time.monotonic()


def _same_agent_back(here: BrowserScene, fault_at: float) -> Iterator[str]:
    """Who was back in time has the caller again; the other caller has somebody else."""
    back, other = (
        _heard_after(here, here.caller(state), fault_at + LOST_LIMIT) for state in (BACK_IN_TIME, STAYS_AWAY)
    )
    if back != ["anna"]:
        yield f"the caller whose agent came back in time came to {back or 'nobody'}"
    if len(other) != 1 or "carla" in other:
        yield f"the caller whose agent stayed away came to {other or 'nobody'}"


def _heard_after(here: BrowserScene, caller: Caller, moment: float) -> list[str]:
    """Which agents this caller talked with from then on."""
    spells = caller.heard.spells if caller.heard is not None else {}
    return [
        name
        for name, agent in here.people.items()
        if sum(spell.until - max(spell.since, moment) for spell in spells[agent.tone] if spell.until > moment)
        >= TALKED_SECONDS
    ]


# --- all five gone at once -----------------------------------------------------------------------


async def _all_gone(here: BrowserScene, moments: Moments) -> tuple[float, float]:
    """All are windows of one browser, which is killed; they come back in a new one."""
    chromium = await here.open()
    await here.arrive(chromium, *EVERYBODY)
    await here.bring("david", WRAP_UP)
    await asyncio.sleep(TALKED_SECONDS + 0.4)
    await here.agent("david").hang_up(here.agent("david").talks[-1])
    for name in ("anna", "ben", "elif"):
        await here.bring(name, GONE)
    await here.agent("carla").ready()
    await here.public.call(RINGING, "0")
    await here.agent("carla").rung()
    waiting = [await here.public.call(state, "0") for state in (WAITING, GIVES_UP, WANTS_CALLBACK)]
    await asyncio.sleep(moments.between(1.0, 3.0, 1.0))
    fault_at = time.monotonic()
    await here.kill(chromium, *EVERYBODY)
    here._later(_leaves(waiting[1], moments.between(0.0, 5.0, 2.0)))
    here._later(_wants_callback(waiting[2]))
    here._later(here._press_in_the_end(await here.public.dial(ARRIVING)))
    await asyncio.sleep(moments.between(0.0, 30.0, 6.0))
    new = await here.open()
    for name in EVERYBODY:
        here.agent(name).work_alone()
    await here.arrive(new, *EVERYBODY, expects_call=True)
    over = time.monotonic()
    await here.settle(besides=())
    return fault_at, over


async def _leaves(caller: Caller, after: float) -> None:
    await asyncio.sleep(after)
    await caller.give_up()


async def _wants_callback(caller: Caller) -> None:
    """Pressed before it is offered, the key means nothing."""
    while caller.is_there:
        await asyncio.sleep(PRESSES_EVERY)
        try:
            await caller.press("1")
        except PhoneError:
            return


# --- reloaded in every state ---------------------------------------------------------------------


async def _reloaded(here: BrowserScene, moments: Moments) -> tuple[float, float]:
    """One browser with five windows; every window is loaded again in the middle of something."""
    await here.arrive(await here.open(), *EVERYBODY)
    await _into_every_state(here)
    await _reload_when_ready(here)
    await here.public.call(RINGING, "0")
    await here.agent("anna").rung()
    await here.public.call(WAITING, "0")
    await asyncio.sleep(moments.between(0.5, 3.0, 1.0))
    fault_at = time.monotonic()
    consulting = "carla" if moments.between(0.0, 1.0, 0.0) < 0.5 else "elif"
    await asyncio.gather(
        _reload_when_it_rings(here),
        _reload_when_writing_up(here),
        _reload_in_a_talk(here),
        here.agent(consulting).reload(),
    )
    over = time.monotonic()
    await here.rest_works()
    await here.settle(besides=())
    return fault_at, over


DRAFTS = {"ben": "Miete steigt", "david": "ruft noch einmal an", "carla": "Frage an Elif"}


async def _into_every_state(here: BrowserScene) -> None:
    """David writes up, carla asks elif, ben talks; two of them have begun to write."""
    for name, state in (("david", WRAP_UP), ("carla", CONSULTING), ("ben", TALKING)):
        await here.bring(name, state)
        await here.agent(name).write(DRAFTS[name])
    await here.agent("david").hang_up(here.agent("david").talks[-1])
    await here.agent("david").until_state("wrap_up")
    await here.agent("elif").ready()
    page = here.agent("carla").page
    await page.click("#transfer-open")
    await page.click("#transfer-agents label:has-text('Elif Ebeling')")
    await page.click("#transfer-form button[value=consult]")
    await here.agent("elif").answer()
    await here.agent("carla").page.wait_for_selector("#transfer-complete", state="visible")


async def _reload_when_ready(here: BrowserScene) -> None:
    anna = here.agent("anna")
    await anna.ready()
    await anna.reload()
    if not await eventually(lambda: anna.shows == "ready" and anna.page_shows.phone, POP_PATIENCE):
        here.findings.append(f"who was ready when reloading was not ready again, but {anna.page_shows}")


async def _reload_when_it_rings(here: BrowserScene) -> None:
    """Anna's page shows the call again, or its caller waits for the next agent."""
    anna = here.agent("anna")
    await anna.reload()
    if not await eventually(lambda: anna.shows in {"offered", "not_ready"}, POP_PATIENCE):
        here.findings.append(f"who was rung when reloading shows {anna.page_shows}")
    if not here.caller(RINGING).is_there:
        here.findings.append("the caller who rang while reloading is gone")


async def _reload_when_writing_up(here: BrowserScene) -> None:
    david = here.agent("david")
    before = david.page_shows
    await david.reload()
    await _finds_all_again(here, david, before)


async def _reload_in_a_talk(here: BrowserScene) -> None:
    """Ben, and at once again before the caller is his; after a slow page the line may have the caller by now."""
    ben, begun = here.agent("ben"), time.monotonic()
    for _ in range(2):
        before = ben.page_shows
        await ben.reload()
        if time.monotonic() - begun > RETURN_SECONDS - POP_PATIENCE:
            break
        await _finds_all_again(here, ben, before)
        await ben.until_state("lost", "offered")
    if not ben.warned:
        here.findings.append("the page was left during a talk without a warning")


async def _finds_all_again(here: BrowserScene, agent: PageAgent, before: Shown) -> None:
    """The call is shown again, with what was written."""
    if not await eventually(lambda: agent.page_shows.caller == before.caller, POP_PATIENCE):
        here.findings.append(f"{agent.name}'s call ({before.state}) was not shown again: {agent.page_shows}")
    elif (note := await agent.note()) != DRAFTS[agent.name]:
        here.findings.append(f"{agent.name}'s draft ({before.state}) is now “{note}”")


# --- all of them ---------------------------------------------------------------------------------

Act = Callable[[BrowserScene, Moments], Awaitable[tuple[float, float]]]
VARIANTS: dict[str, Act] = {
    "all five gone at once": _all_gone,
    "one killed in mid-call": _one_killed,
    "reloaded in every state": _reloaded,
}


async def _play(one: Round) -> list[Row]:
    raw = configuration("browser", longest_wait_seconds=LONGEST_WAIT, position_every_seconds=10)
    async with AT_ONCE, browser_scene(raw) as here:
        before = len(here.house.lines)
        fault_at, over = await VARIANTS[one.variant](here, one.moments())
        true_state = await here.true_again(over)
        await here.close_books()
        await here.written_up()
        fault = Fault(_nothing, LOG, METRIC, limit=LOST_LIMIT, allowed=(TALKED, LEFT, CALLBACK))
        here.findings += await here._signs(fault, before)
        await here._listen()
        here.findings += _comforted(here, fault_at)
        if one.variant == "one killed in mid-call":
            here.findings += _same_agent_back(here, fault_at)
        found = await here.judge(one, fault, fault_at, true_state)
        return stamped(list(_stricter(found)), here.house.release)


async def _nothing(_: Scene) -> float:
    raise NotImplementedError("the variants act themselves")


def _stricter(found: list[Row]) -> Iterator[Row]:
    """Whoever has not lost an agent may hear no more silence than in any other fault."""
    for row in found:
        silence = row.worst_silence or 0.0
        if row.state not in LOST_STATES | {HOUSE} and SILENCE_LIMIT < silence <= LOST_LIMIT:
            row = replace(row, failures=[*row.failures, f"heard nothing for {silence:.1f} s"])
        yield row


SCRIPT = Script("browser", tuple(VARIANTS), _play, impossible=lambda _: missing())


@pytest.mark.parametrize("variant", VARIANTS)
def test_browser_that_dies_or_is_reloaded_costs_no_call(rows: list[Row], variant: str) -> None:
    require_no_failures(rows, SCRIPT, variant)
