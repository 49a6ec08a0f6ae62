"""Trying a change out: what one call would meet, and which calls of the past would have gone elsewhere."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from agents.forms import FormError
from config.schema import HotlineConfig
from hotline.web.admin_basis import (
    Standing,
    changing,
    everyday,
    listed,
    mapping_in,
    posted,
    shape_of,
    standing,
    tells_outdated,
)
from hotline.web.keys import site
from hotline.web.pages import day_and_time
from hotline.web.problems import Problem
from hotline.web.reading import text

DAYS = (7, 30, 90)
KEYS_LENGTH, CALLER_LENGTH = 60, 30
_MOST_FREE = 2000
_REASONS = {
    "open": "geöffnet",
    "closure": "geschlossen (Schließzeit)",
    "holiday": "geschlossen (Feiertag)",
    "weekend": "geschlossen (Wochenende)",
    "outside_hours": "geschlossen (außerhalb der Öffnungszeiten)",
}
_BROKEN = "Der Entwurf hat noch Fehler und lässt sich nicht ausprobieren. Die Fehler stehen auf der Übersicht."


async def show(request: web.Request) -> web.StreamResponse:
    """GET /admin/try"""
    here = site(request)
    soon = here.clock.now().astimezone(here.zone) + timedelta(hours=1)

    def values(config: HotlineConfig) -> Mapping[str, Any]:
        return {
            "at": f"{soon:%Y-%m-%dT%H:00}",
            "types": [*config.request_types, config.unclear],
            "periods": DAYS,
            "lengths": {"press": KEYS_LENGTH, "caller": CALLER_LENGTH},
        }

    return await everyday(request, "admin/try.html", values)


@tells_outdated
async def explain(request: web.Request) -> web.StreamResponse:
    """POST /admin/explain {values: {at, press, caller, free: […] or left out}}: `active` and, if any, `draft`."""
    body = mapping_in(await posted(request), "values", 10)
    at, press = text(body, "at", 25).strip(), text(body, "press", KEYS_LENGTH).replace(" ", "")
    caller = text(body, "caller", CALLER_LENGTH).strip() or None
    if not at:
        raise FormError({"at": "Bitte geben Sie Tag und Uhrzeit an."})
    free = listed(body, "free", _MOST_FREE, 40) if "free" in body else None
    now, sides = await standing(request), {}
    for name, content in _texts(now).items():
        sides[name] = await _told(request, content, at, press, caller, free)
    differs = "draft" in sides and sides["draft"] != sides["active"]
    return web.json_response({**sides, "differs": differs})


@tells_outdated
async def replay(request: web.Request) -> web.StreamResponse:
    """POST /admin/replay {values: {days}}: how many calls would have gone elsewhere by the draft, and which."""
    days = text(mapping_in(await posted(request), "values", 2), "days", 3)
    if days not in map(str, DAYS):
        raise Problem(400, "Bitte wählen Sie einen der angebotenen Zeiträume.")
    now, zone = await standing(request), site(request).zone
    if now.draft is None:
        raise Problem(409, "Es gibt keinen Entwurf, mit dem sich frühere Anrufe vergleichen lassen.")
    config = await shape_of(now.draft.text)
    if config is None:
        raise Problem(409, _BROKEN)
    found = await changing(request).replay(now.draft.text, int(days))
    labels = {kind.key: kind.label for kind in (*config.request_types, config.unclear)}
    answer = {
        "since": day_and_time(found.since, zone),
        "calls": found.calls,
        "elsewhere": found.elsewhere,
        "kinds": [{"words": words, "calls": calls} for words, calls in found.kinds],
        "moved": [
            {
                "at": f"{call.at.astimezone(zone):%d.%m.%Y, %H:%M} Uhr",
                "type": labels.get(call.request_type or "", call.request_type or "nicht bekannt"),
                "before": call.before,
                "after": call.after,
            }
            for call in found.moved
        ],
    }
    return web.json_response(answer)


def _texts(now: Standing) -> dict[str, str]:
    return {"active": now.active_text} | ({"draft": now.draft.text} if now.draft else {})


async def _told(
    request: web.Request, content: str, at: str, press: str, caller: str | None, free: Sequence[str] | None
) -> Mapping[str, Any]:
    """One side as the page shows it: facts, the agents in their order, the steps."""
    config = await shape_of(content)
    if config is None:
        raise Problem(409, _BROKEN)
    known = None if free is None else [agent.name for agent in config.agents if agent.name in free]
    try:
        told = await changing(request).explain(content, at, press, caller, known)
    except FormError as error:
        if "text" in error.findings:
            raise Problem(409, error.findings["text"]) from None
        raise
    return {"facts": _facts(request, config, told), "offered": _offered(config, told), "steps": told["steps"]}


def _facts(request: web.Request, config: HotlineConfig, told: Mapping[str, Any]) -> list[dict[str, str]]:
    holiday = f": {told['holiday']}" if told["holiday"] else ""
    facts = {"Der Telefonservice ist": _REASONS.get(told["reason"], told["reason"]) + holiday}
    if told["next_open"]:
        facts["Öffnet wieder"] = day_and_time(datetime.fromisoformat(told["next_open"]), site(request).zone)
    if told["request_type"]:
        facts["Anliegen"] = config.request_type(told["request_type"]).label
        facts["Dafür gebrauchte Fähigkeit"] = told["skill"]
    return [{"label": label, "value": value} for label, value in facts.items()]


def _offered(config: HotlineConfig, told: Mapping[str, Any]) -> list[str]:
    """Who would be offered the call, with the choice that makes it so."""
    result = []
    for name in told["agents"]:
        agent = config.agent(name)
        choice = "1. Wahl" if told["skill"] in agent.skills else "2. Wahl"
        result.append(f"{agent.full_name} ({choice} für {told['skill']})")
    return result
