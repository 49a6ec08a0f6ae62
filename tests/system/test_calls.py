"""One call from end to end on a real Asterisk: callers with real sound, agents with page and desk phone."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.system.chain import Chain, hear_each_other, hotline
from tests.system.conftest import StartAsterisk

CALLER = "+495721777001"


@pytest.fixture
async def chain(start_asterisk: StartAsterisk, shipped: dict[str, Any]) -> AsyncIterator[Chain]:
    shipped["menu"]["silence_seconds"] = 2
    shipped["distribution"]["ring_seconds"] = 5
    async with hotline(start_asterisk, shipped) as chain:
        yield chain


def _kinds(steps: list[Any]) -> list[str]:
    return [step.kind for step in steps]


async def test_rent_call_is_on_the_screen_answered_heard_and_settled(chain: Chain) -> None:
    anna = await chain.agent("anna")
    caller = await chain.phone(CALLER)
    call = await caller.dial(chain.address)
    await call.answered()
    await call.press("4")
    shown = await anna.until_state("offered")
    assert shown["call"]["request_type"]["label"] == "Mietkosten"
    assert shown["call"]["caller"] == "05721 777001"
    ringing = await anna.phone.incoming()
    await ringing.answer()
    await anna.until_state("talking")
    await hear_each_other(call, ringing)
    await ringing.hang_up()
    await anna.until_state("wrap_up")
    await call.ended()
    await anna.dispose("settled", note="Frage beantwortet")
    await anna.until_state("ready")
    steps = await chain.steps(CALLER, "ended")
    assert "answered" in _kinds(steps)
