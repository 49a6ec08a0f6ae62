"""What the running Asterisk says to have of our configuration, and what it should have."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, NamedTuple, Self

from config.schema import HotlineConfig
from dialplan.extensions import STAMP_CONTEXT
from dialplan.gateways import gateway_endpoint
from dialplan.pjsip import agent_endpoint
from hotline.parent.asterisk_commands import Asking

ENDPOINTS, REGISTRATIONS = "pjsip list endpoints", "pjsip list registrations"
_NAME = "([A-Za-z0-9_-]+)"
_PHONE = re.compile(rf"^ *Endpoint: +{agent_endpoint('')}{_NAME}", re.MULTILINE)
_GATEWAY = re.compile(rf"^ *Endpoint: +{gateway_endpoint('')}{_NAME}", re.MULTILINE)
_REGISTRATION = re.compile(rf"^ *{gateway_endpoint('')}{_NAME}/sip", re.MULTILINE)


class Wanted(NamedTuple):
    """Names in our configuration."""

    phones: set[str]
    gateways: set[str]
    registrations: set[str]


@dataclass(frozen=True, slots=True)
class Has:
    """Names as in our configuration; None: Asterisk did not say."""

    dialplan: bool | None = None
    """Whether it is the one that was written."""
    phones: tuple[str, ...] | None = None
    """Agents whose telephones it knows."""
    gateways: tuple[str, ...] | None = None
    registrations: tuple[str, ...] | None = None
    """Gateways at which it registers."""

    @property
    def all_said(self) -> bool:
        return all(getattr(self, one.name) is not None for one in fields(self))

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> Self:
        """From JSON, which has lists."""
        names = {key: None if raw[key] is None else tuple(raw[key]) for key in ("phones", "gateways", "registrations")}
        return cls(raw["dialplan"], **names)

    def compared(self, names: Wanted) -> Iterator[tuple[tuple[str, ...] | None, set[str]]]:
        """Each kind of names: those that are there, and those that should be."""
        return zip((self.phones, self.gateways, self.registrations), names, strict=True)


def wanted(config: HotlineConfig) -> Wanted:
    """What Asterisk should have."""
    return Wanted(
        {agent.name for agent in config.agents},
        {gateway.name for gateway in config.gateways},
        {gateway.name for gateway in config.gateways if gateway.registration is not None},
    )


async def asked_back(asking: Asking, stamp: str) -> Has:
    """What Asterisk has; `stamp` is that of the dialplan it should have."""
    dialplan = await asking.told(f"dialplan show {STAMP_CONTEXT}")
    endpoints = await asking.told(ENDPOINTS)
    registrations = await asking.told(REGISTRATIONS)
    return Has(
        None if dialplan is None else f"'{stamp}'" in dialplan,
        _names(_PHONE, endpoints),
        _names(_GATEWAY, endpoints),
        _names(_REGISTRATION, registrations),
    )


def _names(pattern: re.Pattern[str], said: str | None) -> tuple[str, ...] | None:
    return None if said is None else tuple(sorted(pattern.findall(said)))
