"""Decides which prompts exist: every name that the conversation can play, and the text the voice speaks for it.

Names of a further language begin with its key and a slash, as its sound files lie in a folder of that name.
"""

import re

from config.schema import HotlineConfig, Language, RequestType, Texts, Voice
from ivr import recording
from ivr.words import vocabulary, words
from routing.announcing import EMERGENCY_PROMPT, closure_prompt, emergency_prompts

LANGUAGE_OFFER = "language_offer"


def type_prompt(key: str) -> str:
    """The menu's prompt of a request type."""
    return f"type_{key}"


def in_language(name: str, language: str | None) -> str:
    """The prompt of that name in this language; None is the hotline's own.

    What is not chosen by its language stays: the announcement of an emergency (`emergency_in`), and one in the lead's
    own words, which is in a folder already.
    """
    return name if language is None or name == EMERGENCY_PROMPT or "/" in name else f"{language}/{name}"


def emergency_in(prompts: tuple[str, ...], language: str) -> tuple[str, ...]:
    """Of the prompts of an emergency announcement, the one in this language; empty when it has none."""
    return tuple(name for name in prompts if name == f"{language}/{EMERGENCY_PROMPT}")


def catalogue(config: HotlineConfig) -> dict[str, str]:
    """Every prompt's name, safe as a file name, and its text as an admin reads it."""
    own = _texts(config.texts, {request.key: request.prompt for request in _requests(config)})
    prompts = {**own, **_announcements(config), **words(config, config.voice), **recording.PROMPTS}
    for language in config.languages:
        prompts |= {in_language(name, language.key): text for name, text in _translated(config, language).items()}
    return prompts


def voice_of(config: HotlineConfig, name: str) -> Voice:
    """Whose voice speaks this prompt."""
    folder = name.rpartition("/")[0]
    return next((language.voice for language in config.languages if language.key == folder), config.voice)


def spoken(voice: Voice, text: str) -> str:
    """`text` as the voice must be given it, so that it pronounces every word rightly.

    Words as `spoken_as` has them; keys to press as words.
    """
    instead, known = voice.spoken_as, vocabulary(voice)
    if instead:
        longest_first = sorted(instead, key=len, reverse=True)
        text = re.sub("|".join(map(re.escape, longest_first)), lambda found: instead[found[0]], text)
    return known.key.sub(lambda found: known.numbers[int(found[0])], text)


def _requests(config: HotlineConfig) -> tuple[RequestType, ...]:
    return (*config.request_types, config.unclear)


def _texts(texts: Texts, requests: dict[str, str]) -> dict[str, str]:
    return {**texts.model_dump(), **{type_prompt(key): prompt for key, prompt in requests.items()}}


def _announcements(config: HotlineConfig) -> dict[str, str]:
    """Those of closures, which are only spoken in the hotline's own language, and that of an emergency."""
    own = [closure.announcement for closure in config.hours.closures if closure.announcement is not None]
    further = [language.emergency for language in config.languages if language.emergency is not None]
    texts = [] if config.emergency is None else [config.emergency.text, *further]
    emergency = dict(zip(emergency_prompts(config), texts, strict=True))
    return emergency | {closure_prompt(announcement): announcement for announcement in own}


def _translated(config: HotlineConfig, language: Language) -> dict[str, str]:
    """A request type that the language does not name keeps its own words: rather those than silence."""
    requests = {one.key: language.request_types.get(one.key, one.prompt) for one in _requests(config)}
    return {**_texts(language.texts, requests), LANGUAGE_OFFER: language.offer, **words(config, language.voice)}
