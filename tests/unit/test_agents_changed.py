"""Another configuration and the people: calls that go on may come to somebody new, who is gone keeps the page."""

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import cast

import pytest

from agents.presence import Intent, State
from config.schema import Agent, HotlineConfig
from hotline.changing.live import Live
from hotline.wiring.basis import Basis
from hotline.wiring.changing import _tell, for_pages
from tests.unit.doubles_switchboard import Office


def with_agents(config: HotlineConfig, agents: list[Agent]) -> HotlineConfig:
    return config.model_copy(update={"agents": agents})


def nora(config: HotlineConfig) -> Agent:
    return config.agents[0].model_copy(update={"name": "nora", "full_name": "Nora Neu"})


@pytest.fixture
async def office(config: HotlineConfig) -> AsyncIterator[Office]:
    one = Office(config)
    yield one
    await one.close()


async def test_call_that_goes_on_knows_who_is_new_and_keeps_the_rest(office: Office, config: HotlineConfig) -> None:
    call = await office.call("c1")
    texts = config.texts.model_copy(update={"goodbye": "Tschüss."})
    later = with_agents(config, [*config.agents[1:], nora(config)]).model_copy(update={"texts": texts})
    _tell(office.switchboard, later)
    assert call.config.agent("nora").full_name == "Nora Neu"
    assert call.config.agent(config.agents[0].name) == config.agents[0]
    assert call.config.texts == config.texts
    assert call.version == 1


async def test_states_stay_and_who_is_new_begins_at_home(office: Office, config: HotlineConfig) -> None:
    ben = office.switchboard.seats[config.agents[1].name]
    office.switchboard.wanting(ben, Intent.PAUSE, "Besprechung")
    before = ben.presence
    _tell(office.switchboard, with_agents(config, [*config.agents, nora(config)]))
    assert office.switchboard.seats[ben.agent.name] is ben
    assert ben.presence == before
    assert office.switchboard.seats["nora"].presence.state is State.HOME


async def test_pages_know_who_is_gone_until_the_last_call_is_done_with(office: Office, config: HotlineConfig) -> None:
    call, anna = await office.call("c1"), config.agents[0]
    seat = office.switchboard.seats[anna.name]
    seat.call = call
    live = Live(1, config)
    live.listeners.append(lambda wanted: _tell(office.switchboard, wanted))
    basis = cast(Basis, SimpleNamespace(live=live))
    live.take(2, with_agents(config, config.agents[1:]))
    assert anna.name in {agent.name for agent in for_pages(basis, office.switchboard).agents}
    office.switchboard.phone(seat, registered=False, engaged=False)
    assert seat.call is call
    seat.call = None
    assert for_pages(basis, office.switchboard) is live.config
