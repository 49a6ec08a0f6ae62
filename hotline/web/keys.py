"""What the web application carries: each thing under one typed key."""

from collections.abc import Callable
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from aiohttp import web

from config.schema import HotlineConfig
from hotline.clock import Clock
from hotline.web.backoff import Backoff
from hotline.web.desk import Accounts, Desk, User
from hotline.web.limits import Limits
from hotline.web.services import Services
from hotline.web.streams import Streams


@dataclass(frozen=True)
class Site:
    """Everything a handler may use."""

    desk: Desk
    accounts: Accounts
    clock: Clock
    configuration: Callable[[], HotlineConfig]
    """What is in use now."""
    trial: str | None
    streams: Streams
    backoff: Backoff
    services: Services
    limits: Limits = field(default_factory=Limits)

    @property
    def config(self) -> HotlineConfig:
        return self.configuration()

    @property
    def secure(self) -> bool:
        """Whether the pages are reached by https, so that cookies may insist on it."""
        return self.config.hotline.public_url.startswith("https://")

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.config.hotline.timezone)


SITE = web.AppKey("site", Site)
USER = web.RequestKey("user", User)
TOKEN = web.RequestKey("token", str)
"""The session's token, present when `USER` is."""


def site(request: web.Request) -> Site:
    return request.app[SITE]
