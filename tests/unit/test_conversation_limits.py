"""A limit of the waiting is reached: a callback is offered, and whoever does not want it waits on or ends."""

import pytest

from config.schema import Then
from ivr.effects import Collect, Connect, EndReason, HangUp, InTurn, LeaveCallback, LeaveLine, NoteHouseholdNumber, Play
from ivr.events import AgentFound
from tests.unit.conversations import Call, changed

NOT_SERVED = [LeaveLine(), Play(("goodbye",)), HangUp(EndReason.NOT_SERVED)]
REACHED = {
    "nobody_ready_then": ("nobody_ready", {"waited": 61, "nobody": 60}),
    "longest_wait_then": ("waited_long", {"waited": 900}),
    "after_closing_then": ("closing_now", {"waited": 61, "closed": 1200}),
}


def asked(then: Then, limit: str) -> Call:
    prompt, facts = REACHED[limit]
    call = Call(changed(line={limit: then})).has_heard_the_start()
    call.wait(**facts)
    assert call.heard == (prompt, "callback_offer")
    return call


def full(then: Then = Then.OFFER, **line) -> Call:
    call = Call(changed(line={"most_waiting": 5, "most_waiting_then": then, **line}))
    call.press("4")
    call.wait(5, line_full=True)
    return call


@pytest.mark.parametrize("limit", REACHED)
@pytest.mark.parametrize("key", ["2", None])
def test_end_means_goodbye_for_whoever_wants_no_callback(limit, key):
    call = asked(Then.END, limit)
    call.press(key) if key else call.wait(2000)
    assert call.effects == NOT_SERVED


@pytest.mark.parametrize("limit", REACHED)
@pytest.mark.parametrize("key", ["2", None])
def test_offer_means_going_on_for_whoever_wants_no_callback(limit, key):
    call = asked(Then.OFFER, limit)
    call.press(key) if key else call.wait(2000)
    assert call.state == "waiting"


@pytest.mark.parametrize("limit", REACHED)
@pytest.mark.parametrize("then", Then)
def test_agent_is_still_found_during_the_question(limit, then):
    assert asked(then, limit).tell(AgentFound("anna")) == [Connect("anna")]


@pytest.mark.parametrize("limit", REACHED)
def test_callback_after_an_end_is_one_by_anybody(limit):
    call = asked(Then.END, limit)
    assert call.press("1")[0] == LeaveLine()
    assert call.press("1")[0] == LeaveCallback(None)


def test_line_is_full_at_the_first_look_and_only_there():
    call = full()
    assert call.heard == ("line_full", "callback_offer")
    call.press("2")
    later = [call.wait(waited, line_full=True) for waited in range(10, 60, 5)]
    assert not [effects for effects in later if "line_full" in effects[0].prompts]


def test_full_line_that_ends_the_call():
    assert full(Then.END).press("2") == NOT_SERVED


def test_full_line_may_be_left_with_the_place_kept():
    call = full()
    call.press("1")
    call.press("1")
    assert call.press("1")[0] == LeaveCallback(None, InTurn())


def test_line_that_gets_full_later_is_no_matter_for_who_is_in_it():
    call = Call().has_heard_the_start()
    assert "line_full" not in call.wait(60, line_full=True)[0].prompts


def test_who_comes_back_is_not_turned_away_from_a_full_line():
    call = Call(changed(line={"most_waiting_then": Then.END}))
    call.effects = call.conversation.rejoin(None, False, "rent")
    call.wait(5, line_full=True)
    assert call.heard == ("position", "number_1")


def test_after_closing_with_nobody_there_any_more_waiting_ends_whatever_is_set():
    call = Call(changed(line={"after_closing_then": Then.OFFER})).has_heard_the_start()
    call.wait(61, closed=1200, nobody=60)
    assert call.heard == ("closing_now", "callback_offer")
    assert call.press("2") == NOT_SERVED


def test_after_closing_with_agents_there_it_is_asked_again_now_and_then():
    call = Call(changed(line={"after_closing_then": Then.OFFER})).has_heard_the_start()
    asked_at = []
    for waited in range(15, 800, 5):
        call.wait(waited, closed=1200 + waited)
        asked_at += [waited] if call.state == "asked" else []
    assert asked_at == [15, 195, 375, 555, 735]


@pytest.mark.parametrize("limit", ["nobody_ready_then", "longest_wait_then"])
def test_place_is_kept_by_1_where_waiting_could_go_on(limit):
    call = asked(Then.OFFER, limit)
    call.press("1")
    assert isinstance(call.press("1")[0], Collect), "and when is asked"
    assert call.press("1")[0] == LeaveCallback(None, InTurn())


@pytest.mark.parametrize("limit", REACHED)
def test_star_at_a_question_is_taken_for_the_callback_it_stands_for(limit):
    assert asked(Then.END, limit).press("*")[0] == LeaveLine()
    assert asked(Then.OFFER, limit).press("*")[0] == LeaveLine()


@pytest.mark.parametrize("limit", REACHED)
@pytest.mark.parametrize("number", ["2371100012", "1371100012"])
def test_household_number_that_was_being_looked_up_is_noted_whole_and_answers_no_question(limit, number):
    call = asked(Then.OFFER, limit)
    assert (call.last.max_digits, call.last.finish, call.last.at_once) == (13, "#", "*")
    assert call.press(number)[0] == NoteHouseholdNumber(number)
    assert (call.state, call.heard) == ("waiting", ("household_number_taken",))


@pytest.mark.parametrize("limit", REACHED)
def test_who_may_not_wait_on_is_asked_again_after_the_household_number(limit):
    call = asked(Then.END, limit)
    assert call.press("2371100012")[0] == NoteHouseholdNumber("2371100012")
    assert (call.state, call.heard) == ("asked", ("household_number_taken", "callback_offer"))
    assert call.last.max_digits == 1
    assert call.press("1")[0] == LeaveLine()


@pytest.mark.parametrize("key", ["", "#"])
@pytest.mark.parametrize("limit", REACHED)
def test_hash_key_alone_is_no_answer_and_ends_no_call(limit, key):
    call = asked(Then.END, limit)
    for _ in range(2):
        call.press(key)
        assert (call.state, call.heard) == ("asked", ("wrong_key", "callback_offer"))
    assert call.press("1")[0] == LeaveLine()
    assert isinstance(call.last, Collect)


def test_hash_key_is_not_answered_for_ever():
    call = asked(Then.END, "after_closing_then")
    call.press("")
    call.press("2371100012")
    call.press("")
    assert call.press("") == NOT_SERVED


def test_half_a_household_number_at_a_question_that_ends_is_asked_for_once_more():
    call = asked(Then.END, "after_closing_then")
    assert call.begin_to_press("237110")[0] == NoteHouseholdNumber("237110")
    assert (call.state, call.heard) == ("asked", ("enter_household_number", "callback_offer"))
    assert call.press("2371100012")[0] == NoteHouseholdNumber("2371100012")
    assert call.state == "asked"


def test_star_means_nothing_where_it_was_never_offered():
    call = Call(changed(line={"keep_place": False})).has_heard_the_start_without_offer()
    call.wait(61, nobody=60)
    assert call.press("*")[0].prompts == ("please_wait",)
