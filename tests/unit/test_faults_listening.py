"""What the fault scripts hear: silence is found where it is, and only there; tones are told apart."""

import pytest

from hotline.phone import tones
from tests.faults.listening import Recording, Silence

RATE = 8000
PIECE = 0.05


def recording(*parts: tuple[float, float]) -> Recording:
    """From second 100 on, in pieces as they come in: (frequency, seconds); frequency 0 is silence, -1 no packets."""
    pieces, at = [], 100.0
    for frequency, seconds in parts:
        sound = tones.tone((frequency,) if frequency > 0 else (), seconds, RATE)
        size = int(PIECE * RATE) * 2
        for start in range(0, len(sound), size):
            at += PIECE
            if frequency >= 0:
                pieces.append((at, sound[start : start + size]))
    return Recording(pieces, RATE)


def test_unbroken_sound_holds_no_silence() -> None:
    assert recording((700, 3)).worst_silence(100.05, 103).seconds == pytest.approx(0, abs=0.06)


@pytest.mark.parametrize("nothing", [0, -1])
def test_longest_stretch_without_sound_is_found_whether_packets_came_or_not(nothing: int) -> None:
    heard = recording((700, 2), (nothing, 0.5), (330, 1), (nothing, 2.5), (700, 1))
    worst = heard.worst_silence(100.05, 107)
    assert worst.seconds == pytest.approx(2.5, abs=0.1)
    assert worst.since == pytest.approx(103.5, abs=0.1)


def test_silence_before_and_after_is_counted_to_the_given_moments() -> None:
    heard = recording((700, 1))
    assert heard.worst_silence(97, 100.5).seconds == pytest.approx(3.0, abs=0.1)
    assert heard.worst_silence(100.1, 105).seconds == pytest.approx(4.0, abs=0.1)


def test_caller_who_hears_nothing_at_all_is_in_silence_all_the_time() -> None:
    assert Recording([], RATE).worst_silence(10, 14) == Silence(10, 14)


def test_pieces_that_come_late_and_at_once_are_no_silence() -> None:
    second = tones.tone((700,), 1.0, RATE)
    late = Recording([(101.0, second), (103.0, second + second)], RATE)
    assert late.worst_silence(100.05, 103).seconds < 0.1


def test_faint_noise_is_silence() -> None:
    noise = Recording([(101.0, tones.tone((700,), 1.0, RATE, level=-60))], RATE)
    assert noise.worst_silence(100, 101).seconds == pytest.approx(1.0)


def test_spells_tell_who_was_heard_and_when() -> None:
    heard = recording((700, 1), (1700, 2), (330, 1), (1700, 1))
    first, second = heard.spells(1700)
    assert (first.since, first.until) == (pytest.approx(101, abs=0.25), pytest.approx(103, abs=0.25))
    assert (second.since, second.until) == (pytest.approx(104, abs=0.25), pytest.approx(105, abs=0.25))
    assert heard.spells(1850) == []


def test_two_tones_at_once_are_both_heard() -> None:
    pieces = [(100.05 + n * 0.05, tones.tone((900, 1700), 0.05, RATE)) for n in range(40)]
    heard = Recording(pieces, RATE)
    assert heard.spells(900)
    assert heard.spells(1700)
    assert heard.spells(1850) == []
