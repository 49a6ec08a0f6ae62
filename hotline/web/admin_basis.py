"""What all pages of the admin share: the configuration they show, and how a change reaches the draft.

Every change names what its page had shown (`revision` of the draft, `version` in use). Is that no longer so, the
answer is 409 with `difference` (lines) and the present `revision` and `version`; nothing was changed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import Any

from aiohttp import web

from agents.forms import FormError
from config.editing import Edit
from config.loading import MAX_BYTES
from config.schema import HotlineConfig
from config.tree import read
from hotline.changing.model import Draft, Version
from hotline.changing.store import FILE_AUTHOR
from hotline.errors import Outdated, Refused
from hotline.web.keys import TOKEN, USER, site
from hotline.web.pages import day_and_time, render
from hotline.web.problems import Problem
from hotline.web.reading import checked, json_body
from hotline.web.security import form_token
from hotline.web.services import Changing
from hotline.web.sessions import LEADS, is_agent

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Fields = Mapping[str, str]
"""The field of the form that a dotted path of the configuration stands in; longer paths win. A single key is the last
one of the path of an entry: the form does not know its place in the list."""

PAGES = (
    ("/admin", "Übersicht"),
    ("/admin/hours", "Öffnungszeiten"),
    ("/admin/agents", "Mitarbeitende"),
    ("/admin/texts", "Texte"),
    ("/admin/case-workers", "Sachbearbeitung"),
    ("/admin/distribution", "Verteilung"),
    ("/admin/file", "Ganze Datei"),
    ("/admin/try", "Ausprobieren"),
    ("/admin/history", "Verlauf"),
)
BODY_BYTES = 2 * MAX_BYTES
"""A whole file as JSON: line ends and quotes take two characters there."""
_TOO_LARGE = "Das ist zu viel Text auf einmal, erlaubt sind {} Kilobyte."
_STALE = "Inzwischen wurde eine andere Version in Kraft gesetzt. Es wurde nichts überschrieben."
_FILE = "Konfigurationsdatei"
"""Nobody has saved it on these pages: it stood there at the start."""
_CHECK_FIELDS = "Bitte prüfen Sie die markierten Felder."


@dataclass(frozen=True, slots=True)
class Standing:
    """What is in use, and what is being prepared."""

    active: Version
    active_text: str
    draft: Draft | None

    @property
    def text(self) -> str:
        """What a change begins from."""
        return self.active_text if self.draft is None else self.draft.text

    @property
    def revision(self) -> int | None:
        return None if self.draft is None else self.draft.revision

    @property
    def outrun(self) -> bool:
        """Another version came into use after the draft was begun."""
        return self.draft is not None and self.draft.base_version != self.active.version

    async def config(self) -> HotlineConfig | None:
        """The configuration of `text`, also while rules between its values are broken; None when it has no shape."""
        return await shape_of(self.text)


async def shape_of(text: str) -> HotlineConfig | None:
    """Reading takes tens of milliseconds: callers do not wait for it."""
    return await asyncio.to_thread(_shape, text)


@lru_cache(maxsize=4)
def _shape(text: str) -> HotlineConfig | None:
    try:
        return HotlineConfig.model_validate(read(text).data)
    except ValueError:
        return None


def changing(request: web.Request) -> Changing:
    return site(request).services.changing


async def standing(request: web.Request) -> Standing:
    active, text = await changing(request).active()
    return Standing(active, text, await changing(request).draft())


async def page(request: web.Request, template: str, values: Mapping[str, Any], status: int = 200) -> web.Response:
    """A page of the admin with its frame: the way to the others, who is logged in, how things stand."""
    here, user, now = site(request), request[USER], await standing(request)
    frame = {
        "pages": PAGES,
        "here": "/admin/history" if request.path.startswith("/admin/history") else request.path,
        "user": user.name,
        "seated": is_agent(here, user.name),
        "leads": user.role in LEADS,
        "standing": now,
        "words_of": lambda moment: day_and_time(moment, here.zone),
        "author_of": lambda one: _FILE if one.author == FILE_AUTHOR else one.author,
        "zone": here.config.hotline.timezone,
        "form_token": form_token(request[TOKEN], "logout"),
    }
    return render(request, template, frame | dict(values), status=status)


async def everyday(
    request: web.Request, template: str, values: Callable[[HotlineConfig], Mapping[str, Any]]
) -> web.Response:
    """A page that shows a part of the configuration; while that has no shape only the file can be edited."""
    config = await (await standing(request)).config()
    if config is None:
        return await page(request, "admin/shapeless.html", {})
    return await page(request, template, {"config": config, **values(config)})


def tells_outdated(handler: Handler) -> Handler:
    """Whoever comes second gets the difference, and what the page needs to go on."""

    @wraps(handler)
    async def answering(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except Outdated as outdated:
            now = await standing(request)
            answer: dict[str, Any] = {
                "message": str(outdated),
                "fields": {},
                "difference": [line for line in outdated.difference.splitlines() if line.strip()],
                "revision": now.revision,
                "version": now.active.version,
            }
            return web.json_response(answer, status=409)

    return answering


async def posted(request: web.Request, most: int = BODY_BYTES) -> Mapping[str, Any]:
    """The JSON body of an admin's page; 413 when it is larger than `most` bytes."""
    try:
        return await json_body(request.clone(client_max_size=most))
    except web.HTTPRequestEntityTooLarge:
        raise Problem(413, _TOO_LARGE.format(most // 1024)) from None


async def change(
    request: web.Request,
    body: Mapping[str, Any],
    edits: Callable[[HotlineConfig], Sequence[Edit]],
    fields: Fields | None = None,
) -> web.Response:
    """Make these edits of the present configuration in the draft; FormError when a value cannot be taken."""
    now = await current(request, body)
    config = await now.config()
    if config is None:
        raise Refused("In der Datei des Entwurfs stehen Fehler. Bitte berichtigen Sie sie zuerst dort.")
    wanted = edits(config)
    if not wanted:
        return web.json_response({"unchanged": True, "revision": now.revision, "version": now.active.version})
    try:
        draft = await changing(request).edit(request[USER].name, wanted, now.revision, base=now.active.version)
    except FormError as error:
        raise at_fields(error, fields or {}) from None
    return web.json_response({"revision": draft.revision, "version": now.active.version})


async def current(request: web.Request, body: Mapping[str, Any]) -> Standing:
    """How things stand, if that is what the page had shown; Outdated otherwise."""
    now = await standing(request)
    revision, version = number_in(body, "revision"), version_in(body)
    if revision != now.revision or (now.draft is None and version != now.active.version):
        await changing(request).edit(request[USER].name, (), revision, base=version)  # says what is different
        raise Outdated(_STALE, "")
    return now


def at_fields(error: FormError, fields: Fields) -> Problem:
    """Findings by path as findings by field; what has no field is told in the sentence above the form."""
    placed, others = {}, []
    for path, finding in error.findings.items():
        known = [key for key in fields if f"{path}.".startswith(f"{key}.") or path.split(".")[2:3] == [key]]
        if known:
            placed[fields[max(known, key=len)]] = finding
        else:
            others.append(f"{path}: {finding}")
    return Problem(422, " ".join(others) or _CHECK_FIELDS, placed)


def number_in(body: Mapping[str, Any], key: str) -> int | None:
    value = body.get(key)
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise Problem(400, f"In der Anfrage ist „{key}“ keine Zahl.")


def version_in(body: Mapping[str, Any]) -> int:
    """The version in use that the page had shown."""
    version = number_in(body, "version")
    if version is None:
        raise Problem(400, "In der Anfrage fehlt „version“.")
    return version


def listed(body: Mapping[str, Any], key: str, most: int, longest: int) -> list[str]:
    """A list of texts; one text alone counts as a list of one, a missing one as empty."""
    values = body.get(key, [])
    values = [values] if isinstance(values, str) else values
    if not isinstance(values, list) or len(values) > most:
        raise Problem(400, f"In der Anfrage ist „{key}“ falsch oder zu lang.")
    return [checked(value, key, longest).strip() for value in values]


def mapping_in(body: Mapping[str, Any], key: str, most: int) -> Mapping[str, Any]:
    values = body.get(key, {})
    if not isinstance(values, dict) or len(values) > most:
        raise Problem(400, f"In der Anfrage ist „{key}“ falsch.")
    return values
