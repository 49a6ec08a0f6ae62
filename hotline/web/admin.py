"""The admin's overview: what is in use, what is being prepared, and the way from the one to the other."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from hotline.changing.model import Severity
from hotline.web.admin_activation import REASON_LENGTH
from hotline.web.admin_basis import Standing, changing, number_in, page, posted, standing, tells_outdated
from hotline.web.admin_changes import Changes, readable
from hotline.web.admin_file import told
from hotline.web.admin_texts import outdated_recordings
from hotline.web.keys import USER
from hotline.web.problems import Problem


async def show(request: web.Request) -> web.StreamResponse:
    """GET /admin"""
    now = await standing(request)
    remarks = await changing(request).check(now.text)
    changes = await readable(request, now.active_text, now.draft.text) if now.draft else None
    versions = await changing(request).history()
    values = {
        "before": versions[1].version if len(versions) > 1 else None,
        "changes": changes,
        "meanwhile": await _meanwhile(request, now),
        "errors": told([one for one in remarks if one.severity is Severity.ERROR]),
        "warnings": [
            *told([one for one in remarks if one.severity is Severity.WARNING]),
            *await _recordings(request, now),
        ],
        "reason_length": REASON_LENGTH,
    }
    return await page(request, "admin/overview.html", values)


@tells_outdated
async def discard(request: web.Request) -> web.StreamResponse:
    """POST /admin/draft/discard {revision}"""
    await changing(request).discard(request[USER].name, await _revision(request))
    return web.json_response({})


@tells_outdated
async def rebase(request: web.Request) -> web.StreamResponse:
    """POST /admin/draft/rebase {revision}: go on although another version came into use meanwhile."""
    draft = await changing(request).rebase(request[USER].name, await _revision(request))
    return web.json_response({"revision": draft.revision})


async def _recordings(request: web.Request, now: Standing) -> list[Mapping[str, Any]]:
    """Own recordings that are older than their text."""
    config = await now.config()
    return [] if config is None else await outdated_recordings(request, config)


async def _meanwhile(request: web.Request, now: Standing) -> Changes | None:
    """What was put in force after the draft was begun; None when nothing was."""
    if now.draft is None or not now.outrun:
        return None
    begun = (await changing(request).version(now.draft.base_version))[1]
    return await readable(request, begun, now.active_text)


async def _revision(request: web.Request) -> int:
    revision = number_in(await posted(request), "revision")
    if revision is None:
        raise Problem(409, "Es gibt keinen Entwurf mehr. Bitte laden Sie die Seite neu.")
    return revision
