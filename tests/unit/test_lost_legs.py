"""An agent's leg that breaks off: the same agent is rung again, then the caller is the next of the line."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from agents.presence import Bar, Intent, State
from config.schema import HotlineConfig, PhoneKind
from hotline.exchange import wishes
from hotline.exchange.calls import Call, OfferEnd, Phase
from hotline.exchange.wishes import PAUSE_SECONDS, RELOAD_SECONDS, RETURN_SECONDS
from tests.unit.doubles_switchboard import Office


@pytest.fixture
async def office(config: HotlineConfig) -> AsyncIterator[Office]:
    office = Office(config)
    yield office
    await office.close()


def _state(office: Office, agent: str) -> State:
    return office.switchboard.seats[agent].presence.state


def _phone(office: Office, agent: str, *, registered: bool) -> None:
    office.switchboard.staff.phone(office.switchboard.seats[agent], registered=registered, engaged=False)


async def _lost(office: Office, *, phone_back: bool = False) -> Call:
    """Anna's leg has just broken off in a talk with a caller whose identity she had checked."""
    office.ready("anna")
    call = await office.call("c1")
    await office.settle()
    office.switchboard.answered(call)
    call.identity, call.history = "known_personally", {"calls": []}
    _phone(office, "anna", registered=phone_back)
    office.switchboard.wishes.agent_lost(call)
    await office.settle()
    return call


async def test_caller_is_kept_for_the_same_agent_while_others_are_free(office: Office) -> None:
    call = await _lost(office)
    office.ready("ben")
    await office.settle()
    assert (call.phase, call.agent, _state(office, "anna")) == (Phase.LOST, None, State.LOST)
    assert office.switchboard.seats["anna"].call is call


async def test_same_agent_is_rung_as_soon_as_the_phone_is_back_and_nothing_is_forgotten(office: Office) -> None:
    call = await _lost(office)
    _phone(office, "anna", registered=True)
    await office.settle()
    assert (call.phase, call.agent, _state(office, "anna")) == (Phase.OFFERED, "anna", State.OFFERED)
    assert call.offer is not None
    assert call.offer.ring_seconds == 10
    office.switchboard.answered(call)
    assert (call.phase, call.identity, call.history) == (Phase.TALKING, "known_personally", {"calls": []})


async def test_phone_that_is_there_already_is_rung_at_once(office: Office) -> None:
    call = await _lost(office, phone_back=True)
    assert (call.phase, call.agent) == (Phase.OFFERED, "anna")


async def test_phone_that_does_not_come_back_leaves_the_caller_first_in_line(office: Office) -> None:
    call = await _lost(office)
    earlier = await office.call("c0")
    earlier.joined_at = call.joined_at
    office.pass_time(11)
    office.switchboard.rematch()
    assert call.phase is Phase.WAITING
    assert office.switchboard.progress.position(call) == 1
    assert office.switchboard.progress.position(earlier) == 2
    assert office.switchboard.seats["anna"].presence.bar is Bar.PHONE_GONE
    office.ready("ben")
    await office.settle()
    assert (call.agent, earlier.agent) == ("ben", None)
    assert (call.identity, call.history) == (None, None), "the next agent checks the identity again"


async def test_same_agent_who_does_not_answer_again_loses_the_caller_to_the_front_of_the_line(office: Office) -> None:
    call = await _lost(office, phone_back=True)
    office.switchboard.not_taken(call, OfferEnd.MISSED)
    office.ready("ben")
    await office.settle()
    assert office.switchboard.seats["anna"].presence.bar is Bar.MISSED
    assert call.agent == "ben"


async def test_phone_that_vanishes_once_more_while_it_rings_again_is_awaited_again(office: Office) -> None:
    call = await _lost(office, phone_back=True)
    office.rings(call)
    office.switchboard.staff.phone_gone(office.switchboard.seats["anna"])
    await office.settle()
    assert office.controls.hung_up == ["PJSIP/agent-anna-leg-1"]
    assert _state(office, "anna") is State.LOST
    office.switchboard.not_taken(call, OfferEnd.MISSED)  # the caller's session is back from Dial
    await office.settle()
    assert (call.phase, call.agent) == (Phase.OFFERED, "anna")


async def test_phone_that_cannot_be_rung_although_registered_is_tried_again_after_a_pause(office: Office) -> None:
    """Its page is just being left: Dial fails before Asterisk knows that the registration is gone."""
    call = await _lost(office, phone_back=True)
    office.switchboard.not_taken(call, OfferEnd.GONE)
    office.ready("ben")
    await office.settle()
    assert (call.phase, call.agent, _state(office, "anna")) == (Phase.LOST, None, State.LOST)
    office.pass_time(PAUSE_SECONDS)
    office.switchboard.rematch()
    assert (call.phase, call.agent, _state(office, "anna")) == (Phase.OFFERED, "anna", State.OFFERED)


async def test_phone_that_can_never_be_rung_loses_the_caller_when_the_time_is_over(office: Office) -> None:
    call = await _lost(office, phone_back=True)
    office.ready("ben")
    tries = 0
    while call.agent != "ben":
        tries += call.agent == "anna"
        if call.agent == "anna":
            office.switchboard.not_taken(call, OfferEnd.GONE)
        office.pass_time(0.5)
        office.switchboard.rematch()
        await office.settle()
        assert tries <= RETURN_SECONDS / PAUSE_SECONDS
    assert tries >= RETURN_SECONDS / PAUSE_SECONDS / 2
    assert office.switchboard.seats["anna"].presence.bar is Bar.PHONE_GONE


async def test_pause_ends_by_itself(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wishes, "PAUSE_SECONDS", 0.01)
    call = await _lost(office, phone_back=True)
    office.switchboard.not_taken(call, OfferEnd.GONE)
    assert call.phase is Phase.LOST
    office.pass_time(0.01)
    async with asyncio.timeout(5):
        while call.phase is Phase.LOST:  # noqa: ASYNC110 - nothing else happens that could tell
            await asyncio.sleep(0.01)
    assert (call.phase, call.agent) == (Phase.OFFERED, "anna")


async def test_page_that_is_just_being_left_when_it_is_to_ring_is_tried_again(office: Office) -> None:
    office.ready("anna")
    call = await office.call("c1")
    await office.settle()
    office.switchboard.not_taken(call, OfferEnd.GONE)
    assert (call.phase, _state(office, "anna")) == (Phase.LOST, State.LOST)
    office.pass_time(PAUSE_SECONDS)
    office.switchboard.rematch()
    assert (call.phase, call.agent) == (Phase.OFFERED, "anna")
    office.pass_time(RELOAD_SECONDS)
    office.switchboard.not_taken(call, OfferEnd.GONE)
    assert (call.phase, call.agent) == (Phase.WAITING, None)
    assert office.switchboard.seats["anna"].presence.bar is Bar.PHONE_GONE


async def test_desk_phone_that_cannot_be_rung_is_not_tried_again(office: Office) -> None:
    elif_ = office.switchboard.seats["elif"]
    elif_.agent = elif_.agent.model_copy(update={"phone": PhoneKind.DESK})
    office.ready("elif")
    call = await office.call("c1")
    await office.settle()
    office.switchboard.not_taken(call, OfferEnd.GONE)
    assert (call.phase, call.agent) == (Phase.WAITING, None)
    assert elif_.presence.bar is Bar.PHONE_GONE


async def test_agent_whose_phone_vanished_while_it_rang_is_given_nobody_else_meanwhile(office: Office) -> None:
    """The contact is gone before Asterisk says that the telephone is unavailable."""
    call = await _lost(office, phone_back=True)
    other = await office.call("c2")
    office.rings(call)
    office.switchboard.staff.phone_gone(office.switchboard.seats["anna"])
    await office.settle()
    assert (other.phase, other.agent) == (Phase.WAITING, None)
    assert (office.switchboard.seats["anna"].call, office.switchboard.seats["anna"].offer) == (call, None)


@pytest.mark.parametrize("paused", [False, True])
async def test_offer_that_is_over_before_it_is_stored_loses_no_caller(office: Office, paused: bool) -> None:
    office.ready("anna")
    call = await office.call("c1")
    anna = office.switchboard.seats["anna"]
    if paused:
        office.switchboard.staff.wanting(anna, Intent.PAUSE, "Pause")
    else:
        _phone(office, "anna", registered=False)
    await office.settle()
    office.pass_time(5)  # a page might be loaded anew
    office.switchboard.rematch()
    assert not call.agent_found.is_set()
    office.ready("ben")
    await office.settle()
    assert (call.phase, call.agent) == (Phase.OFFERED, "ben")


async def test_page_that_is_loaded_anew_while_it_rings_rings_again(office: Office) -> None:
    office.ready("anna")
    call = await office.call("c1")
    await office.settle()
    office.rings(call)
    _phone(office, "anna", registered=False)
    office.switchboard.not_taken(call, OfferEnd.MISSED)  # the caller's session is back from Dial
    await office.settle()
    assert (call.phase, _state(office, "anna")) == (Phase.LOST, State.LOST)
    _phone(office, "anna", registered=True)
    await office.settle()
    assert (call.phase, call.agent) == (Phase.OFFERED, "anna")
    assert office.switchboard.seats["anna"].presence.bar is None


async def test_agent_who_wants_a_break_meanwhile_is_not_rung_again(office: Office) -> None:
    call = await _lost(office)
    office.switchboard.staff.wanting(office.switchboard.seats["anna"], Intent.PAUSE, "Pause")
    _phone(office, "anna", registered=True)
    await office.settle()
    assert call.phase is Phase.WAITING
    assert _state(office, "anna") is State.PAUSE
    assert office.switchboard.seats["anna"].call is None


@pytest.mark.parametrize("phone_back", [False, True])
async def test_caller_who_leaves_meanwhile_is_written_up(office: Office, phone_back: bool) -> None:
    call = await _lost(office, phone_back=phone_back)
    office.switchboard.session_over(call, hung_up=True)
    office.switchboard.over(call)
    await office.settle()
    assert _state(office, "anna") is State.WRAP_UP
    assert office.switchboard.seats["anna"].call is call
    assert ("call_ended", "talked") in [(kind, args[-1]) for kind, args in office.ledger.written]


async def test_what_was_written_during_the_talk_is_not_to_be_written_twice(office: Office) -> None:
    call = await _lost(office, phone_back=True)
    call.disposed = {"outcome": "settled"}
    office.switchboard.not_taken(call, OfferEnd.MISSED)
    office.ready("ben")
    await office.settle()
    office.switchboard.answered(call)
    office.switchboard.talk_ended(call)
    assert _state(office, "ben") is State.READY


async def test_caller_whose_session_ends_binds_no_agent(office: Office) -> None:
    call = await _lost(office)
    office.switchboard.session_over(call)
    await office.settle()
    assert office.switchboard.seats["anna"].call is None
    assert call.id not in office.switchboard.line
