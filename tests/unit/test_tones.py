"""Tones are measured as they were made."""

import random
import struct

import pytest

from hotline.phone import tones

RATES = (8000, 16000)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("frequency", [200, 440, 1000, 2600])
def test_a_tone_is_found_again(frequency: int, rate: int) -> None:
    pcm = tones.tone([frequency], 1.0, rate)
    assert tones.dominant(pcm, rate) == pytest.approx(frequency, abs=rate / tones.SPECTRUM)
    assert tones.loudness(pcm) == pytest.approx(-15, abs=0.1)
    assert tones.tone_level(pcm, rate, frequency) == pytest.approx(-15, abs=0.2)


def test_another_tone_is_not_heard() -> None:
    assert tones.tone_level(tones.tone([440], 1.0, 8000), 8000, 1000) < -45


@pytest.mark.parametrize("level", [-6.0, -20.0, -40.0])
def test_level_is_what_was_asked_for(level: float) -> None:
    assert tones.loudness(tones.tone([700], 0.5, 8000, level)) == pytest.approx(level, abs=0.2)


@pytest.mark.parametrize("pcm", [b"", b"\0", bytes(16000), tones.tone((), 1.0, 8000)])
def test_silence_has_no_tone(pcm: bytes) -> None:
    assert tones.loudness(pcm) == tones.SILENCE
    assert tones.dominant(pcm, 8000) is None
    assert tones.tone_level(pcm, 8000, 440) == tones.SILENCE


def test_codec_noise_is_no_sound() -> None:
    pcm = struct.pack("<8000h", *random.Random(1).choices((-8, 8), k=8000))
    assert -75 < tones.loudness(pcm) < -70
    assert tones.dominant(pcm, 8000) is None


def test_a_short_tone_after_silence_is_found() -> None:
    pcm = bytes(16000) + tones.tone([440], 0.5, 8000) + bytes(16000)
    assert tones.dominant(pcm, 8000) == pytest.approx(440, abs=4)


def test_a_tone_survives_lost_packets() -> None:
    """50 packets of 20 ms, of which every tenth is missing, so that the phase jumps."""
    pcm = tones.tone([440], 1.0, 8000)
    packets = [pcm[start : start + 320] for start in range(0, len(pcm), 320)]
    kept = b"".join(packet for at, packet in enumerate(packets) if at % 10)
    assert tones.tone_level(kept, 8000, 440) > -18


@pytest.mark.parametrize("key", "0123456789*#ABCD")
def test_each_key_sounds_with_its_two_tones_and_no_other(key: str) -> None:
    pcm = tones.melody(tones.keys(key, 0.2, 0), 8000)
    strong = {f for pair in tones.KEYS.values() for f in pair if tones.tone_level(pcm, 8000, f) > -20}
    assert strong == set(tones.KEYS[key])
    assert len({frozenset(pair) for pair in tones.KEYS.values()}) == 16


def test_keys_follow_each_other_with_gaps() -> None:
    pcm = tones.melody(tones.keys("42", 0.1, 0.1), 8000)
    assert len(pcm) == 2 * 8000 * 4 // 10
    assert tones.loudness(pcm[1600:3200]) == tones.SILENCE
    assert tones.tone_level(pcm[3200:4800], 8000, tones.KEYS["2"][1]) > -20


def test_a_loud_chord_is_clipped_instead_of_turned_over() -> None:
    values = tones.samples(tones.tone([400, 500], 0.5, 8000, level=-1))
    assert max(values) == 32767
    assert min(values) >= -32768
