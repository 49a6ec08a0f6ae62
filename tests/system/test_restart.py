"""A service that is started again: talks go on, and what is not written up yet is on the screen again."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from hotline.clock import Clock
from hotline.phone.call import PhoneCall
from tests.system.chain import MONDAY_NINE, AgentAtWork, Chain, hear_each_other, hotline
from tests.system.conftest import StartAsterisk

CALLER = "+495721777001"
pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def chain(start_asterisk: StartAsterisk, shipped: dict[str, Any]) -> AsyncIterator[Chain]:
    async with hotline(start_asterisk, shipped) as chain:
        yield chain


async def _talk(chain: Chain, anna: AgentAtWork) -> tuple[PhoneCall, PhoneCall]:
    caller = await (await chain.phone(CALLER)).dial(chain.address)
    await caller.answered()
    await caller.press("4")
    ringing = await anna.phone.incoming()
    await ringing.answer()
    await anna.until_state("talking")
    return caller, ringing


async def _start_again(chain: Chain, anna: AgentAtWork) -> None:
    await anna.close_page()
    anna.snapshot = {}
    await chain.start_service(Clock.starting_at(MONDAY_NINE + timedelta(minutes=1)))
    await anna.open_page()


async def test_talk_goes_on_without_the_service_and_is_on_the_screen_when_it_is_back(chain: Chain) -> None:
    anna, ben = await chain.agent("anna"), await chain.agent("ben", ready=False)
    caller, ringing = await _talk(chain, anna)
    await chain.stop_service()
    await hear_each_other(caller, ringing)
    await ben.close_page()
    await _start_again(chain, anna)
    shown = await anna.until_state("talking")
    assert shown["call"]["request_type"]["label"] == "Mietkosten"
    assert shown["call"]["caller"] == "05721 777001"
    await ringing.hang_up()
    await anna.until_state("wrap_up")
    await caller.ended()
    await anna.dispose("settled", note="ging weiter")
    await anna.until_state("ready")
    steps = await chain.steps(CALLER, "disposed")
    assert [step.codes["how"] for step in steps if step.kind == "call_ended"] == ["talked"]


async def test_wrap_up_is_on_the_screen_again_and_no_call_is_offered_before_it_is_written(chain: Chain) -> None:
    anna = await chain.agent("anna")
    _, ringing = await _talk(chain, anna)
    await ringing.hang_up()
    await anna.until_state("wrap_up")
    await chain.stop_service()
    await _start_again(chain, anna)
    shown = await anna.until_state("wrap_up")
    assert shown["call"]["request_type"]["label"] == "Mietkosten"
    await anna.dispose("settled")
    await anna.until_state("ready")


async def test_talk_that_ended_while_the_service_was_away_is_written_up_afterwards(chain: Chain) -> None:
    anna = await chain.agent("anna")
    caller, ringing = await _talk(chain, anna)
    await chain.stop_service()
    await ringing.hang_up()
    await caller.ended()
    await _start_again(chain, anna)
    await anna.until_state("wrap_up")
    steps = await chain.steps(CALLER, "call_ended")
    assert [step.codes["how"] for step in steps if step.kind == "call_ended"] == ["talked"]
    ended = [step.at for step in steps if step.kind == "call_ended"]
    assert abs(ended[0] - MONDAY_NINE) < timedelta(minutes=1), "the end is when it was, not when it was heard of"
