"""The greeting, the menu, and the closed hotline."""

from datetime import datetime

import pytest

from ivr.conversation import Conversation
from ivr.effects import Collect, EndReason, HangUp, JoinLine, Play, Wait
from ivr.events import AgentFound, SilenceElapsed, TalkEnded
from routing.hours import Calendar
from tests.unit.conversations import BERLIN, MONDAY_9, SATURDAY, Call, changed, shipped

MENU = (
    "menu_intro",
    *(f"type_{key}" for key in ("address", "household", "move", "rent", "insurance", "income", "benefits", "unclear")),
    "menu_repeat",
)


def test_caller_hears_greeting_data_protection_and_menu_and_may_press_at_any_moment():
    call = Call()
    assert call.effects == [Collect(("greeting", "en/language_offer", "data_protection", *MENU), 1, 5)]
    assert call.state == "menu"


@pytest.mark.parametrize(("key", "request_type"), [(r.press, r.key) for r in shipped().request_types])
def test_each_key_joins_the_line_at_once_with_no_prompt_between(key, request_type):
    call = Call()
    call.press(key)
    assert call.effects[0] == JoinLine(request_type)
    assert isinstance(call.effects[1], Wait)
    assert len(call.effects) == 2
    assert call.conversation.request_type == request_type


@pytest.mark.parametrize("way", ["0", None])
def test_zero_and_silence_lead_to_a_person(way):
    call = Call()
    call.press(way) if way else call.silence()
    assert call.effects[0] == JoinLine("unclear")
    assert call.heard == ("connecting_unclear", "please_wait")


def test_star_repeats_the_menu_without_the_greeting_three_times_then_a_person_helps():
    call = Call()
    for _ in range(3):
        assert call.press("*") == [Collect(MENU, 1, 5)]
    assert call.press("*")[0] == JoinLine("unclear")


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_a_wrong_key_is_told_and_after_the_retries_a_person_is_rung(retries):
    call = Call(changed(menu={"retries": retries}))
    for _ in range(retries):
        call.press("8")
        assert call.heard == ("wrong_key", *MENU)
    assert call.press("8")[0] == JoinLine("unclear")


def test_right_key_after_a_wrong_one_counts():
    call = Call()
    call.press("#")
    assert call.press("4")[0] == JoinLine("rent")


def test_wrong_keys_and_repetitions_together_end_with_a_person():
    call = Call()
    for key in ("*", "8", "*", "*"):
        call.press(key)
        assert isinstance(call.last, Collect)
    assert call.press("8")[0] == JoinLine("unclear")


def test_an_event_that_cannot_happen_is_refused_and_says_no_digits():
    call = Call()
    with pytest.raises(ValueError, match="TalkEnded cannot happen while the conversation is at menu"):
        call.tell(TalkEnded())


def test_nothing_follows_the_end():
    call = Call(at=SATURDAY)
    call.silence()
    assert call.state == "ended"
    with pytest.raises(ValueError, match="SilenceElapsed"):
        call.tell(SilenceElapsed())


def test_a_call_cannot_begin_with_anything_but_its_arrival():
    conversation = Conversation(shipped(), Calendar(shipped()))
    with pytest.raises(ValueError, match="AgentFound cannot happen while the conversation is at ringing"):
        conversation.receive(AgentFound("anna"))


MONDAY_23 = ("next_open", "weekday_monday", "day_23", "month_11", "time_0800")
TOMORROW = ("next_open", "tomorrow", "time_0800")


@pytest.mark.parametrize(
    ("at", "prompts"),
    [
        ((2026, 11, 23, 7, 59, 59), ("closed_hours", "next_open", "today", "time_0800")),
        ((2026, 11, 23, 18, 0, 0), ("closed_hours", *TOMORROW)),
        ((2026, 11, 20, 18, 0, 0), ("closed_hours", *MONDAY_23)),
        ((2026, 11, 21, 12, 0, 0), ("closed_weekend", *MONDAY_23)),
        ((2026, 11, 22, 12, 0, 0), ("closed_weekend", *TOMORROW)),
        ((2026, 5, 1, 10, 0, 0), ("closed_holiday", "next_open", "weekday_monday", "day_4", "month_5", "time_0800")),
        ((2026, 12, 31, 9, 0, 0), ("closed_closure", "next_open", "weekday_monday", "day_4", "month_1", "time_0800")),
    ],
)
def test_caller_who_finds_us_closed_hears_why_and_when_we_open(at, prompts):
    call = Call(at=datetime(*at, tzinfo=BERLIN))
    why, *when = prompts
    assert call.effects == [Collect((why, "en/language_offer", *when, "callback_offer"), 1, 5)]


@pytest.mark.parametrize("at", [(2026, 11, 23, 8, 0, 0), (2026, 11, 23, 17, 59, 59)])
def test_caller_at_08_00_00_and_at_17_59_59_is_greeted(at):
    assert Call(at=datetime(*at, tzinfo=BERLIN)).heard[0] == "greeting"


CLOSED_GOODBYE = [Play(("goodbye",)), HangUp(EndReason.CLOSED)]


def test_closed_and_silence_is_a_kind_goodbye():
    call = Call(at=SATURDAY)
    assert call.silence() == CLOSED_GOODBYE
    assert call.conversation.request_type is None


@pytest.mark.parametrize("key", ["2", "0", "#"])
@pytest.mark.parametrize("retries", [0, 1, 3])
def test_closed_and_another_key_is_told_as_often_as_in_the_menu(key, retries):
    call = Call(changed(menu={"retries": retries}), at=SATURDAY)
    first = call.heard
    for _ in range(retries):
        assert call.press(key)[0].prompts == ("wrong_key", *first)
    assert call.press(key) == CLOSED_GOODBYE


def test_closed_and_star_says_it_again_three_times():
    call = Call(at=SATURDAY)
    first = call.effects
    for _ in range(3):
        assert call.press("*") == first
    assert call.press("*") == CLOSED_GOODBYE


def test_closed_and_the_key_of_the_language_pressed_twice_only_repeats():
    call = Call(at=SATURDAY)
    said = call.press("9")[1:]
    assert call.press("9") == said


def test_a_hotline_that_never_opens_again_says_no_day():
    never = changed(hours={"week": {}})
    assert Call(never, at=MONDAY_9).heard == ("closed_weekend", "en/language_offer", "callback_offer")
