"""An agent with a desk phone and no page at all (`screen: optional`), on the real Asterisk: calls ring, and go on."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from hotline.phone.call import PhoneCall
from hotline.phone.client import Phone
from tests.system.chain import AgentAtWork, Chain, hear_each_other, hotline
from tests.system.conftest import StartAsterisk

CALLER, NEXT = "+495721777001", "+495721777002"
pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def chain(start_asterisk: StartAsterisk, shipped: dict[str, Any]) -> AsyncIterator[Chain]:
    shipped["distribution"].update(ring_seconds=5, wrap_up_seconds=1)
    for request in (*shipped["request_types"], shipped["unclear"]):
        request.pop("wrap_up_seconds", None)
    shipped["agents"][0]["screen"] = "optional"
    async with hotline(start_asterisk, shipped) as chain:
        yield chain


@pytest.fixture
async def telephone(chain: Chain) -> AsyncIterator[Phone]:
    """Anna's: registered, and she has said that she is ready; no page of hers is or was open."""
    name, secrets = chain.config.agents[0].name, chain.asterisk.secrets
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as http:
        phone = await chain.phone()
        anna = AgentAtWork(name, chain.config.hotline.public_url, http, phone)
        await anna.log_in(secrets.initial_passwords[name])
        await phone.register(f"agent-{name}", secrets.phone_secrets[name], f"127.0.0.1:{chain.asterisk.sip_port}")
        await anna.post("/agent/presence", intent="ready")
        yield phone


@pytest.fixture
async def ben(chain: Chain) -> AgentAtWork:
    """Takes no calls: his page shows how it goes with Anna."""
    return await chain.agent("ben", ready=False)


async def _until(ben: AgentAtWork, state: str) -> None:
    def has_it(snapshot: Any) -> bool:
        return any(one["name"] == "anna" and one["state"] == state for one in snapshot["transfer_targets"]["agents"])

    await ben.until(has_it)


async def _call(chain: Chain, number: str) -> PhoneCall:
    call = await (await chain.phone(number)).dial(chain.address)
    await call.answered()
    await call.press("4")
    return call


async def test_desk_phone_rings_without_any_page_and_again_when_nobody_can_write_up(
    chain: Chain, telephone: Phone, ben: AgentAtWork
) -> None:
    await _until(ben, "ready")
    caller = await _call(chain, CALLER)
    talking = await telephone.incoming()
    await talking.answer()
    await hear_each_other(caller, talking)
    await talking.hang_up()
    await caller.ended()
    steps = [step.kind for step in await chain.steps(CALLER, "not_written_up")]
    assert "answered" in steps
    assert "offer_shown" not in steps, "no page has said that it shows anything"

    await _call(chain, NEXT)
    await (await telephone.incoming()).answer()
    await chain.steps(NEXT, "answered")


async def test_desk_phone_without_a_page_that_is_not_answered_is_not_rung_on(
    chain: Chain, telephone: Phone, ben: AgentAtWork
) -> None:
    await _until(ben, "ready")
    await _call(chain, CALLER)
    await telephone.incoming()
    await _until(ben, "not_ready")
    await ben.ready()
    await ben.until_state("offered")
