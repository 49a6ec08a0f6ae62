"""The whole file in one field, with what is wrong in it; and what is wrong with any text while it is being typed."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from config.loading import MAX_BYTES
from hotline.changing.model import Remark
from hotline.web.admin_basis import changing, number_in, page, posted, standing, tells_outdated, version_in
from hotline.web.keys import USER
from hotline.web.problems import Problem
from hotline.web.reading import text

MOST_REMARKS = 200


async def show(request: web.Request) -> web.StreamResponse:
    """GET /admin/file"""
    now = await standing(request)
    remarks = await changing(request).check(now.text)
    return await page(request, "admin/file.html", {"remarks": told(remarks), "longest": MAX_BYTES})


async def check(request: web.Request) -> web.StreamResponse:
    """POST /admin/check {text}: `remarks`, in the order of the file, and `more`: how many are not told."""
    remarks = await changing(request).check(text(await posted(request), "text", MAX_BYTES))
    return web.json_response({"remarks": told(remarks), "more": max(0, len(remarks) - MOST_REMARKS)})


@tells_outdated
async def save(request: web.Request) -> web.StreamResponse:
    """POST /admin/file {text, revision, version}: the whole text becomes the draft, whatever is wrong with it."""
    body = await posted(request)
    revision, version = number_in(body, "revision"), version_in(body)
    written = text(body, "text", MAX_BYTES)
    if not written.strip():
        raise Problem(400, "Die Datei ist leer. So kann sie nicht gespeichert werden.")
    draft = await changing(request).save(request[USER].name, written, revision, base=version)
    return web.json_response({"revision": draft.revision, "version": draft.base_version})


def told(remarks: list[Remark]) -> list[Mapping[str, Any]]:
    shown = remarks[:MOST_REMARKS]
    return [{"severity": one.severity.value, **_place(one), "message": one.german} for one in shown]


def _place(remark: Remark) -> dict[str, Any]:
    return {"line": remark.line, "col": remark.col, "path": remark.path}
