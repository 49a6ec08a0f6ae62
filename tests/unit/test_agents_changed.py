"""Another configuration and the people: calls that go on may come to somebody new, who is gone keeps the page."""

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from agents.presence import Intent, State, Work
from config.schema import Agent, HotlineConfig
from hotline.changing.live import Live
from hotline.wiring.basis import Basis
from hotline.wiring.changing import _tell, _tell_everybody, for_pages
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
    office.switchboard.staff.wanting(ben, Intent.PAUSE, "Besprechung")
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
    live.take(2, with_agents(config, config.agents[1:]), {})
    assert anna.name in {agent.name for agent in for_pages(basis, office.switchboard).agents}
    office.switchboard.staff.phone(seat, registered=False, engaged=False)
    assert seat.call is call
    seat.call = None
    assert for_pages(basis, office.switchboard) is live.config


async def test_who_waits_for_what_nobody_can_any_more_hears_that_nobody_is_there(
    office: Office, config: HotlineConfig
) -> None:
    office.ready("anna")
    call = await office.call("c1", "unclear")
    assert call.request is not None
    call.joined_at = office.clock.now()
    office.switchboard.staff.take([one.model_copy(update={"skills": ["other"]}) for one in config.agents])
    office.switchboard.duty.nobody_for(call)
    office.pass_time(30)
    assert office.switchboard.duty.nobody_for(call) == 30


async def test_who_calls_back_keeps_the_place_until_it_is_written_up(office: Office, config: HotlineConfig) -> None:
    office.ready("anna")
    anna = office.switchboard.seats["anna"]
    anna.presence = anna.presence.busy(Work.WRAP_UP, office.clock.now())
    _tell(office.switchboard, with_agents(config, config.agents[1:]))
    assert "anna" in office.switchboard.seats
    told = anna.seq
    office.switchboard.release(anna)
    assert "anna" not in office.switchboard.seats
    assert anna.seq > told, "the end is noted"


async def test_only_who_is_gone_since_now_is_sent_home(office: Office, config: HotlineConfig) -> None:
    office.ready("anna")
    without = with_agents(config, config.agents[1:])
    assert [seat.agent.name for seat in _tell(office.switchboard, without)] == ["anna"]
    assert _tell(office.switchboard, without) == []


async def test_telephone_of_who_is_back_is_asked_for_anew(office: Office, config: HotlineConfig) -> None:
    office.ready("anna")
    anna = office.switchboard.seats["anna"]
    office.switchboard.staff.phone(anna, registered=True, engaged=True)
    _tell(office.switchboard, with_agents(config, config.agents[1:]))
    _tell(office.switchboard, config)
    assert (anna.gone, anna.presence.registered, anna.presence.engaged) == (False, False, False)


async def test_who_is_gone_is_at_home_after_a_restart_and_gives_back_callbacks(
    office: Office, config: HotlineConfig
) -> None:
    stored: list[tuple[Any, ...]] = []

    async def save(*args: Any) -> None:
        stored.append(args[:2])

    async def give_back(agent: str, *, finishes: bool) -> None:
        stored.append(("back", agent, finishes))

    parts: Any = SimpleNamespace(
        switchboard=office.switchboard,
        presences=SimpleNamespace(save=save),
        board=SimpleNamespace(give_back=give_back),
    )
    _tell_everybody(
        cast(Basis, SimpleNamespace(clock=office.clock, journal=office.journal)),
        parts,
        with_agents(config, config.agents[1:]),
    )
    await office.settle()
    assert sorted(stored) == [("anna", "home"), ("back", "anna", True)]


async def test_call_whose_session_broke_off_is_offered_to_one_agent_only(office: Office) -> None:
    office.ready("anna", "ben")
    call = await office.call("c1")
    first = call.offer
    assert first is not None
    office.switchboard.join(call, "rent")
    assert not first.open
    assert [seat.call for seat in office.switchboard.seats if seat.call is not None] == [call]
