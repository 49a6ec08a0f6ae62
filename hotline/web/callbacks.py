"""What the agent's page asks for around callbacks: ringing, looking something up, the agent's own day."""

from aiohttp import web

from hotline.web.keys import USER, site
from hotline.web.problems import Problem
from hotline.web.reading import json_body, path_word, text
from hotline.web.services import Callbacks

QUERY_LENGTH = 200
"""More is not even looked at; how long a query may be is said behind the page."""
KINDS = frozenset({"promise", "callback", "call"})


async def ring(request: web.Request) -> web.StreamResponse:
    """POST /agent/callbacks/{id}/ring"""
    await _callbacks(request).ring_callback(request[USER].name, path_word(request))
    return web.json_response({})


async def hang_up(request: web.Request) -> web.StreamResponse:
    """POST /agent/callbacks/{id}/hangup"""
    await _callbacks(request).hang_up_callback(request[USER].name, path_word(request))
    return web.json_response({})


async def refuse(request: web.Request) -> web.StreamResponse:
    """POST /agent/callbacks/{id}/refuse: what is offered is not started"""
    await _callbacks(request).refuse_callback(request[USER].name, path_word(request))
    return web.json_response({})


async def search(request: web.Request) -> web.StreamResponse:
    """POST /agent/search {q}: not in the address, which others write into their logs"""
    wanted = text(await json_body(request), "q", QUERY_LENGTH)
    return web.json_response(dict(await _callbacks(request).search(request[USER].name, wanted)))


async def open_hit(request: web.Request) -> web.StreamResponse:
    """GET /agent/search/{kind}/{id}: the contents of one hit, audited"""
    kind = path_word(request, "kind")
    if kind not in KINDS:
        raise Problem(404)
    return web.json_response(dict(await _callbacks(request).open_hit(request[USER].name, kind, path_word(request))))


async def day(request: web.Request) -> web.StreamResponse:
    """GET /agent/day"""
    return web.json_response(dict(await _callbacks(request).day(request[USER].name)))


async def callback_for(request: web.Request) -> web.StreamResponse:
    """POST /agent/day/{id}/callback: a task from a call that did not reach us"""
    await _callbacks(request).callback_for(request[USER].name, path_word(request))
    return web.json_response({})


def _callbacks(request: web.Request) -> Callbacks:
    return site(request).services.callbacks
