"""A second language, chosen by key, and the announcements that are the configuration's own."""

from datetime import UTC, datetime, timedelta

import pytest

from config.schema import Closure, Emergency, HotlineConfig
from ivr.conversation import Conversation
from ivr.effects import ChooseLanguage, Collect, Connect, EndReason, HangUp, JoinLine, LeaveCallback, Play
from ivr.events import AgentFound, AgentLost, CallArrived
from ivr.prompts import catalogue
from routing.announcing import closure_prompt
from routing.hours import Calendar
from tests.unit.conversations import BERLIN, CALLER, MONDAY_9, SATURDAY, Call, changed, heard, shipped

OFFER = "en/language_offer"
TOLD = "announcements/one"
TYPES = tuple(f"en/type_{request.key}" for request in (*shipped().request_types, shipped().unclear))
ENGLISH_MENU = ("en/menu_intro", *TYPES, "en/menu_repeat")
WORDS = "Heute Nachmittag sind wir nicht da."


def with_emergency(until: datetime) -> HotlineConfig:
    emergency = Emergency(text="In Rinteln ist heute geschlossen.", until=until.replace(tzinfo=None))
    return shipped().model_copy(update={"emergency": emergency})


# --- the language ----------------------------------------------------------------------------------


def test_key_chooses_the_language_and_the_menu_comes_in_it():
    call = Call()
    assert call.press("9") == [ChooseLanguage("en"), Collect(("en/data_protection", *ENGLISH_MENU), 1, 5)]
    assert call.conversation.language == "en"


def test_everything_afterwards_is_played_in_it():
    call = Call()
    call.press("9")
    call.press("8")
    assert call.heard[0] == "en/wrong_key"
    call.press("4")
    assert call.effects[0] == JoinLine("rent")
    assert call.heard == ("en/please_wait",)
    call.wait(5, expected=500)
    assert call.heard == ("en/position", "en/number_1", "en/wait_about", "en/number_10", "en/wait_minutes")
    call.press("*")
    assert call.heard == ("en/keep_place_offer",)
    call.press("*")
    assert call.heard[:2] == ("en/callback_number_shown", "en/number_0")
    call.press("1")
    assert call.heard[:3] == ("en/callback_in_turn", "en/today", "en/callback_between")
    call.press("1")
    assert call.heard == ("en/callback_place_kept", "en/goodbye")


@pytest.mark.parametrize("at", [MONDAY_9, SATURDAY])
def test_language_is_chosen_once_and_offered_no_more(at):
    call = Call(at=at)
    call.press("9")
    again = call.press("9")
    assert OFFER not in call.heard
    assert not [effect for effect in again if isinstance(effect, ChooseLanguage)]


def test_key_pressed_twice_by_accident_only_repeats_the_menu():
    call = Call()
    call.press("9")
    assert call.press("9") == [Collect(ENGLISH_MENU, 1, 5)]


def test_wrong_keys_before_do_not_count_in_the_new_language():
    call = Call()
    for key in ("8", "9", "8"):
        call.press(key)
        assert isinstance(call.last, Collect)


def test_offer_is_heard_before_the_announcement_and_its_key_cuts_that_off():
    call = Call(announcement=TOLD)
    assert call.heard == ("greeting", OFFER, TOLD)
    assert call.press("9")[0] == ChooseLanguage("en")
    call.press("4")
    assert call.wait(5, announcement=TOLD)[0].prompts == (TOLD,), "the lead's own words have no other language"


def test_closed_is_said_again_in_the_language_and_a_callback_is_taken_in_it():
    call = Call(at=SATURDAY)
    moment = ("en/next_open", "en/weekday_monday", "en/day_23", "en/month_11", "en/time_0800")
    assert call.press("9") == [
        ChooseLanguage("en"),
        Collect(("en/closed_weekend", *moment, "en/callback_offer"), 1, 5),
    ]
    call.press("1")
    assert call.press("1") == [
        LeaveCallback(None),
        Play(("en/callback_taken", "en/goodbye")),
        HangUp(EndReason.CALLBACK),
    ]


def test_without_languages_the_key_is_wrong_and_nothing_is_offered():
    call = Call(shipped().model_copy(update={"languages": []}))
    assert OFFER not in call.heard
    assert call.press("9")[0].prompts[0] == "wrong_key"


def test_key_of_a_request_type_goes_before_that_of_a_language():
    language = shipped().languages[0].model_copy(update={"press": "4"})
    call = Call(shipped().model_copy(update={"languages": [language]}))
    assert call.press("4")[0] == JoinLine("rent")


def test_caller_who_comes_back_keeps_the_language():
    conversation = Conversation(shipped(), Calendar(shipped()))
    assert heard(conversation.rejoin(CALLER, True, "rent", language="en")) == ("en/please_wait",)
    conversation = Conversation(shipped(), Calendar(shipped()))
    conversation.resume_talk(CALLER, True, "rent", language="en")
    assert heard(conversation.receive(AgentLost())) == ("en/agent_lost",)


def test_language_given_at_the_beginning_is_that_of_the_whole_conversation():
    call = Call(language="en")
    assert call.heard == ("en/greeting", "en/data_protection", *ENGLISH_MENU)


def test_language_that_the_configuration_does_not_have_is_the_hotlines_own():
    conversation = Conversation(shipped(), Calendar(shipped()))
    assert heard(conversation.rejoin(CALLER, True, "rent", language="fr")) == ("please_wait",)


# --- closures --------------------------------------------------------------------------------------


def closed_on_friday(announcement: str | None = WORDS) -> HotlineConfig:
    closure = {"from": "2026-11-27", "hours": "13:00-18:00", "reason": "Versammlung", "announcement": announcement}
    return changed(hours={"closures": [Closure.model_validate(closure)]})


def test_closure_is_announced_in_its_own_words_and_then_when_we_open_next():
    call = Call(closed_on_friday(), at=datetime(2026, 11, 27, 13, tzinfo=BERLIN))
    assert call.heard[0] == closure_prompt(WORDS)
    assert call.heard[2:] == ("next_open", "weekday_monday", "day_30", "month_11", "time_0800", "callback_offer")
    assert catalogue(closed_on_friday())[call.heard[0]] == WORDS


@pytest.mark.parametrize(("hour", "first"), [(12, "greeting"), (18, "closed_hours")])
def test_closures_words_are_heard_only_while_it_holds(hour, first):
    assert Call(closed_on_friday(), at=datetime(2026, 11, 27, hour, tzinfo=BERLIN)).heard[0] == first


def test_closure_without_words_of_its_own_is_announced_as_any():
    assert Call(closed_on_friday(None), at=datetime(2026, 11, 27, 14, tzinfo=BERLIN)).heard[0] == "closed_closure"


def test_closure_that_ends_today_is_not_said_to_last_the_day():
    closure = {"from": "2026-11-27", "hours": "08:00-10:00", "reason": "Versammlung"}
    config = changed(hours={"closures": [Closure.model_validate(closure)]})
    call = Call(config, at=datetime(2026, 11, 27, 9, tzinfo=BERLIN))
    assert call.heard[0] == "closed_hours"
    call.press("9")
    assert call.heard[:3] == ("en/closed_hours", "en/next_open", "en/today")


def test_closures_words_are_not_put_into_another_language():
    call = Call(closed_on_friday(), at=datetime(2026, 11, 27, 14, tzinfo=BERLIN))
    call.press("9")
    assert call.heard[0] == "en/closed_closure"


# --- the emergency ---------------------------------------------------------------------------------


EMERGENCY_TODAY = with_emergency(MONDAY_9 + timedelta(hours=1))
NOW = ("emergency",)
IN_BOTH = ("emergency", "en/emergency")


def in_both(at: datetime = MONDAY_9) -> HotlineConfig:
    """An emergency that is told in English too."""
    config = with_emergency(at + timedelta(hours=1))
    return config.model_copy(
        update={"languages": [config.languages[0].model_copy(update={"emergency": "Rinteln is closed."})]}
    )


def test_emergency_is_told_in_each_language_before_one_can_be_chosen():
    assert Call(in_both()).heard == (*IN_BOTH, "greeting", OFFER)
    assert Call(in_both(SATURDAY), at=SATURDAY).heard[:3] == (*IN_BOTH, "closed_weekend")
    said = catalogue(in_both())
    assert (said["emergency"], said["en/emergency"]) == ("In Rinteln ist heute geschlossen.", "Rinteln is closed.")


@pytest.mark.parametrize(("keys", "told"), [("4", "emergency"), ("94", "en/emergency")])
def test_who_cut_it_off_hears_it_while_waiting_in_the_language_of_the_call(keys, told):
    call = Call(in_both())
    for key in keys:
        call.press(key)
    assert call.wait(5, emergency=IN_BOTH)[0].prompts == (told,)


def test_emergency_that_came_later_is_told_in_english_too_although_the_call_knows_nothing_of_it():
    call = Call()
    call.press("9")
    call.press("4")
    assert call.wait(5, emergency=IN_BOTH)[0].prompts == ("en/emergency",)


def test_closed_with_an_emergency_in_english_its_key_says_it_first():
    call = Call(in_both(SATURDAY), at=SATURDAY)
    call.press("9")
    assert call.heard[:2] == ("en/emergency", "en/closed_weekend")
    call.press("*")
    assert call.heard[:2] == ("en/emergency", "en/closed_weekend")


def test_words_of_an_emergency_that_is_not_there_are_never_made():
    config = in_both().model_copy(update={"emergency": None})
    assert not [name for name in catalogue(config) if "emergency" in name]
    assert Call(config).heard[0] == "greeting"


@pytest.mark.parametrize(("at", "then"), [(MONDAY_9, "greeting"), (SATURDAY, "closed_weekend")])
def test_emergency_is_heard_first_open_or_closed_and_keys_count_meanwhile(at, then):
    call = Call(with_emergency(at + timedelta(seconds=1)), at=at)
    (first,) = call.effects
    assert isinstance(first, Collect)
    assert first.prompts[:2] == ("emergency", then)


def test_announcement_of_the_lead_follows_emergency_and_greeting():
    call = Call(EMERGENCY_TODAY, announcement=TOLD)
    assert call.heard == ("emergency", "greeting", OFFER, TOLD)
    call.silence()
    assert call.heard[:2] == ("data_protection", "menu_intro")


def test_who_heard_the_emergency_to_its_end_does_not_hear_it_again_while_waiting():
    call = Call(EMERGENCY_TODAY)
    call.silence()
    call.press("4")
    assert call.wait(5, emergency=NOW)[0].prompts == ("position", "number_1")


@pytest.mark.parametrize("keys", ["4", "94"])
def test_who_cut_the_emergency_off_with_a_key_hears_it_once_while_waiting(keys):
    call = Call(EMERGENCY_TODAY)
    for key in keys:
        call.press(key)
    assert call.wait(5, emergency=NOW)[0].prompts == ("emergency",), "it has no other language"
    assert "emergency" not in call.wait(10, emergency=NOW)[0].prompts


def test_who_waits_already_hears_a_new_emergency_once():
    call = Call()
    call.press("4")
    call.wait(5)
    said = [call.wait(seconds, emergency=NOW)[0].prompts for seconds in range(10, 100, 5)]
    assert said[0] == ("emergency",)
    assert said.count(("emergency",)) == 1


def test_closed_with_an_emergency_star_says_it_again_but_a_language_does_not():
    config = with_emergency(SATURDAY + timedelta(hours=1))
    call = Call(config, at=SATURDAY)
    first = call.heard
    assert call.press("*")[0].prompts == first
    call.press("9")
    assert call.heard[0] == "en/closed_weekend"


def test_emergency_ends_at_its_moment():
    assert "emergency" not in Call(with_emergency(MONDAY_9)).heard


def test_emergency_in_the_hour_that_comes_twice_ends_with_the_first():
    half_past_two = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN)
    config = with_emergency(half_past_two)
    assert "emergency" in Call(config, at=half_past_two.astimezone(UTC) - timedelta(seconds=1)).heard
    assert "emergency" not in Call(config, at=half_past_two.astimezone(UTC)).heard
    assert "emergency" not in Call(config, at=half_past_two.replace(fold=1)).heard


def test_who_comes_back_into_the_line_does_not_hear_it_again():
    config = with_emergency(MONDAY_9 + timedelta(hours=1))
    conversation = Conversation(config, Calendar(config))
    assert heard(conversation.rejoin(CALLER, True, "rent")) == ("please_wait",)


def test_conversation_goes_on_as_ever_after_it():
    config = with_emergency(MONDAY_9 + timedelta(hours=1))
    conversation = Conversation(config, Calendar(config))
    conversation.receive(CallArrived(MONDAY_9, CALLER, True))
    assert conversation.state == "welcome"
    call = Call(config)
    call.press("4")
    assert call.tell(AgentFound("anna")) == [Connect("anna")]
