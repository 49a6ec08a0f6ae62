"""Who has to be heard through a gateway now: callers, whoever outside talks with them or is consulted, and those whom
an agent calls back. Whoever holds us need not be heard, and of agents' telephones Asterisk itself takes care."""

from collections.abc import Iterable, Iterator

from config.schema import HotlineConfig
from dialplan.gateways import gateway_endpoint
from hotline.exchange.calls import Calls, Leg
from hotline.exchange.ring import Ring
from hotline.exchange.silence import Party

UNKNOWN_GATEWAY_SECONDS = 10.0
"""For a gateway that is not in the configuration any more."""
_DEVICE = f"PJSIP/{gateway_endpoint('')}"


def to_be_heard(calls: Calls, rings: Iterable[Ring], config: HotlineConfig) -> Iterator[Party]:
    """Each with the seconds of silence that its gateway allows; `config` is the one for the rings."""
    for call in calls.talked_about():
        if not call.over.is_set() and not call.on_hold:
            yield Party(call.unique, call.channel, _allowed(call.config, call.gateway), call.id)
        yield from _through_gateway(call.outside, call.id, call.config)
    for ring in rings:
        yield from _through_gateway(ring.talks_with, ring.call_id, config)


def _through_gateway(leg: Leg | None, call_id: str, config: HotlineConfig) -> Iterator[Party]:
    """Asterisk names a channel by what it was dialled through: `PJSIP/gateway-haus-0000001f`."""
    if leg is not None and not leg.on_hold and leg.channel.startswith(_DEVICE):
        gateway = leg.channel.removeprefix(_DEVICE).rpartition("-")[0]
        yield Party(leg.unique, leg.channel, _allowed(config, gateway), call_id)


def _allowed(config: HotlineConfig, gateway: str) -> float:
    allowed = {known.name: float(known.silence_seconds) for known in config.gateways}
    return allowed.get(gateway, UNKNOWN_GATEWAY_SECONDS)
