"""Callers handed on, on the real Asterisk: directly, after consulting, back again, and by the telephone's own keys."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from hotline.phone.call import PhoneCall
from tests.system.chain import AgentAtWork, Chain, hear_each_other, hotline
from tests.system.conftest import MUSIC_TONE, StartAsterisk

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
