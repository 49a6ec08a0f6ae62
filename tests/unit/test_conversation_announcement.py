"""An announcement of the lead's: after the greeting for new callers, once for those who wait."""

from functools import partial

import pytest

from ivr.conversation import Conversation
from ivr.effects import Collect, JoinLine, Wait
from ivr.events import AgentFound, CallArrived, DigitsEntered, Event, SilenceElapsed, TalkEnded, WaitElapsed
from routing.hours import Calendar
from tests.unit.conversations import CALLER, MONDAY_9, SATURDAY, heard, shipped

STAR = partial(Wait, max_digits=1, finish="", at_once="*")
"""Only the key that keeps the place is heard."""
TOLD, OTHER = "announcements/one", "announcements/two"


def a_call(announcement: str | None, at=MONDAY_9) -> tuple[Conversation, list]:
    conversation = Conversation(shipped(), Calendar(shipped()))
    return conversation, conversation.receive(CallArrived(at, CALLER, True, announcement))


def waited(seconds: float, announcement: str | None, nobody: float = 0) -> Event:
    return WaitElapsed(seconds, 1, nobody, 0, announcement)


def after_the_announcement(*events: Event) -> Conversation:
    """A new caller who has heard it to its end, and then this happened."""
    conversation, _ = a_call(TOLD)
    for event in (SilenceElapsed(), *events):
        conversation.receive(event)
    return conversation


def test_new_caller_hears_it_after_the_greeting_and_then_the_menu():
    conversation, effects = a_call(TOLD)
    assert effects == [Collect(("greeting", "en/language_offer", TOLD), 1, silence_seconds=0)]
    assert conversation.state == "welcome"
    (menu,) = conversation.receive(SilenceElapsed())
    assert isinstance(menu, Collect)
    assert menu.prompts[:2] == ("data_protection", "menu_intro")
    assert conversation.state == "menu"


@pytest.mark.parametrize("request_type", shipped().request_types, ids=lambda request: request.key)
def test_key_pressed_during_greeting_or_announcement_is_the_answer_to_the_menu(request_type):
    conversation, _ = a_call(TOLD)
    assert conversation.receive(DigitsEntered(request_type.press))[0] == JoinLine(request_type.key)


def test_zero_during_the_announcement_leads_to_a_person():
    conversation, _ = a_call(TOLD)
    assert conversation.receive(DigitsEntered("0"))[0] == JoinLine("unclear")


@pytest.mark.parametrize(("key", "first"), [("8", "wrong_key"), ("*", "menu_intro")])
def test_wrong_key_or_star_during_the_announcement_counts_as_in_the_menu(key, first):
    conversation, _ = a_call(TOLD)
    assert heard(conversation.receive(DigitsEntered(key)))[0] == first
    assert conversation.state == "menu"
    again = [conversation.receive(DigitsEntered("8")) for _ in range(shipped().menu.retries + 1)]
    assert any(JoinLine("unclear") in effects for effects in again)


def test_only_keys_and_silence_can_follow_the_welcome():
    conversation, _ = a_call(TOLD)
    with pytest.raises(ValueError, match="TalkEnded cannot happen while the conversation is at welcome"):
        conversation.receive(TalkEnded())


def test_who_heard_it_at_the_beginning_does_not_hear_it_again_while_waiting():
    conversation = after_the_announcement(DigitsEntered("4"))
    later = [heard(conversation.receive(waited(seconds, TOLD))) for seconds in range(5, 60, 5)]
    assert all(TOLD not in prompts for prompts in later)


def test_who_cut_it_off_with_a_key_hears_it_once_while_waiting():
    conversation, _ = a_call(TOLD)
    conversation.receive(DigitsEntered("4"))
    later = [heard(conversation.receive(waited(seconds, TOLD))) for seconds in range(5, 60, 5)]
    assert [TOLD in prompts for prompts in later].count(True) == 1


def test_who_waits_already_hears_it_once_at_the_next_look():
    conversation, _ = a_call(None)
    conversation.receive(DigitsEntered("4"))
    conversation.receive(waited(5, None))
    assert conversation.receive(waited(10, TOLD)) == [STAR((TOLD,), 5.0)]
    later = [heard(conversation.receive(waited(seconds, TOLD))) for seconds in range(15, 60, 5)]
    assert all(TOLD not in prompts for prompts in later)


def test_another_announcement_is_heard_too_and_one_that_ended_leaves_nothing():
    conversation = after_the_announcement(DigitsEntered("4"))
    assert heard(conversation.receive(waited(5, OTHER))) == (OTHER,)
    assert heard(conversation.receive(waited(10, None))) == ("position", "number_1")


def test_the_offer_of_a_callback_goes_first_when_nobody_is_there():
    conversation, _ = a_call(None)
    conversation.receive(DigitsEntered("4"))
    assert heard(conversation.receive(waited(60, TOLD, nobody=60))) == ("nobody_ready", "callback_offer")
    assert heard(conversation.receive(waited(80, TOLD, nobody=80))) == ()  # back to music
    assert heard(conversation.receive(waited(85, TOLD, nobody=85))) == (TOLD,)


def test_an_agent_who_is_found_meanwhile_comes_before_the_announcement():
    conversation, _ = a_call(None)
    conversation.receive(DigitsEntered("4"))
    conversation.receive(waited(5, TOLD))
    conversation.receive(AgentFound("anna"))
    assert conversation.receive(TalkEnded())


def test_closed_hotline_says_only_that_it_is_closed():
    _, effects = a_call(TOLD, SATURDAY)
    assert TOLD not in heard(effects)


def test_caller_who_comes_back_into_the_line_hears_it_once():
    conversation = Conversation(shipped(), Calendar(shipped()))
    conversation.rejoin(CALLER, True, "rent")
    assert heard(conversation.receive(waited(5, TOLD))) == (TOLD,)
