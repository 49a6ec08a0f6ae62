"""Which changes take effect only when the hotline is started again, and what is used until then.

Where something listens, how mails go out, how times and numbers are read: the running parts, Asterisk's too, were
built with these. They keep the values of the start, all of them together, until everything is started anew.
"""

from collections.abc import Iterable
from typing import Any

from config.schema import Gateway, HotlineConfig, Section

KEYS = (
    *("hotline.id", "hotline.timezone", "hotline.public_url", "hotline.country_code", "hotline.area_code"),
    *("mail.sender", "mail.host", "mail.port", "mail.security", "mail.user", "mail.secret_file", "mail.link_days"),
    *("mail.demo_mailbox", "sms", "network"),
)
"""Beside these the gateways, when one of them changes what a listening socket is made of."""
GATEWAYS = "gateways"
OUTWARDS = "transfers.gateway"
"""Names one of them, so it waits with them."""
NUMBER, READ_BY = "hotline.number", ("hotline.country_code", "hotline.area_code")
"""Our own number is written as these have it read, so it waits with them."""


def effective(begun: HotlineConfig, wanted: HotlineConfig) -> HotlineConfig:
    """What can be in use now of `wanted`, in a hotline that was started with `begun`."""
    for key in waiting(begun, wanted):
        wanted = _with(wanted, key.split("."), _value(begun, key))
    return wanted


def waiting(begun: HotlineConfig, wanted: HotlineConfig) -> tuple[str, ...]:
    """The keys whose values in `wanted` wait for the next start."""
    sockets = _sockets(begun.gateways) != _sockets(wanted.gateways)
    read_otherwise = _differing(READ_BY, begun, wanted)
    looked_at = (*KEYS, *((NUMBER,) if read_otherwise else ()), *((OUTWARDS,) if sockets else ()))
    return (*_differing(looked_at, begun, wanted), *((GATEWAYS,) if sockets else ()))


def _differing(keys: Iterable[str], begun: HotlineConfig, wanted: HotlineConfig) -> list[str]:
    return [key for key in keys if _value(begun, key) != _value(wanted, key)]


def _sockets(gateways: list[Gateway]) -> tuple[Any, ...]:
    """What Asterisk's listening sockets are made of; it reads this only when it starts."""
    behind = [gateway for gateway in gateways if gateway.nat is not None]
    near = [gateway.addresses for gateway in gateways if gateway.nat is None] if behind else []
    return {gateway.transport for gateway in gateways}, [(one.transport, one.nat) for one in behind], near


def _value(config: Section, key: str) -> Any:
    found: Any = config
    for part in key.split("."):
        found = getattr(found, part)
    return found


def _with(section: Any, path: list[str], value: Any) -> Any:
    first, *rest = path
    return section.model_copy(update={first: _with(getattr(section, first), rest, value) if rest else value})
