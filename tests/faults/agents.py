"""The five people at work: a page that connects again by itself, a desk phone, and what a person does with both.

The page keeps to hotline/web/static/stream.js: it notices silence after 12 s and connects again after 0.5, 1, 2, 3 s.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from hotline.phone.call import PhoneCall, PhoneError
from tests.faults.house import House
from tests.faults.listening import Heard
from tests.faults.phones import RecordingPhone
from tests.system.chain import AgentAtWork, Snapshot

SILENCE_SECONDS = 12.0
RETRY_SECONDS = (0.5, 1.0, 2.0, 3.0)
FIRST_TONE, TONE_STEP = 1700, 150
"""Each agent says a tone of their own, so that a caller's recording tells who was heard. Hz."""
ANSWERS_AFTER, WRITES_AFTER, COMES_BACK_AFTER = 1.0, 0.5, 1.0
"""Seconds a person needs to pick up, and to write."""
LOOKS_EVERY = 0.05
ABROAD = (aiohttp.ClientError, TimeoutError, AssertionError)
"""What a request meets while the service is away: a person tries again."""


@dataclass
class Talk:
    """One conversation at the agent's phone. Moments of the monotonic clock."""

    call: PhoneCall
    since: float
    until: float | None = None
    hung_up_by_agent: bool = False
    heard: Heard | None = None
    """Once it is worked out."""


class Agent(AgentAtWork):
    """`answers`, `talk_seconds`, `writes_up` and `comes_back` say what the person does by itself."""

    phone: RecordingPhone

    def __init__(self, name: str, number: int, base: str, http: aiohttp.ClientSession, phone: RecordingPhone) -> None:
        super().__init__(name, base, http, phone)
        self.tone = FIRST_TONE + TONE_STEP * number
        self.connected = False
        """The page hears the service; otherwise it says so and shows nothing as true."""
        self.answers = False
        self.answers_after = ANSWERS_AFTER
        self.talk_seconds: float | None = None
        """None: talks until told to hang up."""
        self.writes_up = False
        self.comes_back = False
        """Presses "ready" when the page says that a call was missed."""
        self.forwards: Callable[[Mapping[str, Any]], dict[str, str]] | None = None
        """Given the request type that the page shows, the form with which the request is forwarded; None: settled."""
        self.promises = 0
        """How many of those were stored."""
        self.talks: list[Talk] = []
        self.rung_on_break = False
        self._rings: list[PhoneCall] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def work_alone(self, talk_seconds: float = 4.0) -> None:
        """From now on as a whole person: answers, talks, hangs up, writes, is ready again."""
        self.answers, self.talk_seconds, self.writes_up, self.comes_back = True, talk_seconds, True, True
        self.shows_offers, self.answers_after = True, ANSWERS_AFTER

    # --- the page ----------------------------------------------------------------------------

    async def open_page(self) -> None:
        self._begin(self._live())
        self._begin(self._act())
        await self.until(lambda snapshot: self.connected and snapshot)

    async def close_page(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _live(self) -> None:
        tries = 0
        while True:
            with contextlib.suppress(*ABROAD):
                async with self._http.get(
                    f"{self._base}/agent/events", params={"screen": f"tab-{self.name}"}
                ) as answer:
                    if answer.status == 200:
                        tries = 0
                        await self._hear_lines(answer)
            self.connected = False
            await asyncio.sleep(RETRY_SECONDS[min(tries, len(RETRY_SECONDS) - 1)])
            tries += 1

    async def _hear_lines(self, answer: aiohttp.ClientResponse) -> None:
        """Until the stream ends or falls silent."""
        while True:
            async with asyncio.timeout(SILENCE_SECONDS):
                line = await answer.content.readline()
            if not line or line == b"event: stop\n":
                return
            if line.startswith(b"data: {"):
                await self._see_line(line)
                self.connected = True

    async def _see_line(self, line: bytes) -> None:
        snapshot = json.loads(line[6:])
        try:
            await self._see(snapshot)
        except ABROAD:  # the pop was shown, and nobody could be told
            self._shown.clear()

    async def _act(self) -> None:
        """Writes up and comes back, as far as the person does."""
        while True:
            await asyncio.sleep(LOOKS_EVERY)
            if self.connected and self.snapshot:
                with contextlib.suppress(*ABROAD):
                    await self._act_on(self.snapshot)

    async def _act_on(self, snapshot: Snapshot) -> None:
        call = snapshot["call"]
        if self.shows_offers and call and call["phase"] == "offered" and call["offer_id"] not in self._shown:
            await self._see(snapshot)
        if self.writes_up and snapshot["state"] == "wrap_up" and call and not call["disposed"]:
            await asyncio.sleep(WRITES_AFTER)  # the form belongs to the call it was opened for
            await self._write_up(call)
        elif self.comes_back and snapshot["state"] == "not_ready" and snapshot["phone"]["registered"]:
            await self.post("/agent/presence", intent="ready")
            await asyncio.sleep(COMES_BACK_AFTER)

    async def _write_up(self, call: Mapping[str, Any]) -> None:
        forward = self.forwards is not None
        form = self.forwards(call["request_type"]) if self.forwards is not None else {}
        outcome = "forwarded" if forward else "settled"
        await self.post(f"/agent/calls/{call['call_id']}/disposition", outcome=outcome, values=form)
        self.promises += forward

    @property
    def shows(self) -> str:
        """The state on the page; "" while it is not connected."""
        return str(self.snapshot["state"]) if self.connected and self.snapshot else ""

    # --- the phone ---------------------------------------------------------------------------

    def pick_up_phone(self) -> None:
        """Look at whatever rings from now on."""
        self._begin(self._listen_for_rings())

    async def _listen_for_rings(self) -> None:
        while True:
            with contextlib.suppress(PhoneError):
                self._begin(self._ring(await self.phone.incoming(timeout=3600)))

    @property
    def ringing(self) -> bool:
        """The phone rings now."""
        return any(call.end is None and not call.is_answered for call in self._rings)

    async def _ring(self, call: PhoneCall) -> None:
        self._rings.append(call)
        self.rung_on_break |= bool(self.snapshot) and self.snapshot["intent"] != "ready"
        while not self.answers:
            if call.end is not None:
                return
            await asyncio.sleep(LOOKS_EVERY)
        await asyncio.sleep(self.answers_after)
        if call.end is None:
            with contextlib.suppress(PhoneError):
                await self._talk(call)

    async def _talk(self, call: PhoneCall) -> None:
        await call.answer()
        await call.answered()
        talk = Talk(call, time.monotonic())
        self.talks.append(talk)
        await self.phone.hum(call, self.tone)
        while call.end is None:
            if self.talk_seconds is not None and time.monotonic() - talk.since >= self.talk_seconds:
                await self.hang_up(talk)
                break
            await asyncio.sleep(LOOKS_EVERY)
        talk.until = talk.until or time.monotonic()

    async def hang_up(self, talk: Talk) -> None:
        """The agent ends the talk, on purpose."""
        talk.hung_up_by_agent, talk.until = talk.call.end is None, time.monotonic()
        await talk.call.hang_up()

    async def put_down(self) -> None:
        """Hang up whatever is dead on the phone, as a person does who hears nothing any more."""
        for call in self._rings:
            if call.end is None:
                with contextlib.suppress(PhoneError):
                    await call.hang_up()

    def _begin(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


@asynccontextmanager
async def agents(house: House) -> AsyncIterator[dict[str, Agent]]:
    """All of the house, logged in, with page and registered phone; not ready yet."""
    async with AsyncExitStack() as stack:
        people = {}
        for number, person in enumerate(house.config.agents):
            people[person.name] = await _arrive(house, stack, person.name, number)
        yield people


async def _arrive(house: House, stack: AsyncExitStack, name: str, number: int) -> Agent:
    cookies, patience = aiohttp.CookieJar(unsafe=True), aiohttp.ClientTimeout(None, sock_connect=3)
    http = await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=cookies, timeout=patience))
    phone = await stack.enter_async_context(RecordingPhone(user=f"agent-{name}"))
    agent = Agent(name, number, house.config.hotline.public_url, http, phone)
    secrets = house.state.secrets()
    await agent.log_in(secrets.initial_passwords[name])
    stack.push_async_callback(agent.close_page)
    await agent.open_page()
    await register(house, agent)
    await agent.until(lambda snapshot: snapshot["phone"]["registered"])
    agent.pick_up_phone()
    return agent


async def register(house: House, agent: Agent) -> None:
    """The desk phone tells Asterisk that it is there; it does so again every 30 s."""
    secret, server = house.state.secrets().phone_secrets[agent.name], f"127.0.0.1:{house.config.network.sip.port}"
    await agent.phone.register(f"agent-{agent.name}", secret, server, expires=30)
