"""The whole hotline in a test: real Asterisk, the service in this process, agents with page and desk phone, callers.

Business time is Monday, 23 November 2026, 9:00 in Berlin, unless a test says otherwise; prompts are short tones.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp

from config.schema import HotlineConfig
from hotline.clock import Clock
from hotline.mail.mailbox import serve as mail_server
from hotline.phone import tones
from hotline.phone.call import PhoneCall
from hotline.phone.client import Phone
from hotline.service import running
from hotline.state import StateDirectory
from hotline.storage.database import Database
from hotline.storage.ledger import Ledger
from hotline.storage.views import Step
from ivr.prompts import catalogue
from tests.system.conftest import RunningAsterisk, StartAsterisk, sound_file
from tests.system.first_login import log_in

MONDAY_NINE = datetime(2026, 11, 23, 9, tzinfo=ZoneInfo("Europe/Berlin"))
PROMPT_TONE = 700.0
"""What every prompt sounds like here, Hz."""
PATIENCE = 15.0
"""Bound of every wait for a condition, seconds: only a failing test waits so long."""
Snapshot = Mapping[str, Any]


class AgentAtWork:
    """An agent: a page that hears Server-Sent Events and says what it has shown, and a desk phone."""

    def __init__(self, name: str, base: str, http: aiohttp.ClientSession, phone: Phone) -> None:
        self.name, self.phone = name, phone
        self.snapshot: Snapshot = {}
        self.shows_offers = True
        self._base, self._http = base, http
        self._news = asyncio.Condition()
        self._hearing: asyncio.Task[None] | None = None
        self._shown: set[str] = set()

    async def log_in(self, initial_password: str) -> None:
        """The first time it is changed; later logins take the one that was chosen then."""
        await log_in(self._http, self._base, self.name, initial_password)

    async def open_page(self) -> None:
        answer = await self._http.get(f"{self._base}/agent/events", params={"screen": f"tab-{self.name}"})
        assert answer.status == 200
        self._hearing = asyncio.create_task(self._hear(answer))
        await self.until(bool)

    async def close_page(self) -> None:
        if self._hearing is not None:
            self._hearing.cancel()
            await asyncio.gather(self._hearing, return_exceptions=True)

    async def _hear(self, answer: aiohttp.ClientResponse) -> None:
        async with answer:
            async for line in answer.content:
                if line.startswith(b"data: {"):
                    await self._see(json.loads(line[6:]))

    async def _see(self, snapshot: Snapshot) -> None:
        if "state" not in snapshot:
            return
        async with self._news:
            self.snapshot = snapshot
            self._news.notify_all()
        call = snapshot["call"]
        if call and call["phase"] == "offered" and self.shows_offers and call["offer_id"] not in self._shown:
            self._shown.add(call["offer_id"])
            await self.post(f"/agent/offers/{call['offer_id']}/shown")

    async def until(self, wanted: Callable[[Snapshot], Any]) -> Snapshot:
        """The first snapshot that is as wanted; the newest one counts too."""
        async with self._news:
            try:
                async with asyncio.timeout(PATIENCE):
                    await self._news.wait_for(lambda: self.snapshot and wanted(self.snapshot))
            except TimeoutError:
                raise AssertionError(f"{self.name}'s page never showed that; it shows {self.snapshot}") from None
            return self.snapshot

    async def until_state(self, state: str) -> Snapshot:
        return await self.until(lambda snapshot: snapshot["state"] == state)

    async def post(self, path: str, status: int = 200, **body: Any) -> dict[str, Any]:
        headers = {"X-Requested-With": "hotline", "Origin": self._base}
        async with self._http.post(f"{self._base}{path}", json=body, headers=headers) as answer:
            assert answer.status == status, f"{path}: {answer.status} {await answer.text()}"
            result: dict[str, Any] = await answer.json()
            return result

    async def ready(self) -> None:
        await self.post("/agent/presence", intent="ready")
        await self.until_state("ready")

    async def dispose(self, outcome: str, status: int = 200, **values: str) -> dict[str, Any]:
        call_id = self.snapshot["call"]["call_id"]
        return await self.post(f"/agent/calls/{call_id}/disposition", status, outcome=outcome, values=values)


class Chain:
    """A running hotline."""

    def __init__(self, asterisk: RunningAsterisk, stack: AsyncExitStack) -> None:
        self.asterisk, self.config = asterisk, asterisk.config
        self._stack = stack
        self._service = AsyncExitStack()
        self._database: Database | None = None

    async def start_service(self, clock: Clock) -> None:
        """Ends with the chain, or by `stop_service`."""
        await self._service.enter_async_context(running(self.asterisk.state, clock))

    async def stop_service(self) -> None:
        """Asterisk and the phones go on."""
        await self._service.aclose()

    async def agent(self, name: str, *, ready: bool = True) -> AgentAtWork:
        """Logged in, page open, desk phone registered; ready unless told otherwise."""
        http = await self._stack.enter_async_context(
            aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True), timeout=aiohttp.ClientTimeout(None))
        )
        phone = await self.phone()
        agent = AgentAtWork(name, self.config.hotline.public_url, http, phone)
        secrets = self.asterisk.secrets
        await agent.log_in(secrets.initial_passwords[name])
        await agent.open_page()
        self._stack.push_async_callback(agent.close_page)
        await phone.register(f"agent-{name}", secrets.phone_secrets[name], f"127.0.0.1:{self.asterisk.sip_port}")
        await agent.until(lambda snapshot: snapshot["phone"]["registered"])
        if ready:
            await agent.ready()
        return agent

    async def phone(self, user: str = "+495721777001", **options: Any) -> Phone:
        return await self._stack.enter_async_context(Phone(user=user, **options))

    async def mails(self, count: int) -> list[EmailMessage]:
        """What the SMTP server has received, once there are so many."""
        directory = self.asterisk.state.mailbox
        try:
            async with asyncio.timeout(PATIENCE):
                while len(found := sorted(directory.glob("*.eml"))) < count:  # noqa: ASYNC110 - files give no event
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"{len(found)} mails came instead of {count}") from None
        return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in found]

    @property
    def address(self) -> str:
        return f"sip:9824@127.0.0.1:{self.asterisk.sip_port}"

    async def ledger(self) -> Ledger:
        """The ledger as somebody else reads it."""
        if self._database is None:
            self._database = Database(self.asterisk.state.database_url(moved=True))
            await self._database.open()
            self._stack.push_async_callback(self._database.close)
        return Ledger(self._database, self.config.hotline.id)

    async def steps(self, caller: str, until: str) -> list[Step]:
        """All steps of the newest call from that number, once one of kind `until` is among them."""
        ledger = await self.ledger()
        steps: list[Step] = []
        try:
            async with asyncio.timeout(PATIENCE):
                while until not in {step.kind for step in steps}:
                    call_id = await ledger.latest_call_from(caller, MONDAY_NINE.replace(year=2020))
                    steps = await ledger.steps(call_id) if call_id else []
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"no {until} in the ledger, only {steps}") from None
        return steps


def prompt(state: StateDirectory, name: str, seconds: float = 0.2) -> None:
    """Replace a prompt by a tone of that length."""
    sound_file(state.prompts / f"{name}.wav", tones.tone((PROMPT_TONE,), seconds, 8000))


@asynccontextmanager
async def hotline(
    start_asterisk: StartAsterisk, raw: dict[str, Any], at: datetime = MONDAY_NINE, phones: str = "desk"
) -> AsyncIterator[Chain]:
    """Asterisk and the service with that configuration, and such phones for all agents.

    Real browsers get the longest time to show a call: several of them share the processors with other tests.
    """
    for agent in raw["agents"]:
        agent["phone"] = phones
    if phones == "browser":
        raw["distribution"]["screen_seconds"] = 5
    config = HotlineConfig.model_validate(raw)
    clock = Clock.starting_at(at)
    asterisk = await start_asterisk(config, clock_offset=round(clock.offset.total_seconds()))
    for name in catalogue(config):
        prompt(asterisk.state, name)
    asterisk.state.config_file.write_text(json.dumps(raw, default=str), "utf-8")  # JSON is YAML
    async with AsyncExitStack() as stack:
        mailbox = await mail_server("127.0.0.1", config.mail.port, asterisk.state.mailbox)
        stack.push_async_callback(mailbox.wait_closed)
        stack.callback(mailbox.close)
        chain = Chain(asterisk, stack)
        stack.push_async_callback(chain.stop_service)
        await chain.start_service(clock)
        yield chain


async def hear_each_other(caller: PhoneCall, agent: PhoneCall) -> None:
    """Both say a tone at once, and each hears the other's."""
    async with asyncio.TaskGroup() as saying:
        saying.create_task(caller.play_tone(440, seconds=3))
        saying.create_task(agent.play_tone(880, seconds=3))
        await asyncio.gather(caller.sound(), agent.sound())
        at_agent, at_caller = await asyncio.gather(agent.hear(1.0), caller.hear(1.0))
    assert at_agent.has_tone(440), at_agent.tone
    assert at_caller.has_tone(880), at_caller.tone
