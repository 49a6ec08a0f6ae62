"""Who is rung for a caller, on the real Asterisk: the agent who knows them, second choice, and in which language."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from hotline.phone.call import PhoneCall
from hotline.storage.views import Step
from tests.system.chain import AgentAtWork, Chain, hotline
from tests.system.conftest import StartAsterisk

CALLER, OTHER = "+495721777001", "+495721777002"
HELD, LATER = timedelta(seconds=4), timedelta(seconds=5)
KNOWN = "Mit dieser Nummer haben Sie zuletzt gesprochen."

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def chain(start_asterisk: StartAsterisk, shipped: dict[str, Any]) -> AsyncIterator[Chain]:
    shipped["distribution"] |= {
        "same_agent": {"wait_seconds": int(HELD.total_seconds())},
        "second_choice_after_seconds": int(LATER.total_seconds()),
    }
    for agent in shipped["agents"]:
        if agent["name"] == "ben":
            agent["second_choice"] = ["leistung"]
    async with hotline(start_asterisk, shipped) as chain:
        yield chain


async def _call(chain: Chain, *keys: str, number: str = CALLER) -> PhoneCall:
    call = await (await chain.phone(number)).dial(chain.address)
    await call.answered()
    for key in keys:
        await call.press(key)
        await asyncio.sleep(0.3)  # a person needs a moment between two menus
    return call


async def _take(agent: AgentAtWork) -> PhoneCall:
    ringing = await agent.phone.incoming()
    await ringing.answer()
    await agent.until_state("talking")
    return ringing


def _offered_after(steps: list[Step]) -> tuple[str | None, timedelta]:
    """To whom the call was offered first, and how long after joining the line."""
    joined = next(step.at for step in steps if step.kind == "joined_line")
    offer = next(step for step in steps if step.kind == "offer_made")
    return offer.agent, offer.at - joined


async def test_caller_comes_to_the_agent_of_last_time_and_is_held_for_them_no_longer_than_allowed(chain: Chain) -> None:
    ben, anna = await chain.agent("ben"), await chain.agent("anna", ready=False)
    first = await _call(chain, "4")
    talk = await _take(ben)
    await talk.hang_up()
    await first.ended()
    await ben.until_state("wrap_up")
    await anna.ready()  # idle longer than ben will be
    await ben.dispose("settled")
    await ben.until_state("ready")

    await _call(chain, "4")
    shown = await ben.until_state("offered")
    assert shown["call"]["familiar"] == KNOWN
    assert anna.snapshot["state"] == "ready"
    await _take(ben)

    await _call(chain, "4")  # the same number again: ben talks, anna is free
    shown = await anna.until_state("offered")
    assert shown["call"]["familiar"] is None
    who, after = _offered_after(await chain.steps(CALLER, "offer_shown"))
    assert who == "anna"
    assert after >= HELD


async def test_caller_is_for_anybody_at_once_when_the_agent_of_last_time_goes_on_a_break(chain: Chain) -> None:
    ben, anna = await chain.agent("ben"), await chain.agent("anna", ready=False)
    await _call(chain, "4")
    await _take(ben)
    await anna.ready()
    await _call(chain, "4")
    await chain.steps(CALLER, "joined_line")
    await ben.post("/agent/presence", intent="pause", reason="Pause")
    await anna.until_state("offered")
    who, _ = _offered_after(await chain.steps(CALLER, "offer_shown"))
    assert who == "anna"


async def test_second_choice_is_rung_only_after_the_seconds(chain: Chain) -> None:
    ben = await chain.agent("ben")
    await _call(chain, "7", number=OTHER)
    await ben.until_state("offered")
    who, after = _offered_after(await chain.steps(OTHER, "offer_shown"))
    assert who == "ben"
    assert after >= LATER


async def test_pop_says_which_language_the_caller_has_chosen(chain: Chain) -> None:
    ben = await chain.agent("ben")
    await _call(chain, "9", "4", number=OTHER)
    shown = await ben.until_state("offered")
    assert shown["call"]["language"] == "Englisch"
    assert shown["call"]["request_type"]["label"] == "Mietkosten"
    steps = await chain.steps(OTHER, "language")
    assert [step.codes for step in steps if step.kind == "language"] == [{"key": "en"}]
