"""Prompts as callers hear them now: to listen to, to replace by an own recording, and back to the voice.

NAME is that of a prompt in use, with its language in front: `greeting`, `en/greeting`. All of it is at once so for
callers, without a draft.
"""

from aiohttp import web

from dialplan.transfers import RECORD_CODE
from hotline.changing.pins import LIFETIME
from hotline.changing.recordings import MOST_BYTES, TOO_LARGE
from hotline.errors import Refused
from hotline.web.keys import USER, site
from hotline.web.problems import Problem
from hotline.web.services import Prompts

EMPTY = "Bitte wählen Sie eine WAV-Datei aus."


async def listen(request: web.Request) -> web.StreamResponse:
    """GET /admin/prompts/NAME.wav"""
    try:
        path = _prompts(request).sound(_name(request))
    except Refused as refused:
        raise Problem(404, str(refused)) from None
    return web.FileResponse(path, headers={"Content-Type": "audio/wav"})


async def upload(request: web.Request) -> web.StreamResponse:
    """POST /admin/prompts/NAME, the body a WAV file (`audio/wav`)"""
    try:
        content = await request.clone(client_max_size=MOST_BYTES).read()
    except web.HTTPRequestEntityTooLarge:
        raise Problem(413, TOO_LARGE) from None
    if not content:
        raise Problem(400, EMPTY)
    await _prompts(request).keep(request[USER].name, _name(request), content)
    return web.json_response({})


async def remove(request: web.Request) -> web.StreamResponse:
    """POST /admin/prompts/NAME/remove"""
    await _prompts(request).remove(request[USER].name, _name(request))
    return web.json_response({})


async def by_telephone(request: web.Request) -> web.StreamResponse:
    """POST /admin/prompts/NAME/telephone: `{"dial", "pin", "minutes"}`"""
    pin = await _prompts(request).pin(request[USER].name, _name(request))
    return web.json_response({"dial": RECORD_CODE, "pin": pin, "minutes": round(LIFETIME.total_seconds() / 60)})


def _prompts(request: web.Request) -> Prompts:
    return site(request).services.prompts


def _name(request: web.Request) -> str:
    return request.match_info["name"]
