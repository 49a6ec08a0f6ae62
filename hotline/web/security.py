"""What protects the pages in the browser: headers of every answer, and proof that a POST comes from our own page."""

import hashlib
import hmac
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from hotline.web.keys import TOKEN, USER, Site, site
from hotline.web.problems import Problem

AJAX_HEADER = "X-Requested-With"
AJAX_VALUE = "hotline"
FORM_FIELD = "form_token"
LOGIN = "/login"
LINK_KEPT = 600
"""Characters: longer than the token of any link."""
SCRIPTED = ("/agent/", "/lead/", "/admin/")
"""Whose POSTs are sent by our pages' scripts only; every other POST is a form with a token."""
_BODIES = frozenset({"application/json", "audio/wav"})
"""No form of another page can send these."""
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",  # the address of a promise is its key
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=(), payment=(), usb=()",
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self' blob:; "
    "connect-src 'self'{sockets}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def content_policy(websocket: str | None = None) -> str:
    """The content security policy; the agent's page may also connect to the softphone's WebSocket."""
    return _POLICY.format(sockets=f" {origin_of(websocket)}" if websocket else "")


def origin_of(url: str) -> str:
    """Scheme, host and port of an address, with nothing in it that could end a directive."""
    parts = urlsplit(url)
    if parts.scheme not in {"ws", "wss", "http", "https"} or not parts.hostname or set(parts.netloc) & set(" ;,'\"@"):
        raise ValueError(f"not an address of a web server: {url!r}")
    return f"{parts.scheme}://{parts.netloc.lower()}"


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """On every answer, streams and static files included."""
    for name, value in _HEADERS.items():
        response.headers[name] = value
    response.headers.setdefault("Content-Security-Policy", content_policy())
    static = request.path.startswith("/static/")
    response.headers.setdefault("Cache-Control", "no-cache" if static else "no-store")
    if site(request).secure:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    response.headers.pop("Server", None)


@web.middleware
async def refuse_forgery(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A POST must come from a page of ours; a script's POST must carry the header no foreign form can send."""
    if request.method not in {"GET", "HEAD"}:
        if not _same_origin(request, site(request)):
            raise Problem(403, "Diese Anfrage kam von einer fremden Seite und wurde nicht ausgeführt.")
        if request.path.startswith(SCRIPTED):
            _require_script(request)
    return await handler(request)


@web.middleware
async def limit_requests(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Before anything is read or done. What strangers only look at changes nothing, and is not counted."""
    within = _may_look if request.method in {"GET", "HEAD"} else _may_ask
    if not within(request):
        raise Problem(429)
    return await handler(request)


def _may_look(request: web.Request) -> bool:
    return USER not in request or site(request).limits.look(request[TOKEN])


def _may_ask(request: web.Request) -> bool:
    """What strangers send to one page never shuts another one: many people may share an address."""
    limits, link = site(request).limits, request.match_info.get("token")
    if USER in request:
        return limits.session(request[TOKEN])
    if link is not None:
        return limits.link(link[:LINK_KEPT])
    if request.path == LOGIN:  # counted there, by name
        return True
    return limits.stranger(address_of(request))


def address_of(request: web.Request) -> str:
    """Where the connection comes from; a header that anybody can write is not asked."""
    return request.remote or ""


def _same_origin(request: web.Request, here: Site) -> bool:
    """With `Referrer-Policy: no-referrer` browsers send `Origin: null` with forms: then the form's token decides."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = request.headers.get("Origin")
    if origin is None or (origin == "null" and not request.path.startswith(SCRIPTED)):
        return True
    return origin.lower() in {here.config.hotline.public_url.lower(), f"{request.scheme}://{request.host}".lower()}


def _require_script(request: web.Request) -> None:
    if request.headers.get(AJAX_HEADER) != AJAX_VALUE:
        raise Problem(403, f"In der Anfrage fehlt „{AJAX_HEADER}: {AJAX_VALUE}“.")
    if request.can_read_body and request.content_type not in _BODIES:
        raise Problem(400, "Die Anfrage muss application/json sein.")


def form_token(secret: str, purpose: str) -> str:
    """The proof a form carries: derived from a secret that only our own page and the browser's user hold."""
    return hmac.new(secret.encode(), f"form:{purpose}".encode(), hashlib.sha256).hexdigest()


def form_is_ours(given: object, secret: str, purpose: str) -> bool:
    """Whether a form's token fits its secret; without a secret none does."""
    if not secret or not isinstance(given, str):
        return False
    return hmac.compare_digest(given.encode("utf-8", "replace"), form_token(secret, purpose).encode())
