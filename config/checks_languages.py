"""Decides whether whoever chooses another language is spoken to in it from then on."""

from collections.abc import Callable, Iterator

from config.messages import suggestion
from config.schema import HotlineConfig, Language, Texts

Path = tuple[str | int, ...]
Problem = tuple[Path, str]
OWN = "de"
"""Numbers, days and times of the hotline's own texts are put together in German."""


def keys_of_languages_are_free(config: HotlineConfig) -> Iterator[Problem]:
    """The key is heard in the menu, so it must not be the one of a request type."""
    types = [(f"request_types.{index}", kind) for index, kind in enumerate(config.request_types)]
    taken = {kind.press: f"{path}.press" for path, kind in [*types, ("unclear", config.unclear)]}
    for index, language in enumerate(config.languages):
        if language.press in taken:
            path = ("languages", index, "press")
            yield path, f'"{language.press}" is already the key to press at {taken[language.press]}; take another key'


def languages_leave_nothing_out(config: HotlineConfig) -> Iterator[Problem]:
    """Every text has a German default, which nobody who has chosen another language should hear."""
    for index, language in enumerate(config.languages):
        for name in Texts.model_fields:
            if name not in language.texts.model_fields_set:
                path = ("languages", index, "texts", name)
                yield path, f'this text is missing in "{language.name}"; callers would hear it in German'
        yield from _request_types(("languages", index, "request_types"), config, language)


def _request_types(path: Path, config: HotlineConfig, language: Language) -> Iterator[Problem]:
    keys = [kind.key for kind in (*config.request_types, config.unclear)]
    for key in keys:
        if key not in language.request_types:
            yield (*path, key), f'the request type "{key}" is missing in "{language.name}"; write what callers hear'
    for key in language.request_types:
        if key not in keys:
            hint = suggestion(key, keys)
            yield (*path, key), f'there is no request type "{key}"{hint}; allowed: {", ".join(keys)}'


def voices_speak_their_language(config: HotlineConfig) -> Iterator[Problem]:
    """A voice reads every text by the rules of its own language."""
    spoken: list[tuple[Path, str, str]] = [(("voice", "language"), config.voice.language, OWN)]
    for index, language in enumerate(config.languages):
        spoken.append((("languages", index, "voice", "language"), language.voice.language, language.key))
    for path, voice, language_key in spoken:
        if not voice.startswith(f"{language_key}-"):
            yield path, f'{voice} cannot read texts in "{language_key}"; choose a voice for "{language_key}"'


LANGUAGE_RULES: tuple[Callable[[HotlineConfig], Iterator[Problem]], ...] = (
    keys_of_languages_are_free,
    languages_leave_nothing_out,
    voices_speak_their_language,
)
