"""What the agent's page can ask for: the page itself, and one small JSON request per button."""

import re
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from agents.disposition import OUTCOMES
from agents.presence import Intent
from hotline.web.desk import Desk
from hotline.web.keys import TOKEN, USER, site
from hotline.web.pages import render
from hotline.web.problems import Problem
from hotline.web.reading import json_body, optional_text, path_word, text, texts, word
from hotline.web.security import content_policy, form_token
from hotline.web.sessions import ADMINS, LEADS

IDENTITY_CHECKS = {
    "birth_date_and_address": "Geburtsdatum und Anschrift",
    "household_number_and_birth_date": "BG-Nummer und Geburtsdatum",
    "called_back": "Rückruf unter bekannter Nummer",
    "known_personally": "Persönlich bekannt",
}
HANDOVERS = frozenset({"consult", "blind"})
TARGET_KINDS = frozenset({"agent", "case_worker", "number"})
DIALLED = re.compile(r"\+?[0-9 ()/-]{1,40}")
"""A number as people write it; whether it may be rung is decided behind the desk."""
TARGET_LENGTH = 254
"""A case worker's key is an e-mail address."""
CALLBACK_OUTCOMES = {"reached": "Erreicht", "not_reached": "Nicht erreicht", "not_needed": "Nicht mehr nötig"}
NOTE_LENGTH = 2000


async def page(request: web.Request) -> web.StreamResponse:
    """GET /agent"""
    here, name, role = site(request), request[USER].name, request[USER].role
    phone = here.desk.softphone(name)
    values = {
        "agent": here.config.agent(name),
        "leads": role in LEADS,
        "admin": role in ADMINS,
        "names": {agent.name: agent.full_name for agent in here.config.agents},
        "offices": here.config.offices,
        "zone": here.config.hotline.timezone,
        "softphone": phone is not None,
        "identity_checks": IDENTITY_CHECKS,
        "outcomes": {outcome.value: label for outcome, label in OUTCOMES.items()},
        "callback_outcomes": CALLBACK_OUTCOMES,
        "form_token": form_token(request[TOKEN], "logout"),
    }
    response = render(request, "agent.html", values)
    response.headers["Content-Security-Policy"] = content_policy(phone["websocket"] if phone else None)
    return response


async def softphone(request: web.Request) -> web.StreamResponse:
    """GET /agent/softphone: how the page's telephone logs in at Asterisk; null for a desk phone."""
    phone = _desk(request).softphone(request[USER].name)
    return web.json_response(None if phone is None else dict(phone))


async def presence(request: web.Request) -> web.StreamResponse:
    """POST /agent/presence {intent, reason}"""
    body = await json_body(request)
    intent = word(body, "intent")
    if intent not in list(Intent):
        raise Problem(422, "Diesen Zustand gibt es nicht.", {"intent": "Bereit, Pause oder Feierabend."})
    await _desk(request).set_intent(request[USER].name, intent, optional_text(body, "reason", 100))
    return _done()


async def offer_shown(request: web.Request) -> web.StreamResponse:
    """POST /agent/offers/{id}/shown"""
    await _desk(request).offer_shown(request[USER].name, path_word(request))
    return _done()


async def reject(request: web.Request) -> web.StreamResponse:
    """POST /agent/offers/{id}/reject"""
    await _desk(request).reject(request[USER].name, path_word(request))
    return _done()


async def hang_up(request: web.Request) -> web.StreamResponse:
    """POST /agent/hangup"""
    await _desk(request).hang_up(request[USER].name)
    return _done()


async def correct_type(request: web.Request) -> web.StreamResponse:
    """POST /agent/calls/{id}/type {request_type}"""
    key = word(await json_body(request), "request_type")
    config = site(request).config
    if key not in {known.key for known in (*config.request_types, config.unclear)}:
        raise Problem(422, "Diese Art von Anliegen gibt es nicht.", {"request_type": "Bitte wählen Sie aus der Liste."})
    await _desk(request).correct_type(request[USER].name, path_word(request), key)
    return _done()


async def identity(request: web.Request) -> web.StreamResponse:
    """POST /agent/calls/{id}/identity {how}"""
    how = word(await json_body(request), "how")
    if how not in IDENTITY_CHECKS:
        raise Problem(422, "Bitte wählen Sie, wie Sie geprüft haben.", {"how": "Bitte wählen Sie aus der Liste."})
    await _desk(request).identity_checked(request[USER].name, path_word(request), how)
    return _done()


async def transfer(request: web.Request) -> web.StreamResponse:
    """POST /agent/calls/{id}/transfer {how, kind, value, note, values: {field: text}}"""
    body = await json_body(request)
    how, kind, note, values = word(body, "how"), word(body, "kind"), text(body, "note"), texts(body, "values")
    if how not in HANDOVERS or kind not in TARGET_KINDS:
        raise Problem(422, "So kann ein Anruf nicht weitergegeben werden.", {"how": "Rückfrage oder direkt."})
    value = _target(request, kind, text(body, "value", TARGET_LENGTH).strip())
    _check_note(note)
    _check_note(values.get("note", ""))
    await _desk(request).transfer(request[USER].name, path_word(request), how, kind, value, note, values)
    return _done()


async def complete_transfer(request: web.Request) -> web.StreamResponse:
    """POST /agent/calls/{id}/transfer/complete"""
    await _desk(request).complete_transfer(request[USER].name, path_word(request))
    return _done()


async def take_back(request: web.Request) -> web.StreamResponse:
    """POST /agent/calls/{id}/transfer/back"""
    await _desk(request).take_back(request[USER].name, path_word(request))
    return _done()


async def extend_wrap_up(request: web.Request) -> web.StreamResponse:
    """POST /agent/wrap-up/extend"""
    await _desk(request).extend_wrap_up(request[USER].name)
    return _done()


async def take_callback(request: web.Request) -> web.StreamResponse:
    """POST /agent/callbacks/{id}/take"""
    await _desk(request).take_callback(request[USER].name, path_word(request))
    return _done()


async def finish_callback(request: web.Request) -> web.StreamResponse:
    """POST /agent/callbacks/{id}/finish {outcome, note}"""
    body = await json_body(request)
    outcome, note = text(body, "outcome", 50), text(body, "note", NOTE_LENGTH)
    if outcome not in CALLBACK_OUTCOMES:
        finding = "Bitte wählen Sie, wie der Rückruf ausging."
        raise Problem(422, finding, {"outcome": finding})
    await _desk(request).finish_callback(request[USER].name, path_word(request), outcome, note)
    return _done()


def _target(request: web.Request, kind: str, value: str) -> str:
    """To whom a caller is handed on, as far as it can be judged without the service."""
    if kind == "number" and not (DIALLED.fullmatch(value) and any(sign.isdecimal() for sign in value)):
        raise _wrong_target("Bitte eine Rufnummer eingeben, zum Beispiel 05721 12345.")
    others = {agent.name for agent in site(request).config.agents} - {request[USER].name}
    if not value or (kind == "agent" and value not in others):
        raise _wrong_target("Bitte wählen Sie, mit wem der Anrufer verbunden werden soll.")
    return value


def _wrong_target(finding: str) -> Problem:
    return Problem(422, finding, {"value": finding})


def _check_note(note: str) -> None:
    if len(note) > NOTE_LENGTH:
        long = f"Die Notiz darf höchstens {NOTE_LENGTH} Zeichen lang sein."
        raise Problem(422, long, {"note": long})


def _desk(request: web.Request) -> Desk:
    return site(request).desk


def _done(result: Mapping[str, Any] | None = None) -> web.Response:
    return web.json_response(dict(result or {}))
