"""The case worker's page: the link in the mail only shows the request, buttons say what became of it."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from agents.answers import LONGEST_NOTE, LONGEST_REASON, WAYS
from agents.forms import FormError
from hotline.web.keys import site
from hotline.web.pages import day_and_time, day_in_words, render, see_other
from hotline.web.problems import Problem
from hotline.web.reading import checked, form_body
from hotline.web.security import FORM_FIELD, form_is_ours, form_token
from hotline.web.services import Promises

REPORTS = ("answered", "not_reached", "longer", "not_mine")
FIELDS = {"how": 20, "note": LONGEST_NOTE, "day": 20, "to": 254, "reason": LONGEST_REASON}
"""What the forms hold, and how many characters of it."""
_TOKEN = re.compile(r"[A-Za-z0-9._=-]{1,500}")
_ONCE = re.compile(r"[0-9a-f]{16}")


async def show(request: web.Request) -> web.StreamResponse:
    """GET /promise/{token}: changes nothing, because mail scanners follow links."""
    promise = await _promise(request)
    if promise is None:
        return _unknown(request)
    await site(request).services.doors.promise_opened(request.match_info["token"])
    return _page(request, promise)


async def report(request: web.Request) -> web.StreamResponse:
    """POST /promise/{token}: `report` is one of `REPORTS`, beside it the fields of that form."""
    token, form = request.match_info["token"], await form_body(request)
    promise = await _promise(request)
    if promise is None:
        return _unknown(request)
    if not form_is_ours(form.get(FORM_FIELD), token, "promise"):
        raise Problem(403, "Bitte öffnen Sie den Link aus der E-Mail noch einmal.")
    given = {name: str(form.get(name, "")).strip() for name in (*FIELDS, "report", "once")}
    if given["report"] not in REPORTS or not _ONCE.fullmatch(given["once"]):
        raise Problem(400, "Bitte öffnen Sie den Link aus der E-Mail noch einmal.")
    if promise["status"] != "open":
        return see_other(request.path)
    try:
        await _carry_out(site(request).services.promises, token, _bounded(given))
    except FormError as error:
        return _page(request, promise, given, error.findings)
    return see_other(request.path)


async def _carry_out(promises: Promises, token: str, given: Mapping[str, str]) -> None:
    once = given["once"]
    match given["report"]:
        case "answered":
            await promises.answered(token, once, given["how"], given["note"])
        case "not_reached":
            await promises.not_reached(token, once, given["note"])
        case "longer":
            await promises.takes_longer(token, once, given["day"], given["reason"])
        case _:
            await promises.hand_on(token, once, given["to"], given["reason"])


def _bounded(given: Mapping[str, str]) -> dict[str, str]:
    """The texts with plain line ends; FormError for one that is too long or not printable."""
    plain, findings = dict(given), {}
    for name, longest in FIELDS.items():
        try:
            plain[name] = checked(given[name], name, longest)
        except Problem as problem:
            findings[name] = problem.message
    if findings:
        raise FormError(findings)
    return plain


async def _promise(request: web.Request) -> Mapping[str, Any] | None:
    token = request.match_info["token"]
    return await site(request).services.promises.page(token) if _TOKEN.fullmatch(token) else None


def _unknown(request: web.Request) -> web.StreamResponse:
    message = "Dieser Link ist ungültig oder abgelaufen. Bitte wenden Sie sich an das Team Telefonservice."
    return render(request, "problem.html", {"message": message}, status=404)


def _page(
    request: web.Request,
    promise: Mapping[str, Any],
    given: Mapping[str, str] | None = None,
    findings: Mapping[str, str] | None = None,
) -> web.StreamResponse:
    if promise["status"] == "handed_on":
        return render(request, "promise_handed_on.html", {"promise": promise})
    zone = site(request).zone
    kept_at = promise.get("kept_at")
    values = {
        "promise": promise,
        "kept": promise["status"] == "kept",
        "due": _words(promise["due"], zone),
        "kept_at": _words(kept_at, zone) if kept_at else None,
        "kept_how": WAYS.get(promise.get("kept_how") or ""),
        "steps": [{**step, "at": _words(step["at"], zone)} for step in promise["steps"]],
        "days": {day: day_in_words(date.fromisoformat(day)) for day in promise["days"]},
        "ways": WAYS,
        "given": {name: "" for name in (*FIELDS, "report")} | dict(given or {}),
        "findings": findings or {},
        "note_length": LONGEST_NOTE,
        "reason_length": LONGEST_REASON,
        "form_token": form_token(request.match_info["token"], "promise"),
    }
    return render(request, "promise.html", values, status=422 if findings else 200)


def _words(moment: str, zone: ZoneInfo) -> str:
    return day_and_time(datetime.fromisoformat(moment), zone)
