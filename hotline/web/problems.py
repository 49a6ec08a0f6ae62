"""How refusals reach people: German sentences, as JSON for the page's scripts and as a page for browsers."""

import traceback
from collections.abc import Mapping

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from agents.forms import FormError
from hotline.errors import HotlineError, Refused
from hotline.web.pages import render

log = structlog.get_logger(__name__)

_SENTENCES = {
    400: "Die Anfrage ist unvollständig oder falsch.",
    401: "Sie sind nicht angemeldet. Bitte melden Sie sich neu an.",
    403: "Das ist hier nicht erlaubt.",
    404: "Diese Seite gibt es nicht.",
    405: "Das ist hier nicht vorgesehen.",
    408: "Die Anfrage kam nicht vollständig an. Bitte versuchen Sie es noch einmal.",
    413: "Das ist zu viel Text auf einmal, erlaubt sind 64 Kilobyte.",
    429: "Das waren zu viele Anfragen in kurzer Zeit. Bitte warten Sie einen Moment.",
    500: "Im Dienst ist ein Fehler aufgetreten. Bitte versuchen Sie es noch einmal.",
    503: "Das geht im Moment nicht, weil ein Teil des Dienstes fehlt. Bitte versuchen Sie es gleich noch einmal.",
}


class Problem(Exception):
    """An answer with a status and a German sentence, and for forms a sentence per field."""

    def __init__(self, status: int, message: str | None = None, fields: Mapping[str, str] | None = None) -> None:
        self.status = status
        self.message = message or sentence(status)
        self.fields = dict(fields or {})
        super().__init__(self.message)


def sentence(status: int) -> str:
    return _SENTENCES.get(status, _SENTENCES[500 if status >= 500 else 400])


@web.middleware
async def answer_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Outermost: nothing leaves as a traceback, nothing unexpected is left unlogged."""
    try:
        return await handler(request)
    except Problem as problem:
        return _answer(request, problem)
    except FormError as error:
        return _answer(request, Problem(422, "Bitte prüfen Sie die markierten Felder.", error.findings))
    except Refused as error:
        return _answer(request, Problem(409, str(error)))
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return _answer(request, Problem(error.status))
    except HotlineError as error:
        log_failure(request, error)
        return _answer(request, Problem(503))
    except Exception as error:
        log_failure(request, error)
        return _answer(request, Problem(500))


def log_failure(request: web.Request, error: Exception) -> None:
    """The place, never the message: a message may hold what a caller said."""
    if isinstance(error, ConnectionError) and (request.transport is None or request.transport.is_closing()):
        return  # the browser left in the middle of its request
    resource = request.match_info.route.resource
    log.error(
        "web_request_failed",
        route=resource.canonical if resource else "",
        error=type(error).__name__,
        where=[f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-6:]],
    )


def _answer(request: web.Request, problem: Problem) -> web.Response:
    if wants_json(request):
        return web.json_response({"message": problem.message, "fields": problem.fields}, status=problem.status)
    return render(request, "problem.html", {"message": problem.message}, status=problem.status)


def wants_json(request: web.Request) -> bool:
    """Scripts of the page ask for JSON; people who follow a link ask for HTML."""
    accepts_html = "text/html" in request.headers.get("Accept", "")
    return request.path.startswith("/agent/") or not accepts_html
