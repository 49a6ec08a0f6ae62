"""Where callers and agents meet: offers, answers, misses, and who is free again."""

from collections.abc import AsyncIterator

import pytest

from agents.presence import Bar, Intent, State
from config.schema import HotlineConfig, PhoneKind
from hotline.exchange.calls import OfferEnd, Phase
from tests.unit.doubles_switchboard import Office


@pytest.fixture
async def office(config: HotlineConfig) -> AsyncIterator[Office]:
    office = Office(config)
    yield office
    await office.close()


def _state(office: Office, agent: str) -> State:
    return office.switchboard.seats[agent].presence.state


async def test_offer_is_stored_before_the_callers_session_is_told(office: Office) -> None:
    office.ready("anna")
    call = await office.call("c1")
    assert "offer_made" not in office.ledger.kinds()
    assert not call.agent_found.is_set()
    await office.settle()
    assert "offer_made" in office.ledger.kinds()
    assert call.agent_found.is_set()
    assert call.agent == "anna"
    assert (call.earlier_calls, call.open_promises) == (2, 1)


async def test_agent_idle_longest_is_offered_the_call(office: Office) -> None:
    office.ready("elif", "anna")
    call = await office.call("c1")
    await office.settle()
    assert call.agent == "elif"


async def test_agent_without_the_skill_is_not_rung(office: Office) -> None:
    office.ready("carla")  # has no "wohnen"
    call = await office.call("c1", "rent")
    await office.settle()
    assert call.phase is Phase.WAITING
    assert _state(office, "carla") is State.READY


async def test_answer_talk_and_wrap_up(office: Office) -> None:
    office.ready("anna")
    call = await office.call("c1")
    await office.settle()
    office.rings(call)
    office.switchboard.answered(call)
    assert _state(office, "anna") is State.TALKING
    office.switchboard.talk_ended(call)
    assert _state(office, "anna") is State.WRAP_UP
    office.switchboard.over(call)
    assert office.switchboard.seats["anna"].call is call
    office.switchboard.release(office.switchboard.seats["anna"])
    assert _state(office, "anna") is State.READY
    await office.settle()
    assert office.ledger.written[-1][1][2] == "talked"


async def test_missed_call_goes_to_the_next_agent_and_keeps_its_place(office: Office) -> None:
    office.ready("anna", "ben")
    first = await office.call("c1")
    joined = first.joined_at
    await office.settle()
    office.switchboard.not_taken(first, OfferEnd.MISSED)
    await office.settle()
    assert office.switchboard.seats["anna"].presence.bar is Bar.MISSED
    assert first.agent == "ben"
    assert first.joined_at == joined


async def test_returned_caller_is_served_before_those_who_came_later(office: Office) -> None:
    office.ready("anna")
    first = await office.call("c1")
    await office.settle()
    second = await office.call("c2")
    office.switchboard.not_taken(first, OfferEnd.MISSED)
    office.ready("ben")
    await office.settle()
    assert first.agent == "ben"
    assert second.agent is None


async def test_stale_screen_takes_the_offer_away(office: Office) -> None:
    office.ready("anna")
    call = await office.call("c1")
    await office.settle()
    office.rings(call)
    assert call.offer is not None
    await office.switchboard.withdraw(call, call.offer, OfferEnd.STALE)
    await office.settle()
    assert office.controls.hung_up == ["PJSIP/agent-anna-leg-1"]
    assert office.switchboard.seats["anna"].presence.bar is Bar.STALE_SCREEN
    office.switchboard.answered(call)
    assert call.phase is not Phase.TALKING


async def test_leg_that_rings_after_the_offer_was_withdrawn_is_hung_up(office: Office) -> None:
    office.ready("anna")
    call = await office.call("c1")
    await office.settle()
    offer = call.offer
    assert offer is not None
    await office.switchboard.reject("anna", offer.id)
    office.rings(call)
    await office.settle()
    assert office.controls.hung_up == ["PJSIP/agent-anna-leg-1"]


async def test_phone_that_vanishes_while_ringing_gives_the_caller_back(office: Office) -> None:
    office.ready("anna")
    seat = office.switchboard.seats["anna"]
    seat.agent = seat.agent.model_copy(update={"phone": PhoneKind.DESK})
    call = await office.call("c1")
    await office.settle()
    office.rings(call)
    office.switchboard.staff.phone(seat, registered=False, engaged=False)
    await office.settle()
    assert call.offer is not None
    assert call.offer.end is OfferEnd.GONE


async def test_caller_who_hangs_up_while_ringing_frees_the_agent_without_blame(office: Office) -> None:
    office.ready("anna")
    idle_since = office.switchboard.seats["anna"].presence.idle_since
    call = await office.call("c1")
    await office.settle()
    office.switchboard.over(call)
    assert _state(office, "anna") is State.READY
    assert office.switchboard.seats["anna"].presence.idle_since == idle_since
    await office.settle()
    assert office.ledger.written[-1][1][2] == "left_offered"


async def test_agent_on_a_break_during_a_call_gets_no_further_one(office: Office) -> None:
    office.ready("anna")
    call = await office.call("c1")
    await office.settle()
    office.switchboard.answered(call)
    seat = office.switchboard.seats["anna"]
    office.switchboard.staff.wanting(seat, Intent.PAUSE, "Pause")
    office.switchboard.talk_ended(call)
    waiting = await office.call("c2")
    office.switchboard.release(seat)
    await office.settle()
    assert _state(office, "anna") is State.PAUSE
    assert waiting.agent is None


async def test_nobody_ready_is_counted_from_the_moment_the_last_one_left(office: Office) -> None:
    office.ready("anna")
    other = await office.call("c1")
    await office.settle()
    call = await office.call("c2")
    office.switchboard.answered(other)
    assert office.switchboard.duty.nobody_for(call) == 0
    office.switchboard.staff.wanting(office.switchboard.seats["anna"], Intent.HOME, None)
    office.pass_time(61)
    assert office.switchboard.duty.nobody_for(call) == pytest.approx(61)


async def test_broken_ledger_turns_no_caller_away(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    async def disk_full(*_args: object) -> None:
        raise OSError("disk full")

    office.ready("anna")
    monkeypatch.setattr(office.ledger, "offer_made", disk_full, raising=False)
    call = await office.call("c1")
    await office.settle()
    assert call.agent_found.is_set()


async def test_caller_who_chooses_a_callback_just_as_an_agent_is_found_is_not_rung_for(office: Office) -> None:
    office.ready("anna")
    call = await office.call("c1")
    office.switchboard.leave_line(call)  # the offer is being stored
    await office.settle()
    assert not call.agent_found.is_set()
    assert _state(office, "anna") is State.READY
    assert call.id not in office.switchboard.line


async def test_screen_timer_of_an_ended_offer_leaves_the_next_agent_alone(office: Office) -> None:
    office.ready("anna", "ben")
    call = await office.call("c1")
    await office.settle()
    first = call.offer
    assert first is not None
    office.switchboard.not_taken(call, OfferEnd.REJECTED)  # busy before the page could answer
    await office.settle()
    assert call.agent == "ben"
    await office.switchboard.withdraw(call, first, OfferEnd.STALE)
    assert call.agent == "ben"
    assert office.switchboard.seats["ben"].presence.bar is None


async def test_agent_who_goes_on_a_break_while_ringing_is_not_rung_on_and_not_blamed(office: Office) -> None:
    office.ready("anna")
    call = await office.call("c1")
    await office.settle()
    office.rings(call)
    office.switchboard.staff.wanting(office.switchboard.seats["anna"], Intent.PAUSE, "Pause")
    await office.settle()
    assert office.controls.hung_up == ["PJSIP/agent-anna-leg-1"]
    assert office.switchboard.seats["anna"].presence.bar is None
    assert _state(office, "anna") is State.PAUSE


async def test_late_news_of_an_answered_leg_does_not_answer_the_next_offer(office: Office) -> None:
    office.ready("anna", "ben")
    call = await office.call("c1")
    await office.settle()
    office.rings(call, "leg-anna")
    office.switchboard.not_taken(call, OfferEnd.REJECTED)
    await office.settle()
    office.rings(call, "leg-ben")
    office.switchboard.answered(call, "leg-anna")
    assert call.phase is Phase.OFFERED
    office.switchboard.answered(call, "leg-ben")
    assert call.phase is Phase.TALKING


async def test_phone_that_talks_without_a_call_of_ours_is_not_offered_one(office: Office) -> None:
    office.ready("anna")
    office.switchboard.staff.phone(office.switchboard.seats["anna"], registered=True, engaged=True)
    call = await office.call("c1")
    await office.settle()
    assert call.agent is None
    office.switchboard.staff.phone(office.switchboard.seats["anna"], registered=True, engaged=False)
    await office.settle()
    assert call.agent == "anna"


async def test_call_whose_session_is_over_binds_no_agent(office: Office) -> None:
    office.ready("anna")
    call = await office.call("c1")
    await office.settle()
    office.switchboard.session_over(call)
    assert _state(office, "anna") is State.READY
    assert call.id not in office.switchboard.line


async def test_walked_away_agent_does_not_count_as_being_there(office: Office) -> None:
    office.ready("anna")
    other = await office.call("c1")
    await office.settle()
    office.switchboard.answered(other)
    office.switchboard.talk_ended(other)
    waiting = await office.call("c2")
    assert office.switchboard.duty.nobody_for(waiting) == 0
    office.pass_time(600)
    office.switchboard.rematch()
    office.pass_time(30)
    assert office.switchboard.duty.nobody_for(waiting) == pytest.approx(30)


async def test_alarm_counts_only_callers_nobody_on_duty_can_help(office: Office) -> None:
    office.ready("carla")  # has no "wohnen"
    await office.call("c1", "rent")
    assert office.switchboard.duty.unserved() == 1
    office.ready("ben")
    assert office.switchboard.duty.unserved() == 0
