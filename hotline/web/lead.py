"""The lead's page: live, with a hand on agents' states, messages, the announcement and the notes of knowledge."""

from datetime import date, datetime
from typing import Any

from aiohttp import web

from config.schema import HotlineConfig
from hotline.errors import Refused
from hotline.web.events import tell
from hotline.web.keys import TOKEN, USER, site
from hotline.web.pages import render
from hotline.web.problems import Problem
from hotline.web.reading import json_body, path_word, text, word
from hotline.web.security import form_token
from hotline.web.services import Lead
from hotline.web.sessions import ADMINS, is_agent
from hotline.workplace.announcements import LONGEST as ANNOUNCEMENT_LENGTH
from hotline.workplace.figures import FIRST_CONTACT_AIM, SERVICE_AIM, SERVICE_SECONDS
from hotline.workplace.knowledge import NOTE_LENGTH
from hotline.workplace.notices import MESSAGE_LENGTH
from routing.case_workers import choices

_TIME_LENGTH = 8
_ADDRESS_LENGTH = 254
_STATES = {
    "ready": "Bereit",
    "talking": "Im Gespräch",
    "wrap_up": "Nacharbeit",
    "pause": "Pause",
    "not_ready": "Nicht bereit",
}


async def page(request: web.Request) -> web.StreamResponse:
    """GET /lead"""
    here, user = site(request), request[USER]
    values = {
        "user": _name(here.config, user.name),
        "seated": is_agent(here, user.name),
        "admin": user.role in ADMINS,
        "zone": here.config.hotline.timezone,
        "types": [*here.config.request_types, here.config.unclear],
        "lengths": {"message": MESSAGE_LENGTH, "announcement": ANNOUNCEMENT_LENGTH, "note": NOTE_LENGTH},
        "service": {"seconds": int(SERVICE_SECONDS), "aim": _percent(SERVICE_AIM)},
        "addresses": choices(here.config, _today(request)),
        "first_contact_aim": _percent(FIRST_CONTACT_AIM),
        "form_token": form_token(request[TOKEN], "logout"),
    }
    return render(request, "lead.html", values)


async def events(request: web.Request) -> web.StreamResponse:
    """GET /lead/events?screen=<random id of the tab>"""
    return await tell(request, _lead(request), seated=False)


async def agent(request: web.Request) -> web.StreamResponse:
    """GET /lead/agents/{name}: one agent's day; each look is audited before it is answered."""
    name = path_word(request, "name")
    try:
        figures = await _lead(request).agent_figures(name, request[USER].name)
    except Refused as refusal:
        return render(request, "problem.html", {"message": str(refusal)}, status=404)
    return render(request, "lead_agent.html", {"figures": figures, "states": _STATES, "spell": _spelled})


async def pause(request: web.Request) -> web.StreamResponse:
    """POST /lead/agents/{name}/pause"""
    await _lead(request).pause(path_word(request, "name"), request[USER].name)
    return _done()


async def log_out(request: web.Request) -> web.StreamResponse:
    """POST /lead/agents/{name}/logout {even_in_talk}: sends home, and ends every session of the agent."""
    here, name = site(request), path_word(request, "name")
    sure = (await json_body(request)).get("even_in_talk") is True
    await _lead(request).log_out(name, request[USER].name, even_in_talk=sure)
    await here.accounts.close_sessions(name)
    here.streams.log_out_everywhere(name, "sent_home")
    return _done()


async def alarm_seen(request: web.Request) -> web.StreamResponse:
    """POST /lead/alarms/{id}/seen"""
    await _lead(request).alarm_seen(_number(request), request[USER].name)
    return _done()


async def retry_mail(request: web.Request) -> web.StreamResponse:
    """POST /lead/mails/{id}/retry"""
    await _lead(request).retry_mail(_number(request), request[USER].name)
    return _done()


async def redirect_mail(request: web.Request) -> web.StreamResponse:
    """POST /lead/mails/{id}/redirect {to}: a case worker's e-mail address, or "team"."""
    to = text(await json_body(request), "to", _ADDRESS_LENGTH)
    await _lead(request).redirect_mail(_number(request), to, request[USER].name)
    return _done()


async def message(request: web.Request) -> web.StreamResponse:
    """POST /lead/messages {text, until}: to all agents."""
    await _lead(request).message(*await _notice(request), request[USER].name)
    return _done()


async def announce(request: web.Request) -> web.StreamResponse:
    """POST /lead/announcement {text, until}: to all callers."""
    await _lead(request).announce(*await _notice(request), request[USER].name)
    return _done()


async def end_notice(request: web.Request) -> web.StreamResponse:
    """POST /lead/notices/{id}/end: a message or the announcement."""
    await _lead(request).end_notice(_number(request), request[USER].name)
    return _done()


async def note(request: web.Request) -> web.StreamResponse:
    """POST /lead/knowledge/{type} {text}"""
    written = text(await json_body(request), "text")
    await _lead(request).note(path_word(request, "type"), written, request[USER].name)
    return _done()


async def message_read(request: web.Request) -> web.StreamResponse:
    """POST /agent/messages/{id}/read"""
    await _lead(request).message_read(request[USER].name, _number(request))
    return _done()


async def _notice(request: web.Request) -> tuple[str, str]:
    body = await json_body(request)
    return text(body, "text"), text(body, "until", _TIME_LENGTH)


def _number(request: web.Request) -> int:
    number = word(request.match_info, "id")
    if not (number.isascii() and number.isdecimal() and len(number) <= 15):
        raise Problem(404)
    return int(number)


def _lead(request: web.Request) -> Lead:
    return site(request).services.lead


def _today(request: web.Request) -> date:
    """By business time."""
    return datetime.fromisoformat(_lead(request).now()).astimezone(site(request).zone).date()


def _name(config: HotlineConfig, user: str) -> str:
    return next((agent.full_name for agent in config.agents if agent.name == user), user)


def _percent(share: float) -> int:
    return round(100 * share)


def _spelled(seconds: float | None) -> str:
    """ "1 h 05 min" or "3 min 20 s"; a dash for nothing."""
    if seconds is None:
        return "–"
    whole = round(seconds)
    if whole >= 3600:
        return f"{whole // 3600} h {whole // 60 % 60:02} min"
    return f"{whole // 60} min {whole % 60:02} s"


def _done() -> web.Response:
    result: dict[str, Any] = {}
    return web.json_response(result)
