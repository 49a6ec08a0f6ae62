"""What holds for every call, whatever caller, agents and clock do."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ivr.effects import Collect, Connect, Effect, EndReason, HangUp, JoinLine, LeaveCallback, LeaveLine, Wait
from ivr.events import AgentFound, AgentLost, AgentMissed, DigitsEntered, SilenceElapsed, TalkEnded, WaitElapsed
from ivr.prompts import catalogue
from tests.unit.conversations import BERLIN, Call, changed, heard, shipped

ENDS = (Collect, Wait, Connect, HangUp)
NUMBERS = st.sampled_from([None, "+491701234567", "+4957219999"])
MOMENTS = st.integers(0, 730 * 86_400).map(lambda s: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=s))
TOLD = "announcements/one"
KEYS = st.text("0123456789*#", min_size=0, max_size=14)


def outcome(draw, effect: Effect, waited: float):
    """One event that can follow `effect`."""
    seconds = st.sampled_from([0.0, 1.0, 30.0, 60.0, 1200.0, float("inf")])
    elapsed = st.builds(WaitElapsed, st.just(waited), st.integers(1, 40), seconds, seconds)
    if isinstance(effect, Connect):
        return draw(st.sampled_from([TalkEnded(), AgentMissed(), AgentLost()]))
    digits = st.builds(DigitsEntered, KEYS.map(lambda keys: keys[: effect.max_digits]), NUMBERS)
    if isinstance(effect, Collect):
        return draw(st.one_of(digits, st.just(SilenceElapsed())))
    choices = [elapsed, st.just(AgentFound("anna")), *([digits] if effect.max_digits else [])]
    return draw(st.one_of(choices))


@given(st.data(), MOMENTS, NUMBERS, st.booleans(), st.sampled_from([None, TOLD]))
def test_every_batch_ends_with_the_one_thing_that_waits_or_ends_and_names_only_prompts_that_exist(
    data, at, caller, possible, announcement
):
    names, waited, in_line = {*catalogue(shipped()), TOLD}, 0.0, False
    call = Call(at=at, caller=caller, callback_possible=possible, announcement=announcement)
    for _ in range(40):
        assert sum(isinstance(effect, ENDS) for effect in call.effects) == 1
        assert isinstance(call.last, ENDS)
        assert set(call.heard) <= names
        for effect in call.effects:
            if isinstance(effect, JoinLine | LeaveLine):
                in_line = isinstance(effect, JoinLine)
            assert not (isinstance(effect, Wait) and not in_line), "only who is in the line can wait"
            assert not (isinstance(effect, Collect) and in_line), "an agent may be found: ask in a Wait"
            assert effect != LeaveCallback(None) or (possible and caller), "no callback to a number we do not have"
        if isinstance(call.last, HangUp):
            return
        waited += data.draw(st.sampled_from([1.0, 5.0, 60.0, 900.0]))
        call.tell(outcome(data.draw, call.last, waited))


@given(st.sampled_from("0123456789"), st.sampled_from([None, TOLD]))
def test_a_key_pressed_in_the_first_words_leads_where_it_leads_in_the_menu(key, announcement):
    at_once, later = Call(announcement=announcement), Call()
    assert [kind for kind in at_once.effects if not isinstance(kind, Collect)] == [], "nothing plays that hears no keys"
    assert at_once.press(key) == later.press(key)


@given(MOMENTS, NUMBERS, st.integers(0, 3600), st.integers(1, 3600), st.integers(1, 3600), st.booleans())
def test_a_silent_caller_is_never_kept_for_ever(at, caller, after_closing, longest, every, staffed):
    limits = {
        "after_closing_seconds": after_closing,
        "longest_wait_seconds": longest,
        "position_every_seconds": every,
    }
    call = Call(changed(line=limits), at=at, caller=caller)
    waited, closes_after = 0.0, 1800.0
    for _ in range(3000):
        if isinstance(call.last, HangUp):
            break
        if isinstance(call.last, Collect):
            call.silence()
            continue
        assert call.last.prompts or call.last.seconds <= 5, "music alone: look again soon"
        waited += call.last.seconds
        call.wait(waited, 1, 0 if staffed else waited, max(0.0, waited - closes_after))
    assert isinstance(call.last, HangUp)
    assert call.last.reason in (EndReason.CLOSED, EndReason.NOT_SERVED)
    assert waited == 0 or waited <= closes_after + after_closing + 60


@given(st.lists(st.sampled_from("12"), max_size=8), st.integers(0, 3000), st.sampled_from([None, TOLD]))
def test_a_prompt_never_follows_the_choice_before_the_line_is_joined(keys, seconds, announcement):
    call = Call(at=datetime(2026, 11, 23, 9, tzinfo=BERLIN) + timedelta(seconds=seconds), announcement=announcement)
    for key in keys:
        if not isinstance(call.last, Collect):
            break
        call.press(key)
    joins = [place for place, effect in enumerate(call.effects) if isinstance(effect, JoinLine)]
    assert not joins or heard(call.effects[: joins[0]]) == ()
