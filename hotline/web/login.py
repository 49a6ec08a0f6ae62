"""Logging in and out: one answer for every wrong name or password, and a growing wait for whoever guesses."""

import math
import secrets
from contextlib import suppress

from aiohttp import web

from hotline.errors import HotlineError
from hotline.web.keys import TOKEN, USER, Site, site
from hotline.web.pages import render, see_other
from hotline.web.problems import Problem
from hotline.web.reading import form_body
from hotline.web.security import FORM_FIELD, address_of, form_is_ours, form_token
from hotline.web.sessions import LIFETIME, drop_session, home_of, is_agent, set_session

_FORM_COOKIE = "hotline_form"
_WRONG = "Name oder Passwort stimmen nicht."
_SENT_HOME = "Die Leitung hat Sie abgemeldet."
_STALE = "Die Seite war zu lange offen. Bitte versuchen Sie es noch einmal."
_TOO_MANY = "Es kamen zu viele falsche Anmeldungen. Bitte warten Sie eine Minute."
_LONGEST = 200


async def home(request: web.Request) -> web.StreamResponse:
    """GET /"""
    raise web.HTTPFound(home_of(site(request), request[USER]) if USER in request else "/login")


async def show_login(request: web.Request) -> web.StreamResponse:
    """GET /login"""
    if USER in request:
        raise web.HTTPFound(home_of(site(request), request[USER]))
    return _page(request, message=_SENT_HOME if "sent_home" in request.query else None)


async def log_in(request: web.Request) -> web.StreamResponse:
    """POST /login"""
    here, form, address = site(request), await form_body(request), address_of(request)
    name, password = str(form.get("name", "")).strip().lower(), str(form.get("password", ""))
    if not form_is_ours(form.get(FORM_FIELD), request.cookies.get(_FORM_COOKIE, ""), "login"):
        return _page(request, name, _STALE, 403)
    if not here.limits.login(address, name[:_LONGEST]):
        return _page(request, name, _TOO_MANY, 429)
    wait = here.backoff.begin(name[:_LONGEST], here.clock.real_now())
    if wait:
        seconds = math.ceil(wait.total_seconds())
        return _page(request, name, f"Zu viele Versuche. Bitte warten Sie {seconds} Sekunden.", 429)
    user = None
    if len(name) <= _LONGEST and len(password) <= _LONGEST:
        user = await here.accounts.verify(name, password)
    if user is None:
        here.services.doors.login_failed(name)
        return _page(request, name, _WRONG, 401)
    here.backoff.succeeded(name)
    here.limits.logged_in(address, name)
    await _close(request, here)
    await here.services.doors.logged_in(name)
    token = await here.accounts.open_session(user, here.clock.real_now(), LIFETIME)
    response = see_other(home_of(here, user))
    set_session(response, here, token)
    response.del_cookie(_FORM_COOKIE, path="/login")
    return response


async def log_out(request: web.Request) -> web.StreamResponse:
    """POST /logout: ends all sessions of this user; an agent without a call goes home by it, if the desk lets them."""
    here, form = site(request), await form_body(request)
    if USER in request:
        if not form_is_ours(form.get(FORM_FIELD), request[TOKEN], "logout"):
            raise Problem(403, _STALE)
        name = request[USER].name
        await _go_home(here, name)
        await here.accounts.close_sessions(name)
        here.streams.log_out_everywhere(name)
        await here.services.doors.logged_out(name)
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
