"""The whole hotline as an operator runs it, with people at telephones, beside a browser that waits for what it does.

The hotline, the telephones and the agents' pages live in an event loop in a thread of its own. Each prompt is a tone
of 700 Hz until an activation has its text spoken.
"""

import asyncio
import io
import subprocess
import threading
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar

import aiohttp
from ruamel.yaml import YAML
from sqlalchemy import insert, select

from hotline.phone.call import PhoneCall
from hotline.phone.client import Phone
from hotline.state import EXAMPLE
from hotline.storage.database import Database
from hotline.storage.tables import call_persons, calls
from tests.faults.house import HOTLINE, House, house
from tests.system.chain import AgentAtWork
from tests.system.conftest import on_free_ports

T = TypeVar("T")
MUCH_TIME = {"ring_seconds": 60, "screen_seconds": 5}
"""A busy machine is not what is tested here."""


class Real:
    """A running hotline; every method waits until the thing is done."""

    def __init__(self, loop: asyncio.AbstractEventLoop, stack: AsyncExitStack, running: House) -> None:
        self._loop, self._stack, self._house = loop, stack, running

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    @property
    def url(self) -> str:
        return self._house.config.hotline.public_url

    @property
    def text(self) -> str:
        """The configuration file in use."""
        return self._house.state.config_file.read_text("utf-8")

    def add_admin(self, name: str) -> str:
        """By the command line; the first password."""
        command = [*HOTLINE, "user", "add", name, "admin", "--state", str(self._house.state.path)]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return said.removeprefix(f"{name}: ").strip()

    # --- people --------------------------------------------------------------------------------

    def agent(self, name: str) -> AgentAtWork:
        """Ready, with a page and a registered desk phone."""
        return self.do(self._agent(name))

    async def _agent(self, name: str) -> AgentAtWork:
        cookies, patience = aiohttp.CookieJar(unsafe=True), aiohttp.ClientTimeout(None)
        http = await self._stack.enter_async_context(aiohttp.ClientSession(cookie_jar=cookies, timeout=patience))
        phone = await self._stack.enter_async_context(Phone(user=f"agent-{name}"))
        agent, secrets = AgentAtWork(name, self.url, http, phone), self._house.state.secrets()
        await agent.log_in(secrets.initial_passwords[name])
        await agent.open_page()
        self._stack.push_async_callback(agent.close_page)
        server = f"127.0.0.1:{self._house.config.network.sip.port}"
        await phone.register(f"agent-{name}", secrets.phone_secrets[name], server)
        await agent.until(lambda snapshot: snapshot["phone"]["registered"])
        await agent.ready()
        return agent

    def calls(self, number: str, keys: str = "") -> PhoneCall:
        """Somebody calls, is answered, and presses these keys."""
        return self.do(self._calls(number, keys))

    async def _calls(self, number: str, keys: str) -> PhoneCall:
        phone = await self._stack.enter_async_context(Phone(user=number))
        call = await phone.dial(self._house.address)
        await call.answered()
        if keys:
            await call.press(keys)
        return call

    def answers(self, agent: AgentAtWork) -> PhoneCall:
        """The agent takes what rings."""
        return self.do(_answered(agent))

    # --- the ledger ----------------------------------------------------------------------------

    def had_calls(self, past: Mapping[datetime, str]) -> None:
        """Calls of the past: when, and the key of what they were about."""
        rows = [
            {
                "id": f"past-{number}",
                "hotline_id": self._house.config.hotline.id,
                "channel": "past",
                "gateway": "haus",
                "config_version": 1,
                "request_type": kind,
                "started_at": at,
                "ended_at": at + timedelta(minutes=4),
            }
            for number, (at, kind) in enumerate(past.items())
        ]
        self.do(self._written(rows))

    async def _written(self, rows: list[dict[str, Any]]) -> None:
        database = await self._database()
        async with database.write() as connection:
            await connection.execute(insert(calls), rows)
        await database.close()

    def version_of(self, number: str) -> int:
        """Under which version of the configuration the call from that number goes."""
        return self.do(self._version_of(number))

    async def _version_of(self, number: str) -> int:
        mine = select(calls.c.config_version).join(call_persons, call_persons.c.call_id == calls.c.id)
        database = await self._database()
        async with database.read() as connection:
            (row,) = await connection.execute(mine.where(call_persons.c.caller == number))
        await database.close()
        return int(row.config_version)

    async def _database(self) -> Database:
        database = Database(self._house.state.database_url(moved=True))
        await database.open()
        return database


async def _answered(agent: AgentAtWork) -> PhoneCall:
    ringing = await agent.phone.incoming()
    await ringing.answer()
    await agent.until_state("talking")
    return ringing


@contextmanager
def real(at: str) -> Iterator[Real]:
    """The shipped configuration with all its comments, on free ports, agents with desk phones; business time `at`."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    stack = AsyncExitStack()
    text = _shipped()
    raw = YAML(typ="safe").load(text)

    def do(work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, loop).result()

    try:
        running = do(stack.enter_async_context(house(raw, at=at, text=text)))
        yield Real(loop, stack, running)
    finally:
        do(stack.aclose())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def _shipped() -> str:
    raw = on_free_ports(YAML().load(EXAMPLE.read_text("utf-8")))
    raw["distribution"] |= MUCH_TIME
    raw["mail"]["demo_mailbox"] = False
    for agent in raw["agents"]:
        agent["phone"] = "desk"
    written = io.StringIO()
    yaml = YAML()
    yaml.width = 10_000
    yaml.dump(raw, written)
    return written.getvalue()
