"""What the agent's page sends and asks of what is written about calls: drafts, dispositions, corrections, text."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from agents.disposition import Outcome
from hotline.web.keys import USER, site
from hotline.web.problems import Problem
from hotline.web.reading import json_body, path_word, text, texts
from hotline.web.services import Writing

NOTE_LENGTH = 2000
REQUESTS_AT_MOST = 20
"""Of one call; more is a mistake."""


async def draft(request: web.Request) -> web.StreamResponse:
    """GET /agent/calls/{id}/draft: {number, values, saved_at}, or null"""
    found = await _writing(request).draft(request[USER].name, path_word(request))
    return web.json_response(None if found is None else dict(found))


async def save_draft(request: web.Request) -> web.StreamResponse:
    """POST /agent/calls/{id}/draft {number, values: {field: text}}: {stored}"""
    body = await json_body(request)
    number, values = _number(body), texts(body, "values")
    stored = await _writing(request).save_draft(request[USER].name, path_word(request), number or 1, values)
    return web.json_response({"stored": stored})


async def disposition(request: web.Request) -> web.StreamResponse:
    """POST /agent/calls/{id}/disposition {outcome, values: {field: text}, number, more}"""
    body = await json_body(request)
    outcome, values, number = _outcome(body), _values(body), _number(body)
    more = body.get("more", False)
    if not isinstance(more, bool):
        raise Problem(400, "In der Anfrage ist „more“ falsch.")
    who, call = request[USER].name, path_word(request)
    result = await _writing(request).dispose(who, call, outcome, values, number, more)
    return web.json_response(dict(result))


async def another(request: web.Request) -> web.StreamResponse:
    """POST /agent/calls/{id}/another"""
    await _writing(request).another(request[USER].name, path_word(request))
    return web.json_response({})


async def finish(request: web.Request) -> web.StreamResponse:
    """POST /agent/calls/{id}/finish"""
    await _writing(request).finish(request[USER].name, path_word(request))
    return web.json_response({})


async def dispositions(request: web.Request) -> web.StreamResponse:
    """GET /agent/dispositions: what the agent has written today"""
    entries = await _writing(request).today(request[USER].name)
    return web.json_response({"entries": [dict(entry) for entry in entries]})


async def correct(request: web.Request) -> web.StreamResponse:
    """POST /agent/dispositions/{id} {outcome, values: {field: text}}: the entry as it reads now"""
    body, place = await json_body(request), path_word(request)
    if not (place.isascii() and place.isdecimal() and len(place) <= 15):
        raise Problem(404)
    entry = await _writing(request).correct(request[USER].name, int(place), _outcome(body), _values(body))
    return web.json_response(dict(entry))


async def call_text(request: web.Request) -> web.StreamResponse:
    """GET /agent/calls/{id}/text: {text}"""
    return web.json_response({"text": await _writing(request).text(request[USER].name, path_word(request))})


def _outcome(body: Mapping[str, Any]) -> str:
    outcome = text(body, "outcome", 50)
    if outcome not in list(Outcome):
        finding = "Bitte wählen Sie, wie das Gespräch ausging."
        raise Problem(422, finding, {"outcome": finding})
    return outcome


def _values(body: Mapping[str, Any]) -> dict[str, str]:
    values = texts(body, "values")
    if len(values.get("note", "")) > NOTE_LENGTH:
        long = f"Die Notiz darf höchstens {NOTE_LENGTH} Zeichen lang sein."
        raise Problem(422, long, {"note": long})
    return values


def _number(body: Mapping[str, Any]) -> int | None:
    """Which request of the call is meant; None when the page does not say."""
    number = body.get("number")
    if number is None:
        return None
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= REQUESTS_AT_MOST:
        raise Problem(400, "In der Anfrage ist „number“ falsch.")
    return number


def _writing(request: web.Request) -> Writing:
    return site(request).services.writing
