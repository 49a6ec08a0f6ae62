"""A callback that keeps the place in the line: the star key, the number, and when."""

from datetime import datetime

import pytest

from config.schema import Interval
from ivr.effects import (
    Collect,
    EndReason,
    HangUp,
    InTurn,
    JoinLine,
    LeaveCallback,
    LeaveLine,
    NoteHouseholdNumber,
    Play,
    Wait,
    Window,
)
from ivr.events import AgentFound, AgentLost, AgentMissed
from tests.unit.conversations import BERLIN, SATURDAY, Call, changed

OTHER = "+491701234567"
KEPT = [Play(("callback_place_kept", "goodbye")), HangUp(EndReason.CALLBACK)]
TODAY_AFTERNOON = Window(datetime(2026, 11, 23, 13, tzinfo=BERLIN), datetime(2026, 11, 23, 17, tzinfo=BERLIN))


def window(start: str, end: str) -> Interval:
    return Interval(start=start, end=end)


def waiting(**callbacks) -> Call:
    """In the line on Monday at nine, told of the star key."""
    call = Call(changed(callbacks=callbacks))
    call.press("4")
    call.wait(5)
    call.wait(10)
    assert call.heard == ("keep_place_offer",)
    return call


def without_windows() -> Call:
    return waiting(windows=[])


def test_offer_comes_once_after_the_first_position_and_before_the_household_number():
    call = without_windows()
    said = []
    for seconds in range(20, 400, 5):
        call.wait(seconds)
        said += call.heard
    assert said[0] == "enter_household_number"
    assert "keep_place_offer" not in said


def test_whose_turn_is_soon_is_not_bothered_with_it_until_it_takes_longer():
    call = Call()
    call.press("4")
    call.wait(5, expected=30)
    assert call.heard == ("position", "number_1", "wait_soon")
    call.wait(10, expected=30)
    assert call.heard == ("enter_household_number",)
    call.wait(65, expected=600)
    call.wait(70, expected=600)
    assert call.heard == ("keep_place_offer",)


@pytest.mark.parametrize("facts", [{"line": {"keep_place": False}}, {}])
def test_nothing_is_offered_when_it_is_switched_off_or_we_have_closed(facts):
    call = Call(changed(**facts))
    call.press("4")
    for seconds in range(5, 100, 5):
        call.wait(seconds, closed=0 if facts else 60)
        assert "keep_place_offer" not in call.heard


def test_star_leaves_the_line_the_number_shown_is_confirmed_and_the_place_is_kept():
    call = without_windows()
    leave, question = call.press("*")
    assert leave == LeaveLine()
    assert question.prompts[0] == "callback_number_shown"
    assert call.press("1") == [LeaveCallback(None, InTurn()), *KEPT]


def test_star_with_another_number_that_is_entered_and_read_back():
    call = without_windows()
    call.press("*")
    call.press("2")
    call.press("01701234567", OTHER)
    assert call.press("1") == [LeaveCallback(OTHER, InTurn()), *KEPT]


@pytest.mark.parametrize("facts", [{"caller": None, "callback_possible": False}, {"callback_possible": False}])
def test_withheld_or_foreign_number_is_refused_in_words_and_another_is_asked_for(facts):
    call = Call(**facts)
    call.press("4")
    call.wait(5)
    call.wait(10)
    call.press("*")
    assert call.heard == ("callback_number_unusable", "callback_enter_number", "callback_wait_on")
    call.press("110")
    assert call.heard == ("callback_number_wrong", "callback_enter_number", "callback_wait_on")


def test_windows_are_offered_with_day_hours_and_key():
    call = waiting(windows=[window("13:00", "17:00"), window("08:00", "10:00")])
    call.press("*")
    assert call.press("1") == [
        Collect(
            (
                "callback_in_turn",
                *("today", "callback_between", "hour_13", "callback_and", "hour_17"),
                *("callback_window", "number_2"),
                *("tomorrow", "callback_between", "hour_8", "callback_and", "hour_10"),
                *("callback_window", "number_3"),
                *("tomorrow", "callback_between", "hour_13", "callback_and", "hour_17"),
                *("callback_window", "number_4"),
            ),
            1,
            5,
        )
    ]


def test_window_that_is_chosen_is_taken():
    call = waiting(windows=[window("13:00", "17:00")])
    call.press("*")
    call.press("1")
    assert call.press("2") == [
        LeaveCallback(None, TODAY_AFTERNOON),
        Play(("callback_window_taken", "goodbye")),
        HangUp(EndReason.CALLBACK),
    ]


@pytest.mark.parametrize("keys", [[None, None, None], ["9", "8", "7"], ["5", None, "0"]])
def test_who_has_confirmed_the_number_but_chooses_no_time_is_called_in_turn(keys):
    call = waiting(windows=[window("13:00", "17:00")])
    call.press("*")
    question = call.press("1")
    for key in keys:
        assert call.heard[-len(question[0].prompts) :] == question[0].prompts
        call.press(key) if key else call.silence()
    assert call.effects == [LeaveCallback(None, InTurn()), *KEPT]


def test_wrong_key_at_the_choice_of_the_time_is_told():
    call = waiting(windows=[window("13:00", "17:00")])
    call.press("*")
    (question,) = call.press("1")
    assert call.press("9")[0].prompts == ("wrong_key", *question.prompts)
    assert call.silence()[0].prompts == question.prompts


def test_without_knowing_the_time_no_windows_are_offered():
    call = waiting(windows=[window("13:00", "17:00")])
    call.wait(20, at=None)
    call.press("*")
    assert call.press("1")[0] == LeaveCallback(None, InTurn())


def test_who_gets_to_no_number_is_back_at_the_original_place():
    call = without_windows()
    call.press("*")
    for _ in range(3):
        call.silence()
    assert call.effects[0] == JoinLine("rent")
    assert call.heard == ("please_wait",)
    assert call.press("*")[0] == LeaveLine(), "and may try again"


def test_star_after_closing_asks_for_an_ordinary_callback_because_nobodys_turn_comes_any_more():
    call = without_windows()
    call.wait(20, closed=60)
    call.press("*")
    assert call.press("1")[0] == LeaveCallback(None)


def test_star_counts_from_the_first_look_on():
    call = Call()
    call.press("4")
    assert call.last == Wait(("please_wait",), 5.0)


def test_star_counts_after_a_call_that_was_missed():
    call = without_windows()
    call.tell(AgentFound("anna"))
    call.tell(AgentMissed())
    assert call.last.at_once == "*"
    assert call.press("*")[0] == LeaveLine()


def test_star_before_it_was_offered_says_what_it_does_and_leads_nowhere_yet():
    call = Call()
    call.press("4")
    call.wait(5, expected=30)
    assert call.press("*")[0].prompts == ("keep_place_offer",)
    assert call.press("*")[0] == LeaveLine()


@pytest.mark.parametrize("steps", [["*"], ["2", "*"], ["2", "number", "*"]])
def test_star_while_the_number_is_asked_leads_back_into_the_line_at_once(steps):
    call = without_windows()
    call.press("*")
    assert call.heard[-1] == "callback_wait_on"
    for step in steps:
        call.press("01701234567", OTHER) if step == "number" else call.press(step)
    assert call.effects[0] == JoinLine("rent")
    assert call.state == "waiting"


def test_star_leads_back_from_no_callback_where_there_is_no_line():
    call = Call(at=SATURDAY)
    call.press("1")
    assert "callback_wait_on" not in call.heard
    assert isinstance(call.press("*")[-1], Collect)


def test_after_a_talk_star_waits_for_the_next_look_so_that_no_time_is_offered_that_is_over():
    call = waiting(windows=[window("13:00", "17:00")])
    call.tell(AgentFound("anna"))
    assert call.tell(AgentLost())[-1].max_digits == 0
    call.wait(4 * 3600, at=datetime(2026, 11, 23, 16, 30, tzinfo=BERLIN))
    call.press("*")
    call.press("1")
    assert "today" not in call.heard


LATE = datetime(2026, 11, 27, 17, 55, tzinfo=BERLIN)


@pytest.mark.parametrize(("expected", "late"), [(600, True), (None, True), (200, False)])
def test_who_keeps_a_place_shortly_before_closing_is_told_that_it_may_be_another_day(expected, late):
    call = without_windows()
    call.wait(20, expected=expected, at=LATE)
    call.press("*")
    call.press("1")
    assert ("callback_next_day" in call.heard) is late


def test_it_is_said_before_the_choice_of_the_time_too():
    call = waiting(windows=[window("13:00", "17:00")])
    call.wait(20, expected=600, at=LATE)
    call.press("*")
    assert call.press("1")[0].prompts[:2] == ("callback_next_day", "callback_in_turn")
    call.press("1")
    assert call.heard == ("callback_place_kept", "callback_next_day", "goodbye")


def test_callbacks_that_are_made_after_closing_too_are_not_put_off():
    call = waiting(windows=[], only_when_open=False)
    call.wait(20, expected=600, at=LATE)
    call.press("*")
    assert call.press("1") == [LeaveCallback(None, InTurn()), *KEPT]


def test_without_a_gateway_no_place_is_offered():
    call = Call(changed(transfers={"gateway": None})).has_heard_the_start_without_offer()
    assert call.last.at_once == ""


def test_confirmed_callback_is_known_for_who_hangs_up_while_the_times_are_said():
    call = waiting(windows=[window("13:00", "17:00")])
    call.press("*")
    assert call.conversation.confirmed is None
    call.press("1")
    assert call.conversation.confirmed == LeaveCallback(None, InTurn())
    call.press("2")
    assert call.conversation.confirmed is None


# --- star and the household's number -----------------------------------------------------------------


def test_star_during_the_question_for_the_household_number_is_heard_at_once():
    call = Call().has_heard_the_start()
    assert (call.last.at_once, call.last.max_digits) == ("*", 13)
    assert call.press("*")[0] == LeaveLine()


@pytest.mark.parametrize("entry", ["123456*", "123456**"])
def test_star_instead_of_the_hash_key_does_not_spoil_the_number(entry):
    call = Call().has_heard_the_start()
    assert call.press(entry)[0] == NoteHouseholdNumber("123456")


def test_star_within_a_number_does_not_lead_away_and_the_number_is_asked_for_again():
    call = Call().has_heard_the_start()
    assert call.press("123*456")[0].prompts == ("household_number_wrong",)


def test_another_key_where_only_star_counts_is_no_number_and_costs_nothing():
    call = without_windows()
    for _ in range(5):
        assert call.press("7")[0].prompts == ()
    call.wait(20)
    assert call.heard == ("enter_household_number",)


def test_switched_off_star_is_a_wrong_digit_as_before():
    call = Call(changed(line={"keep_place": False})).has_heard_the_start_without_offer()
    assert call.last.at_once == ""
    assert call.press("*")[0].prompts == ("household_number_wrong",)
