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
from ivr.events import AgentFound, AgentMissed
from tests.unit.conversations import BERLIN, Call, changed

OTHER = "+491701234567"
KEPT = [Play(("callback_place_kept", "goodbye")), HangUp(EndReason.CALLBACK)]
TODAY_AFTERNOON = Window(datetime(2026, 11, 23, 13, tzinfo=BERLIN), datetime(2026, 11, 23, 17, tzinfo=BERLIN))


def window(start: str, end: str) -> Interval:
    return Interval(start=start, end=end)


def waiting(**callbacks) -> Call:
    """In the line on Monday at nine, looked at once."""
    call = Call(changed(callbacks=callbacks))
    call.press("4")
    call.wait(5)
    return call


def without_windows() -> Call:
    return waiting(windows=[])


def test_offer_comes_once_after_the_first_position_and_before_the_household_number():
    call = without_windows()
    call.wait(10)
    assert call.heard == ("keep_place_offer",)
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
    call.press("*")
    assert call.heard == ("callback_number_unusable", "callback_enter_number")
    call.press("110")
    assert call.heard == ("callback_number_wrong", "callback_enter_number")


def test_windows_are_offered_with_day_hours_and_key():
    call = waiting(windows=[window("13:00", "17:00"), window("08:00", "10:00")])
    call.press("*")
    assert call.press("1") == [
        Collect(
            (
                "callback_in_turn",
                *("today", "callback_between", "number_13", "callback_and", "number_17", "callback_hours"),
                *("callback_window", "number_2"),
                *("tomorrow", "callback_between", "number_8", "callback_and", "number_10", "callback_hours"),
                *("callback_window", "number_3"),
                *("tomorrow", "callback_between", "number_13", "callback_and", "number_17", "callback_hours"),
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
        assert call.effects == question
        call.press(key) if key else call.silence()
    assert call.effects == [LeaveCallback(None, InTurn()), *KEPT]


def test_without_knowing_the_time_no_windows_are_offered():
    call = waiting(windows=[window("13:00", "17:00")])
    call.wait(10, at=None)
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
    call.wait(10)
    call.wait(20)
    assert call.heard == ("enter_household_number",)


def test_switched_off_star_is_a_wrong_digit_as_before():
    call = Call(changed(line={"keep_place": False})).has_heard_the_start_without_offer()
    assert call.last.at_once == ""
    assert call.press("*")[0].prompts == ("household_number_wrong",)
