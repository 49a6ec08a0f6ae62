"""Recording a prompt by telephone, as a conversation: what comes after what, and that it always ends."""

from hypothesis import given
from hypothesis import strategies as st

from ivr.prompts import catalogue
from ivr.recording import (
    CHOOSE,
    DISCARDED,
    ENTER,
    KEPT,
    MOST_TAKES,
    NOT_KEPT,
    PROMPTS,
    REFUSED,
    SPEAK,
    UNUSABLE,
    WRONG,
    Action,
    AskChoice,
    AskPin,
    End,
    Keep,
    Record,
    Recording,
)
from tests.unit.conversations import shipped

NAMES = catalogue(shipped())


def test_digits_then_the_tone_then_listening_then_kept() -> None:
    talk = Recording()
    assert talk.begin() == AskPin((ENTER,))
    assert talk.entered(True) == Record((SPEAK,))
    assert talk.recorded(True) == AskChoice((), (CHOOSE,))
    assert talk.chosen("1") == Keep()
    assert talk.kept(True) == End((KEPT,))


def test_three_times_wrong_digits_end_it() -> None:
    talk = Recording()
    talk.begin()
    assert [talk.entered(False) for _ in range(2)] == [AskPin((WRONG, ENTER))] * 2
    assert talk.entered(False) == End((WRONG, REFUSED))


def test_telephone_of_too_many_wrong_digits_hears_so() -> None:
    assert Recording().refused() == End((REFUSED,))


def test_once_more_and_thrown_away() -> None:
    talk = begun()
    assert talk.chosen("2") == Record((SPEAK,))
    assert talk.recorded(False) == Record((UNUSABLE, SPEAK))
    assert talk.recorded(True) == AskChoice((), (CHOOSE,))
    assert talk.chosen("3") == End((DISCARDED,))


def test_whoever_says_nothing_keeps_nothing() -> None:
    talk = begun()
    assert [talk.chosen("") for _ in range(2)] == [AskChoice((), (CHOOSE,))] * 2
    assert talk.chosen("9") == End((DISCARDED,))


def test_what_cannot_be_stored_is_asked_again_and_not_for_ever() -> None:
    talk = begun()
    assert talk.kept(False) == AskChoice((NOT_KEPT,), (CHOOSE,))
    assert talk.kept(False) == AskChoice((NOT_KEPT,), (CHOOSE,))
    assert talk.kept(False) == End((NOT_KEPT, DISCARDED))


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(["", "1", "2", "3", "*"])), min_size=100, max_size=100))
def test_it_ends_whatever_is_done_and_says_only_what_there_is(answers: list[tuple[bool, str]]) -> None:
    talk = Recording()
    action: Action = talk.begin()
    for fine, key in answers:
        assert isinstance(action, Keep) or set(action.say) <= NAMES.keys()
        match action:
            case AskPin():
                action = talk.entered(fine)
            case Record():
                action = talk.recorded(fine)
            case AskChoice():
                action = talk.chosen(key)
            case Keep():
                action = talk.kept(fine)
            case End():
                return
    raise AssertionError("it goes on for ever")


def test_its_prompts_are_part_of_the_catalogue_in_german_only() -> None:
    assert PROMPTS.items() <= NAMES.items()
    assert not {f"en/{name}" for name in PROMPTS} & NAMES.keys()
    assert MOST_TAKES > 3


def begun() -> Recording:
    talk = Recording()
    talk.begin()
    talk.entered(True)
    talk.recorded(True)
    return talk
