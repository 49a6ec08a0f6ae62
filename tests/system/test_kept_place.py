"""A caller keeps the place and hangs up, on the real Asterisk; the service, a program of its own, may be killed."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from hotline.parent.processes import Child
from hotline.phone.call import PhoneCall
from hotline.phone.client import Phone
from tests.ports import free_ports
from tests.system.chain import MONDAY_NINE, PATIENCE, AgentAtWork, Chain, hear_each_other, hotline
from tests.system.conftest import StartAsterisk

FIRST, SECOND = "+495721777001", "+495721777002"
STARS = 8
READY = "hotline ready"
START_PATIENCE = 120.0
pytestmark = pytest.mark.timeout(400)


class Program:
    """`hotline serve`, which can be killed and started again."""

    def __init__(self, chain: Chain) -> None:
        state = str(chain.asterisk.state.path)
        self._command = [sys.executable, "-P", "-m", "hotline", "serve", "--state", state]
        self.lines: list[str] = []
        self.child: Child | None = None

    async def start(self) -> None:
        moved = ["--at", MONDAY_NINE.strftime("%Y-%m-%dT%H:%M")]
        began = len(self.lines)
        environment = {"PYTHONUNBUFFERED": "1", "PYTHONFAULTHANDLER": "1"}
        self.child = Child("service", [*self._command, *moved], self.lines.append, environment=environment)
        await self.child.start()
        try:
            async with asyncio.timeout(START_PATIENCE):
                while not any(READY in line for line in self.lines[began:]):
                    assert self.child.running, "\n".join(self.lines)
                    await asyncio.sleep(0.02)
        except TimeoutError:
            self.child.send(signal.SIGABRT)  # it says where it hangs
            await self.child.wait()
            pytest.fail("\n".join(["the service did not start", *self.lines]))

    async def kill(self) -> None:
        """As by `kill -9`."""
        assert self.child is not None
        self.child.kill()
        await self.child.wait()

    async def stop(self) -> None:
        if self.child is not None:
            await self.child.stop(PATIENCE)
        print(*self.lines, sep="\n")  # shown by pytest when the test fails


@pytest.fixture
async def chain(start_asterisk: StartAsterisk, shipped: dict[str, Any]) -> AsyncIterator[Chain]:
    shipped["callbacks"]["windows"] = []
    shipped["distribution"]["wrap_up_seconds"] = 5
    (shipped["gateways"][0]["port"],) = free_ports(1)
    async with hotline(start_asterisk, shipped) as chain:
        await chain.stop_service()
        yield chain


@pytest.fixture
async def service(chain: Chain) -> AsyncIterator[Program]:
    async with AsyncExitStack() as stack:
        program = Program(chain)
        stack.push_async_callback(program.stop)
        await program.start()
        yield program


async def _waits(chain: Chain, anna: AgentAtWork, number: str) -> PhoneCall:
    """Somebody in the line, who wants to speak about the rent."""
    before = anna.snapshot["hotline"]["waiting"]
    caller = await (await chain.phone(number)).dial(chain.address)
    await caller.answered()
    await caller.press("4")
    await anna.until(lambda snapshot: snapshot["hotline"]["waiting"] == before + 1)
    return caller


async def _keep_place(chain: Chain, anna: AgentAtWork) -> None:
    """A caller waits, presses the star key, confirms the number, and is gone."""
    caller = await _waits(chain, anna, FIRST)
    for _ in range(STARS):  # keys count as soon as it is known how the line stands
        await caller.press("*")
        try:
            async with asyncio.timeout(3):
                await anna.until(lambda snapshot: snapshot["hotline"]["waiting"] == 0)
            break
        except TimeoutError:
            continue
    await caller.press("1")
    await caller.ended()
    await anna.until(_kept)


def _kept(snapshot: Any) -> Any:
    """The only callback, which keeps a place."""
    tasks = [task for task in snapshot["callbacks"] if task["place"] is not None]
    return len(tasks) == 1 and tasks[0]["place"]["since"]


async def _client(chain: Chain) -> Phone:
    """Behind the gateway: whoever is called outside is called here."""
    phone = await chain.phone("client", port=chain.config.gateways[0].port)
    await phone.listen()
    await chain.asterisk.look_for_gateway()
    return phone


async def _killed(service: Program, *agents: AgentAtWork) -> None:
    """Killed, and started again; the agents' pages come back."""
    await service.kill()
    for agent in agents:
        await agent.close_page()
        agent.snapshot = {}
    await service.start()
    for agent in agents:
        await agent.open_page()


async def _talk(anna: AgentAtWork, client: Phone) -> str:
    """Started with one press; both hear each other; written up as reached."""
    task: str = anna.snapshot["callback_offer"]["id"]
    await anna.post(f"/agent/callbacks/{task}/ring")
    own = await anna.phone.incoming()
    await own.answer()
    ringing = await client.incoming()
    assert "057219824" in ringing.headers["From"]
    await ringing.answer()
    await anna.until(lambda snapshot: (snapshot["callback_call"] or {}).get("stage") == "talking")
    await hear_each_other(ringing, own)
    await ringing.hang_up()
    await anna.until(lambda snapshot: (snapshot["callback_call"] or {}).get("stage") == "over")
    await anna.post(f"/agent/callbacks/{task}/finish", outcome="reached", note="besprochen")
    await anna.until(lambda snapshot: not snapshot["callbacks"])
    return task


async def test_place_outlives_the_service_and_its_caller_is_rung_before_who_came_later(
    chain: Chain, service: Program
) -> None:
    anna, client = await chain.agent("anna", ready=False), await _client(chain)
    await _keep_place(chain, anna)
    since = _kept(anna.snapshot)
    await _killed(service, anna)
    await anna.until(_kept)
    assert _kept(anna.snapshot) == since
    behind = await _waits(chain, anna, SECOND)
    await anna.post("/agent/presence", intent="ready")
    shown = await anna.until(lambda snapshot: snapshot["callback_offer"])
    assert (shown["state"], shown["call"], shown["hotline"]["waiting"]) == ("due", None, 1)
    assert shown["callback_offer"]["task"]["number"] == "05721 777001"
    await _talk(anna, client)
    await anna.until(lambda snapshot: snapshot["call"] and snapshot["call"]["caller"] == "05721 777002")
    await behind.hang_up()


async def test_offer_outlives_the_service_and_the_caller_is_rung_once(chain: Chain, service: Program) -> None:
    anna, client = await chain.agent("anna", ready=False), await _client(chain)
    await _keep_place(chain, anna)
    await anna.post("/agent/presence", intent="ready")
    before = (await anna.until(lambda snapshot: snapshot["callback_offer"]))["callback_offer"]
    await _killed(service, anna)
    shown = await anna.until(lambda snapshot: snapshot["callback_offer"])
    assert shown["callback_offer"]["offer_id"] == before["offer_id"]
    await anna.until(lambda snapshot: snapshot["phone"]["registered"])
    await _talk(anna, client)
    ledger = await chain.ledger()
    call_id = await ledger.latest_call_from(FIRST, MONDAY_NINE.replace(year=2020))
    kinds = [step.kind for step in await ledger.steps(str(call_id))]
    assert kinds.count("callback_started") == kinds.count("callback_ringing") == 1
