"""Speaks one text: standard input to 16 kHz PCM on standard output.

A program of its own, because the voice is not thread-safe and keeps state from one text to the next:
`python -m hotline.setup.speak de-DE 0.95`.
"""

import sys

from py_nanotts import NanoTTS

VOLUME = 0.3
"""The voice at its own volume of 1 clips heavily; at 0.3 its peaks stay below -4 dBFS."""


def main() -> None:
    language, speed = sys.argv[1:]
    text = sys.stdin.buffer.read().decode()
    sys.stdout.buffer.write(NanoTTS().speak(text, voice=language, speed=float(speed), volume=VOLUME))


if __name__ == "__main__":
    main()
