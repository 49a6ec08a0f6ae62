"""What everybody may do with their own account: see it, choose a password, log out everywhere."""

from aiohttp import web

from agents.forms import FormError
from hotline.web.keys import TOKEN, USER, site
from hotline.web.pages import render, see_other
from hotline.web.problems import Problem
from hotline.web.reading import form_body
from hotline.web.security import FORM_FIELD, form_is_ours, form_token
from hotline.web.sessions import ADMINS, AUDITORS, LEADS, LIFETIME, home_of, is_agent, set_session

ROLES = {"agent": "Telefonservice", "lead": "Leitung", "admin": "Verwaltung", "auditor": "Prüfung"}
LONGEST = 200
_STALE = "Die Seite war zu lange offen. Bitte versuchen Sie es noch einmal."


async def show(request: web.Request) -> web.StreamResponse:
    """GET /account"""
    user, here = request[USER], site(request)
    values = {
        "name": user.name,
        "role": ROLES.get(user.role, user.role),
        "doors": [
            *([("/agent", "Arbeitsplatz")] if is_agent(here, user.name) else []),
            *([("/lead", "Leitung")] if user.role in LEADS else []),
            *([("/admin", "Verwaltung")] if user.role in ADMINS else []),
            *([("/audit", "Protokoll")] if user.role in AUDITORS else []),
        ],
        "changed": "changed" in request.query,
        "form_token": form_token(request[TOKEN], "logout"),
    }
    return render(request, "account.html", values)


async def show_password(request: web.Request) -> web.StreamResponse:
    """GET /account/password"""
    return _page(request, {})


async def change_password(request: web.Request) -> web.StreamResponse:
    """POST /account/password: the old one, and the new one twice; this browser goes on with a new session."""
    here, form, user = site(request), await form_body(request), request[USER]
    if not form_is_ours(form.get(FORM_FIELD), request[TOKEN], "password"):
        raise Problem(403, _STALE)
    old, new, again = (str(form.get(key, ""))[: LONGEST + 1] for key in ("old", "new", "again"))
    now = here.clock.real_now()
    if here.backoff.begin(user.name, now):
        return _page(request, {"old": "Zu viele Versuche. Bitte warten Sie eine halbe Minute."}, 429)
    try:
        changed = await here.services.doors.change_password(user.name, old, new, again)
    except FormError as error:
        if "old" not in error.findings:
            here.backoff.succeeded(user.name)
        return _page(request, error.findings, 422)
    here.backoff.succeeded(user.name)
    here.streams.log_out_everywhere(user.name)
    response = see_other(_next(home_of(here, changed)))
    set_session(response, here, await here.accounts.open_session(changed, now, LIFETIME))
    return response


def _next(home: str) -> str:
    return "/account?changed" if home == "/account" else home


def _page(request: web.Request, findings: dict[str, str], status: int = 200) -> web.StreamResponse:
    user = request[USER]
    values = {
        "name": user.name,
        "first": user.must_change,
        "findings": findings,
        "form_token": form_token(request[TOKEN], "password"),
        "logout_token": form_token(request[TOKEN], "logout"),
    }
    return render(request, "password.html", values, status=status)
