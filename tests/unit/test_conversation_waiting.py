"""What a caller in the line hears, and how the waiting ends."""

from functools import partial

import pytest

from ivr.effects import Collect, Connect, EndReason, HangUp, JoinLine, LeaveLine, NoteHouseholdNumber, Play, Wait
from ivr.events import AgentFound, AgentLost, AgentMissed, TalkEnded
from tests.unit.conversations import Call, changed

STAR = partial(Wait, max_digits=1, finish="", at_once="*")
"""Only the key that keeps the place is heard."""
QUESTION_END = "callback_offer"


def test_position_is_said_once_then_the_household_number_is_asked_for_then_music():
    call = Call()
    assert call.press("4")[1] == Wait(("please_wait",), 5.0)
    assert call.wait(5, position=3) == [STAR(("position", "number_3"), 5.0)]
    assert call.wait(10, position=3) == [STAR(("keep_place_offer",), 10.0, pause_seconds=5.0)]
    (asked,) = call.wait(20, position=3)
    assert (asked.prompts, asked.max_digits, asked.finish) == (("enter_household_number",), 13, "#")
    assert asked.between_seconds == 8, "it is read from a letter"
    (music,) = call.wait(40, position=2)
    assert (music.prompts, music.seconds) == ((), 5.0)


def test_position_is_repeated_only_every_sixty_seconds():
    call = Call().has_heard_the_start()
    said = [waited for waited in range(15, 200, 5) if call.wait(waited, position=2) and "position" in call.heard]
    assert said == [65, 125, 185]


@pytest.mark.parametrize(
    ("position", "prompts"), [(1, ("position", "number_1")), (20, ("position", "number_20")), (21, ("position_many",))]
)
def test_long_lines_are_not_counted_out(position, prompts):
    call = Call()
    call.press("4")
    call.wait(5, position=position)
    assert call.heard == prompts


@pytest.mark.parametrize("digits", ["123456", "123456789012"])
def test_household_number_is_noted_and_not_asked_for_again(digits):
    call = Call().has_heard_the_start()
    noted, wait = call.press(digits)
    assert noted == NoteHouseholdNumber(digits)
    assert wait == STAR(("household_number_taken",), 5.0)
    assert call.wait(40) == [STAR((), 5.0)]


@pytest.mark.parametrize("digits", ["12345", "1234567890123", "12345*6", "²²²²²²²"])
def test_wrong_household_number_may_be_entered_once_more(digits):
    call = Call().has_heard_the_start()
    call.press(digits)
    assert call.heard == ("household_number_wrong",)
    assert call.last.max_digits == 13
    assert call.press(digits) == [STAR(("please_wait",), 5.0)]


def test_right_household_number_in_the_second_try_is_noted():
    call = Call().has_heard_the_start()
    call.press("1")
    assert call.press("123456")[0] == NoteHouseholdNumber("123456")


def test_half_a_household_number_is_asked_for_once_more_and_replaced_by_the_whole_one():
    call = Call().has_heard_the_start()
    noted, asked = call.begin_to_press("237110")
    assert noted == NoteHouseholdNumber("237110")
    assert (asked.prompts, asked.max_digits) == (("enter_household_number",), 13)
    assert call.press("2371100012") == [NoteHouseholdNumber("2371100012"), STAR(("household_number_taken",), 5.0)]


def test_household_number_without_the_hash_key_is_taken_the_second_time():
    call = Call().has_heard_the_start()
    call.begin_to_press("2371100012")
    assert call.begin_to_press("2371100012")[1] == STAR(("household_number_taken",), 5.0)


@pytest.mark.parametrize("then", [None, "12"])
def test_household_number_without_the_hash_key_stays_noted_when_nothing_better_comes(then):
    call = Call().has_heard_the_start()
    call.begin_to_press("2371100012")
    effects = call.press(then) if then else call.wait(60)
    assert not [effect for effect in effects if isinstance(effect, NoteHouseholdNumber)]
    assert call.last.prompts != ("household_number_wrong",)


def test_longest_household_number_needs_no_hash_key():
    call = Call().has_heard_the_start()
    assert call.begin_to_press("123456789012")[1] == STAR(("household_number_taken",), 5.0)


def test_household_number_may_be_entered_as_long_as_the_music_plays():
    call = Call().has_heard_the_start()
    assert call.wait(35)[0].max_digits == 13
    assert call.press("7654321")[0] == NoteHouseholdNumber("7654321")


def test_the_hash_key_alone_costs_no_try():
    call = Call().has_heard_the_start()
    for _ in range(5):
        assert call.press("")[0].max_digits == 13


def test_agent_found_at_any_wait_is_rung_and_the_talk_ends_the_call():
    call = Call()
    call.press("4")
    assert call.tell(AgentFound("anna")) == [Connect("anna")]
    assert call.state == "talking"
    assert call.tell(TalkEnded()) == [HangUp(EndReason.SETTLED)]


def test_agent_who_does_not_answer_leaves_the_caller_waiting_with_a_short_sentence():
    call = Call().has_heard_the_start()
    call.tell(AgentFound("anna"))
    assert call.tell(AgentMissed())[0].prompts == ("please_wait",)
    assert call.tell(AgentFound("ben")) == [Connect("ben")]


def test_agent_lost_in_mid_talk_is_explained_and_a_long_talk_is_no_long_wait():
    call = Call().has_heard_the_start()
    call.tell(AgentFound("anna"))
    assert call.tell(AgentLost())[0].prompts == ("agent_lost",)
    assert call.wait(3000) == [Wait(("position", "number_1"), 5.0, 13, between_seconds=8.0, at_once="*")]
    assert call.wait(3890)[0].prompts == ("position", "number_1")
    assert call.wait(3900)[0].prompts == ("waited_long", QUESTION_END)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"nobody": 60}, "nobody_ready"),
        ({"waited": 900}, "waited_long"),
        ({"closed": 1200}, "closing_now"),
        ({"waited": 900, "nobody": 60}, "nobody_ready"),
        ({"waited": 900, "nobody": 60, "closed": 1200}, "closing_now"),
    ],
)
def test_each_limit_offers_a_callback_in_a_wait_so_that_an_agent_can_still_be_found(facts, reason):
    call = Call().has_heard_the_start()
    (question,) = call.wait(**{"waited": 61, **facts})
    assert (question.prompts, question.max_digits, question.finish) == ((reason, QUESTION_END), 13, "#")
    assert question.pause_seconds == 5, "however long the prompts are"
    assert call.state == "asked"
    assert call.tell(AgentFound("carla")) == [Connect("carla")]


@pytest.mark.parametrize("facts", [{"nobody": 59.9}, {"waited": 899.9}, {"closed": 1199.9}])
def test_before_the_limit_nothing_is_asked(facts):
    call = Call().has_heard_the_start()
    call.wait(**{"waited": 61, **facts})
    assert QUESTION_END not in call.heard


def test_no_time_after_closing_means_that_the_waiting_ends_at_closing_time_but_not_before():
    call = Call(changed(line={"after_closing_seconds": 0})).has_heard_the_start()
    assert call.wait(15, closed=0)[0].prompts == ()
    assert call.wait(20, closed=0.5)[0].prompts[0] == "closing_now"


def test_nobody_ready_is_noticed_with_the_first_look_after_joining():
    call = Call()
    call.press("4")
    assert call.wait(5, nobody=60)[0].prompts[0] == "nobody_ready"


def test_caller_who_goes_on_waiting_is_asked_again_every_minute_while_nobody_is_ready():
    call = Call().has_heard_the_start()
    asked = []
    for waited in range(15, 300, 5):
        call.wait(waited, nobody=waited)
        asked += [waited] if call.state == "asked" else []
    assert asked == [60, 120, 180, 240]


def test_caller_who_waits_long_is_asked_again_every_third_position():
    call = Call().has_heard_the_start()
    asked = []
    for waited in range(15, 1500, 5):
        call.wait(waited)
        asked += [waited] if call.state == "asked" else []
    assert asked == [900, 1080, 1260, 1440]


def test_shortest_settings_do_not_ask_without_a_pause():
    call = Call(changed(line={"nobody_ready_seconds": 1, "position_every_seconds": 1})).has_heard_the_start()
    asked = []
    for waited in range(15, 100, 5):
        call.wait(waited, nobody=waited)
        asked += [waited] if call.state == "asked" else []
    assert asked == [15, 45, 75]


def test_another_key_than_1_goes_on_waiting():
    call = Call().has_heard_the_start()
    call.wait(60, nobody=60)
    assert call.press("2")[0].prompts == ("please_wait",)
    assert call.state == "waiting"


def test_1_leaves_the_line_before_the_number_is_asked_so_that_no_agent_is_offered_meanwhile():
    call = Call().has_heard_the_start()
    call.wait(60, nobody=60)
    call.press("1")
    assert call.effects[0] == LeaveLine()
    assert isinstance(call.last, Collect)


def test_caller_who_gets_to_no_number_is_back_in_the_line():
    call = Call().has_heard_the_start()
    call.wait(60, nobody=60)
    call.press("1")
    for _ in range(3):
        call.silence()
    assert call.effects[0] == JoinLine("rent")
    assert call.last.prompts == ("please_wait",)
    assert call.wait(120, nobody=120)[0].prompts[0] == "nobody_ready"


@pytest.mark.parametrize("key", [None, "2"])
def test_after_closing_the_question_ends_the_call_kindly(key):
    call = Call().has_heard_the_start()
    call.wait(900, closed=1200)
    call.press(key) if key else call.wait(920, closed=1220)
    assert call.effects == [LeaveLine(), Play(("goodbye",)), HangUp(EndReason.NOT_SERVED)]


def test_after_closing_a_caller_who_gets_to_no_number_is_not_put_back_into_the_line():
    call = Call().has_heard_the_start()
    call.wait(900, closed=1200)
    call.press("1")
    for _ in range(3):
        call.silence()
    assert call.effects == [Play(("goodbye",)), HangUp(EndReason.NOT_SERVED)]
