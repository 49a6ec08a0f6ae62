"""Who gets a caller, and when: the same agent as last time, second-choice agents, and what the line says of itself."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest

from agents.presence import Intent, State
from config.schema import HotlineConfig
from hotline.exchange.calls import Call, OfferEnd, Phase
from hotline.exchange.progress import skills_of_the_same_agents
from hotline.storage.familiar import Familiar, Why
from hotline.views import call_view, pause_minutes
from tests.unit.doubles_switchboard import Office, StillClock

HELD_SECONDS, SECOND_SECONDS = 20, 30
PATIENCE = 5.0


def changed(shipped: dict[str, Any], **distribution: Any) -> HotlineConfig:
    """Ben takes on benefits as second choice; David is the only other one who is asked in these tests."""
    for agent in shipped["agents"]:
        agent["second_choice"] = ["leistung"] if agent["name"] == "ben" else []
    shipped["distribution"] |= {
        "second_choice_after_seconds": SECOND_SECONDS,
        "same_agent": {"wait_seconds": HELD_SECONDS},
    }
    shipped["distribution"] |= distribution
    return HotlineConfig.model_validate(shipped)


@pytest.fixture
def shipped(config: HotlineConfig) -> dict[str, Any]:
    return config.model_dump(by_alias=True)


@pytest.fixture
async def office(shipped: dict[str, Any]) -> AsyncIterator[Office]:
    office = Office(changed(shipped))
    yield office
    await office.close()


async def known_caller(office: Office, name: str, agent: str, request_type: str = "rent", why: Why = Why.TALK) -> Call:
    office.ledger.known = [Familiar(agent, why)]
    call = await office.call(name, request_type)
    office.ledger.known = []
    return call


async def busy(office: Office, agent: str) -> Call:
    """The agent talks with somebody."""
    office.ready(agent)
    call = await office.call(f"talks-with-{agent}")
    await office.settle()
    assert call.agent == agent
    office.switchboard.answered(call)
    return call


async def waiting_since(office: Office, seconds: float, request_type: str = "rent", agent: str | None = None) -> Call:
    """Somebody who comes back to the line, in which they have waited so long already."""
    at = office.clock.now() - timedelta(seconds=seconds)
    office.ledger.known = [] if agent is None else [Familiar(agent, Why.TALK)]
    call = Call("c1", "PJSIP/c1", "c1", office.config, 1, at, "+495721777", "haus", joined_at=at)
    await office.switchboard.arrived(call)
    await office.settle()
    office.switchboard.join(call, request_type)
    return call


def set_time(call: Call, seconds: float) -> None:
    """So long after the caller joined the line."""
    assert call.joined_at is not None
    StillClock.moment = call.joined_at + timedelta(seconds=seconds)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - the switchboard has no event for it
            await asyncio.sleep(0.01)


# --- the same agent as last time


async def test_caller_gets_the_agent_who_knows_them_although_another_is_idle_longer(office: Office) -> None:
    office.ready("anna", "ben")
    call = await known_caller(office, "c1", "ben")
    await office.settle()
    assert call.agent == "ben"


async def test_the_pop_says_why(office: Office) -> None:
    office.ready("anna", "ben")
    call = await known_caller(office, "c1", "ben", why=Why.PROMISE)
    await office.settle()
    seats, now = office.switchboard.seats, office.clock.now()
    assert call_view(call, seats["ben"], now)["familiar"] == (
        "Zu dieser Nummer ist eine Zusage offen, die Sie aufgenommen haben."
    )
    assert call_view(call, seats["anna"], now)["familiar"] is None


async def test_caller_is_held_for_a_busy_agent_and_gets_them_when_free(office: Office) -> None:
    talk = await busy(office, "ben")
    office.ready("anna")
    call = await known_caller(office, "c1", "ben")
    await office.settle()
    assert call.phase is Phase.WAITING
    assert office.switchboard.same_agent.held_for(call, office.clock.now()) == "Ben Brinkmann"
    office.switchboard.over(talk)
    office.switchboard.release(office.switchboard.seats["ben"])
    await office.settle()
    assert call.agent == "ben"


async def test_caller_is_held_no_longer_than_configured(office: Office) -> None:
    await busy(office, "ben")
    office.ready("anna")
    call = await waiting_since(office, HELD_SECONDS - 0.1, agent="ben")
    assert call.phase is Phase.WAITING
    set_time(call, HELD_SECONDS)
    await until(lambda: call.agent == "anna")  # nothing else happens than that time passes


async def test_who_came_later_is_not_held_up_by_a_caller_who_is_held(office: Office) -> None:
    await busy(office, "ben")
    office.ready("anna")
    held = await known_caller(office, "c1", "ben")
    later = await office.call("c2")
    await office.settle()
    assert (held.agent, later.agent) == (None, "anna")


@pytest.mark.parametrize("intent", [Intent.PAUSE, Intent.HOME])
async def test_caller_goes_to_anybody_as_soon_as_the_agent_goes_away(office: Office, intent: Intent) -> None:
    await busy(office, "ben")
    office.ready("anna")
    call = await known_caller(office, "c1", "ben")
    await office.settle()
    office.switchboard.staff.wanting(office.switchboard.seats["ben"], intent, None)
    await office.settle()
    assert call.agent == "anna"


async def test_agent_on_a_break_at_home_or_without_the_skill_is_not_waited_for(office: Office) -> None:
    office.ready("anna", "ben", "carla")
    office.switchboard.staff.wanting(office.switchboard.seats["ben"], Intent.PAUSE, "Pause")
    for name in ("ben", "elif", "carla", "nobody-any-more"):  # carla has no "wohnen"
        call = await known_caller(office, f"knows-{name}", name)
        await office.settle()
        assert call.agent == "anna", name
        office.switchboard.over(call)


async def test_a_preferred_agent_who_does_not_answer_is_not_preferred_again(office: Office) -> None:
    office.ready("anna", "ben")
    call = await known_caller(office, "c1", "ben")
    await office.settle()
    office.switchboard.not_taken(call, OfferEnd.MISSED)
    await office.settle()
    assert call.agent == "anna"


async def test_without_the_setting_nobody_is_preferred(shipped: dict[str, Any]) -> None:
    office = Office(changed(shipped, same_agent=None))
    try:
        office.ready("anna", "ben")
        call = await known_caller(office, "c1", "ben")
        await office.settle()
        assert call.agent == "anna"
        assert office.ledger.asked_who == 0
    finally:
        await office.close()


async def test_a_caller_who_joins_before_the_answer_is_there_waits_for_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    never = asyncio.Event()

    async def slow(*_args: object, **_options: object) -> list[Familiar]:
        await never.wait()
        return [Familiar("ben", Why.TALK)]

    monkeypatch.setattr(office.ledger, "familiar", slow, raising=False)
    office.ready("anna", "ben")
    call = await office.call("c1")
    await office.settle()
    assert call.agent == "anna"


async def test_nothing_is_looked_up_for_a_withheld_number(office: Office) -> None:
    call = Call("c1", "PJSIP/c1", "c1", office.config, 1, office.clock.now(), None, "haus")
    await office.switchboard.arrived(call)
    await office.settle()
    assert office.ledger.asked_who == 0


# --- second choice


async def test_second_choice_is_rung_only_after_the_seconds(office: Office) -> None:
    office.ready("ben")
    call = await waiting_since(office, SECOND_SECONDS - 0.1, "benefits")
    assert call.phase is Phase.WAITING
    assert office.switchboard.duty.nobody_for(call) == 0, "somebody is there, only not at once"
    set_time(call, SECOND_SECONDS)
    await until(lambda: call.agent == "ben")


async def test_a_free_first_choice_agent_comes_before_second_choice_however_long_it_took(office: Office) -> None:
    talk = await busy(office, "ben")
    call = await office.call("c1", "benefits")
    office.pass_time(SECOND_SECONDS)
    office.switchboard.over(talk)
    seat = office.switchboard.seats["david"]
    office.switchboard.staff.phone(seat, registered=True, engaged=False)
    office.switchboard.staff.screens(seat, {"tab"})
    seat.presence = seat.presence.wanting(Intent.READY, None, office.clock.now())  # both free at the same moment
    office.switchboard.release(office.switchboard.seats["ben"])
    await office.settle()
    assert call.agent == "david"


async def test_a_step_of_the_clock_neither_shortens_nor_lengthens_it(office: Office) -> None:
    office.ready("ben")
    call = await office.call("c1", "benefits")
    hour = timedelta(hours=1)
    StillClock.moment += hour
    office.switchboard.clock_stepped(hour)
    await office.settle()
    assert call.phase is Phase.WAITING
    set_time(call, SECOND_SECONDS)
    office.switchboard.rematch()
    await office.settle()
    assert call.agent == "ben"


# --- what the line says of itself


def test_callers_compete_with_all_whom_the_same_agents_serve(shipped: dict[str, Any]) -> None:
    config = changed(shipped)
    assert skills_of_the_same_agents(config, "leistung") == {"allgemein", "stammdaten", "wohnen", "leistung"}
    assert skills_of_the_same_agents(config, "unknown") == {"unknown"}


async def test_expected_wait_is_learnt_from_those_who_were_taken(office: Office) -> None:
    office.ready("anna")
    await office.call("first")
    await office.settle()
    board, seat = office.switchboard, office.switchboard.seats["anna"]
    waiting = [await office.call(f"c{number}") for number in range(5)]
    assert board.progress.expected(waiting[0], office.clock.now()) is None
    for _ in range(4):
        assert seat.call is not None
        talking = seat.call
        board.answered(talking)
        office.pass_time(120)
        board.over(talking)
        board.release(seat)
        await office.settle()
    expected = board.progress.expected(waiting[4], office.clock.now())
    assert expected is not None
    assert 60 < expected < 240
    assert board.progress.expected(waiting[0], office.clock.now()) is None, "not in the line any more"


async def test_the_line_is_full_for_whoever_has_as_many_before_them(shipped: dict[str, Any]) -> None:
    shipped["line"]["most_waiting"] = 2
    office = Office(changed(shipped))
    try:
        calls = [await office.call(f"c{number}", kind) for number, kind in enumerate(("rent", "benefits", "rent"))]
        assert [office.switchboard.progress.full(call) for call in calls] == [False, False, True]
        assert [office.switchboard.progress.position(call) for call in calls] == [1, 2, 3]
    finally:
        await office.close()


async def test_the_language_is_in_the_ledger_and_in_the_pop(office: Office) -> None:
    office.ready("anna")
    call = await office.call("c1")
    seat, now = office.switchboard.seats["anna"], office.clock.now()
    assert call_view(call, seat, now)["language"] is None
    office.switchboard.language(call, "en")
    assert call_view(call, seat, now)["language"] == "Englisch"
    await office.settle()
    assert ("language_chosen", ("c1", "en", now)) in office.ledger.written


async def test_only_a_pause_has_a_length_to_be_compared_with(office: Office, shipped: dict[str, Any]) -> None:
    limited = changed(shipped, pause_minutes=30)
    office.ready("anna")
    seat = office.switchboard.seats["anna"]
    assert pause_minutes(seat, limited) is None
    office.switchboard.staff.wanting(seat, Intent.PAUSE, "Pause")
    assert (pause_minutes(seat, limited), pause_minutes(seat, office.config)) == (30, None)


# --- another configuration of the agents


async def test_agents_keep_their_state_when_the_configuration_changes(office: Office) -> None:
    talk = await busy(office, "ben")
    office.ready("anna")
    agents = [agent.model_copy(update={"full_name": agent.full_name.upper()}) for agent in office.config.agents]
    office.switchboard.staff.take(agents)
    seats = office.switchboard.seats
    assert (seats["ben"].presence.state, seats["anna"].presence.state) == (State.TALKING, State.READY)
    assert (seats["ben"].call, seats["anna"].agent.full_name) == (talk, "ANNA AHRENS")


async def test_a_skill_that_is_added_brings_a_waiting_caller_at_once(office: Office) -> None:
    office.ready("carla")
    call = await office.call("c1", "rent")
    agents = [
        agent.model_copy(update={"skills": [*agent.skills, "wohnen"]}) if agent.name == "carla" else agent
        for agent in office.config.agents
    ]
    office.switchboard.staff.take(agents)
    await office.settle()
    assert call.agent == "carla"


async def test_an_agent_who_is_taken_out_finishes_the_call_and_gets_no_other(office: Office) -> None:
    talk = await busy(office, "ben")
    board = office.switchboard
    board.staff.take([agent for agent in office.config.agents if agent.name != "ben"])
    assert "ben" in board.seats
    waiting = await office.call("c2")
    board.over(talk)
    board.release(board.seats["ben"])
    await office.settle()
    assert waiting.agent is None
    assert "ben" not in board.seats
    assert "ben" not in [seat.agent.name for seat in board.seats]


async def test_an_agent_who_is_added_begins_at_home(office: Office) -> None:
    new = office.config.agent("anna").model_copy(update={"name": "frida", "full_name": "Frida Fuchs"})
    office.switchboard.staff.take([*office.config.agents, new])
    assert office.switchboard.seats["frida"].presence.state is State.HOME
    office.ready("frida")
    call = await office.call("c1")
    await office.settle()
    assert call.agent == "frida"
