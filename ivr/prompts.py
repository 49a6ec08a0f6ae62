"""Decides which prompts exist: every name that the conversation can play, and the text the voice speaks for it."""

import re

from config.schema import HotlineConfig
from ivr.words import digit_word, words

_KEY_TO_PRESS = re.compile(r"(?<=\bdie )\d(?!\d)|(?<!\d)\d(?=\.$)")
"""A single digit after "die", or at the very end."""


def type_prompt(key: str) -> str:
    """The menu's prompt of a request type."""
    return f"type_{key}"


def catalogue(config: HotlineConfig) -> dict[str, str]:
    """Every prompt's name, safe as a file name, and its text as an admin reads it."""
    texts: dict[str, str] = config.texts.model_dump()
    requests = {type_prompt(request.key): request.prompt for request in (*config.request_types, config.unclear)}
    return {**texts, **requests, **words(config)}


def spoken(config: HotlineConfig, text: str) -> str:
    """`text` as the voice must be given it, so that it pronounces every word rightly.

    Words as `voice.spoken_as` has them; keys to press as words, because the voice reads "die 4." as "die vierte".
    """
    instead = config.voice.spoken_as
    if instead:
        longest_first = sorted(instead, key=len, reverse=True)
        text = re.sub("|".join(map(re.escape, longest_first)), lambda found: instead[found[0]], text)
    return _KEY_TO_PRESS.sub(lambda found: digit_word(found[0]), text)
