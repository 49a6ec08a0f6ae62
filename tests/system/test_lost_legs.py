"""Legs that break off on the real Asterisk: the caller hears music within seconds and gets the same agent back."""

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hotline.phone.call import PhoneCall
from tests.system.chain import AgentAtWork, Chain, hear_each_other, hotline
from tests.system.conftest import MUSIC_TONE, StartAsterisk
from tests.system.desk_phone import DeskPhone

CALLER = "+495721777001"
NO_DEAD_AIR = 5.0
"""Issue: no dead air beyond so many seconds."""
pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def chain(start_asterisk: StartAsterisk, shipped: dict[str, Any]) -> AsyncIterator[Chain]:
    async with hotline(start_asterisk, shipped) as chain:
        yield chain


async def _talk(chain: Chain, agent: AgentAtWork) -> PhoneCall:
    caller = await (await chain.phone(CALLER)).dial(chain.address)
    await caller.answered()
    await caller.press("4")
    await agent.until_state("offered")
    await (await agent.phone.incoming()).answer()
    await agent.until_state("talking")
    return caller


async def _phone_breaks(agent: AgentAtWork, caller: PhoneCall) -> None:
    """The phone dies; the caller hears a sentence and music soon."""
    broke = time.monotonic()
    await agent.phone.kill()
    await agent.until(lambda snapshot: snapshot["state"] in {"lost", "offered"})
    assert time.monotonic() - broke < NO_DEAD_AIR
    await caller.sound()
    heard = await caller.hear(2.0)
    assert heard.has_tone(MUSIC_TONE) or not heard.silent


async def test_phone_that_comes_back_gets_its_caller_back_with_all_that_was_known(chain: Chain) -> None:
    anna, ben = await chain.agent("anna"), await chain.agent("ben")
    caller = await _talk(chain, anna)
    call_id = anna.snapshot["call"]["call_id"]
    await anna.post(f"/agent/calls/{call_id}/identity", how="known_personally")
    await _phone_breaks(anna, caller)
    anna.phone = await chain.phone()
    secrets = chain.asterisk.secrets.phone_secrets
    await anna.phone.register("agent-anna", secrets["anna"], f"127.0.0.1:{chain.asterisk.sip_port}")
    shown = await anna.until_state("offered")
    assert (shown["call"]["call_id"], shown["call"]["identity"]) == (call_id, "known_personally")
    ringing = await anna.phone.incoming()
    await ringing.answer()
    await anna.until_state("talking")
    await hear_each_other(caller, ringing)
    assert ben.snapshot["state"] == "ready"
    await ringing.hang_up()
    await anna.until_state("wrap_up")
    await anna.dispose("settled")
    steps = await chain.steps(CALLER, "disposed")
    assert [step.kind for step in steps].count("call_started") == 1
    assert [step.codes["how"] for step in steps if step.kind == "call_ended"] == ["talked"]


async def test_phone_that_cannot_be_rung_just_when_it_is_back_is_tried_again(chain: Chain) -> None:
    """As when its page is loaded anew once more: Asterisk still has the registration, and Dial fails."""
    anna, ben = await chain.agent("anna"), await chain.agent("ben")
    caller = await _talk(chain, anna)
    call_id = anna.snapshot["call"]["call_id"]
    await _phone_breaks(anna, caller)
    asterisk = chain.asterisk
    async with DeskPhone(asterisk.sip_port, "agent-anna", asterisk.secrets.phone_secrets["anna"]) as phone:
        phone.reply(await phone.request("INVITE"), "503 Service Unavailable")
        await anna.until_state("lost")
        await phone.take()
        shown = await anna.until_state("talking")
        assert shown["call"]["call_id"] == call_id
        assert ben.snapshot["state"] == "ready"
        await caller.hang_up()
        await anna.until_state("wrap_up")


async def test_phone_that_stays_away_costs_the_caller_ten_seconds_and_the_next_agent_comes(chain: Chain) -> None:
    anna = await chain.agent("anna")
    caller = await _talk(chain, anna)
    ben = await chain.agent("ben")
    await _phone_breaks(anna, caller)
    await ben.until_state("offered")
    ringing = await ben.phone.incoming()
    await ringing.answer()
    await ben.until_state("talking")
    await hear_each_other(caller, ringing)
    await anna.until_state("not_ready")


async def test_phone_that_breaks_off_while_it_holds_the_caller_is_noticed_by_its_registration(chain: Chain) -> None:
    anna = await chain.agent("anna")
    caller = await (await chain.phone(CALLER)).dial(chain.address)
    await caller.answered()
    await caller.press("4")
    talking = await anna.phone.incoming()
    await talking.answer()
    await anna.until_state("talking")
    await talking.hold()
    await caller.sound()
    await anna.phone.kill()
    await anna.until(lambda snapshot: snapshot["state"] in {"lost", "offered"})


async def test_caller_who_vanishes_frees_the_agent(start_asterisk: StartAsterisk, shipped: dict[str, Any]) -> None:
    shipped["gateways"][0]["silence_seconds"] = 3
    async with hotline(start_asterisk, shipped) as chain:
        anna = await chain.agent("anna")
        phone = await chain.phone(CALLER)
        caller = await phone.dial(chain.address)
        await caller.answered()
        await caller.press("4")
        await (await anna.phone.incoming()).answer()
        await anna.until_state("talking")
        await phone.kill()
        await anna.until_state("wrap_up")
