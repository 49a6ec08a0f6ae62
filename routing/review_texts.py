"""Warns of announcements that name another key than the one that does what they say."""

import re
from collections.abc import Callable, Iterator

from config.schema import HotlineConfig, Texts

Path = tuple[str | int, ...]
Warnings = Iterator[tuple[Path, str]]

_WORDS = {
    "de": ("null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"),
    "en": ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
}
FIXED = {
    "callback_offer": "1",
    "callback_confirm_shown": "12",
    "callback_confirm_entered": "12",
    "callback_in_turn": "1",
}
"""Texts about keys that no configuration changes."""


def prompts_name_their_keys(config: HotlineConfig) -> Warnings:
    kinds = [(("request_types", index), kind) for index, kind in enumerate(config.request_types)]
    for path, kind in [*kinds, (("unclear",), config.unclear)]:
        yield from _names((*path, "prompt"), kind.prompt, kind.press, "de")
    yield from _names(("texts", "menu_intro"), config.texts.menu_intro, config.unclear.press, "de")
    for index, language in enumerate(config.languages):
        place = ("languages", index)
        yield from _names((*place, "offer"), language.offer, language.press, language.key)
        yield from _names(
            (*place, "texts", "menu_intro"), language.texts.menu_intro, config.unclear.press, language.key
        )
        for _, kind in [*kinds, ((), config.unclear)]:
            said = language.request_types.get(kind.key, "")
            yield from _names((*place, "request_types", kind.key), said, kind.press, language.key)


def fixed_keys_are_named(config: HotlineConfig) -> Warnings:
    yield from _fixed(("texts",), config.texts, "de")
    for index, language in enumerate(config.languages):
        yield from _fixed(("languages", index, "texts"), language.texts, language.key)


def _fixed(path: Path, texts: Texts, language: str) -> Warnings:
    for name, keys in FIXED.items():
        yield from _names((*path, name), getattr(texts, name), keys, language)


def _names(path: Path, text: str, keys: str, language: str) -> Warnings:
    """A text that names keys, but not all of these."""
    named = _named(text, language)
    missing = [key for key in keys if key not in named]
    if named and missing:
        told = ", ".join(sorted(named))
        yield path, f'the announcement names the key {told}, but the key is {" and ".join(missing)}: "{text}"'


def _named(text: str, language: str) -> set[str]:
    """The keys a text speaks of; numbers of several digits are none."""
    digits = set(re.findall(r"(?<!\d)\d(?!\d)", text))
    words = re.findall(r"\w+", text.casefold())
    return digits or {str(number) for number, word in enumerate(_WORDS[language]) if word in words and number != 1}


TEXT_WARNINGS: tuple[Callable[[HotlineConfig], Warnings], ...] = (
    prompts_name_their_keys,
    fixed_keys_are_named,
)
