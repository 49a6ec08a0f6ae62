"""Which configurations were in use: by whom, why, what each has changed; and back to one of them."""

from aiohttp import web

from hotline.errors import Refused
from hotline.web.admin_activation import REASON_LENGTH, version_number
from hotline.web.admin_basis import changing, page
from hotline.web.admin_changes import readable
from hotline.web.problems import Problem


async def show(request: web.Request) -> web.StreamResponse:
    """GET /admin/history"""
    return await page(request, "admin/history.html", {"versions": await changing(request).history()})


async def one(request: web.Request) -> web.StreamResponse:
    """GET /admin/history/{number}?with=OTHER: what it has changed against the one before, or against that other."""
    number, versions = version_number(request), await changing(request).history()
    try:
        version, content = await changing(request).version(number)
    except Refused as refusal:
        raise Problem(404, str(refusal)) from None
    others = [other for other in versions if other.version != number]
    before = _wished(request, [other.version for other in others])
    if before is None:
        before = max((other.version for other in others if other.version < number), default=None)
    changes = None
    if before is not None:
        changes = await readable(request, (await changing(request).version(before))[1], content)
    values = {
        "version": version,
        "others": others,
        "before": before,
        "changes": changes,
        "reason_length": REASON_LENGTH,
    }
    return await page(request, "admin/version.html", values)


def _wished(request: web.Request, known: list[int]) -> int | None:
    wish = request.query.get("with", "")
    if not wish:
        return None
    if not (wish.isascii() and wish.isdecimal() and len(wish) <= 9) or int(wish) not in known:
        raise Problem(404, "Diese Version gibt es nicht.")
    return int(wish)
