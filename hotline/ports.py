"""Whether the ports the hotline needs are free, and who has those that are not."""

import contextlib
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from config.schema import Endpoint, HotlineConfig, Transport
from dialplan.pjsip import listening_port, transports_used
from hotline.errors import SetupError

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Port:
    """One port we listen on."""

    host: str
    number: int
    kind: socket.SocketKind
    purpose: str
    key: str
    """Key of the configuration that sets it."""


def needed(config: HotlineConfig) -> list[Port]:
    """Every port of this configuration, RTP's range left out."""
    network = config.network
    ports = [_sip(config, kind) for kind in transports_used(config)]
    ports += [
        _tcp(network.web, "the pages", "network.web.port"),
        _tcp(network.agi, "AGI", "network.agi.port"),
        _tcp(network.ami, "AMI", "network.ami.port"),
        _tcp(network.websocket, "the agents' telephones (WebSocket)", "network.websocket.port"),
    ]
    if config.mail.demo_mailbox:
        ports.append(Port(config.mail.host, config.mail.port, socket.SOCK_STREAM, "the demo mailbox", "mail.port"))
    return ports


def require_free(ports: list[Port]) -> None:
    """SetupError with one sentence for each port that cannot be had."""
    problems = [problem for port in ports if (problem := _problem(port))]
    if problems:
        raise SetupError("\n".join(problems))


def _sip(config: HotlineConfig, kind: Transport) -> Port:
    socket_kind = socket.SOCK_DGRAM if kind is Transport.UDP else socket.SOCK_STREAM
    port = listening_port(config, kind)
    return Port(config.network.sip.host, port, socket_kind, f"SIP over {kind.value.upper()}", "network.sip.port")


def _tcp(endpoint: Endpoint, purpose: str, key: str) -> Port:
    return Port(endpoint.host, endpoint.port, socket.SOCK_STREAM, purpose, key)


def _problem(port: Port) -> str:
    try:
        family, _, _, _, address = socket.getaddrinfo(port.host, port.number, type=port.kind)[0]
        with socket.socket(family, port.kind) as trial:
            if port.kind is socket.SOCK_STREAM:
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
    except OSError as error:
        name = "UDP" if port.kind is socket.SOCK_DGRAM else "TCP"
        return (
            f"{name} port {port.number} on {port.host}, needed for {port.purpose}, cannot be used"
            f"{_holder(port) or f' ({error.strerror})'}: free it, or change {port.key} in the configuration."
        )
    return ""


def _holder(port: Port) -> str:
    """Who has it, as far as this user may see; "" when nobody is found."""
    inodes = set(_inodes(port))
    for process in _PROC.glob("[0-9]*") if inodes else ():
        if inodes & set(_open_files(process)):
            return f" because {_name(process)} (process {process.name}) has it"
    return ""


def _open_files(process: Path) -> Iterator[str]:
    with contextlib.suppress(OSError):  # gone, or not ours to look at
        for link in (process / "fd").iterdir():
            with contextlib.suppress(OSError):
                yield str(link.readlink())


def _name(process: Path) -> str:
    """An Asterisk in a private root runs by its loader and is known by its command line only."""
    try:
        words = (process / "cmdline").read_text("utf-8", "replace").split("\0")
        return (
            "asterisk" if any(word.endswith("/asterisk") for word in words) else (process / "comm").read_text().strip()
        )
    except OSError:
        return "a program"


def _inodes(port: Port) -> Iterator[str]:
    table = "udp" if port.kind is socket.SOCK_DGRAM else "tcp"
    for name in (table, f"{table}6"):
        try:
            lines = (_PROC / "net" / name).read_text().splitlines()[1:]
        except OSError:
            continue
        for words in map(str.split, lines):
            if int(words[1].rpartition(":")[2], 16) == port.number and words[3] in {"0A", "07"}:
                yield f"socket:[{words[9]}]"
