"""What holds for every call, whatever caller, agents and clock do."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from config.schema import Emergency, HotlineConfig, Line, Then
from ivr.effects import (
    ChooseLanguage,
    Collect,
    Connect,
    Effect,
    EndReason,
    HangUp,
    InTurn,
    JoinLine,
    LeaveCallback,
    LeaveLine,
    Play,
    Wait,
)
from ivr.events import AgentFound, AgentLost, AgentMissed, DigitsEntered, SilenceElapsed, TalkEnded, WaitElapsed
from ivr.prompts import catalogue
from tests.unit.conversations import BERLIN, Call, heard, shipped

ENDS = (Collect, Wait, Connect, HangUp)
NUMBERS = st.sampled_from([None, "+491701234567", "+4957219999"])
MOMENTS = st.integers(0, 730 * 86_400).map(lambda s: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=s))
TOLD = "announcements/one"
OWN_WORDS = {TOLD, "emergency"}
"""Said in the hotline's own language only."""
THEN = st.sampled_from(list(Then))
LIMITS = st.fixed_dictionaries(
    {
        "keep_place": st.booleans(),
        "expected_wait": st.booleans(),
        "nobody_ready_then": THEN,
        "longest_wait_then": THEN,
        "most_waiting_then": THEN,
        "after_closing_then": THEN,
    }
)
GOING_HOME = 7200.0
KEYS = st.text("0123456789*#", min_size=0, max_size=14)


def with_limits(line: dict) -> HotlineConfig:
    """The shipped configuration with these rules, and an emergency announcement for half of all times."""
    emergency = Emergency.model_validate({"text": "Heute ist in Rinteln geschlossen.", "until": "2027-01-01T00:00"})
    config = shipped().model_copy(update={"emergency": emergency})
    return config.model_copy(update={"line": Line.model_validate({**config.line.model_dump(), **line})})


def outcome(draw, effect: Effect, waited: float):
    """One event that can follow `effect`."""
    seconds = st.sampled_from([0.0, 1.0, 30.0, 60.0, 1200.0, float("inf")])
    expected = st.none() | st.sampled_from([0.0, 119.0, 120.0, 700.0, 5000.0])
    at = st.none() | MOMENTS
    elapsed = st.builds(
        WaitElapsed,
        st.just(waited),
        st.integers(1, 40),
        seconds,
        seconds,
        st.none(),
        expected,
        st.booleans(),
        at,
        st.sampled_from([(), ("emergency",)]),
    )
    if isinstance(effect, Connect):
        return draw(st.sampled_from([TalkEnded(), AgentMissed(), AgentLost()]))
    digits = st.builds(DigitsEntered, KEYS.map(lambda keys: keys[: effect.max_digits]), NUMBERS)
    if isinstance(effect, Collect):
        return draw(st.one_of(digits, st.just(SilenceElapsed())))
    choices = [elapsed, st.just(AgentFound("anna")), *([digits] if effect.max_digits else [])]
    return draw(st.one_of(choices))


@given(st.data(), LIMITS, MOMENTS, NUMBERS, st.booleans(), st.sampled_from([None, TOLD]))
def test_every_batch_ends_with_the_one_thing_that_waits_or_ends_and_names_only_prompts_that_exist(
    data, line, at, caller, possible, announcement
):
    config = with_limits(line)
    names, waited, in_line, language = {*catalogue(config), TOLD}, 0.0, False, None
    call = Call(config, at=at, caller=caller, callback_possible=possible, announcement=announcement)
    for _ in range(40):
        assert sum(isinstance(effect, ENDS) for effect in call.effects) == 1
        assert isinstance(call.last, ENDS)
        assert set(call.heard) <= names
        for effect in call.effects:
            if isinstance(effect, JoinLine | LeaveLine):
                in_line = isinstance(effect, JoinLine)
            if isinstance(effect, ChooseLanguage):
                assert language is None, "once"
                language = effect.key
            elif isinstance(effect, Play | Collect | Wait) and language is not None:
                assert all(name in OWN_WORDS or name.startswith(f"{language}/") for name in effect.prompts)
            assert not (isinstance(effect, Wait) and not in_line), "only who is in the line can wait"
            assert not (isinstance(effect, Collect) and in_line), "an agent may be found: ask in a Wait"
            if isinstance(effect, LeaveCallback):
                assert effect.number or (possible and caller), "no callback to a number we do not have"
                assert not in_line, "no agent is offered a caller who has gone"
                assert effect.when is None or line["keep_place"]
        if isinstance(call.last, HangUp):
            return
        waited += data.draw(st.sampled_from([1.0, 5.0, 60.0, 900.0]))
        call.tell(outcome(data.draw, call.last, waited))


@given(st.sampled_from("0123456789"), st.sampled_from([None, TOLD]))
def test_a_key_pressed_in_the_first_words_leads_where_it_leads_in_the_menu(key, announcement):
    at_once, later = Call(announcement=announcement), Call()
    assert [kind for kind in at_once.effects if not isinstance(kind, Collect)] == [], "nothing plays that hears no keys"
    assert at_once.press(key) == later.press(key)


@given(LIMITS, MOMENTS, NUMBERS, st.integers(0, 3600), st.integers(1, 3600), st.integers(1, 3600), st.booleans())
def test_a_silent_caller_is_never_kept_for_ever(line, at, caller, after_closing, longest, every, staffed):
    """Agents who are still there after closing time, and for whom callers may wait then, go home in the end."""
    limits = {
        **line,
        "after_closing_seconds": after_closing,
        "longest_wait_seconds": longest,
        "position_every_seconds": every,
    }
    call = Call(with_limits(limits), at=at, caller=caller)
    waited, closes_after = 0.0, 1800.0
    patience = 0 if line["after_closing_then"] is Then.END else GOING_HOME
    for _ in range(3000):
        if isinstance(call.last, HangUp):
            break
        if isinstance(call.last, Collect):
            call.silence()
            continue
        assert call.last.prompts or call.last.seconds <= 5, "music alone: look again soon"
        waited += call.last.seconds
        nobody = max(0.0, waited - closes_after - patience) if staffed else waited
        if staffed and line["after_closing_then"] is Then.END:
            nobody = 0
        call.wait(waited, 1, nobody, max(0.0, waited - closes_after))
    assert isinstance(call.last, HangUp)
    assert call.last.reason in (EndReason.CLOSED, EndReason.NOT_SERVED)
    assert waited == 0 or waited <= closes_after + max(after_closing, patience + 60) + 60


STEPS = ["1", "2", "*", "4", "9", "-", "number", "110"]


@given(st.lists(st.sampled_from(STEPS), max_size=12), LIMITS, st.sampled_from(["shown", "withheld"]), MOMENTS)
def test_whoever_presses_star_gets_a_callback_or_the_place_back(steps, line, number, at):
    """After any keys while the number and the time are asked; silence afterwards ends it within bounds."""
    config = with_limits({**line, "keep_place": True})
    call = Call(config, caller="+4957219999" if number == "shown" else None, callback_possible=number == "shown")
    call.press("4")
    call.wait(5, at=at)
    call.press("*")
    assert call.heard == ("keep_place_offer",)
    call.press("*")
    assert call.effects[0] == LeaveLine()
    for step in [*steps, *["-"] * 12]:
        if not isinstance(call.last, Collect):
            break
        if step == "-":
            call.silence()
        else:
            call.press("01701234567" if step == "number" else step, "+491701234567" if step == "number" else None)
    if call.state == "waiting":
        assert call.effects[0] == JoinLine("rent")
    else:
        left = next(effect for effect in call.effects if isinstance(effect, LeaveCallback))
        assert isinstance(left.when, InTurn) or left.when.start < left.when.end
        assert call.last == HangUp(EndReason.CALLBACK)


@given(st.lists(st.sampled_from("12"), max_size=8), st.integers(0, 3000), st.sampled_from([None, TOLD]))
def test_a_prompt_never_follows_the_choice_before_the_line_is_joined(keys, seconds, announcement):
    call = Call(at=datetime(2026, 11, 23, 9, tzinfo=BERLIN) + timedelta(seconds=seconds), announcement=announcement)
    for key in keys:
        if not isinstance(call.last, Collect):
            break
        call.press(key)
    joins = [place for place, effect in enumerate(call.effects) if isinstance(effect, JoinLine)]
    assert not joins or heard(call.effects[: joins[0]]) == ()
