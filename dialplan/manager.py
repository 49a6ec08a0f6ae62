"""What the service may see and do over AMI, and that agents' browsers reach SIP over WebSocket and nothing else."""

from ipaddress import ip_address

from config.schema import Endpoint, HotlineConfig
from dialplan import conf, variables
from dialplan.facts import AsteriskFacts

EVENTS = (
    "FullyBooted",
    "Shutdown",
    "DialBegin",
    "DialEnd",
    "Hangup",
    "BridgeEnter",
    "BridgeLeave",
    "Hold",
    "Unhold",
    "AttendedTransfer",
    "BlindTransfer",
    "ContactStatus",
    "DeviceStateChange",
    "Registry",
    "OriginateResponse",
    "QueueCallerJoin",
    "UserEvent",
    # Answers to list actions pass the same filter.
    "Status",
    "StatusComplete",
    "CoreShowChannel",
    "CoreShowChannelsComplete",
    "DeviceStateListComplete",
    "ContactList",
    "ContactListComplete",
    "OutboundRegistrationDetail",
    "OutboundRegistrationDetailComplete",
    "QueueParams",
    "QueueMember",
    "QueueEntry",
    "QueueStatusComplete",
)
"""Every event the service uses; one call makes about 200 events, and these are some 10 of them."""

_NAMED_FILTERS_SINCE = (22, 0)
"""Older versions only know a regular expression over the whole event, which costs more on each event."""


def manager_files(config: HotlineConfig, facts: AsteriskFacts) -> dict[str, str]:
    """manager.conf and http.conf."""
    return {"manager.conf": _manager(config.network.ami, facts), "http.conf": _http(config.network.websocket)}


def _manager(address: Endpoint, facts: AsteriskFacts) -> str:
    general: dict[str, conf.Value] = {
        "enabled": True,
        "webenabled": False,
        "bindaddr": address.host,
        "port": address.port,
        "displayconnects": False,
        "authtimeout": 5,
        "channelvars": variables.CALL_ID,  # never one that holds a header: its line breaks would forge events
    }
    account: dict[str, conf.Value] = {
        "secret": facts.ami_secret,
        "deny": ["0.0.0.0/0.0.0.0", "::/0"],
        "permit": _permitted(address.host),
        "read": "system,call,agent,user",
        "write": "call,agent,reporting,originate",
        "writetimeout": 1000,
        **_filters(facts.version),
    }
    return conf.text(conf.section("general", general), conf.section(facts.ami_user, account))


def _permitted(host: str) -> list[str]:
    """Only this machine; it reaches a listener on an address of its own from that very address."""
    loopback = ["127.0.0.0/255.0.0.0", "::1/128"]
    try:
        own = ip_address(host)
    except ValueError:
        return loopback
    if own.is_loopback or own.is_unspecified:
        return loopback
    return [*loopback, f"{own}/{own.max_prefixlen}"]


def _filters(version: tuple[int, int]) -> dict[str, conf.Value]:
    if version >= _NAMED_FILTERS_SINCE:
        return {f"eventfilter(action(include),name({name}))": "" for name in EVENTS}
    return {"eventfilter": [f"^Event: {name}[[:cntrl:]]" for name in EVENTS]}


def _http(address: Endpoint) -> str:
    return conf.text(
        conf.section(
            "general",
            {
                "enabled": True,
                "bindaddr": address.host,
                "bindport": address.port,
                "enablestatic": False,
                "enable_status": False,
            },
        )
    )
