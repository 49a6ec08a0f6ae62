"""How pages are put together: Jinja2 with autoescape, and German words for days and times."""

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jinja2
from aiohttp import web

from hotline.web.keys import site

HERE = Path(__file__).parent
STATIC = HERE / "static"
_DAYS = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")
_MONTHS = (
    *("Januar", "Februar", "März", "April", "Mai", "Juni"),
    *("Juli", "August", "September", "Oktober", "November", "Dezember"),
)


def day_and_time(moment: datetime, zone: ZoneInfo) -> str:
    """`Montag, 23. November 2026, 18:00 Uhr`"""
    local = moment.astimezone(zone)
    return f"{day_in_words(local.date())}, {local:%H:%M} Uhr"


def day_in_words(day: date) -> str:
    """`Montag, 23. November 2026`"""
    return f"{_DAYS[day.weekday()]}, {day.day}. {_MONTHS[day.month - 1]} {day.year}"


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(request: web.Request, template: str, values: Mapping[str, Any], status: int = 200) -> web.Response:
    """A page; every page gets the hotline's name and the banner of a trial."""
    here = site(request)
    context = {"hotline": here.config.hotline.name, "trial": here.trial, **values}
    return web.Response(
        text=_environment().get_template(template).render(context), content_type="text/html", status=status
    )


def see_other(path: str) -> web.Response:
    """After a POST: the browser fetches another page, and a reload does not post again."""
    return web.Response(status=303, headers={"Location": path})
