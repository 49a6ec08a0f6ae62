"""Logging in and out: one answer for every wrong name or password, and a growing wait for whoever guesses."""

import math
import secrets
from contextlib import suppress

from aiohttp import web

from hotline.errors import HotlineError
from hotline.web.keys import TOKEN, USER, Site, site
from hotline.web.pages import render, see_other
from hotline.web.problems import Problem
from hotline.web.security import FORM_FIELD, form_is_ours, form_token
from hotline.web.sessions import LIFETIME, drop_session, is_agent, set_session

_FORM_COOKIE = "hotline_form"
_WRONG = "Name oder Passwort stimmen nicht."
_STALE = "Die Seite war zu lange offen. Bitte versuchen Sie es noch einmal."
_LONGEST = 200


async def home(request: web.Request) -> web.StreamResponse:
    """GET /"""
    raise web.HTTPFound("/agent" if USER in request else "/login")


async def show_login(request: web.Request) -> web.StreamResponse:
    """GET /login"""
    if USER in request and is_agent(site(request), request[USER].name):
        raise web.HTTPFound("/agent")
    return _page(request)


async def log_in(request: web.Request) -> web.StreamResponse:
    """POST /login"""
    here, form = site(request), await request.post()
    name, password = str(form.get("name", "")).strip().lower(), str(form.get("password", ""))
    if not form_is_ours(form.get(FORM_FIELD), request.cookies.get(_FORM_COOKIE, ""), "login"):
        return _page(request, name, _STALE, 403)
    wait = here.backoff.begin(name[:_LONGEST], here.clock.real_now())
    if wait:
        seconds = math.ceil(wait.total_seconds())
        return _page(request, name, f"Zu viele Versuche. Bitte warten Sie {seconds} Sekunden.", 429)
    user = None
    if len(name) <= _LONGEST and len(password) <= _LONGEST:
        user = await here.accounts.verify(name, password)
    if user is None:
        return _page(request, name, _WRONG, 401)
    here.backoff.succeeded(name)
    await _close(request, here)
    token = await here.accounts.open_session(user, here.clock.real_now(), LIFETIME)
    response = see_other("/agent")
    set_session(response, here, token)
    response.del_cookie(_FORM_COOKIE, path="/login")
    return response


async def log_out(request: web.Request) -> web.StreamResponse:
    """POST /logout: always ends the session; an agent without a call goes home by it, if the desk lets them."""
    here, form = site(request), await request.post()
    if USER in request:
        if not form_is_ours(form.get(FORM_FIELD), request[TOKEN], "logout"):
            raise Problem(403, _STALE)
        await _go_home(here, request[USER].name)
        await _close(request, here)
    response = see_other("/login")
    drop_session(response, here)
    return response


async def _go_home(here: Site, name: str) -> None:
    if is_agent(here, name) and here.desk.snapshot(name)["call"] is None:
        with suppress(HotlineError):
            await here.desk.set_intent(name, "home", None)


async def _close(request: web.Request, here: Site) -> None:
    if USER in request:
        here.streams.log_out(request[TOKEN])
        await here.accounts.close_session(request[TOKEN])


def _page(request: web.Request, name: str = "", message: str | None = None, status: int = 200) -> web.StreamResponse:
    """The form; its token belongs to a cookie of its own, since there is no session yet."""
    here, secret = site(request), request.cookies.get(_FORM_COOKIE) or secrets.token_urlsafe(24)
    values = {"name": name[:_LONGEST], "message": message, "form_token": form_token(secret, "login")}
    response = render(request, "login.html", values, status=status)
    response.set_cookie(_FORM_COOKIE, secret, path="/login", httponly=True, samesite="Strict", secure=here.secure)
    return response
