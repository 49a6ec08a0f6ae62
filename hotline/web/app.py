"""The web application: every address it answers, and the order in which a request is judged."""

from collections.abc import Callable

from aiohttp import web

from config.schema import Endpoint, HotlineConfig
from hotline.clock import Clock
from hotline.errors import SetupError
from hotline.web import (
    account,
    agent,
    audit,
    beside,
    callbacks,
    case_worker,
    lead,
    login,
    metrics,
    responsible,
    writing,
)
from hotline.web.admin_activation import ACTIVATION, Activation
from hotline.web.admin_routes import ADMIN_ROUTES
from hotline.web.backoff import Backoff
from hotline.web.desk import Accounts, Desk
from hotline.web.events import events
from hotline.web.keys import SITE, Site
from hotline.web.pages import STATIC
from hotline.web.problems import answer_problems
from hotline.web.reading import BODY_BYTES
from hotline.web.security import add_headers, limit_requests, refuse_forgery
from hotline.web.services import Services
from hotline.web.sessions import know_user
from hotline.web.streams import Streams

BACKLOG = 16
"""Out of descriptors, asyncio tries so often in vain for each connection: small, so that callers do not notice."""
SHUTDOWN_SECONDS = 1.5


def create_app(
    desk: Desk,
    accounts: Accounts,
    clock: Clock,
    configuration: Callable[[], HotlineConfig],
    services: Services,
    *,
    trial: str | None,
) -> web.Application:
    """All pages. `configuration` tells what is in use now; `trial` is a German sentence shown on every one of them
    while business time is moved.
    """
    judging = [answer_problems, know_user, limit_requests, refuse_forgery]
    app = web.Application(middlewares=judging, client_max_size=BODY_BYTES)
    streams = Streams(desk, services.alarms.watched_by)
    app[SITE] = Site(desk, accounts, clock, configuration, trial, streams, Backoff(), services)
    app[ACTIVATION] = Activation()
    app.add_routes([*_ROUTES, *ADMIN_ROUTES])
    app.router.add_static("/static/", STATIC)
    app.on_response_prepare.append(add_headers)
    app.on_shutdown.append(_stop_streams)
    app.on_cleanup.append(app[ACTIVATION].stop)
    return app


async def serve(app: web.Application, at: Endpoint) -> web.AppRunner:
    """Listen; `await runner.cleanup()` ends it within two seconds. SetupError when the port is taken.

    There is no access log: the address of a promise is its key.
    """
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, at.host, at.port, reuse_address=True, backlog=BACKLOG).start()
    except OSError as error:
        await runner.cleanup()
        raise SetupError(
            f"The web pages cannot listen on {at.host}:{at.port} ({error.strerror}): "
            "end the program that uses the port, or choose another one under network.web."
        ) from error
    return runner


async def health(_request: web.Request) -> web.StreamResponse:
    """GET /health"""
    return web.json_response({"status": "ok"})


async def _stop_streams(app: web.Application) -> None:
    app[SITE].streams.stop()


_ROUTES = [
    web.get("/", login.home),
    web.get("/health", health),
    web.get("/metrics", metrics.show),
    web.get("/login", login.show_login),
    web.post("/login", login.log_in),
    web.post("/logout", login.log_out),
    web.get("/account", account.show),
    web.get("/account/password", account.show_password),
    web.post("/account/password", account.change_password),
    web.get("/audit", audit.show),
    web.get("/agent", agent.page),
    web.get("/agent/events", events, allow_head=False),
    web.get("/agent/softphone", agent.softphone),
    web.post("/agent/presence", agent.presence),
    web.post("/agent/offers/{id}/shown", agent.offer_shown),
    web.post("/agent/offers/{id}/reject", agent.reject),
    web.post("/agent/hangup", agent.hang_up),
    web.get("/agent/ping", beside.ping),
    web.post("/agent/screens/{id}/heard", beside.heard),
    web.post("/agent/test-ring", beside.test_ring),
    web.post("/agent/calls/{id}/threat", beside.threat),
    web.post("/agent/calls/{id}/type", agent.correct_type),
    web.post("/agent/calls/{id}/identity", agent.identity),
    web.post("/agent/calls/{id}/responsible", responsible.who),
    web.post("/agent/calls/{id}/disposition", writing.disposition),
    web.get("/agent/calls/{id}/draft", writing.draft),
    web.post("/agent/calls/{id}/draft", writing.save_draft),
    web.post("/agent/calls/{id}/another", writing.another),
    web.post("/agent/calls/{id}/finish", writing.finish),
    web.get("/agent/calls/{id}/text", writing.call_text),
    web.get("/agent/dispositions", writing.dispositions),
    web.post("/agent/dispositions/{id}", writing.correct),
    web.post("/agent/calls/{id}/transfer", agent.transfer),
    web.post("/agent/calls/{id}/transfer/complete", agent.complete_transfer),
    web.post("/agent/calls/{id}/transfer/back", agent.take_back),
    web.post("/agent/wrap-up/extend", agent.extend_wrap_up),
    web.post("/agent/callbacks/{id}/take", agent.take_callback),
    web.post("/agent/callbacks/{id}/finish", agent.finish_callback),
    web.post("/agent/callbacks/{id}/ring", callbacks.ring),
    web.post("/agent/callbacks/{id}/hangup", callbacks.hang_up),
    web.post("/agent/callbacks/{id}/refuse", callbacks.refuse),
    web.post("/agent/search", callbacks.search),
    web.get("/agent/search/{kind}/{id}", callbacks.open_hit),
    web.get("/agent/day", callbacks.day),
    web.post("/agent/day/{id}/callback", callbacks.callback_for),
    web.post("/agent/messages/{id}/read", lead.message_read),
    web.get("/lead", lead.page),
    web.get("/lead/events", lead.events, allow_head=False),
    web.get("/lead/agents/{name}", lead.agent),
    web.post("/lead/agents/{name}/pause", lead.pause),
    web.post("/lead/agents/{name}/logout", lead.log_out),
    web.post("/lead/screens/{id}/heard", beside.heard),
    web.post("/lead/alarms/{id}/seen", lead.alarm_seen),
    web.post("/lead/mails/{id}/retry", lead.retry_mail),
    web.post("/lead/mails/{id}/redirect", lead.redirect_mail),
    web.post("/lead/messages", lead.message),
    web.post("/lead/announcement", lead.announce),
    web.post("/lead/notices/{id}/end", lead.end_notice),
    web.post("/lead/knowledge/{type}", lead.note),
    web.get("/promise/{token}", case_worker.show),
    web.post("/promise/{token}", case_worker.report),
]
