"""SIP: where Asterisk listens, and what the agents' phones may do.

Who is who: an agent is known by name and password (`identify_by = username`), a gateway by its address only
(`identify_by = ip`). The name is looked at first, so that an agent's browser on the gateway's own machine is not
taken for the gateway; a caller who writes an agent's name into From is asked for that agent's password.
"""

from ipaddress import ip_network

from config.schema import Agent, Gateway, HotlineConfig, PhoneKind, Tls, Transport
from dialplan import conf
from dialplan.facts import AsteriskFacts
from dialplan.gateways import gateway_sections, transport_name
from dialplan.media import MUSIC_CLASS
from dialplan.transfers import PHONE_CONTEXT

NOBODYS_NUMBER = "<0>"
"""Asterisk writes the caller's name and number unescaped into AMI and AGI; with this they are never the caller's."""
TLS_PORT_OFFSET = 1
"""TLS listens one port above `network.sip.port`, as 5061 is to 5060."""
MACHINES_AUTHORITIES = "/etc/ssl/certs"
QUALIFY_SECONDS = 5
"""A frozen browser is noticed as unreachable after this time."""
AGENT_RTP_TIMEOUT = 4
"""Seconds without sound after which an agent's leg counts as lost and the caller comes back to us.

Asterisk counts whole seconds: it takes 4.0 to 4.8 s, so nobody talks into dead air for more than five. A muted or
silent telephone goes on sending; one that suppresses silence would be cut off.
"""
HOLD_RTP_TIMEOUT = 300


def pjsip_file(config: HotlineConfig, facts: AsteriskFacts) -> dict[str, str]:
    """pjsip.conf. ValueError when two gateways state different external addresses."""
    sections = [_global(), *_transports(config, facts)]
    for gateway in config.gateways:
        sections += gateway_sections(gateway, facts.gateway_secrets.get(gateway.name, ""))
    for agent in config.agents:
        sections += _agent(agent, facts.phone_secrets[agent.name])
    return {"pjsip.conf": conf.text(*sections)}


def agent_endpoint(name: str) -> str:
    """Name of the agent's endpoint, as in the dial string `PJSIP/agent-anna`."""
    return f"agent-{name}"


def transports_used(config: HotlineConfig) -> list[Transport]:
    """UDP always (desk phones, `hotline testcall`), the others when a gateway asks for them."""
    asked = {gateway.transport for gateway in config.gateways}
    return [kind for kind in Transport if kind is Transport.UDP or kind in asked]


def listening_port(config: HotlineConfig, kind: Transport) -> int:
    """Where that transport listens."""
    return config.network.sip.port + (TLS_PORT_OFFSET if kind is Transport.TLS else 0)


def _global() -> str:
    return conf.section(
        "global",
        {"type": "global", "user_agent": "Jobcenter-Hotline", "endpoint_identifier_order": "username,ip"},
    )


def _transports(config: HotlineConfig, facts: AsteriskFacts) -> list[str]:
    sections = [_transport(config, facts, kind) for kind in transports_used(config)]
    address = config.network.websocket
    bind = conf.host_port(address.host, address.port)
    return [*sections, conf.section("transport-ws", {"type": "transport", "protocol": "ws", "bind": bind})]


def _transport(config: HotlineConfig, facts: AsteriskFacts, kind: Transport) -> str:
    settings: dict[str, conf.Value] = {
        "type": "transport",
        "protocol": kind.value,
        "bind": conf.host_port(config.network.sip.host, listening_port(config, kind)),
        **_nat([gateway for gateway in config.gateways if gateway.transport is kind]),
    }
    if kind is Transport.TLS:
        settings |= {"method": "tlsv1_2", "verify_server": True, **_certificates(config.network.tls, facts)}
    return conf.section(transport_name(kind), settings)


def _certificates(tls: Tls | None, facts: AsteriskFacts) -> dict[str, conf.Value]:
    """Ours for connections opened towards us, and who vouches for those we open."""
    trusted: dict[str, conf.Value] = {"ca_list_path": MACHINES_AUTHORITIES}
    if tls is None:
        return trusted
    if tls.ca_file is not None:
        trusted = {"ca_list_file": str(facts.config_directory / tls.ca_file)}
    ours = facts.config_directory / tls.certificate_file, facts.config_directory / tls.key_file
    return {"cert_file": str(ours[0]), "priv_key_file": str(ours[1]), **trusted}


def _nat(gateways: list[Gateway]) -> dict[str, conf.Value]:
    """Our outer address belongs to the transport; whoever is reached without NAT counts as a local network."""
    behind = [gateway for gateway in gateways if gateway.nat is not None]
    outer = {gateway.nat.external_address for gateway in behind if gateway.nat}
    if len(outer) > 1:
        names = ", ".join(gateway.name for gateway in behind)
        raise ValueError(f"gateways {names}: nat.external_address differs, but this machine has only one")
    if not outer:
        return {}
    near = [network for gateway in behind if gateway.nat for network in gateway.nat.local_networks]
    near += [address for gateway in gateways if gateway.nat is None for address in _networks(gateway.addresses)]
    address = outer.pop()
    return {
        "external_media_address": address,
        "external_signaling_address": address,
        "local_net": list(dict.fromkeys(["127.0.0.0/8", *near])),
    }


def _networks(addresses: list[str]) -> list[str]:
    """Those that are addresses and not names."""
    found = []
    for address in addresses:
        try:
            found.append(str(ip_network(address, strict=False)))
        except ValueError:
            continue
    return found


def _agent(agent: Agent, secret: str) -> list[str]:
    name = agent_endpoint(agent.name)
    login = {"type": "auth", "auth_type": "userpass", "username": name, "password": secret}
    return [
        conf.section(name, _agent_endpoint(agent, name), agent.full_name),
        conf.section(name, login),
        conf.section(name, _agent_registration()),
    ]


def _agent_endpoint(agent: Agent, name: str) -> dict[str, conf.Value]:
    """A-law first, as gateways have it: nothing is converted on the way from caller to agent."""
    settings: dict[str, conf.Value] = {
        "type": "endpoint",
        "context": PHONE_CONTEXT,
        "identify_by": "username",
        "auth": name,
        "aors": name,
        "disallow": "all",
        "allow": "alaw,ulaw,g722",
        "callerid": f"agent {NOBODYS_NUMBER}",
        "direct_media": False,
        "rtp_symmetric": True,
        "force_rport": True,
        "rewrite_contact": True,
        "rtp_timeout": AGENT_RTP_TIMEOUT,
        "rtp_timeout_hold": HOLD_RTP_TIMEOUT,
        "device_state_busy_at": 1,
        "allow_transfer": agent.phone is PhoneKind.DESK,  # by its own buttons (REFER); all of it leads to the service
        "allow_subscribe": False,
        "allow_overlap": False,
        "moh_suggest": MUSIC_CLASS,
    }
    if agent.phone is PhoneKind.BROWSER:
        settings["webrtc"] = True  # DTLS with a certificate made at start, ICE, feedback, one port
    return settings


def _agent_registration() -> dict[str, conf.Value]:
    """One phone per agent: the newest registration takes over."""
    return {
        "type": "aor",
        "max_contacts": 1,
        "remove_existing": True,
        "minimum_expiration": 30,
        "maximum_expiration": 600,
        "qualify_frequency": QUALIFY_SECONDS,
        "qualify_timeout": "3.0",
    }
