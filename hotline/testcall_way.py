"""How a test call gets in: through which gateway, to which address, and where the running service keeps its ledger."""

import json
import os
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from config.schema import Gateway, HotlineConfig, Transport
from dialplan.conf import host_port
from hotline.errors import SetupError
from hotline.state import StateDirectory


@dataclass(frozen=True, slots=True)
class Way:
    """How the call reaches the hotline."""

    gateway: Gateway
    address: str
    uri: str


def way_in(config: HotlineConfig) -> Way:
    """Through the first gateway that takes calls from this machine. SetupError when there is none."""
    sip = config.network.sip
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(sip.host, sip.host)  # noqa: S104 - compared, not bound
    for gateway in config.gateways:
        called = [number for number in gateway.called_numbers if "X" not in number]
        plain = gateway.transport is not Transport.TLS and not gateway.srtp
        if called and plain and any(_within(host, address) for address in gateway.addresses):
            return Way(gateway, host, f"sip:{called[0]}@{host_port(host, sip.port)}")
    raise SetupError(
        f"Kein Gateway nimmt unverschlüsselte Anrufe von {host} an, deshalb ist kein Testanruf möglich: "
        f'ein Gateway mit addresses: ["{host}"] und einer ganzen Nummer in called_numbers ergänzen.'
    )


def _within(host: str, address: str) -> bool:
    try:
        return ip_address(host) in ip_network(address, strict=False)
    except ValueError:
        return host == address


def database_in_use(state: StateDirectory) -> str:
    """URL of the running service's database. SetupError when no hotline runs there."""
    try:
        note = json.loads((state.path / "running.json").read_text("utf-8"))
        os.kill(int(note["pid"]), 0)
        return str(note["database_url"])
    except PermissionError as error:
        if error.filename is None:  # it runs, as another user
            return str(note["database_url"])
        raise SetupError(f"{error.filename} ist nicht lesbar: als Benutzer der Hotline aufrufen.") from None
    except (OSError, ValueError, KeyError, TypeError):
        raise SetupError(
            f"In {state.path} läuft keine Hotline: mit `make run` starten oder mit --state ein anderes nennen."
        ) from None
