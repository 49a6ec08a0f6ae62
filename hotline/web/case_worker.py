"""The case worker's page: the link in the mail only shows the request, a button says the caller was answered."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aiohttp import web

from hotline.web.keys import site
from hotline.web.pages import day_and_time, render, see_other
from hotline.web.problems import Problem
from hotline.web.reading import checked
from hotline.web.security import FORM_FIELD, form_is_ours, form_token

WAYS = {"phone": "Telefonisch", "letter": "Mit einem Brief", "email": "Mit einer E-Mail"}
NOTE_LENGTH = 1000
_TOKEN = re.compile(r"[A-Za-z0-9._=-]{1,500}")


async def show(request: web.Request) -> web.StreamResponse:
    """GET /promise/{token}: changes nothing, because mail scanners follow links."""
    promise = await _promise(request)
    return _unknown(request) if promise is None else _page(request, promise)


async def confirm(request: web.Request) -> web.StreamResponse:
    """POST /promise/{token}"""
    token, form = request.match_info["token"], await request.post()
    promise = await _promise(request)
    if promise is None:
        return _unknown(request)
    how, note = str(form.get("how", "")), str(form.get("note", ""))
    if not form_is_ours(form.get(FORM_FIELD), token, "promise"):
        raise Problem(403, "Bitte öffnen Sie den Link aus der E-Mail noch einmal.")
    if how not in WAYS:
        return _page(request, promise, note, "Bitte wählen Sie, wie Sie geantwortet haben.", 422)
    try:
        note = checked(note.strip(), "note", NOTE_LENGTH)
    except Problem as problem:
        return _page(request, promise, note, problem.message, 422)
    await site(request).desk.confirm_promise(token, how, note)
    return see_other(request.path)


async def _promise(request: web.Request) -> Mapping[str, Any] | None:
    token = request.match_info["token"]
    return await site(request).desk.promise(token) if _TOKEN.fullmatch(token) else None


def _unknown(request: web.Request) -> web.StreamResponse:
    message = "Dieser Link ist ungültig oder abgelaufen. Bitte wenden Sie sich an das Team Telefonservice."
    return render(request, "problem.html", {"message": message}, status=404)


def _page(
    request: web.Request, promise: Mapping[str, Any], note: str = "", message: str | None = None, status: int = 200
) -> web.StreamResponse:
    zone = site(request).zone
    kept_at = promise.get("kept_at")
    values = {
        "promise": promise,
        "kept": promise["status"] == "kept",
        "due": day_and_time(datetime.fromisoformat(promise["due"]), zone),
        "kept_at": day_and_time(datetime.fromisoformat(kept_at), zone) if kept_at else None,
        "kept_how": WAYS.get(promise.get("kept_how") or ""),
        "ways": WAYS,
        "note": note,
        "message": message,
        "note_length": NOTE_LENGTH,
        "form_token": form_token(request.match_info["token"], "promise"),
    }
    return render(request, "promise.html", values, status=status)
