"""The number a caller is to be called back at."""

import pytest

from ivr.effects import Collect, EndReason, HangUp, LeaveCallback, Play
from tests.unit.conversations import SATURDAY, Call

TAKEN = [Play(("callback_taken", "goodbye")), HangUp(EndReason.CALLBACK)]
SHOWN = tuple(f"number_{digit}" for digit in "057219999")
OTHER = "+491701234567"
OTHER_READ = tuple(f"number_{digit}" for digit in "01701234567")


def asked_back(**facts) -> Call:
    call = Call(at=SATURDAY, **facts)
    call.press("1")
    return call


def test_the_number_shown_is_read_out_as_it_is_dialled_here_and_1_takes_it():
    call = asked_back()
    assert call.effects == [Collect(("callback_number_shown", *SHOWN, "callback_confirm_shown"), 1, 5)]
    assert call.press("1") == [LeaveCallback(None), *TAKEN]


@pytest.mark.parametrize("facts", [{"caller": None, "callback_possible": False}, {"callback_possible": False}])
def test_a_number_that_cannot_be_rung_is_asked_for_at_once(facts):
    call = asked_back(**facts)
    prompts = ("callback_number_unusable", "callback_enter_number")
    assert call.effects == [Collect(prompts, 16, 10.0, finish="#")], "and it is said why"


def test_another_number_is_entered_read_back_and_confirmed():
    call = asked_back()
    call.press("2")
    assert call.press("01701234567", OTHER) == [
        Collect(("callback_read_back", *OTHER_READ, "callback_confirm_entered"), 1, 5)
    ]
    assert call.press("1") == [LeaveCallback(OTHER), *TAKEN]


def test_a_number_misheard_can_be_entered_again():
    call = asked_back(callback_possible=False)
    call.press("0170", OTHER)
    assert call.press("2") == [Collect(("callback_enter_number",), 16, 10.0, finish="#")]
    call.press("01701234567", OTHER)
    assert call.press("1")[0] == LeaveCallback(OTHER)


def test_a_foreign_number_is_read_back_with_00():
    call = asked_back(callback_possible=False)
    call.press("0033123", "+33123")
    assert call.heard[1:-1] == tuple(f"number_{digit}" for digit in "0033123")


def test_three_numbers_that_cannot_be_rung_end_the_trying():
    call = asked_back(callback_possible=False)
    for _ in range(2):
        call.press("110")
        assert call.heard == ("callback_number_wrong", "callback_enter_number")
    assert call.press("110") == [Play(("goodbye",)), HangUp(EndReason.CLOSED)]


@pytest.mark.parametrize("steps", [[], ["2"], ["2", "number"]])
def test_silence_is_asked_again_and_after_three_tries_it_is_goodbye(steps):
    call = asked_back()
    for step in steps:
        call.press("01701234567", OTHER) if step == "number" else call.press(step)
    for _ in range(2):
        call.silence()
        assert isinstance(call.last, Collect)
    assert call.silence() == [Play(("goodbye",)), HangUp(EndReason.CLOSED)]


@pytest.mark.parametrize("steps", [[], ["2", "number"]])
def test_wrong_keys_at_a_confirmation_read_the_number_again_twice(steps):
    call = asked_back()
    for step in steps:
        call.press("01701234567", OTHER) if step == "number" else call.press(step)
    question = call.effects
    for _ in range(2):
        assert call.press("9") == question
    assert call.press("9")[-1] == HangUp(EndReason.CLOSED)


def test_entering_again_and_again_is_bounded_too():
    call = asked_back(callback_possible=False)
    for _ in range(2):
        call.press("01701234567", OTHER)
        call.press("2")
    call.press("01701234567", OTHER)
    assert call.press("2")[-1] == HangUp(EndReason.CLOSED)
