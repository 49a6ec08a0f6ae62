"""Every address of the site, one after the other: without login, in the wrong role, from a foreign page, with nonsense.

New addresses are found in the routes themselves, so none can be forgotten here.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import ClientResponse
from aiohttp.web_routedef import RouteDef

from hotline.web.app import _ROUTES
from hotline.web.limits import Buckets
from hotline.web.security import SCRIPTED
from hotline.web.sessions import _DOORS
from tests.unit.doubles_promises import TOKEN
from tests.unit.doubles_web import FakeUser
from tests.unit.site_web import HTML, SCRIPT, Visitor, a_visitor, token_in  # noqa: F401 - the fixture

ROUTES = [route for route in _ROUTES if isinstance(route, RouteDef)]
OPEN = {"/", "/health", "/metrics", "/login", "/logout", "/promise/{token}"}
"""What needs no login. Whoever adds something here must know why."""
WRONG_ROLE = {"/agent": "leitung", "/lead": "anna", "/audit": "anna"}
RIGHT_ROLE = {"/agent": "anna", "/lead": "leitung", "/audit": "prüferin", "/account": "anna"}
LONG = "x" * 70_000
NONSENSE: list[Any] = [None, True, 5, -1, 1e308, [], ["x"], {}, {"x": 1}, "", "x" * 5000, "\x00", "\ud800", "nirgends"]
PATHS = ["%00", "x" * 300, "%C3%A4", "%F0%9F%98%80"]


def name(route: RouteDef) -> str:
    return f"{route.method} {route.path}"


def door(route: RouteDef) -> str:
    return "/" + route.path.split("/")[1]


def address(route: RouteDef, value: str = "1") -> str:
    return re.sub(r"\{[a-z_]+\}", value, route.path.replace("{token}", TOKEN) if value == "1" else route.path)


def keys(route: RouteDef) -> list[str]:
    """What the handler's docstring says is in the body: `{how, note}`."""
    found = re.search(
        r" \{([a-z_][^}]*?)[}:]", (route.handler.__doc__ or "").replace("{id}", "").replace("{token}", "")
    )
    return re.findall(r"[a-z_]+", found[1]) if found else []


GUARDED = [route for route in ROUTES if route.path not in OPEN]
POSTS = [route for route in ROUTES if route.method == "POST"]
GETS = [route for route in ROUTES if route.method == "GET" and "events" not in route.path]


@pytest.fixture
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many requests as a test likes."""
    monkeypatch.setattr(Buckets, "take", lambda *_: True)


async def ask(visitor: Visitor, route: RouteDef, **options: Any) -> ClientResponse:
    headers = options.pop("headers", SCRIPT)
    return await visitor.client.request(
        route.method, options.pop("path", address(route)), headers=headers, allow_redirects=False, **options
    )


async def enter(visitor: Visitor, route: RouteDef) -> None:
    """Logged in as somebody who may; whoever needs no login as an agent."""
    await visitor.log_in(RIGHT_ROLE.get(door(route), "anna"))


def test_every_address_has_a_door_or_is_open_on_purpose() -> None:
    assert {door(route) for route in GUARDED} <= set(_DOORS)
    assert {route.path for route in ROUTES} >= OPEN


@pytest.mark.parametrize("route", GUARDED, ids=name)
async def test_without_login_nothing_is_told_and_nothing_done(visitor: Visitor, route: RouteDef) -> None:
    answer = await ask(visitor, route, headers=SCRIPT | HTML)
    if answer.status == 302:
        assert answer.headers["Location"] == "/login"
    else:
        assert answer.status == 401
    assert visitor.desk.asked == []
    assert visitor.services.doors.told == []  # type: ignore[attr-defined]


@pytest.mark.parametrize("route", [route for route in GUARDED if door(route) in WRONG_ROLE], ids=name)
async def test_in_the_wrong_role_nothing_is_told_and_nothing_done(visitor: Visitor, route: RouteDef) -> None:
    await visitor.log_in(WRONG_ROLE[door(route)])
    answer = await ask(visitor, route)
    assert answer.status == 403
    assert visitor.desk.asked == []


@pytest.mark.parametrize("route", [route for route in GUARDED if not route.path.startswith("/account")], ids=name)
async def test_with_a_generated_password_nothing_is_open(visitor: Visitor, route: RouteDef) -> None:
    who = RIGHT_ROLE[door(route)]
    visitor.accounts.users[who] = FakeUser(who, visitor.accounts.users[who].role, must_change=True)
    await visitor.log_in(who)
    answer = await ask(visitor, route, headers=SCRIPT | HTML)
    assert (answer.status, answer.headers.get("Location")) in [(302, "/account/password"), (403, None)]


@pytest.mark.parametrize("route", POSTS, ids=name)
async def test_foreign_page_can_post_nothing(visitor: Visitor, route: RouteDef) -> None:
    await enter(visitor, route)
    for headers in (
        {},
        {"Origin": "https://boese.example"},
        {"Sec-Fetch-Site": "cross-site"},
        SCRIPT | {"Origin": "https://boese.example"},
        SCRIPT | {"Sec-Fetch-Site": "cross-site"},
    ):
        answer = await ask(visitor, route, headers=headers, data={"form_token": "0" * 64, "how": "phone"})
        assert answer.status in {403, 404}, headers
    assert visitor.desk.asked == []


@pytest.mark.parametrize("route", POSTS, ids=name)
async def test_too_much_at_once_is_refused(visitor: Visitor, route: RouteDef) -> None:
    await enter(visitor, route)
    if not keys(route) and route.path.startswith(SCRIPTED):
        return  # takes no body
    body = json.dumps({"note": LONG}) if route.path.startswith(SCRIPTED) else {"note": LONG}
    kind = {"Content-Type": "application/json"} if route.path.startswith(SCRIPTED) else {}
    answer = await ask(visitor, route, headers=SCRIPT | kind, data=body)
    assert 400 <= answer.status < 500 or answer.headers.get("Location") == "/login"


def bodies(route: RouteDef) -> Iterator[dict[str, Any]]:
    names = keys(route)
    for nonsense in NONSENSE:
        yield dict.fromkeys(names, nonsense)
        yield from ({key: nonsense} for key in names)


SCRIPTS = [route for route in POSTS if route.path.startswith(SCRIPTED)]


@pytest.mark.parametrize("route", SCRIPTS, ids=name)
@pytest.mark.usefixtures("unlimited")
async def test_nonsense_is_a_plain_refusal_and_never_a_failure(visitor: Visitor, route: RouteDef) -> None:
    visitor.desk.offer()
    visitor.desk.talk()
    await enter(visitor, route)
    for body in bodies(route):
        answer = await ask(visitor, route, json=body)
        assert answer.status < 500, body
    for raw in ("{", "[]", "null", '"x"', "[" * 30_000, "\ud800".encode("utf-8", "surrogatepass"), b"\xff\xfe"):
        data = raw.encode() if isinstance(raw, str) else raw
        answer = await ask(visitor, route, data=data, headers=SCRIPT | {"Content-Type": "application/json"})
        assert answer.status < 500, raw[:10]
        if keys(route):
            assert answer.status >= 400, raw[:10]
    for path in PATHS if "{" in route.path else []:
        answer = await ask(visitor, route, path=address(route, path), json={})
        assert 400 <= answer.status < 500, path
    for path in ("-1", "..", "9" * 40, "None") if "{" in route.path else []:
        assert (await ask(visitor, route, path=address(route, path), json={})).status < 500, path


@pytest.mark.parametrize("route", [route for route in POSTS if route not in SCRIPTS], ids=name)
@pytest.mark.usefixtures("unlimited")
async def test_nonsense_in_forms_is_a_plain_refusal_and_never_a_failure(visitor: Visitor, route: RouteDef) -> None:
    await enter(visitor, route)
    for kind in (
        "multipart/form-data",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded; charset=x",
    ):
        answer = await ask(visitor, route, data=b"--x\r\nbroken", headers=HTML | {"Content-Type": kind})
        assert answer.status < 500, kind
    for value in ("", "\x00", "x" * 5000, "\u2028"):
        fields = dict.fromkeys(
            ("name", "password", "how", "note", "old", "new", "again", "form_token", "answer"), value
        )
        answer = await ask(visitor, route, data=fields, headers=HTML)
        assert answer.status < 500, value[:10]


@pytest.mark.parametrize("route", GETS, ids=name)
@pytest.mark.usefixtures("unlimited")
async def test_nonsense_in_addresses_is_a_plain_refusal_and_never_a_failure(visitor: Visitor, route: RouteDef) -> None:
    if route.path == "/metrics":
        return  # no such part in this site
    await enter(visitor, route)
    words = ("screen", "who", "day", "before", "q", "page", "since", "kind", "number")
    for nonsense in ("", "%00", "x" * 3000, "-1", "9" * 40, "%C3%A4", "2026-13-40", "9999-12-31", "%ED%A0%80"):
        for word in words:
            answer = await ask(visitor, route, path=f"{address(route)}?{word}={nonsense}", headers=HTML)
            assert answer.status < 500, (word, nonsense)
    for path in PATHS if "{" in route.path else []:
        assert (await ask(visitor, route, path=address(route, path), headers=HTML)).status < 500, path


# --- headers


INLINE = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE)


@pytest.mark.parametrize("inside", [False, True], ids=["stranger", "inside"])
@pytest.mark.parametrize("route", GETS, ids=name)
async def test_every_answer_protects_itself(visitor: Visitor, route: RouteDef, inside: bool) -> None:
    if inside:
        await enter(visitor, route)
    protected(await ask(visitor, route, headers=HTML))


@pytest.mark.parametrize(
    "path", ["/static/base.css", "/static/nirgends.js", "/static/../app.py", "/nirgends", "/static/"]
)
async def test_static_files_and_errors_protect_themselves(visitor: Visitor, path: str) -> None:
    protected(await visitor.get(path))


async def test_refused_methods_and_bodies_protect_themselves(visitor: Visitor) -> None:
    protected(await visitor.client.delete("/agent", headers=HTML))
    protected(await visitor.client.put("/login", data={"x": LONG}, headers=HTML))
    protected(await visitor.client.post("/login", data={"x": LONG}, headers=HTML))


def protected(answer: ClientResponse) -> None:
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; ")
    assert "unsafe" not in policy
    assert "*" not in policy
    for must in ("form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert must in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] in {"no-store", "no-cache"}
    assert "Server" not in answer.headers


@pytest.mark.parametrize("route", GETS, ids=name)
async def test_no_page_carries_script_or_style_inside(visitor: Visitor, route: RouteDef) -> None:
    await enter(visitor, route)
    answer = await ask(visitor, route, headers=HTML)
    if answer.content_type == "text/html":
        assert INLINE.findall(await answer.text()) == []
