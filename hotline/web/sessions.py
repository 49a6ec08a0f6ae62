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
ADMINS = frozenset({"admin"})
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
    door = door_of(request.path)
    if door in _DOORS:
        _require_login(request)
        _require_own_password(request)
        if refusal := _DOORS[door](request[USER], here):
            raise Problem(403, refusal)
    return await handler(request)


def door_of(path: str) -> str:
    """What the address of a page begins with: `/lead` for `/lead/events`."""
    return "/" + path.split("/")[1]


def may_enter(door: str, user: User, here: Site) -> bool:
    """Whether this user would be let in now, with a password of their own; every door that is none is open."""
    return door not in _DOORS or not (user.must_change or _DOORS[door](user, here))


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


def _for_agents(user: User, here: Site) -> str | None:
    return None if is_agent(here, user.name) else "Ihr Konto gehört zu keinem Platz im Telefonservice."


def _for_leads(user: User, _here: Site) -> str | None:
    return None if user.role in LEADS else "Diese Seite ist für die Leitung des Telefonservice."


def _for_auditors(user: User, _here: Site) -> str | None:
    return None if user.role in AUDITORS else "Diese Seite ist für die Prüfung und die Verwaltung."


def _for_admins(user: User, _here: Site) -> str | None:
    return None if user.role in ADMINS else "Diese Seite ist für die Verwaltung des Telefonservice."


def _for_everybody(_user: User, _here: Site) -> str | None:
    """Logged in is enough."""
    return None


_DOORS = {
    "/agent": _for_agents,
    "/lead": _for_leads,
    "/admin": _for_admins,
    "/audit": _for_auditors,
    "/account": _for_everybody,
}
"""Whose pages begin with what, and a sentence for whoever is not let in; everything else needs no login."""


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
