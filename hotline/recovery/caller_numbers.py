"""Who calls, out of the raw headers that the dialplan has kept: the same for calls with and without the service."""

from config.schema import HotlineConfig
from routing.numbers import NumberPlan, header_number

_WITHHOLDING = {"id", "user", "full"}
"""Words of the Privacy header (RFC 3323, RFC 3325) with which a caller withholds the number."""


def number_plan(config: HotlineConfig) -> NumberPlan:
    """Numbers as they are seen from the hotline's place."""
    return NumberPlan(config.hotline.country_code, config.hotline.area_code)


def caller_number(config: HotlineConfig, gateway_name: str, header: str, privacy: str) -> str | None:
    """E.164, or None when withheld, not a number, or from a gateway the configuration does not know."""
    gateway = next((one for one in config.gateways if one.name == gateway_name), None)
    if gateway is None or _withheld(privacy):
        return None
    return number_plan(config).caller(header_number(header), gateway.numbers_without_prefix)


def _withheld(privacy: str) -> bool:
    return bool(_WITHHOLDING & {word.strip() for word in privacy.replace(",", ";").split(";")})
