"""Callers rung back from the page, on the real Asterisk: the agent's own telephone first, then the caller."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from hotline.clock import Clock
from hotline.phone.call import PhoneCall
from hotline.phone.client import Phone
from hotline.storage.callbacks import Callbacks
from hotline.storage.views import Step
from tests.ports import free_ports
from tests.system.chain import MONDAY_NINE, AgentAtWork, Chain, hear_each_other, hotline
from tests.system.conftest import StartAsterisk

CLIENT = "+495721777001"
ASKED_IN = "0123456789abcdef"
pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def chain(start_asterisk: StartAsterisk, shipped: dict[str, Any]) -> AsyncIterator[Chain]:
    shipped["callbacks"] = {"ring_seconds": 5}
    (shipped["gateways"][0]["port"],) = free_ports(1)
    async with hotline(start_asterisk, shipped) as chain:
        yield chain


async def _taken(chain: Chain, anna: AgentAtWork, number: str = CLIENT) -> str:
    """A callback task that Anna has taken."""
    store = Callbacks((await chain.ledger())._db, chain.config.hotline.id)
    task = str(await store.request(ASKED_IN, number, "rent", MONDAY_NINE, MONDAY_NINE + timedelta(days=1)))
    await anna.post(f"/agent/callbacks/{task}/take")
    await anna.until(lambda snapshot: any(one["taken_by"] == "anna" for one in snapshot["callbacks"]))
    return task


async def _client(chain: Chain) -> Phone:
    """Behind the gateway: whoever is called outside is called here."""
    phone = await chain.phone("client", port=chain.config.gateways[0].port)
    await phone.listen()
    await chain.asterisk.look_for_gateway()
    return phone


async def _stage(agent: AgentAtWork, stage: str) -> dict[str, Any]:
    shown = await agent.until(lambda snapshot: (snapshot["callback_call"] or {}).get("stage") == stage)
    call: dict[str, Any] = shown["callback_call"]
    return call


async def _talking(anna: AgentAtWork, client: Phone, task: str) -> tuple[PhoneCall, PhoneCall]:
    await anna.post(f"/agent/callbacks/{task}/ring")
    own = await anna.phone.incoming()
    await _stage(anna, "own")
    await own.answer()
    ringing = await client.incoming()
    await _stage(anna, "caller")
    await ringing.answer()
    await _stage(anna, "talking")
    return own, ringing


async def _steps(chain: Chain) -> list[Step]:
    ledger = await chain.ledger()
    return [step for step in await ledger.steps(ASKED_IN) if step.kind.startswith("callback_")]


async def test_agents_telephone_rings_first_and_then_the_caller_who_sees_our_number(chain: Chain) -> None:
    anna = await chain.agent("anna")
    task = await _taken(chain, anna)
    own, ringing = await _talking(anna, await _client(chain), task)
    assert "057219824" in ringing.headers["From"]
    assert "777001" not in own.headers["From"]
    await hear_each_other(ringing, own)
    await anna.post(f"/agent/callbacks/{task}/finish", 409, outcome="reached", note="")
    await anna.post(f"/agent/callbacks/{task}/ring", 409)
    await ringing.hang_up()
    shown = await _stage(anna, "over")
    assert (shown["result"], shown["asks"]) == ("talked", True)
    assert anna.snapshot["state"] == "wrap_up"
    await anna.post(f"/agent/callbacks/{task}/finish", outcome="reached", note="besprochen")
    await anna.until(lambda snapshot: snapshot["state"] == "ready" and snapshot["callback_call"] is None)
    kinds = [step.kind for step in await _steps(chain)]
    assert kinds[1:] == [
        "callback_ringing",
        "callback_agent_answered",
        "callback_answered",
        "callback_ended",
        "callback_finished",
    ]


async def test_caller_whose_telephone_vanishes_ends_the_callback(
    start_asterisk: StartAsterisk, shipped: dict[str, Any]
) -> None:
    (shipped["gateways"][0]["port"],) = free_ports(1)
    shipped["gateways"][0]["silence_seconds"] = 3
    async with hotline(start_asterisk, shipped) as chain:
        anna, client = await chain.agent("anna"), await _client(chain)
        task = await _taken(chain, anna)
        own, ringing = await _talking(anna, client, task)
        await hear_each_other(ringing, own)
        await hear_each_other(ringing, own)  # for longer than silence is allowed
        await client.kill()
        await own.ended()
        shown = await _stage(anna, "over")
        assert (shown["result"], shown["asks"]) == ("talked", True)
        assert anna.snapshot["state"] == "wrap_up"


async def test_nobody_is_offered_a_call_of_the_line_meanwhile(chain: Chain) -> None:
    anna = await chain.agent("anna")
    task = await _taken(chain, anna)
    own, ringing = await _talking(anna, await _client(chain), task)
    caller = await (await chain.phone("+495721777002")).dial(chain.address)
    await caller.answered()
    await caller.press("4")
    await anna.until(lambda snapshot: snapshot["hotline"]["waiting"] == 1)
    await anna.post(f"/agent/callbacks/{task}/hangup")
    await own.ended()
    await ringing.ended()
    await _stage(anna, "over")
    assert anna.snapshot["hotline"]["waiting"] == 1
    await anna.post(f"/agent/callbacks/{task}/finish", outcome="reached", note="")
    await anna.until_state("offered")


async def test_caller_who_does_not_answer_is_tried_again_later(chain: Chain) -> None:
    anna, client = await chain.agent("anna"), await _client(chain)
    task = await _taken(chain, anna)
    await anna.post(f"/agent/callbacks/{task}/ring")
    await (await anna.phone.incoming()).answer()
    await client.incoming()
    shown = await _stage(anna, "over")
    assert shown["result"] == "no_answer"
    await anna.post(f"/agent/callbacks/{task}/finish", outcome="not_reached", note="")
    later = await anna.until(lambda snapshot: snapshot["callbacks"][0]["next_try"])
    assert later["callbacks"][0]["tries"] == 1
    assert later["callbacks"][0]["taken_by"] is None
    await anna.post(f"/agent/callbacks/{task}/take")
    refused = await anna.post(f"/agent/callbacks/{task}/ring", 409)
    assert "nächste Versuch" in refused["message"]
    await anna.until_state("ready")


async def test_caller_who_is_busy_is_told_as_such(chain: Chain) -> None:
    anna, client = await chain.agent("anna"), await _client(chain)
    task = await _taken(chain, anna)
    await anna.post(f"/agent/callbacks/{task}/ring")
    own = await anna.phone.incoming()
    await own.answer()
    await (await client.incoming()).reject()
    assert (await _stage(anna, "over"))["result"] == "busy"
    await own.ended()


async def test_own_telephone_that_rejects_rings_nobody_and_leaves_the_agent_free(chain: Chain) -> None:
    anna = await chain.agent("anna")
    task = await _taken(chain, anna)
    await anna.post(f"/agent/callbacks/{task}/ring")
    await (await anna.phone.incoming()).reject()
    shown = await _stage(anna, "over")
    assert (shown["result"], shown["asks"]) == ("own_missed", False)
    await anna.until_state("ready")
    assert "callback_agent_answered" not in [step.kind for step in await _steps(chain)]


async def test_gateway_that_is_not_there_is_told(chain: Chain) -> None:
    """Nothing listens behind the gateway."""
    anna = await chain.agent("anna")
    task = await _taken(chain, anna)
    await anna.post(f"/agent/callbacks/{task}/ring")
    await (await anna.phone.incoming()).answer()
    assert (await _stage(anna, "over"))["result"] in {"unreachable", "no_answer"}


async def test_numbers_that_may_not_be_rung_are_refused(chain: Chain) -> None:
    anna = await chain.agent("anna")
    for number in ("+49900123456", "+33142685300", "+4957219824"):
        task = await _taken(chain, anna, number)
        refused = await anna.post(f"/agent/callbacks/{task}/ring", 409)
        assert "darf nicht angerufen werden" in refused["message"]
    assert anna.snapshot["state"] == "ready"


async def test_service_that_is_started_again_finds_the_callback_and_rings_nobody_a_second_time(chain: Chain) -> None:
    anna = await chain.agent("anna")
    task = await _taken(chain, anna)
    own, ringing = await _talking(anna, await _client(chain), task)
    await chain.stop_service()
    await hear_each_other(ringing, own)
    await anna.close_page()
    anna.snapshot = {}
    await chain.start_service(Clock.starting_at(MONDAY_NINE + timedelta(minutes=1)))
    await anna.open_page()
    shown = await _stage(anna, "talking")
    assert shown["id"] == task
    assert anna.snapshot["state"] == "talking"
    refused = await anna.post(f"/agent/callbacks/{task}/ring", 409)
    assert refused["message"]
    await own.hang_up()
    await ringing.ended()
    assert (await _stage(anna, "over"))["result"] == "talked"
    await anna.post(f"/agent/callbacks/{task}/finish", outcome="reached", note="")
    await anna.until_state("ready")
