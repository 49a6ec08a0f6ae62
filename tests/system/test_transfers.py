"""Callers handed on, on the real Asterisk: directly, after consulting, back again, and by the telephone's own keys."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from hotline.phone.call import PhoneCall
from hotline.phone.client import Phone
from tests.system.chain import AgentAtWork, Chain, hear_each_other, hotline
from tests.system.conftest import MUSIC_TONE, StartAsterisk
from tests.system.desk_phone import DeskPhone, Dialog

CALLER = "+495721777001"
pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def chain(start_asterisk: StartAsterisk, shipped: dict[str, Any]) -> AsyncIterator[Chain]:
    shipped["distribution"]["ring_seconds"] = 5
    async with hotline(start_asterisk, shipped) as chain:
        yield chain


async def _talk(chain: Chain, agent: AgentAtWork) -> tuple[PhoneCall, PhoneCall]:
    caller = await (await chain.phone(CALLER)).dial(chain.address)
    await caller.answered()
    await caller.press("4")
    await agent.until_state("offered")
    talking = await _pick_up(agent)
    await agent.until_state("talking")
    return caller, talking


async def _pick_up(agent: AgentAtWork) -> PhoneCall:
    ringing = await agent.phone.incoming()
    await ringing.answer()
    return ringing


async def _hand_on(agent: AgentAtWork, how: str, kind: str = "agent", value: str = "ben") -> str:
    call_id: str = agent.snapshot["call"]["call_id"]
    about = {"note": "Miete ab Januar", "values": {"new_rent": "512,50"}}
    await agent.post(f"/agent/calls/{call_id}/transfer", how=how, kind=kind, value=value, **about)
    return call_id


async def _transfer(agent: AgentAtWork, call_id: str, word: str) -> None:
    await agent.post(f"/agent/calls/{call_id}/transfer/{word}")


async def _ends_once(chain: Chain, agent: AgentAtWork) -> list[str]:
    """The call is one row with one end; its steps' kinds."""
    await agent.until_state("wrap_up")
    await agent.dispose("settled")
    steps = await chain.steps(CALLER, "disposed")
    kinds = [step.kind for step in steps]
    assert kinds.count("call_started") == 1
    assert [step.codes["how"] for step in steps if step.kind == "call_ended"] == ["talked"]
    return kinds


async def test_direct_transfer_takes_the_context_along(chain: Chain) -> None:
    anna, ben = await chain.agent("anna"), await chain.agent("ben", ready=False)
    caller, _ = await _talk(chain, anna)
    await ben.ready()
    call_id = await _hand_on(anna, "blind")
    shown = await ben.until_state("offered")
    assert shown["call"]["call_id"] == call_id
    assert shown["call"]["handed"]["note"] == "Miete ab Januar"
    assert shown["call"]["handed"]["values"] == {"new_rent": "512,50"}
    talking = await _pick_up(ben)
    await ben.until_state("talking")
    await anna.until_state("ready")
    await hear_each_other(caller, talking)
    await talking.hang_up()
    assert "transfer_started" in await _ends_once(chain, ben)


async def test_direct_transfer_that_nobody_answers_comes_back(chain: Chain) -> None:
    anna, ben = await chain.agent("anna"), await chain.agent("ben", ready=False)
    caller, _ = await _talk(chain, anna)
    await ben.ready()
    await _hand_on(anna, "blind")
    await ben.phone.incoming()
    await anna.until_state("offered")
    talking = await _pick_up(anna)
    await anna.until_state("talking")
    await hear_each_other(caller, talking)
    await ben.until_state("not_ready")
    await talking.hang_up()
    await _ends_once(chain, anna)


async def test_consultation_holds_the_caller_and_connects(chain: Chain) -> None:
    anna, ben = await chain.agent("anna"), await chain.agent("ben", ready=False)
    caller, with_caller = await _talk(chain, anna)
    await ben.ready()
    call_id = await _hand_on(anna, "consult")
    shown = await ben.until_state("offered")
    assert shown["call"]["handed"]["note"] == "Miete ab Januar"
    asked = await _pick_up(ben)
    await ben.until(lambda snapshot: snapshot["call"] and snapshot["call"]["phase"] == "consulting")
    await anna.until(lambda snapshot: snapshot["call"]["transfer"]["state"] == "talking")
    await hear_each_other(with_caller, asked)
    assert (await caller.hear(1.0)).has_tone(MUSIC_TONE)
    await _transfer(anna, call_id, "complete")
    await anna.until_state("ready")
    await ben.until(lambda snapshot: snapshot["call"]["phase"] == "talking")
    await hear_each_other(caller, asked)
    await with_caller.ended()
    await asked.hang_up()
    assert "transferred" in await _ends_once(chain, ben)


async def test_back_from_a_consultation(chain: Chain) -> None:
    anna, ben = await chain.agent("anna"), await chain.agent("ben", ready=False)
    caller, with_caller = await _talk(chain, anna)
    await ben.ready()
    call_id = await _hand_on(anna, "consult")
    asked = await _pick_up(ben)
    await ben.until(lambda snapshot: snapshot["call"] and snapshot["call"]["phase"] == "consulting")
    await _transfer(anna, call_id, "back")
    await asked.ended()
    await ben.until_state("ready")
    await hear_each_other(caller, with_caller)
    await _hand_on(anna, "consult")  # and once more, from within the bridge
    asked = await _pick_up(ben)
    await ben.until(lambda snapshot: snapshot["call"] and snapshot["call"]["phase"] == "consulting")
    await asked.hang_up()
    await hear_each_other(caller, with_caller)
    await with_caller.hang_up()
    await _ends_once(chain, anna)


async def test_consultation_that_nobody_answers_brings_the_caller_back_with_a_reason(chain: Chain) -> None:
    anna, ben = await chain.agent("anna"), await chain.agent("ben", ready=False)
    caller, with_caller = await _talk(chain, anna)
    await ben.ready()
    await _hand_on(anna, "consult")
    await (await ben.phone.incoming()).reject()
    shown = await anna.until(
        lambda snapshot: snapshot["call"]["transfer"] and snapshot["call"]["transfer"]["state"] == "failed"
    )
    assert "besetzt" in shown["call"]["transfer"]["why"]
    await hear_each_other(caller, with_caller)


async def test_who_hangs_up_while_consulting_has_connected(chain: Chain) -> None:
    anna, ben = await chain.agent("anna"), await chain.agent("ben", ready=False)
    caller, with_caller = await _talk(chain, anna)
    await ben.ready()
    await _hand_on(anna, "consult")
    asked = await _pick_up(ben)
    await ben.until(lambda snapshot: snapshot["call"] and snapshot["call"]["phase"] == "consulting")
    await with_caller.hang_up()
    await ben.until(lambda snapshot: snapshot["call"]["phase"] == "talking")
    await hear_each_other(caller, asked)


async def test_who_hangs_up_while_the_other_one_rings_has_sent_the_caller_on(chain: Chain) -> None:
    anna, ben = await chain.agent("anna"), await chain.agent("ben", ready=False)
    caller, with_caller = await _talk(chain, anna)
    await ben.ready()
    await _hand_on(anna, "consult")
    await ben.phone.incoming()
    await with_caller.hang_up()
    asked = await _pick_up(ben)
    await ben.until(lambda snapshot: snapshot["call"] and snapshot["call"]["phase"] == "talking")
    await hear_each_other(caller, asked)


async def test_caller_who_leaves_during_a_consultation_leaves_two_agents_who_finish(chain: Chain) -> None:
    anna, ben = await chain.agent("anna"), await chain.agent("ben", ready=False)
    caller, with_caller = await _talk(chain, anna)
    await ben.ready()
    await _hand_on(anna, "consult")
    asked = await _pick_up(ben)
    await ben.until(lambda snapshot: snapshot["call"] and snapshot["call"]["phase"] == "consulting")
    await caller.hang_up()
    await anna.until(lambda snapshot: snapshot["call"]["caller_gone"])
    await hear_each_other(with_caller, asked)
    await asked.hang_up()
    await ben.until_state("ready")
    await _ends_once(chain, anna)


async def test_lost_leg_of_the_second_agent_is_rung_again(chain: Chain) -> None:
    anna, ben = await chain.agent("anna"), await chain.agent("ben", ready=False)
    caller, _ = await _talk(chain, anna)
    await ben.ready()
    call_id = await _hand_on(anna, "consult")
    await _pick_up(ben)
    await ben.until(lambda snapshot: snapshot["call"] and snapshot["call"]["phase"] == "consulting")
    await _transfer(anna, call_id, "complete")
    await ben.until(lambda snapshot: snapshot["call"]["phase"] == "talking")
    await ben.phone.kill()
    await ben.until(lambda snapshot: snapshot["state"] in {"lost", "offered"})
    await anna.until_state("offered")
    talking = await _pick_up(anna)
    await hear_each_other(caller, talking)


# --- by the telephone's own keys -----------------------------------------------------------------


async def _desk_phone(chain: Chain, stack: AsyncExitStack, agent: AgentAtWork) -> DeskPhone:
    """A phone that can refer takes the place of the agent's."""
    secret = chain.asterisk.secrets.phone_secrets[agent.name]
    phone = DeskPhone(chain.asterisk.sip_port, f"agent-{agent.name}", secret)
    await stack.enter_async_context(phone)
    await agent.ready()
    return phone


async def _caller_on_desk_phone(
    chain: Chain, stack: AsyncExitStack
) -> tuple[PhoneCall, AgentAtWork, AgentAtWork, DeskPhone, Dialog]:
    anna, ben = await chain.agent("anna", ready=False), await chain.agent("ben", ready=False)
    phone = await _desk_phone(chain, stack, anna)
    caller = await (await chain.phone(CALLER)).dial(chain.address)
    await caller.answered()
    await caller.press("4")
    await anna.until_state("offered")
    dialog = await phone.take()
    await anna.until_state("talking")
    await ben.ready()
    return caller, anna, ben, phone, dialog


async def test_phone_sends_the_caller_on_with_the_context(chain: Chain) -> None:
    async with AsyncExitStack() as stack:
        caller, anna, ben, _, dialog = await _caller_on_desk_phone(chain, stack)
        call_id = anna.snapshot["call"]["call_id"]
        assert await dialog.refer("<sip:12@127.0.0.1>") == 202
        shown = await ben.until_state("offered")
        assert shown["call"]["call_id"] == call_id
        assert shown["call"]["handed"]["by"] == "Anna Ahrens"
        talking = await _pick_up(ben)
        await ben.until_state("talking")
        await anna.until_state("ready")
        await hear_each_other(caller, talking)
        await talking.hang_up()
        await _ends_once(chain, ben)


async def test_phone_sends_the_caller_to_an_extension_that_nobody_has(chain: Chain) -> None:
    async with AsyncExitStack() as stack:
        _, anna, _, phone, dialog = await _caller_on_desk_phone(chain, stack)
        assert await dialog.refer("<sip:77@127.0.0.1>") == 202
        await phone.take()
        shown = await anna.until_state("talking")
        assert "Dorthin kann nicht" in shown["call"]["transfer"]["why"]


async def test_phone_connects_after_its_own_consultation(chain: Chain) -> None:
    async with AsyncExitStack() as stack:
        caller, anna, ben, phone, dialog = await _caller_on_desk_phone(chain, stack)
        dialling = asyncio.create_task(phone.dial("12"))
        shown = await ben.until_state("offered")
        assert shown["call"]["caller"] == "05721 777001"
        asked = await _pick_up(ben)
        second = await dialling
        await ben.until(lambda snapshot: snapshot["call"] and snapshot["call"]["phase"] == "consulting")
        assert await dialog.refer(f"<sip:12@127.0.0.1?Replaces={second.replaces}>") == 202
        await ben.until(lambda snapshot: snapshot["call"]["phase"] == "talking")
        await anna.until_state("ready")
        await hear_each_other(caller, asked)
        await asked.hang_up()
        await _ends_once(chain, ben)


async def test_phone_connects_while_the_colleague_still_rings(chain: Chain) -> None:
    async with AsyncExitStack() as stack:
        caller, anna, ben, phone, dialog = await _caller_on_desk_phone(chain, stack)
        second = await phone.dial("12", until=180)
        ringing = await ben.phone.incoming()
        await dialog.refer(f"<sip:12@127.0.0.1?Replaces={second.replaces}>")
        await anna.until_state("wrap_up")
        await ringing.answer()
        await ben.until(lambda snapshot: snapshot["call"] and snapshot["call"]["phase"] == "talking")
        await anna.until_state("ready")
        await hear_each_other(caller, ringing)
        await ringing.hang_up()
        await _ends_once(chain, ben)


async def test_phone_that_ends_its_own_consultation_still_has_the_caller(chain: Chain) -> None:
    async with AsyncExitStack() as stack:
        _, anna, ben, phone, dialog = await _caller_on_desk_phone(chain, stack)
        dialling = asyncio.create_task(phone.dial("12"))
        await _pick_up(ben)
        second = await dialling
        await ben.until(lambda snapshot: snapshot["call"] and snapshot["call"]["phase"] == "consulting")
        await second.hang_up()
        await ben.until_state("ready")
        await anna.until(lambda snapshot: snapshot["call"]["transfer"] is None)
        await dialog.hang_up()
        await _ends_once(chain, anna)


# --- to somebody outside the hotline --------------------------------------------------------------


async def _outside(chain: Chain) -> Phone:
    """Behind the gateway: whoever is called outside is called here."""
    phone = await chain.phone("guenther", port=chain.config.gateways[0].port)
    await phone.listen()
    await chain.asterisk.look_for_gateway()
    return phone


GUENTHER = "guenther@jobcenter.example"


async def test_direct_to_a_case_worker(chain: Chain) -> None:
    outside, anna = await _outside(chain), await chain.agent("anna")
    caller, _ = await _talk(chain, anna)
    await _hand_on(anna, "blind", "case_worker", GUENTHER)
    ringing = await outside.incoming()
    assert "777001" not in ringing.headers["From"], "the caller's number goes to nobody outside"
    await ringing.answer()
    await anna.until_state("wrap_up")
    await hear_each_other(caller, ringing)
    await anna.dispose("settled")
    await anna.until_state("ready")
    await ringing.hang_up()
    await caller.ended()
    steps = await chain.steps(CALLER, "call_ended")
    assert [step.codes["how"] for step in steps if step.kind == "call_ended"] == ["talked"]
    assert anna.snapshot["state"] == "ready"


async def test_case_worker_who_is_not_there_brings_the_caller_back(chain: Chain) -> None:
    outside, anna = await _outside(chain), await chain.agent("anna")
    caller, _ = await _talk(chain, anna)
    await _hand_on(anna, "blind", "case_worker", GUENTHER)
    await (await outside.incoming()).reject()
    shown = await anna.until_state("offered")
    assert "meldet sich nicht" in shown["call"]["transfer"]["why"]
    talking = await _pick_up(anna)
    await anna.until_state("talking")
    await hear_each_other(caller, talking)


async def test_case_worker_is_consulted_and_gets_the_caller(chain: Chain) -> None:
    outside, anna = await _outside(chain), await chain.agent("anna")
    caller, with_caller = await _talk(chain, anna)
    call_id = await _hand_on(anna, "consult", "case_worker", GUENTHER)
    ringing = await outside.incoming()
    await ringing.answer()
    await anna.until(lambda snapshot: snapshot["call"]["transfer"]["state"] == "talking")
    await hear_each_other(with_caller, ringing)
    await _transfer(anna, call_id, "complete")
    await anna.until_state("wrap_up")
    await hear_each_other(caller, ringing)


async def test_case_worker_whose_telephone_vanishes_leaves_nobody_talking_to_no_one(
    start_asterisk: StartAsterisk, shipped: dict[str, Any]
) -> None:
    shipped["gateways"][0]["silence_seconds"] = 3
    async with hotline(start_asterisk, shipped) as chain:
        outside, anna = await _outside(chain), await chain.agent("anna")
        caller, with_caller = await _talk(chain, anna)
        await _hand_on(anna, "consult", "case_worker", GUENTHER)
        asked = await _answer_outside(anna, outside)
        await hear_each_other(with_caller, asked)
        await hear_each_other(with_caller, asked)  # for longer than silence is allowed
        await outside.kill()
        shown = await anna.until(lambda snapshot: snapshot["call"]["transfer"]["state"] == "failed")
        assert "hat aufgelegt" in shown["call"]["transfer"]["why"]
        await hear_each_other(caller, with_caller)

        outside = await _outside(chain)
        call_id = await _hand_on(anna, "consult", "case_worker", GUENTHER)
        asked = await _answer_outside(anna, outside)
        await _transfer(anna, call_id, "complete")
        await anna.until_state("wrap_up")
        await hear_each_other(caller, asked)
        await hear_each_other(caller, asked)
        await outside.kill()
        await caller.ended()
        assert "transferred" in await _ends_once(chain, anna)


async def _answer_outside(agent: AgentAtWork, outside: Phone) -> PhoneCall:
    """Whoever is consulted outside picks up."""
    ringing = await outside.incoming()
    await ringing.answer()
    await agent.until(lambda snapshot: snapshot["call"]["transfer"]["state"] == "talking")
    return ringing


async def test_numbers_that_are_not_allowed_are_refused(chain: Chain) -> None:
    anna = await chain.agent("anna")
    await _talk(chain, anna)
    call_id = anna.snapshot["call"]["call_id"]
    path = f"/agent/calls/{call_id}/transfer"
    for value in ("0900 123456", "110", "05721 9999"):
        refused = await anna.post(path, 409, how="blind", kind="number", value=value, note="", values={})
        assert refused["message"]
    await anna.post(path, 422, how="blind", kind="number", value="carla", note="", values={})
    await anna.post(path, 409, how="blind", kind="agent", value="carla", note="", values={})
    assert anna.snapshot["state"] == "talking"
