"""An announcement of the lead's: after the greeting for new callers, once for those who wait."""

from ivr.conversation import Conversation
from ivr.effects import Collect, Play, Wait
from ivr.events import AgentFound, CallArrived, DigitsEntered, Event, TalkEnded, WaitElapsed
from routing.hours import Calendar
from tests.unit.conversations import CALLER, MONDAY_9, SATURDAY, heard, shipped

TOLD, OTHER = "announcements/one", "announcements/two"


def a_call(announcement: str | None, at=MONDAY_9) -> tuple[Conversation, list]:
    conversation = Conversation(shipped(), Calendar(shipped()))
    return conversation, conversation.receive(CallArrived(at, CALLER, True, announcement))


def waited(seconds: float, announcement: str | None, nobody: float = 0) -> Event:
    return WaitElapsed(seconds, 1, nobody, 0, announcement)


def test_new_caller_hears_it_after_the_greeting_and_no_key_cuts_it_off():
    _, effects = a_call(TOLD)
    assert effects[0] == Play(("greeting", TOLD))
    assert isinstance(effects[1], Collect)
    assert effects[1].prompts[:2] == ("data_protection", "menu_intro")


def test_who_heard_it_at_the_beginning_does_not_hear_it_again_while_waiting():
    conversation, _ = a_call(TOLD)
    conversation.receive(DigitsEntered("4"))
    later = [heard(conversation.receive(waited(seconds, TOLD))) for seconds in range(5, 60, 5)]
    assert all(TOLD not in prompts for prompts in later)


def test_who_waits_already_hears_it_once_at_the_next_look():
    conversation, _ = a_call(None)
    conversation.receive(DigitsEntered("4"))
    conversation.receive(waited(5, None))
    assert conversation.receive(waited(10, TOLD)) == [Wait((TOLD,), 5.0)]
    later = [heard(conversation.receive(waited(seconds, TOLD))) for seconds in range(15, 60, 5)]
    assert all(TOLD not in prompts for prompts in later)


def test_another_announcement_is_heard_too_and_one_that_ended_leaves_nothing():
    conversation, _ = a_call(TOLD)
    conversation.receive(DigitsEntered("4"))
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
