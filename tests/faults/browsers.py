"""Agents whose telephone is their browser: Debian's Chromium, a process for one or more of them, killed by its id.

The microphone says a tone of the agent's own, so that a caller's recording tells who was heard; everything else is what
the page itself does. The page reports what it shows whenever that changes.
"""

import asyncio
import contextlib
import json
import os
import secrets
import signal
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, Playwright, async_playwright
from playwright.async_api import Error as BrowserError

from tests.browser.served import CHROMIUM, FLAGS
from tests.faults.agents import FIRST_TONE, LOOKS_EVERY, TONE_STEP
from tests.faults.callers import Public
from tests.faults.house import MUSIC_TONE, PROMPT_TONE, House, eventually, house, kill, telephone
from tests.faults.listening import Heard, Silence
from tests.faults.scene import Scene
from tests.faults.truth import Watch
from tests.system.first_login import log_in_page

PATIENCE = 20.0
"""Bound of every wait for a page, seconds."""
ANSWERS_AFTER, WRITES_AFTER = 0.3, 0.3
"""Seconds a person needs."""
REPORT = "toldTheTests"

MICROPHONE = """(hertz) => {
    navigator.mediaDevices.getUserMedia = async () => {
        const context = new AudioContext();
        await context.resume();
        const said = context.createMediaStreamDestination();
        const loudness = new GainNode(context, { gain: 0.2 });
        const tone = new OscillatorNode(context, { frequency: hertz });
        tone.connect(loudness).connect(said);
        tone.start();
        return said.stream;
    };
}"""
"""Without the processing of real microphones, which takes a steady tone for noise."""

REPORTER = """() => {
    let told = "";
    const visible = (id) => Boolean(document.getElementById(id)?.offsetParent);
    const text = (id) => (visible(id) ? document.getElementById(id).textContent : "");
    const look = () => {
        const answer = document.getElementById("answer");
        const now = JSON.stringify({
            state: document.getElementById("state")?.dataset.state ?? "",
            connected: document.body?.dataset.connected === "true",
            phone: document.getElementById("phone-status")?.textContent.includes("bereit zum Klingeln") ?? false,
            answerable: visible("answer") && !answer.disabled,
            phase: text("call-phase"),
            caller: text("call-caller"),
        });
        if (now !== told) window.toldTheTests(now);
        told = now;
    };
    new MutationObserver(look).observe(document, {
        subtree: true, childList: true, characterData: true, attributes: true,
    });
}"""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page shows."""

    state: str = ""
    connected: bool = False
    phone: bool = False
    """The telephone is registered."""
    answerable: bool = False
    phase: str = ""
    caller: str = ""


class Chromium:
    """One process with all its children."""

    def __init__(self, browser: Browser, pid: int) -> None:
        self.browser, self._pid = browser, pid

    @classmethod
    async def start(cls, playwright: Playwright) -> "Chromium":
        mark = f"--tests-mark={secrets.token_hex(8)}"
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, mark])
        return cls(browser, _pid_with(mark))

    def kill(self) -> None:
        """The whole tree at once, without a word to anybody."""
        for pid in [self._pid, *_descendants(self._pid)]:
            kill(pid, signal.SIGKILL)

    async def close(self) -> None:
        with contextlib.suppress(BrowserError):
            await self.browser.close()


def _pid_with(mark: str) -> int:
    """Of the process that was started with that word."""
    for directory in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark.encode() in (directory / "cmdline").read_bytes().split(b"\0"):
                return int(directory.name)
    raise AssertionError("Chromium's process was not found")


def _descendants(parent: int) -> Iterator[int]:
    above: dict[int, int] = {}
    for directory in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            above[int(directory.name)] = int((directory / "stat").read_text().rpartition(") ")[2].split()[1])
    found = {parent}
    while more := {pid for pid, of in above.items() if of in found} - found:
        found |= more
    yield from found - {parent}


@dataclass
class PageTalk:
    """One conversation as the agent's page showed it. Moments of the monotonic clock."""

    since: float
    until: float | None = None
    hung_up_by_agent: bool = False
    heard: Heard | None = None
    """Nobody records in a browser."""


class PageAgent:
    """A person at a browser: to `Scene` and `Watch` the same as tests.faults.agents.Agent.

    `answers`, `talk_seconds`, `works` say what the person does by itself.
    """

    promises, rung_on_break = 0, False

    def __init__(self, running: House, name: str) -> None:
        self.name, self._house = name, running
        number = [agent.name for agent in running.config.agents].index(name)
        self.tone = FIRST_TONE + TONE_STEP * number
        self.page_shows = Shown()
        self.answers = self.works = False
        self.talk_seconds: float | None = None
        self.talks: list[PageTalk] = []
        self.warned = 0
        """How often the browser asked whether the page may really be left."""
        self._reloading = False
        """Who reloads presses nothing else."""
        self._page: Page | None = None
        self._context: BrowserContext | None = None
        self._acting: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    # --- the page ----------------------------------------------------------------------------

    @property
    def page(self) -> Page:
        assert self._page is not None, f"{self.name} has no browser"
        return self._page

    @property
    def connected(self) -> bool:
        return self.page_shows.connected

    @property
    def shows(self) -> str:
        """The state on the page; "" while it is not connected."""
        return self.page_shows.state if self.connected else ""

    async def sit_down(self, chromium: Chromium, expects_call: bool = False) -> None:
        """Log in at that browser; return when page and telephone are there."""
        self._context = await chromium.browser.new_context()
        await self._context.expose_binding(REPORT, self._told)
        await self._context.add_init_script(f"({MICROPHONE})({self.tone})")
        await self._context.add_init_script(f"({REPORTER})()")
        self._page = page = await self._context.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        page.on("dialog", lambda dialog: self._begin(self._leave(dialog)))
        initial = self._house.state.secrets().initial_passwords[self.name]
        await log_in_page(page, self._house.config.hotline.public_url, self.name, initial)
        self._acting = self._acting or self._begin(self._act())
        await self.until(lambda shown: shown.connected and (shown.phone or expects_call), "page and telephone")

    async def _leave(self, dialog: Any) -> None:
        self.warned += 1
        await dialog.accept()

    def gone(self) -> None:
        """The browser is dead: there is nothing to see any more."""
        self._page = None
        self._see(Shown())

    async def reload(self) -> None:
        """Return when the new page is connected."""
        self._reloading = True
        self._see(Shown())
        try:
            await self.page.reload()
        finally:
            self._reloading = False
        await self.until(lambda shown: shown.connected, "the page after reloading")

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _told(self, source: Mapping[str, Any], said: str) -> None:
        if self._page is not None and source["page"] is self._page:
            self._see(Shown(**json.loads(said)))

    def _see(self, shown: Shown) -> None:
        before, self.page_shows = self.page_shows.state, shown
        if shown.state == "talking" != before:
            self.talks.append(PageTalk(time.monotonic()))
        elif before == "talking" != shown.state and self.talks and self.talks[-1].until is None:
            self.talks[-1].until = time.monotonic()

    async def until(self, wanted: Callable[[Shown], Any], what: str, patience: float = PATIENCE) -> Shown:
        if not await eventually(lambda: wanted(self.page_shows), patience):
            raise AssertionError(f"{self.name}'s page never showed {what}; it shows {self.page_shows}")
        return self.page_shows

    async def until_state(self, *states: str) -> Shown:
        return await self.until(lambda shown: shown.connected and shown.state in states, " or ".join(states))

    # --- what the person does ----------------------------------------------------------------

    async def ready(self) -> None:
        await self.page.click("#go-ready")
        await self.until_state("ready")

    async def rung(self) -> None:
        """Return when a call rings; who was slow to show one that rang is ready again for it."""
        deadline = time.monotonic() + PATIENCE
        while not self.page_shows.answerable:
            if time.monotonic() > deadline:
                raise AssertionError(f"{self.name}'s page never showed a call that rings; it shows {self.page_shows}")
            await self._ready_again()
            await asyncio.sleep(LOOKS_EVERY)

    async def answer(self) -> None:
        """The call that rings, or the next one when that came to nothing before the click."""
        deadline = time.monotonic() + PATIENCE
        while self.shows != "talking":
            if time.monotonic() > deadline:
                raise AssertionError(f"{self.name} never talked; the page shows {self.page_shows}")
            with contextlib.suppress(BrowserError):
                if self.page_shows.answerable:
                    await self.page.click("#answer", timeout=1000)
                    await eventually(lambda: self.shows == "talking", 2)
            await self._ready_again()
            await asyncio.sleep(LOOKS_EVERY)

    async def _ready_again(self) -> None:
        with contextlib.suppress(BrowserError):
            if self.shows == "not_ready" and self.page_shows.phone:
                await self.page.click("#go-ready", timeout=1000)

    async def write(self, note: str) -> None:
        await self.page.fill("#field-note", note)

    async def note(self) -> str:
        return await self.page.input_value("#field-note")

    def work_alone(self, talk_seconds: float = 3.0) -> None:
        """From now on as a whole person: answers, talks, hangs up, writes, is ready again."""
        self.answers, self.works, self.talk_seconds = True, True, talk_seconds
        if self.page_shows.state == "talking":
            self.talks[-1].since = time.monotonic()  # talks on for so long

    async def hang_up(self, talk: PageTalk) -> None:
        """The agent ends the talk, on purpose."""
        talk.hung_up_by_agent, talk.until = True, time.monotonic()
        await self.page.click("#hangup", timeout=5000)

    async def _act(self) -> None:
        while True:
            await asyncio.sleep(LOOKS_EVERY)
            if self._page is not None and self.connected and not self._reloading:
                with contextlib.suppress(BrowserError, AssertionError):
                    await self._act_on(self.page_shows)

    async def _act_on(self, shown: Shown) -> None:
        talk = self.talks[-1] if self.talks else None
        if shown.state == "offered" and shown.answerable and self.answers:
            await asyncio.sleep(ANSWERS_AFTER)
            await self.page.click("#answer", timeout=2000)
        elif shown.state == "talking" and talk is not None and self._has_said_all(talk):
            await self.hang_up(talk)
        elif shown.state == "wrap_up" and self.works:
            await asyncio.sleep(WRITES_AFTER)
            await self.page.check("[name=outcome][value=settled]", timeout=2000)
            await self.page.click("#dispose", timeout=2000)
            await eventually(lambda: self.page_shows.state != "wrap_up", 2)
        elif shown.state == "not_ready" and self.works and shown.phone:
            await self.page.click("#go-ready", timeout=2000)
            await eventually(lambda: self.page_shows.state != "not_ready", 2)

    def _has_said_all(self, talk: PageTalk) -> bool:
        if self.talk_seconds is None or talk.hung_up_by_agent or talk.until is not None:
            return False
        return time.monotonic() - talk.since >= self.talk_seconds

    def _begin(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.create_task(work)
        self._tasks.add(task)
        return task


@dataclass
class BrowserScene(Scene):
    """A scene whose agents sit at browsers."""

    playwright: Playwright | None = None
    between_talks: dict[str, list[Silence]] = field(default_factory=dict)
    """By a caller's number, when music or a sentence of ours was heard."""
    _chromiums: list[Chromium] = field(default_factory=list)
    _listened: bool = False

    async def open(self) -> Chromium:
        """A new browser, without anybody."""
        assert self.playwright is not None
        chromium = await Chromium.start(self.playwright)
        self._chromiums.append(chromium)
        return chromium

    async def arrive(self, chromium: Chromium, *names: str, expects_call: bool = False) -> None:
        """These agents log in there, new ones or those who had lost their browser."""
        for name in names:
            self.people.setdefault(name, PageAgent(self.house, name))  # type: ignore[arg-type]
        await asyncio.gather(*(self.agent(name).sit_down(chromium, expects_call) for name in names))

    def agent(self, name: str) -> PageAgent:
        return self.people[name]  # type: ignore[return-value]

    async def kill(self, chromium: Chromium, *names: str) -> None:
        """With all these agents' pages in it."""
        chromium.kill()
        for name in names:
            self.agent(name).gone()

    async def close(self) -> None:
        await super().close()
        for name in self.people:
            await self.agent(name).close()
        for chromium in self._chromiums:
            await chromium.close()

    async def bring(self, name: str, state: str) -> None:
        """This agent, and nobody else, is ready and takes that call."""
        agent = self.agent(name)
        if agent.shows != "ready":
            await agent.ready()
        await self.public.call(state, "0")
        await agent.answer()

    async def rest_works(self, besides: Iterable[str] = ()) -> None:
        """Everybody else does what people do; who is neither ready nor busy becomes ready."""
        for name in self.people:
            if name not in besides:
                agent = self.agent(name)
                agent.work_alone()
                if agent.shows in {"home", "pause"}:
                    await agent.ready()

    async def written_up(self, patience: float = 10.0) -> None:
        def done() -> bool:
            books = self._books()
            return books is not None and not books.unwritten()

        await eventually(done, patience)

    async def _listen(self) -> None:
        if self._listened:
            return
        self._listened = True
        tones = [agent.tone for agent in self.people.values()]
        for caller in self.public.callers:
            await caller.analyse(None, [*tones, MUSIC_TONE, PROMPT_TONE])
            if caller.heard is not None:
                spells = caller.heard.spells
                self.between_talks[caller.number] = [*spells[MUSIC_TONE], *spells[PROMPT_TONE]]
                caller.heard = Heard(caller.heard.worst_silence, {tone: spells[tone] for tone in tones})


@asynccontextmanager
async def browser_scene(raw: dict[str, Any]) -> AsyncIterator[BrowserScene]:
    """A house with that configuration and a telephone for all callers; agents come by `open` and `arrive`."""
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(house(raw))
        playwright = await stack.enter_async_context(async_playwright())
        phone = await stack.enter_async_context(telephone())
        people: dict[str, Any] = {}
        watch = Watch(running, people)
        watching = asyncio.create_task(watch.run())
        stack.callback(watching.cancel)
        here = BrowserScene(running, people, Public(running, phone), watch, playwright=playwright)
        stack.push_async_callback(here.close)
        yield here


def missing() -> str:
    """Why no browser can be started here; "" when one can."""
    return "" if os.access(CHROMIUM, os.X_OK) else f"{CHROMIUM} is not there"
