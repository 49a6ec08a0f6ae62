"""Decides whether gateways, ports and mail can work as configured, and whether they are safe."""

import ipaddress
from collections.abc import Callable, Iterator
from itertools import combinations

from config.schema import Gateway, HotlineConfig, SmtpSecurity, Transport

Path = tuple[str | int, ...]
Problem = tuple[Path, str]
MIN_RTP_PORTS = 100


def gateways_are_reachable(config: HotlineConfig) -> Iterator[Problem]:
    for index, gateway in enumerate(config.gateways):
        path = ("gateways", index)
        if not gateway.addresses and gateway.registration is None:
            yield (
                path,
                f'the gateway "{gateway.name}" needs addresses or a registration, otherwise no call comes from it',
            )
        if gateway.transport is Transport.TLS and gateway.registration is None and config.network.tls is None:
            yield (*path, "transport"), "a gateway that connects to us by tls needs our certificate: add network.tls"
        if gateway.srtp and gateway.transport is not Transport.TLS:
            yield (*path, "srtp"), "srtp needs transport: tls, because its keys travel in the signalling"


def gateways_differ(config: HotlineConfig) -> Iterator[Problem]:
    """A call's sender address decides through which gateway it came, so no two may share one."""
    seen: dict[str, str] = {}
    for index, gateway in enumerate(config.gateways):
        for position, address in enumerate(gateway.addresses):
            path = ("gateways", index, "addresses", position)
            if address in seen:
                yield path, f'"{address}" is already an address of the gateway "{seen[address]}"; each may be used once'
            seen.setdefault(address, gateway.name)


def addresses_exist(config: HotlineConfig) -> Iterator[Problem]:
    for index, gateway in enumerate(config.gateways):
        for position, address in enumerate(gateway.addresses):
            yield from _bad_address(("gateways", index, "addresses", position), address)
        for position, network in enumerate(gateway.nat.local_networks if gateway.nat else []):
            yield from _bad_address(("gateways", index, "nat", "local_networks", position), network)


def _bad_address(path: Path, address: str) -> Iterator[Problem]:
    if "/" not in address and ":" not in address and not address.replace(".", "").isdecimal():
        return  # a host name
    try:
        network = ipaddress.ip_network(address, strict=False)
    except ValueError:
        yield path, f'"{address}" is not an address or network; write it as "192.0.2.10" or "192.0.2.0/24"'
        return
    if network.prefixlen == 0:
        yield path, f'"{address}" would let the whole internet in; name the address or network of the gateway'


def called_numbers_do_not_collide(config: HotlineConfig) -> Iterator[Problem]:
    for index, gateway in enumerate(config.gateways):
        yield from _colliding(("gateways", index, "called_numbers"), gateway)


def _colliding(path: Path, gateway: Gateway) -> Iterator[Problem]:
    for (_, first), (position, second) in combinations(enumerate(gateway.called_numbers), 2):
        if _meet(first, second):
            yield (*path, position), f'"{second}" matches the same numbers as "{first}"; each number may match once'


def _meet(first: str, second: str) -> bool:
    """Whether some called number matches both patterns."""
    pairs = list(zip(first, second, strict=False))
    return len(first) == len(second) and all(a == b or ("X" in a + b and "+" not in a + b) for a, b in pairs)


def rtp_range_is_usable(config: HotlineConfig) -> Iterator[Problem]:
    rtp, sip = config.network.rtp, config.network.sip
    path = ("network", "rtp")
    if rtp.end < rtp.start:
        yield path, f"{rtp.start} to {rtp.end} runs backwards; from must be less than to"
    elif rtp.end - rtp.start + 1 < MIN_RTP_PORTS:
        yield path, f"{rtp.start} to {rtp.end} are too few ports; at least {MIN_RTP_PORTS} are needed, two for each leg"
    if rtp.start <= sip.port <= rtp.end:
        yield ("network", "sip", "port"), f"{sip.port} lies within the RTP ports {rtp.start} to {rtp.end}; take another"


def listeners_do_not_collide(config: HotlineConfig) -> Iterator[Problem]:
    for (_, one, port), (path, other, same) in combinations(_listeners(config), 2):
        if port == same and _overlap(one, other):
            yield path, f"port {port} is already taken by another part of the hotline; each needs a port of its own"


def _listeners(config: HotlineConfig) -> Iterator[tuple[Path, str, int]]:
    """Every TCP listener of ours, as (path of its port, host, port)."""
    names = ["web", "agi", "ami", "websocket"]
    if any(gateway.transport is not Transport.UDP for gateway in config.gateways):
        names.insert(0, "sip")
    for name in names:
        endpoint = getattr(config.network, name)
        yield ("network", name, "port"), endpoint.host, endpoint.port
    if config.mail.demo_mailbox:
        yield ("mail", "port"), config.mail.host, config.mail.port


def _overlap(one: str, other: str) -> bool:
    return _host(one) == _host(other) or not {_host(one), _host(other)}.isdisjoint({"0.0.0.0", "::"})  # noqa: S104


def _host(name: str) -> str:
    return "127.0.0.1" if name == "localhost" else name


def is_loopback(host: str) -> bool:
    """Whether nothing sent to this host leaves the machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def gateways_are_not_ourselves(config: HotlineConfig) -> Iterator[Problem]:
    sip = config.network.sip
    for index, gateway in enumerate(config.gateways):
        if gateway.addresses and gateway.port == sip.port and _host(gateway.addresses[0]) == _host(sip.host):
            yield ("gateways", index, "port"), f"{sip.host}:{sip.port} is our own SIP port; give the gateway's port"


def mail_is_safe(config: HotlineConfig) -> Iterator[Problem]:
    """Mails carry a link that opens a request without a login, so they leave the machine encrypted only."""
    mail = config.mail
    if mail.demo_mailbox and not is_loopback(mail.host):
        yield ("mail", "demo_mailbox"), f"the demo mailbox needs host: 127.0.0.1, not {mail.host}; it is for trying out"
    if mail.demo_mailbox and mail.security is not SmtpSecurity.NONE:
        yield ("mail", "security"), "the demo mailbox knows no encryption; write security: none"
    if mail.security is SmtpSecurity.NONE and not is_loopback(mail.host):
        yield ("mail", "security"), "none is allowed only to a mail server on this machine; write starttls or tls"
    if mail.user is not None and mail.secret_file is None:
        yield ("mail", "user"), "a user needs a secret_file, which holds the password"
    if mail.secret_file is not None and mail.user is None:
        yield ("mail", "secret_file"), "a secret_file needs a user"


NETWORK_RULES: tuple[Callable[[HotlineConfig], Iterator[Problem]], ...] = (
    gateways_are_reachable,
    gateways_differ,
    addresses_exist,
    called_numbers_do_not_collide,
    rtp_range_is_usable,
    listeners_do_not_collide,
    gateways_are_not_ourselves,
    mail_is_safe,
)
