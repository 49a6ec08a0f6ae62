"""SIP towards gateways: who may call us, how we register, and that no header of a caller becomes ours."""

from config.schema import Codec, Dtmf, Gateway, Registration, Transport
from dialplan import conf
from dialplan.extensions import contact_user, gateway_context
from dialplan.media import MUSIC_CLASS

CALLER_RTP_TIMEOUT = 7_200
"""Far more than any step of the clock: who has vanished is seen by the service (hotline/exchange/silence.py)."""
QUALIFY_SECONDS = 60
FOR_EVER = 2_000_000_000
"""Asterisk gives up registering after this many tries, by default after ten."""
_DTMF = {Dtmf.RFC4733: "rfc4733", Dtmf.INBAND: "inband", Dtmf.INFO: "info"}
_CODEC = {Codec.ALAW: "alaw", Codec.ULAW: "ulaw", Codec.G722: "g722"}


def transport_name(kind: Transport) -> str:
    """Name of the transport's section."""
    return f"transport-{kind.value}"


def gateway_endpoint(name: str) -> str:
    """Name of the gateway's endpoint."""
    return f"gateway-{name}"


def gateway_sections(gateway: Gateway, secret: str) -> list[str]:
    """All sections of one gateway."""
    name = gateway_endpoint(gateway.name)
    sections = [conf.section(name, _endpoint(gateway, name)), conf.section(name, _identify(gateway, name))]
    target = _target(gateway)
    if target:
        contact: dict[str, conf.Value] = {"type": "aor", "contact": target, "qualify_frequency": QUALIFY_SECONDS}
        sections.append(conf.section(name, contact))
    if gateway.registration is not None:
        sections += _registration(gateway, gateway.registration, name, secret)
    return sections


def _endpoint(gateway: Gateway, name: str) -> dict[str, conf.Value]:
    settings: dict[str, conf.Value] = {
        "type": "endpoint",
        "context": gateway_context(gateway),
        "transport": transport_name(gateway.transport),
        "identify_by": "ip",
        "disallow": "all",
        "allow": ",".join(_CODEC[codec] for codec in gateway.codecs),
        "dtmf_mode": _DTMF[gateway.dtmf],
        "callerid": "trunk <0>",  # never the caller's: Asterisk would write it unescaped into AMI and AGI
        "trust_id_inbound": False,
        "direct_media": False,
        "rtp_symmetric": True,
        "force_rport": True,
        "rtp_timeout": CALLER_RTP_TIMEOUT,
        "rtp_timeout_hold": CALLER_RTP_TIMEOUT,
        "media_encryption": "sdes" if gateway.srtp else "no",
        "allow_transfer": False,
        "allow_subscribe": False,
        "allow_overlap": False,  # half a number is not ours: 404 instead of "dial more"
        "moh_suggest": MUSIC_CLASS,
        "aors": name if _target(gateway) else None,
    }
    if gateway.registration is not None:
        settings |= {
            "outbound_auth": name,
            "from_user": gateway.registration.user,
            "from_domain": gateway.registration.server,
        }
    return settings


def _identify(gateway: Gateway, name: str) -> dict[str, conf.Value]:
    server = [] if gateway.registration is None else [gateway.registration.server]
    return {"type": "identify", "endpoint": name, "match": list(dict.fromkeys([*gateway.addresses, *server]))}


def _target(gateway: Gateway) -> str:
    """Where calls to the gateway go: the registrar, else its first single address; "" when there is none."""
    if gateway.registration is not None:
        return _uri(gateway, gateway.registration.server, gateway.registration.port)
    single = [address for address in gateway.addresses if "/" not in address]
    return _uri(gateway, single[0], gateway.port) if single else ""


def _uri(gateway: Gateway, host: str, port: int, user: str = "") -> str:
    before = f"{user}@" if user else ""
    kind = "" if gateway.transport is Transport.UDP else f";transport={gateway.transport.value}"
    return f"sip:{before}{conf.host_port(host, port)}{kind}"


def _registration(gateway: Gateway, registration: Registration, name: str, secret: str) -> list[str]:
    """Retried for ever, also after a refusal: a provider's mistake must not need somebody here to notice it."""
    login = {"type": "auth", "auth_type": "userpass", "username": registration.user, "password": secret}
    settings: dict[str, conf.Value] = {
        "type": "registration",
        "transport": transport_name(gateway.transport),
        "outbound_auth": name,
        "server_uri": _uri(gateway, registration.server, registration.port),
        "client_uri": _uri(gateway, registration.server, registration.port, registration.user),
        "contact_user": contact_user(gateway),
        "expiration": registration.expires_seconds,
        "retry_interval": registration.retry_seconds,
        "forbidden_retry_interval": registration.retry_seconds,
        "fatal_retry_interval": registration.retry_seconds,
        "auth_rejection_permanent": False,
        "max_retries": FOR_EVER,
        "max_random_initial_delay": 0,
        "line": True,  # a call that answers this registration is known by it, from whichever address
        "endpoint": name,
    }
    return [conf.section(name, login), conf.section(name, settings)]
