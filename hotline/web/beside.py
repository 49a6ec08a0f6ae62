"""What the page asks for beside the call itself: the threat button, the check before the shift, signs of life."""

from aiohttp import web

from hotline.web.keys import USER, site
from hotline.web.reading import path_word


async def threat(request: web.Request) -> web.StreamResponse:
    """POST /agent/calls/{id}/threat"""
    await site(request).services.alarms.threaten(request[USER].name, path_word(request))
    return web.json_response({})


async def test_ring(request: web.Request) -> web.StreamResponse:
    """POST /agent/test-ring"""
    await site(request).services.alarms.test_ring(request[USER].name)
    return web.json_response({})


async def ping(_request: web.Request) -> web.StreamResponse:
    """GET /agent/ping: how long an answer takes"""
    return web.json_response({})


async def heard(request: web.Request) -> web.StreamResponse:
    """POST /agent/screens/{id}/heard, /lead/screens/{id}/heard: the page has taken the last beat, so it lives"""
    site(request).streams.heard(request[USER].name, path_word(request))
    return web.json_response({})
