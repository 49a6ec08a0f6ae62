"""Who is asking: the session cookie, and which pages need one."""

from datetime import timedelta

from aiohttp import web
from aiohttp.typedefs import Handler

from hotline.web.desk import User
from hotline.web.keys import TOKEN, USER, Site, site
from hotline.web.problems import Problem, wants_json

LIFETIME = timedelta(hours=14)
"""Longer than any shift, so that nobody is logged out in the middle of a call."""
TOKEN_LENGTH = 200
LEADS = frozenset({"lead", "admin"})
AUDITORS = frozenset({"auditor", "admin"})
OWN_PASSWORD_PAGE = "/account/password"  # noqa: S105 - an address
"""Where whoever has a generated password must go first."""


def cookie_name(here: Site) -> str:
    """With https the prefix makes browsers refuse a cookie that another host or plain http has planted."""
    return "__Host-hotline" if here.secure else "hotline"


def set_session(response: web.StreamResponse, here: Site, token: str) -> None:
    response.set_cookie(
        cookie_name(here),
        token,
        max_age=int(LIFETIME.total_seconds()),
        path="/",
        httponly=True,
        samesite="Strict",
        secure=here.secure,
    )


def drop_session(response: web.StreamResponse, here: Site) -> None:
    response.del_cookie(cookie_name(here), path="/", httponly=True, samesite="Strict", secure=here.secure)


@web.middleware
async def know_user(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Put the user of a valid session into the request; keep others away from the agent's page."""
    if request.path.startswith("/static/"):
        return await handler(request)
    here = site(request)
    token = request.cookies.get(cookie_name(here), "")
    user = await here.accounts.user_of(token, here.clock.real_now()) if 0 < len(token) <= TOKEN_LENGTH else None
    if user is not None:
        request[USER], request[TOKEN] = user, token
    door = "/" + request.path.split("/")[1]
    if door in _DOORS:
        _require_login(request)
        _require_own_password(request)
        _DOORS[door](request, here)
    return await handler(request)


def _require_login(request: web.Request) -> None:
    if USER in request:
        return
    if wants_json(request):
        raise Problem(401)
    raise web.HTTPFound("/login")


def _require_own_password(request: web.Request) -> None:
    if not request[USER].must_change or request.path == OWN_PASSWORD_PAGE:
        return
    if wants_json(request):
        raise Problem(403, "Bitte wählen Sie zuerst ein eigenes Passwort.")
    raise web.HTTPFound(OWN_PASSWORD_PAGE)


def _require_agent(request: web.Request, here: Site) -> None:
    if not is_agent(here, request[USER].name):
        raise Problem(403, "Ihr Konto gehört zu keinem Platz im Telefonservice.")


def _require_lead(request: web.Request, _here: Site) -> None:
    if request[USER].role not in LEADS:
        raise Problem(403, "Diese Seite ist für die Leitung des Telefonservice.")


def _require_auditor(request: web.Request, _here: Site) -> None:
    if request[USER].role not in AUDITORS:
        raise Problem(403, "Diese Seite ist für die Prüfung und die Verwaltung.")


def _require_nothing_more(_request: web.Request, _here: Site) -> None:
    """Logged in is enough."""


_DOORS = {
    "/agent": _require_agent,
    "/lead": _require_lead,
    "/audit": _require_auditor,
    "/account": _require_nothing_more,
}
"""Whose pages begin with what; everything else needs no login."""


def home_of(here: Site, user: User) -> str:
    """The page on which this user's work begins."""
    if user.must_change:
        return OWN_PASSWORD_PAGE
    if is_agent(here, user.name):
        return "/agent"
    if user.role in LEADS:
        return "/lead"
    return "/audit" if user.role in AUDITORS else "/account"


def is_agent(here: Site, name: str) -> bool:
    """Whether the configuration has a seat for this user."""
    return any(agent.name == name for agent in here.config.agents)
