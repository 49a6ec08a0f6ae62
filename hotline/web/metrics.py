"""GET /metrics: numbers for a monitoring on this machine; for everybody else there is no such page."""

from ipaddress import IPv6Address, ip_address

from aiohttp import web
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from hotline.metrics import Metrics
from hotline.web.problems import Problem

METRICS = web.AppKey("metrics", Metrics)
_FORWARDED = ("X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "Via")
"""Whoever is on this machine does not come through a proxy."""


async def show(request: web.Request) -> web.StreamResponse:
    """No login: it answers only here, and holds nothing about persons."""
    metrics = request.app.get(METRICS)
    if metrics is None or not _from_here(request):
        raise Problem(404)
    return web.Response(body=await metrics.text(), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})


def _from_here(request: web.Request) -> bool:
    if any(name in request.headers for name in _FORWARDED):
        return False
    peer = None if request.transport is None else request.transport.get_extra_info("peername")
    return isinstance(peer, tuple) and _loopback(str(peer[0]))


def _loopback(address: str) -> bool:
    """Also for 127.0.0.1 in the dress of IPv6."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return (mapped or found).is_loopback
