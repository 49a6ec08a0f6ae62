"""What callers hear: every text with its explanation, in German and in the second language."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from agents.forms import FormError
from config.editing import Edit, Kind, Path
from config.schema import HotlineConfig, Texts
from hotline.web.admin_basis import change, everyday, mapping_in, posted, standing, tells_outdated
from hotline.web.admin_words import GROUPS, TEXT_WORDS
from hotline.web.keys import site
from hotline.web.reading import text
from ivr.prompts import LANGUAGE_OFFER, in_language, type_prompt

TEXT_LENGTH = 600
LONG = 160
"""Characters from which a text is spoken for more than about ten seconds: callers stop listening."""
_TEXTS = 400
_OUTDATED = "Bei „{}“ ist weiter die eigene Aufnahme des früheren Textes zu hören. Bitte nehmen Sie den Text neu auf."


@dataclass(frozen=True, slots=True)
class Said:
    """One text of the page. `field` names it in the form, `path` is where it stands in the file."""

    field: str
    path: Path
    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Row:
    """A prompt: what it is for, and its text in each language."""

    name: str
    label: str
    hint: str
    said: tuple[Said, ...]


async def show(request: web.Request) -> web.StreamResponse:
    """GET /admin/texts"""
    heard = await site(request).services.prompts.heard()

    def values(config: HotlineConfig) -> Mapping[str, Any]:
        return {
            "groups": _groups(config),
            "language": config.languages[0].name if config.languages else None,
            "text_length": TEXT_LENGTH,
            "long": LONG,
            "heard": heard,
            "names": prompt_names(config),
        }

    return await everyday(request, "admin/texts.html", values)


async def outdated_recordings(request: web.Request, config: HotlineConfig) -> list[Mapping[str, Any]]:
    """Hints as the check gives them: texts that callers will not hear, because an own recording says the former one."""
    heard = await site(request).services.prompts.heard()
    late = [
        (".".join(map(str, said.path)), row.label)
        for row in _rows(config)
        for said in row.said
        if (now := heard.get(_prompt_name(row.name, said))) and now.outdated(said.text)
    ]
    return [{"severity": "warning", "line": 0, "path": path, "message": _OUTDATED.format(row)} for path, row in late]


def prompt_title(name: str) -> str:
    """What admins call a prompt, with its name."""
    words = TEXT_WORDS.get(name.rpartition("/")[2])
    return f"{words[0]} ({name})" if words else name


def prompt_names(config: HotlineConfig) -> dict[str, str]:
    """The prompt of each field."""
    return {said.field: _prompt_name(row.name, said) for row in _rows(config) for said in row.said}


def _prompt_name(row: str, said: Said) -> str:
    kind, _, key = row.partition(".")
    name = LANGUAGE_OFFER if row == "language_offer" else type_prompt(key) if kind == "type" else row
    return in_language(name, None if said.language == "de" else said.language)


@tells_outdated
async def save(request: web.Request) -> web.StreamResponse:
    """POST /admin/texts {values: {"de.greeting": "…", "en.greeting": "…", "de.type.rent": "…"}}: the changed ones."""
    body = await posted(request)
    given = mapping_in(body, "values", _TEXTS)
    new = {field: " ".join(text(given, field, TEXT_LENGTH).split()) for field in given}
    if empty := {field: "Dieser Text darf nicht leer sein." for field, said in new.items() if not said}:
        raise FormError(empty)

    def edits(config: HotlineConfig) -> Sequence[Edit]:
        known = {said.field: said for row in _rows(config) for said in row.said}
        if gone := {field: "Diesen Text gibt es nicht mehr." for field in new if field not in known}:
            raise FormError(gone)
        changed = [known[field] for field in new if new[field] != known[field].text]
        return [Edit(Kind.SET, said.path, new[said.field]) for said in changed]

    return await change(request, body, edits, await _fields(request))


async def _fields(request: web.Request) -> dict[str, str]:
    config = await (await standing(request)).config()
    rows = _rows(config) if config else ()
    return {".".join(map(str, said.path)): said.field for row in rows for said in row.said}


def _groups(config: HotlineConfig) -> dict[str, list[Row]]:
    """The rows by the part of a call in which they are heard, in its order."""
    result: dict[str, list[Row]] = {name: [] for name in (*GROUPS, "Anliegen im Menü", "Weitere Texte")}
    for row in _rows(config):
        group = next((name for name, keys in GROUPS.items() if row.name in keys), "Weitere Texte")
        result["Anliegen im Menü" if row.name.startswith("type.") else group].append(row)
    return {name: rows for name, rows in result.items() if rows}


def _rows(config: HotlineConfig) -> Iterator[Row]:
    for key in Texts.model_fields:
        label, hint = TEXT_WORDS.get(key, (key, ""))
        yield Row(key, label, hint, tuple(_texts(config, key)))
    for place, kind in enumerate((*config.request_types, config.unclear)):
        own: Path = ("unclear",) if kind is config.unclear else ("request_types", place)
        said = [Said(f"de.type.{kind.key}", (*own, "prompt"), kind.prompt, "de")]
        for number, language in enumerate(config.languages):
            path = ("languages", number, "request_types", kind.key)
            said.append(
                Said(f"{language.key}.type.{kind.key}", path, language.request_types.get(kind.key, ""), language.key)
            )
        yield Row(f"type.{kind.key}", kind.label, f"Taste {kind.press} im Menü.", tuple(said))
    for number, language in enumerate(config.languages):
        offer = Said(f"{language.key}.offer", ("languages", number, "offer"), language.offer, language.key)
        yield Row("language_offer", f"Angebot: {language.name}", f"Taste {language.press}, vor dem Menü.", (offer,))


def _texts(config: HotlineConfig, key: str) -> Iterator[Said]:
    yield Said(f"de.{key}", ("texts", key), getattr(config.texts, key), "de")
    for number, language in enumerate(config.languages):
        path = ("languages", number, "texts", key)
        yield Said(f"{language.key}.{key}", path, getattr(language.texts, key), language.key)
