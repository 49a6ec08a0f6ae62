"""Ports in use are told before anything starts: which, what for, which key, and who has it."""

import os
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from config.schema import HotlineConfig
from hotline.errors import SetupError
from hotline.ports import Port, needed, require_free
from tests.ports import free_ports


@pytest.fixture
def taken() -> Iterator[int]:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        yield listener.getsockname()[1]


def web(number: int, host: str = "127.0.0.1") -> Port:
    return Port(host, number, socket.SOCK_STREAM, "the pages", "network.web.port")


def test_port_in_use_is_told_with_its_holder_and_the_key_to_change(taken: int) -> None:
    with pytest.raises(SetupError) as told:
        require_free([web(taken)])
    name = Path("/proc/self/comm").read_text().strip()
    assert str(told.value) == (
        f"TCP port {taken} on 127.0.0.1, needed for the pages, cannot be used because {name} (process {os.getpid()}) "
        "has it: free it, or change network.web.port in the configuration."
    )


def test_every_port_in_use_is_told_at_once(taken: int) -> None:
    with pytest.raises(SetupError) as told:
        require_free([web(taken), Port("127.0.0.1", taken, socket.SOCK_STREAM, "AGI", "network.agi.port")])
    assert len(str(told.value).splitlines()) == 2


def test_udp_port_in_use_is_noticed() -> None:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as other:
        other.bind(("127.0.0.1", 0))
        port = Port("127.0.0.1", other.getsockname()[1], socket.SOCK_DGRAM, "SIP", "network.sip.port")
        with pytest.raises(SetupError, match="UDP port"):
            require_free([port])


def test_port_that_is_free_is_not_mentioned(taken: int) -> None:
    (free,) = free_ports(1)
    require_free([web(free)])


def test_address_that_is_not_ours_is_told() -> None:
    with pytest.raises(SetupError, match=r"on 192\.0\.2\.1, needed for the pages, cannot be used \("):
        require_free([web(8080, "192.0.2.1")])


def test_every_listener_of_the_configuration_is_asked_for(config: HotlineConfig) -> None:
    assert {(port.key, port.number, port.kind) for port in needed(config)} == {
        ("network.sip.port", 5060, socket.SOCK_DGRAM),
        ("network.web.port", 8080, socket.SOCK_STREAM),
        ("network.agi.port", 4573, socket.SOCK_STREAM),
        ("network.ami.port", 5038, socket.SOCK_STREAM),
        ("network.websocket.port", 8088, socket.SOCK_STREAM),
        ("mail.port", 2525, socket.SOCK_STREAM),
    }


def test_gateway_over_tls_needs_the_port_above(config: HotlineConfig) -> None:
    raw: dict[str, Any] = config.model_dump(by_alias=True)
    raw["gateways"].append({"name": "tls", "addresses": ["192.0.2.1"], "transport": "tls", "called_numbers": ["9824"]})
    ports = needed(HotlineConfig.model_validate(raw))
    assert ("SIP over TLS", 5061) in {(port.purpose, port.number) for port in ports}
